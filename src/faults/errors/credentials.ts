/** Errors of this end's certificates and keys. @module */
import { Data } from "../../deps.ts";
import type { PemError } from "./pem.ts";

/** A certificate chain and a private key that do not belong together. */
export class CredentialMismatch extends Data.TaggedError("CredentialMismatch")<{
  /** The subject of the leaf certificate. */
  readonly subject: string;
  readonly detail: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${this.subject}: ${this.detail}`;
  }
}

/** A credential file cannot be read, or the two files do not hold a credential. */
export class CredentialFileError extends Data.TaggedError("CredentialFileError")<{
  readonly certificate: string;
  readonly privateKey: string;
  /** The system's error for a file, or the fault in a file or between the two. */
  readonly cause: Error | CredentialError;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const { certificate, privateKey, cause } = this;
    const files = certificate === privateKey ? certificate : `${certificate} and ${privateKey}`;
    return `${files}: ${cause.message}`;
  }
}

/** Why a certificate chain and a private key are not a credential. */
export type CredentialError = PemError | CredentialMismatch;
