/** Errors of the trust decision. @module */
import { Data } from "../../deps.ts";
import type { AlertName } from "../../names/alert.ts";
import { printable, shortened } from "../../wire/printable.ts";
import type { certificateAlerts, PeacefulAlert } from "../certificate_alerts.ts";

/** A reason why a certificate is not trusted. */
export type CertificateReason = keyof typeof certificateAlerts;

/** An alert that can report the refusal of a certificate. */
export type RefusalAlert = Exclude<AlertName, PeacefulAlert>;

/** Options that let a certificate pass which is refused otherwise, by their names. */
export type Lift = Readonly<Record<string, number | boolean | string>>;

/** The peer's certificate is not trusted. */
export class CertificateError extends Data.TaggedError("CertificateError")<{
  readonly reason: CertificateReason;
  /** The index of the certificate in the chain; 0 is the leaf. */
  readonly index: number;
  /** The certificate's subject; empty when it could not be read. */
  readonly subject: string;
  /** What is wrong, in one sentence. */
  readonly detail: string;
  /** The section of an RFC that was broken. */
  readonly rfc: string;
  /** The alert to send, where the reason's usual one does not fit: `access_denied`, for example. */
  readonly alert?: RefusalAlert | undefined;
  /** The options of `layerRoots` that would let the chain pass, where there are such. */
  readonly liftedBy?: Lift | undefined;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return printable(
      `certificate ${this.index}${this.subject ? ` (${shortened(this.subject)})` : ""}: ${this.detail}`,
    );
  }
}

/** A pin is not a SHA-256 hash. */
export class InvalidPin extends Data.TaggedError("InvalidPin")<{ readonly pin: string }> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `not the SHA-256 hash of a key in base64 or hexadecimal: ${JSON.stringify(this.pin)}`;
  }
}

/** No root certificates of the system or the runtime could be read. */
export class SystemRootsError extends Data.TaggedError("SystemRootsError")<{
  /** Each place that was tried, with its error. */
  readonly tried: ReadonlyArray<string>;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `no root certificates could be read: ${this.tried.map(printable).join("; ")}`;
  }
}
