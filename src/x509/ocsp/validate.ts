/** Checks the OCSP response that was stapled to a leaf certificate (RFC 6960 §3.2, RFC 7633). @module */
import { Effect, Either } from "../../deps.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { Crypto, type CryptoService, type HashName } from "../../ports/crypto.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { shortened } from "../../wire/printable.ts";
import { type Certificate, isSelfIssued, parseCertificate } from "../certificate/certificate.ts";
import { decodeDer } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { hashes } from "../keys/algorithms.ts";
import { keyBits } from "../keys/public_key.ts";
import { sameName } from "../names/distinguished_name.ts";
import { overspent, signatureHolds } from "../path/path.ts";
import { cheapRules } from "../path/cheap_rules.ts";
import { costlyRules } from "../path/costly_rules.ts";
import type { Criteria, Path } from "../path/criteria.ts";
import { brokenRule, dateText } from "../path/rule.ts";
import { signatureRules } from "../path/signature_rules.ts";
import { SKEW, type Status, UNCHECKED } from "../path/status.ts";
import { certificatePrice, prices, type Work } from "../path/work.ts";
import { type BasicResponse, type CertId, ocspResponse } from "./ocsp.ts";
import { type Fault, FRESH, isHold, said } from "./said.ts";

/** The most certificates to try from a response; responders send fewer. */
const MAX_CERTIFICATES = 8;

/**
 * Judges the revocation status of the leaf of a valid path. Fails unless the stapled response says that the leaf is
 * good now. Without a response, fails only if the leaf requires one and is not itself the trust anchor. A response
 * with an error status (`tryLater`, for example) counts as none: it is unsigned, so an attacker who could forge it
 * could also remove it. `revoked` tells why a responder's certificate was revoked, if it was.
 */
export const judgeStatus = Effect.fnUntraced(
  function* (
    path: Path,
    staple: Bytes | undefined,
    criteria: Criteria,
    work: Work,
    revoked: Revoked = () => Effect.succeed(undefined),
  ): Effect.fn.Return<Status, CertificateError, Crypto> {
    const leaf = path[0]!;
    const { verify } = yield* Crypto;
    // Nobody is above a leaf that is itself trusted. If it signed itself, it is its own issuer.
    const own = isSelfIssued(leaf) && (yield* signatureHolds(leaf, leaf, verify, work));
    const issuer = path[1] ?? (own ? leaf : undefined);
    if (!issuer) return UNCHECKED;
    const demanded = criteria.purpose === "serverAuth" &&
      leaf.tlsFeature?.has(ExtensionType.status_request);
    const missing = (found: string) => {
      const fault: Fault = [
        "status_missing",
        `it requires a stapled OCSP response, and ${found}`,
        "RFC 7633 §4.2.3",
      ];
      return demanded ? refusal(leaf, fault) : Effect.succeed(UNCHECKED);
    };
    if (!staple) return yield* missing("came without one");
    if (!work.draw(prices.byte * staple.length)) return yield* overspent(leaf);
    const read = decodeDer("OCSPResponse", ocspResponse, staple);
    if (Either.isLeft(read)) {
      const detail = `its OCSP response is malformed: ${read.left.message}`;
      return yield* refusal(leaf, ["status_invalid", detail, "RFC 6960 §4.2.1"]);
    }
    const { status, basic } = read.right;
    if (!basic) return yield* missing(`the response says only ${status}`);
    const crypto = yield* Crypto;
    const fault = yield* broken(
      { leaf, issuer, path, criteria, crypto, work, revoked, hashed: new Map() },
      basic,
    );
    if (work.spent) return yield* overspent(leaf);
    return typeof fault === "number"
      ? { status: "good", source: "ocsp", until: fault }
      : yield* refusal(leaf, fault);
  },
);

/** The context that a response is checked in. */
interface At {
  readonly leaf: Certificate;
  readonly issuer: Certificate;
  readonly path: Path;
  readonly criteria: Criteria;
  readonly crypto: CryptoService;
  readonly work: Work;
  readonly revoked: Revoked;
  /** The hashes of the issuer's name and key, by hash function: a response may be about thousands of certificates. */
  readonly hashed: Map<HashName, IssuerHashes>;
}

/** Tells why a certificate was revoked; `undefined` if nobody says so. */
type Revoked = (certificate: Certificate, above: Path) => Effect.Effect<string | undefined, never, Crypto>;

interface IssuerHashes {
  readonly name: Bytes;
  readonly key: Bytes;
}

/**
 * A failed check of the response. Its error is about the leaf, and has the alert for stapled responses whichever rule
 * was broken.
 */
const refusal = (
  leaf: Certificate,
  [reason, detail, rfc, liftedBy]: Fault,
): Effect.Effect<never, CertificateError> =>
  Effect.fail(
    new CertificateError({
      reason,
      index: 0,
      subject: leaf.subject.text,
      detail,
      rfc,
      liftedBy,
      alert: reason === "revoked" ? undefined : "bad_certificate_status_response",
    }),
  );

/** The first requirement of RFC 6960 §3.2 that a response breaks; if none, until when it is good. */
const broken = Effect.fnUntraced(
  function* (at: At, basic: BasicResponse): Effect.fn.Return<Fault | number, never, Crypto> {
    if (!at.work.draw(prices.certId * basic.responses.length)) return 0;
    const about = basic.responses.filter(({ certID }) => isOf(certID, at));
    if (about.length === 0) {
      return ["status_invalid", "its OCSP response is about another certificate", "RFC 6960 §3.2"];
    }
    if (basic.producedAt > at.criteria.time + SKEW) {
      const detail = `its OCSP response is dated ${dateText(basic.producedAt)}, in the future`;
      return ["status_stale", detail, FRESH];
    }
    if (basic.responses.some(({ certID }) => isUnknown(certID, at.leaf))) {
      const detail = "its OCSP response identifies certificates by an unknown hash function";
      return ["status_invalid", detail, "RFC 6960 §4.1.1"];
    }
    const critical = [basic.responseExtensions, ...about.map((one) => one.singleExtensions)]
      .flatMap((list) => list ?? []).find((one) => one.critical);
    if (critical) {
      const detail = `its OCSP response has the unknown critical extension ${critical.oid}`;
      return ["unsupported", detail, "RFC 6960 §4.4"];
    }
    for (const { rfc, broken } of signatureRules) {
      const found = broken(basic.signatureAlgorithm, at.criteria);
      const [reason, detail, lift] = found ?? [];
      if (reason) return [reason, `its OCSP response: ${detail}`, rfc, lift];
    }
    const unproven = yield* notBySomebodyAllowed(at, basic);
    if (unproven) return unproven;
    // Several responses may be about the leaf; the worst one counts. A hold may have been lifted since.
    const counted = about.filter((one) =>
      !isHold(one) ||
      !about.some((other) => other.certStatus._tag === "good" && other.thisUpdate > one.thisUpdate)
    );
    const found = counted.map((one) => said(one, at.criteria));
    const faults = found.filter((one) => typeof one !== "number");
    return faults.find(([reason]) => reason === "revoked") ?? faults[0] ??
      Math.min(...found as Array<number>);
  },
);

/** Whether a response may be about the leaf, but uses an unknown hash function. */
const isUnknown = ({ hashAlgorithm, serialNumber }: CertId, leaf: Certificate): boolean =>
  sameBytes(serialNumber, leaf.serialNumber) && !hashes.some(({ oid }) => oid === hashAlgorithm.oid);

/**
 * Whether a response is about the leaf (RFC 6960 §4.1.1). Any supported hash function will do, SHA-1 too: nothing
 * depends on its strength.
 */
const isOf = (
  { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertId,
  { leaf, issuer, crypto, hashed }: At,
): boolean => {
  if (!sameBytes(serialNumber, leaf.serialNumber)) return false;
  const row = hashes.find(({ oid }) => oid === hashAlgorithm.oid);
  if (!row) return false;
  const { digest } = crypto.hash(row.name);
  const { name, key } = hashed.get(row.name) ??
    { name: digest([leaf.issuer.raw]), key: digest([keyBits(issuer.spki)]) };
  hashed.set(row.name, { name, key });
  return sameBytes(issuerNameHash, name) && sameBytes(issuerKeyHash, key);
};

/** Checks that the issuer, or a responder that it authorized, signed the response (RFC 6960 §4.2.2.2). */
const notBySomebodyAllowed = Effect.fnUntraced(
  function* (at: At, basic: BasicResponse): Effect.fn.Return<Fault | undefined, never, Crypto> {
    const { issuer, path, criteria, crypto, work } = at;
    const byIssuer = names(basic, issuer, crypto);
    if (byIssuer && (yield* signatureHolds(basic, issuer, crypto.verify, work))) return undefined;
    // An authorized responder may have the issuer's name.
    let fault: Fault = byIssuer
      ? [
        "status_invalid",
        `its OCSP response was not signed by ${shortened(issuer.subject.text)}`,
        "RFC 6960 §3.2",
      ]
      : [
        "status_invalid",
        "its OCSP response is signed neither by its issuer nor by a responder whose certificate it holds",
        "RFC 6960 §4.2.2.2",
      ];
    for (const der of basic.certs.slice(0, MAX_CERTIFICATES)) {
      yield* work.pause;
      if (!work.draw(certificatePrice(der))) return undefined;
      const read = parseCertificate(der);
      if (Either.isLeft(read) || !names(basic, read.right, crypto)) continue;
      // Whoever stole its key could vouch for it.
      if (sameBytes(read.right.spki, at.leaf.spki)) {
        fault = ["status_invalid", "its OCSP response is signed by its own key", "RFC 6960 §4.2.2.2"];
        continue;
      }
      const responder = read.right;
      const text = `its OCSP responder ${shortened(responder.subject.text)}`;
      const its = [responder, issuer, ...path.slice(2)];
      const asResponder = {
        ...criteria,
        purpose: "OCSPSigning",
        profile: "rfc5280",
        name: undefined,
        commonName: false,
      } as const;
      const cheap = yield* brokenRule(cheapRules, its, asResponder, work);
      const named = !cheap && sameName(responder.issuer, issuer.subject) &&
        (yield* signatureHolds(responder, issuer, crypto.verify, work));
      const rule = cheap ?? (named ? yield* brokenRule(costlyRules, its, asResponder, work) : undefined);
      if (rule) {
        fault = [
          rule.reason === "unsupported" ? rule.reason : "status_invalid",
          `${text}: ${rule.detail}`,
          rule.rfc,
          rule.liftedBy,
        ];
      } else if (!named) {
        fault = [
          "status_invalid",
          `${text} was not authorized by ${shortened(issuer.subject.text)}`,
          "RFC 6960 §4.2.2.2",
        ];
      } else if (!(yield* signatureHolds(basic, responder, crypto.verify, work))) {
        fault = [
          "status_invalid",
          `its OCSP response was not signed by ${shortened(responder.subject.text)}`,
          "RFC 6960 §3.2",
        ];
      } else {
        const [, ...above] = its;
        const lost = unchecked(responder) ? undefined : yield* at.revoked(responder, above);
        if (lost === undefined) return undefined;
        fault = ["status_invalid", `${text}: ${lost}`, "RFC 6960 §4.2.2.2.1"];
      }
    }
    return fault;
  },
);

/** Whether a responder's issuer wants nobody to ask whether it was revoked (RFC 6960 §4.2.2.2.1). */
const unchecked = ({ extensions }: Certificate): boolean =>
  extensions.some(({ oid }) => oid === oids["id-pkix-ocsp-nocheck"]);

/** Whether a response names this certificate as its responder (RFC 6960 §4.2.2.3). */
const names = (
  { responderID }: BasicResponse,
  { subject, spki }: Certificate,
  { hash }: CryptoService,
): boolean =>
  responderID._tag === "byName"
    ? sameName(responderID.value, subject)
    : sameBytes(responderID.value, hash("sha1").digest([keyBits(spki)]));
