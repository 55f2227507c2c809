/** Errors of our own certificates and keys. @module */
import { Data } from "../../deps.ts";
import type { PemError } from "./pem.ts";

/** A certificate chain and a private key that do not go together. */
export class CredentialMismatch extends Data.TaggedError("CredentialMismatch")<{
  /** The leaf's. */
  readonly subject: string;
  readonly detail: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `${this.subject}: ${this.detail}`;
  }
}

/** A file can't be read, or what is in the two gives no credential. */
export class CredentialFileError extends Data.TaggedError("CredentialFileError")<{
  readonly certificate: string;
  readonly privateKey: string;
  /** What the system said of a file; what is wrong in one, or between the two. */
  readonly cause: Error | CredentialError;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    const { certificate, privateKey, cause } = this;
    const files = certificate === privateKey ? certificate : `${certificate} and ${privateKey}`;
    return `${files}: ${cause.message}`;
  }
}

/** Why there is no credential. */
export type CredentialError = PemError | CredentialMismatch;
