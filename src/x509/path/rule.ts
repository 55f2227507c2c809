/** A rule for certification paths, as a row of a table (RFC 5280 §6.1). @module */
import { Effect } from "../../deps.ts";
import type { CertificateReason, Lift } from "../../faults/errors/trust.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import type { TrustOptions } from "../../ports/trust.ts";
import type { Certificate } from "../certificate/certificate.ts";
import type { Criteria, Path } from "./criteria.ts";
import { prices, type Work } from "./work.ts";

/**
 * The first of the given rules that a path breaks, from the leaf up. Signatures are not checked here. Gives no answer
 * when `work` is spent; the caller must check for that.
 */
export const brokenRule = Effect.fnUntraced(
  function* (
    rules: ReadonlyArray<Rule>,
    path: Path,
    criteria: Criteria,
    work: Work,
  ): Effect.fn.Return<CertificateError | undefined> {
    for (const [index, certificate] of path.entries()) {
      const at: At = { path, index, certificate, criteria, work };
      if (!work.draw(prices.rules)) return undefined;
      for (const { rfc, where, price, broken } of rules) {
        if (!where(at)) continue;
        if (price && !work.draw(price(at))) return undefined;
        const found = broken(at);
        if (work.spent) return undefined;
        if (found) {
          const [reason, detail, liftedBy] = found;
          const { subject: { text: subject } } = certificate;
          return new CertificateError({ reason, index, subject, detail, rfc, liftedBy });
        }
      }
      yield* work.pause;
    }
    return undefined;
  },
);

/** A certificate and its place in the path. */
export interface At {
  readonly path: Path;
  readonly index: number;
  readonly certificate: Certificate;
  readonly criteria: Criteria;
  readonly work: Work;
}

/** A rule: one row of a table. */
export interface Rule {
  readonly rfc: string;
  /** Whether the rule applies to a certificate of the path. */
  readonly where: (at: At) => boolean;
  /** The cost of the rule, where a certificate can make it arbitrarily high. */
  readonly price?: (at: At) => number;
  readonly broken: (at: At) => Broken | undefined;
}

/** Why a rule is broken: the reason, its description, and the option that would lift the rule, if there is one. */
export type Broken = readonly [CertificateReason, string, lift?: (Lift & TrustOptions) | undefined];

/** Applies to every certificate of a path. */
export const everywhere = () => true;
/** Applies to the certificate of the server or client. */
export const leaf = ({ index }: At) => index === 0;
/** Applies to the certificates above the leaf. */
export const authority = ({ index }: At) => index > 0;
/** Whether the path is that of a server or a client, not of one who speaks about revocation. */
export const ofPeer = ({ criteria: { purpose } }: At) => purpose === "serverAuth" || purpose === "clientAuth";
/** Whether the certificate's signature is checked. A trust anchor's own signature proves nothing. */
export const signed = ({ index, path }: At) => index < path.length - 1;

/** Seconds since the epoch as text. Years reach 9999 (RFC 5280 §4.1.2.5), which Date supports. */
export const dateText = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(".000", "");
