/** What one response of OCSP means at a given time (RFC 6960 §3.2). @module */
import type { CertificateReason, Lift } from "../../faults/errors/trust.ts";
import type { Criteria } from "../path/criteria.ts";
import { dateText } from "../path/rule.ts";
import { SKEW } from "../path/status.ts";
import type { SingleResponse } from "./ocsp.ts";

/** Why a response is not believed, or why the certificate is not. */
export type Fault = readonly [
  reason: CertificateReason,
  detail: string,
  rfc: string,
  lift?: Lift | undefined,
];

/** Whether a response says that a certificate is only suspended: unlike any other revocation, that may end. */
export const isHold = ({ certStatus }: SingleResponse): boolean =>
  certStatus._tag === "revoked" && certStatus.reason === "certificateHold";

/** What one response means at a given time; if it is good, until when. A revocation counts however old it is, but a hold. */
export const said = (
  response: SingleResponse,
  { time, ocspMaximumAge = Infinity, ocspWithoutEnd = SKEW }: Criteria,
): Fault | number => {
  const { certStatus, thisUpdate, nextUpdate } = response;
  if (certStatus._tag === "revoked" && !isHold(response)) return revoked(certStatus);
  if (thisUpdate > time + SKEW) {
    return ["status_stale", `its OCSP response is dated ${dateText(thisUpdate)}, in the future`, FRESH];
  }
  // Without nextUpdate, newer information is always available, so the response must be current.
  const until = Math.min(
    nextUpdate === undefined ? thisUpdate + ocspWithoutEnd : nextUpdate + SKEW,
    thisUpdate + ocspMaximumAge,
  );
  if (until < time || nextUpdate !== undefined && nextUpdate < thisUpdate) {
    return ["status_stale", `its OCSP response was good until ${dateText(until)}`, FRESH];
  }
  switch (certStatus._tag) {
    case "good":
      return until;
    case "revoked":
      return revoked(certStatus);
    case "unknown":
      return ["status_unknown", "its issuer's OCSP responder does not know it", "RFC 6960 §2.2"];
  }
};

const revoked = (
  { reason, revocationTime }: Extract<SingleResponse["certStatus"], { readonly _tag: "revoked" }>,
): Fault => [
  "revoked",
  `it was revoked at ${dateText(revocationTime)}${reason === undefined ? "" : ` (${reason})`}`,
  "RFC 6960 §2.2",
];

/** Where it stands how old a response may be. */
export const FRESH = "RFC 6960 §4.2.2.1";
