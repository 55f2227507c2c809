/** Errors of the trust decision. @module */
import { Data } from "../../deps.ts";
import { printable } from "../../wire/printable.ts";
import type { CertificateReason, RefusalAlert } from "../certificate_alerts.ts";

/** The peer's certificate is not trusted. */
export class CertificateError extends Data.TaggedError("CertificateError")<{
  readonly reason: CertificateReason;
  /** Which certificate of the chain, 0 is the leaf. */
  readonly index: number;
  /** Its subject, where it could be read. */
  readonly subject: string;
  /** What was found, in a sentence. */
  readonly detail: string;
  /** The rule: an RFC and section. */
  readonly rfc: string;
  /** The alert that tells the peer, where it is not the reason's own: `access_denied`, say. */
  readonly alert?: RefusalAlert | undefined;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return printable(`certificate ${this.index}${this.subject ? ` (${this.subject})` : ""}: ${this.detail}`);
  }
}

/** A pin is no SHA-256 hash. */
export class InvalidPin extends Data.TaggedError("InvalidPin")<{ readonly pin: string }> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `not the SHA-256 hash of a key in base64 or hexadecimal: ${JSON.stringify(this.pin)}`;
  }
}

/** No roots of the system, or of the runtime, could be read. */
export class SystemRootsError extends Data.TaggedError("SystemRootsError")<{
  /** Each place that was tried, with what was wrong. */
  readonly tried: ReadonlyArray<string>;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `no roots of the system (SSL_CERT_FILE can name a file, and layerBundled has the runtime's):\n  ${
      this.tried.join("\n  ")
    }`;
  }
}
