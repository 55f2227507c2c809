/** Errors of cryptography. @module */
import { Data } from "../../deps.ts";
import type { NamedGroup } from "../../names/named_group.ts";

/**
 * A peer's key share or Diffie-Hellman prime is invalid. The share has another length, is not an uncompressed point of
 * the group, gives the all-zero secret (RFC 7748 §6), is not between 1 and p - 1 (RFC 7919 §5.1), or holds no
 * encapsulation key of ML-KEM (FIPS 203 §7.2); or the prime cannot be one.
 */
export class InvalidKeyShare extends Data.TaggedError("InvalidKeyShare")<{
  /** The group; `undefined` for a prime that the peer chose. */
  readonly group: NamedGroup | undefined;
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return this.reason;
  }
}

/** A private-key operation failed: the key does not fit the scheme, or the signer failed. */
export class PrivateKeyError extends Data.TaggedError("PrivateKeyError")<{
  readonly operation: "sign" | "decrypt";
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `cannot ${this.operation}: ${this.reason}`;
  }
}
