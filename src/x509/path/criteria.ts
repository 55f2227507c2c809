/** What a certification path must meet. @module */
import type { TrustOptions, Verification } from "../../ports/trust.ts";
import type { Certificate } from "../certificate/certificate.ts";

/** The criteria that a path must meet. */
export interface Criteria extends TrustOptions {
  /** The time of the check, in seconds since the epoch. */
  readonly time: number;
  /** The name that the leaf must be valid for; `undefined` for any. */
  readonly name: string | undefined;
  /** The extensions that the server did not answer; `undefined` where that is not known. */
  readonly unanswered?: ReadonlySet<number> | undefined;
  readonly purpose: Verification["purpose"] | "OCSPSigning" | "cRLSign";
}

/** A certification path: the leaf first, the trust anchor last. A trusted leaf is alone in its path. */
export type Path = ReadonlyArray<Certificate>;
