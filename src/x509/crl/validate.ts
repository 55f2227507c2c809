/** Whether CRLs say that a certificate was revoked (RFC 5280 §6.3.3). @module */
import { Effect } from "../../deps.ts";
import type { Lift } from "../../faults/errors/trust.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { sameBytes } from "../../wire/bytes.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { oids } from "../der/oids.ts";
import { ALL_REASONS, reasonsText } from "../names/distribution_point.ts";
import type { Path } from "../path/criteria.ts";
import { dateText } from "../path/rule.ts";
import { signatureRules } from "../path/signature_rules.ts";
import { SKEW } from "../path/status.ts";
import { prices } from "../path/work.ts";
import type { CertificateList } from "./crl.ts";
import type { Entry } from "./entries.ts";
import type { Pool } from "./pool.ts";
import { entryOf, isFinal, isRevoked, issuersFor, reasonsCovered, subjectOf } from "./scope.ts";
import { type Among, isSignedBy, pathOf, signersOf } from "./signer.ts";

/** What CRLs say of a certificate. */
export type Said =
  | { readonly _tag: "good"; readonly until: number }
  | { readonly _tag: "revoked"; readonly detail: string }
  | ({ readonly _tag: "unknown" } & Why);

/** Why a CRL does not count, or why it is not known whether a certificate was revoked. */
export interface Why {
  readonly detail: string;
  readonly rfc: string;
  /** The option with which the CRL would count. */
  readonly lift?: Lift | undefined;
}

/** What a certificate is judged with. */
export interface At extends Among {
  readonly pool: Pool;
  /** The issuers of CRLs that are being judged: who signs the CRL about itself cannot be asked. */
  readonly judging: ReadonlySet<Certificate>;
}

/** What one CRL says of a certificate, with its delta if there is one. */
type Word = { readonly entry: Entry | undefined; readonly until: number } | Why;

/**
 * What the CRLs of a pool say of a certificate, which has at least one authority above it. The newest come first, until
 * every reason is covered. Gives no reliable answer when `work` is spent; the caller must check for that.
 */
export const saidOf = Effect.fnUntraced(
  function* (certificate: Certificate, above: Path, at: At): Effect.fn.Return<Said, never, Crypto> {
    const issuer = certificate.issuer.text;
    const subject = subjectOf(certificate, at.work);
    if (!subject) return unknown(TOO_COSTLY);
    const about = [...issuersFor(subject)].flatMap((key) => at.pool.get(key) ?? []);
    if (!at.work.draw(about.length * (prices.crl + prices.comparison * subject.names))) {
      return unknown(TOO_COSTLY);
    }
    const whys: Array<Why> = [];
    let covered = 0;
    let until = Infinity;
    for (const crl of about) {
      if (crl.deltaCRLIndicator !== undefined) continue;
      const reasons = reasonsCovered(crl, subject);
      if ((reasons & ~covered) === 0) continue;
      const word = yield* wordOf(crl, about, certificate, above, at);
      if (at.work.spent) return unknown(TOO_COSTLY);
      if ("detail" in word) {
        whys.push(word);
        continue;
      }
      if (word.entry && isRevoked(word.entry)) return { _tag: "revoked", detail: revokedText(word.entry) };
      covered |= reasons;
      until = Math.min(until, word.until);
      if (covered === ALL_REASONS) return { _tag: "good", until };
    }
    return unknown(
      whys[0] ?? {
        detail: covered > 0
          ? `the CRLs of ${issuer} say nothing about the reasons ${reasonsText(ALL_REASONS & ~covered)}`
          : about.length > 0
          ? `the CRLs of ${issuer} are about other certificates`
          : `there is no CRL of its issuer, ${issuer}`,
        rfc: "RFC 5280 §6.3.3",
      },
    );
  },
);

const unknown = (why: Why): Said => ({ _tag: "unknown", ...why });
const TOO_COSTLY: Why = { detail: "the chain is too costly to verify", rfc: "RFC 5280 §6.3.3" };

const wordOf = Effect.fnUntraced(
  function* (
    crl: CertificateList,
    all: ReadonlyArray<CertificateList>,
    certificate: Certificate,
    above: Path,
    at: At,
  ): Effect.fn.Return<Word, never, Crypto> {
    if (!at.work.draw(prices.member * all.length)) return TOO_COSTLY;
    const listed = entryOf(crl, certificate);
    const deltas = all.filter((one) => isDeltaOf(one, crl) && !faultOf(one, at));
    const fault = faultOf(crl, at);
    // A delta in force renews the CRL that it belongs to (RFC 5280 §5.2.4). What is revoked for ever is so in an old CRL, too.
    const counts = !fault || fault.old && (deltas.length > 0 || listed !== undefined && isFinal(listed));
    if (!counts) return fault;
    const signer = yield* signerOf(crl, above, at);
    if ("detail" in signer) return signer;
    for (const delta of deltas) {
      if (!(yield* isSignedBy(delta, signer, at))) continue;
      return { entry: entryOf(delta, certificate) ?? listed, until: delta.nextUpdate! + SKEW };
    }
    if (fault && !(listed && isFinal(listed))) return fault;
    return { entry: listed, until: (crl.nextUpdate ?? 0) + SKEW };
  },
);

/** Why a CRL does not count now, whoever signed it. `old`: for its age alone. */
const faultOf = (crl: CertificateList, { criteria }: At): Why & { readonly old: boolean } | undefined => {
  const { unknownCritical, thisUpdate, nextUpdate, issuer: { text } } = crl;
  const its = `${crl.deltaCRLIndicator === undefined ? "the" : "the delta"} CRL of ${text}`;
  if (unknownCritical !== undefined) {
    const detail = `${its} has the unknown critical extension ${unknownCritical}`;
    return { detail, rfc: "RFC 5280 §5.2", old: false };
  }
  for (const { rfc, broken } of signatureRules) {
    const [, detail, lift] = broken(crl.signatureAlgorithm, criteria) ?? [];
    if (detail !== undefined) return { detail: `${its}: ${detail}`, rfc, lift, old: false };
  }
  const detail = thisUpdate > criteria.time + SKEW
    ? `${its} is dated ${dateText(thisUpdate)}, in the future`
    : nextUpdate === undefined
    ? `${its} does not say until when it is in force`
    : nextUpdate + SKEW < criteria.time
    ? `${its} was in force until ${dateText(nextUpdate)}`
    : undefined;
  return detail === undefined ? undefined : { detail, rfc: "RFC 5280 §5.1.2.5", old: true };
};

/** Whether a delta CRL can be combined with a complete one (RFC 5280 §5.2.4). */
const isDeltaOf = (delta: CertificateList, base: CertificateList): boolean =>
  delta.deltaCRLIndicator !== undefined && delta.cRLNumber !== undefined && base.cRLNumber !== undefined &&
  delta.issuer.key === base.issuer.key &&
  delta.deltaCRLIndicator <= base.cRLNumber && base.cRLNumber < delta.cRLNumber &&
  [oids.issuingDistributionPoint, oids.authorityKeyIdentifier].every((oid) =>
    sameExtension(delta, base, oid)
  );

const sameExtension = (a: CertificateList, b: CertificateList, wanted: string): boolean => {
  const [one, other] = [a, b].map(({ extensions }) => extensions.find(({ oid }) => oid === wanted)?.value);
  return one && other ? sameBytes(one, other) : one === other;
};

/** The certificate whose key signed a CRL, or why there is none that may. */
const signerOf = Effect.fnUntraced(
  function* (crl: CertificateList, above: Path, at: At): Effect.fn.Return<Certificate | Why, never, Crypto> {
    const { text } = crl.issuer;
    const rfc = "RFC 5280 §6.3.3";
    let why: Why | undefined;
    for (const { certificate, above: own } of signersOf(crl, above, at)) {
      const path = own ?? (yield* pathOf(certificate, above.at(-1)!, at))?.slice(1);
      if (!path) continue;
      if (!(yield* isSignedBy(crl, certificate, at))) {
        why ??= { detail: `the CRL of ${text} was not signed by it`, rfc };
        continue;
      }
      if (own || path.length === 0 || at.judging.has(certificate)) return certificate;
      const said = yield* saidOf(certificate, path, {
        ...at,
        judging: new Set([...at.judging, certificate]),
      });
      if (said._tag !== "revoked") return certificate;
      why = { detail: `the certificate with which ${text} signed its CRL: ${said.detail}`, rfc };
    }
    return why ?? { detail: `no certificate of ${text} below the same root allows it to sign CRLs`, rfc };
  },
);

const revokedText = ({ date, reason }: Entry): string =>
  `it was revoked${date === undefined ? "" : ` at ${dateText(date)}`}${
    reason === undefined ? "" : ` (${reason})`
  }`;
