/** Errors of cryptography. @module */
import { Data } from "../../deps.ts";
import type { NamedGroup } from "../../names/named_group.ts";

/**
 * The peer's share is no point of the group, a compressed one, or gives the all-zero secret (RFC 7748 §6.1); or a
 * number that is not between 1 and p - 1 (RFC 7919 §5.1), or the prime itself can be none.
 */
export class InvalidKeyShare extends Data.TaggedError("InvalidKeyShare")<{
  /** `undefined`: a prime of the peer's own. */
  readonly group: NamedGroup | undefined;
  readonly reason: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return this.reason;
  }
}

/** An operation with a private key failed: a wrong key for the scheme, or a fault of the signer. */
export class PrivateKeyError extends Data.TaggedError("PrivateKeyError")<{
  readonly operation: "sign" | "decrypt";
  readonly reason: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `cannot ${this.operation}: ${this.reason}`;
  }
}
