/** The peer's certificate, as far as the handshake itself judges it. The verifier says whether it is trusted. @module */
import { Effect, Either } from "../deps.ts";
import { certificateAlerts } from "../faults/certificate_alerts.ts";
import { IllegalParameter } from "../faults/errors/connection.ts";
import { CertificateError } from "../faults/errors/trust.ts";
import { NamedGroup } from "../names/named_group.ts";
import type { PublicKey } from "../ports/crypto.ts";
import type { Verdict } from "../ports/trust.ts";
import { authenticationOf } from "../tables/key_kinds.ts";
import type { Policy } from "../tables/policy.ts";
import type { CertificateWish } from "../tables/versions/mod.ts";
import { type Bytes, isBytes } from "../wire/bytes.ts";
import { DecodeError } from "../wire/errors.ts";
import { readLeaf } from "../x509/certificate/leaf.ts";
import type { Agreed } from "./agreed/agreed.ts";

/** Why the handshake refuses a certificate before the verifier sees it. */
export type PeerError = DecodeError | IllegalParameter | CertificateError;

/**
 * The key of a chain's leaf. An empty chain is a decode_error (RFC 5246 §7.4.2); a leaf without a key that can be found is corrupt.
 */
export const leafKey = (
  chain: ReadonlyArray<Bytes>,
  policy: Pick<Policy, "corruptCertificateAlert">,
): Either.Either<Leaf, PeerError> => {
  const [der] = chain;
  if (!der) {
    const path = "certificateList";
    return Either.left(new DecodeError({ subject: "Certificate", path, offset: 0, reason: "is empty" }));
  }
  const refused = (reason: "unreadable" | "unsupported", subject: string, detail: string, rfc: string) =>
    Either.left(corruptBy(policy)(new CertificateError({ reason, index: 0, subject, detail, rfc })));
  const read = readLeaf(der);
  if (Either.isLeft(read)) return refused("unreadable", "", read.left.message, "RFC 5280 §4.1");
  const { publicKey, keyUsage, subject } = read.right;
  return publicKey._tag === "unsupported"
    ? refused("unsupported", subject, publicKey.detail, "RFC 5280 §4.1.2.7")
    : Either.right({ key: publicKey, usages: keyUsage, subject });
};

/** The verifier's verdict, with the alert that policy has for a certificate that cannot be parsed. */
export const judged = <R>(
  verdict: Effect.Effect<Verdict | void, CertificateError, R>,
  policy: Pick<Policy, "corruptCertificateAlert">,
): Effect.Effect<Verdict | undefined, CertificateError, R> =>
  Effect.mapBoth(verdict, {
    onFailure: corruptBy(policy),
    onSuccess: (found) => isVerdict(found) ? found : undefined,
  });

/** A verifier of a user's own may give anything, of which a look at it may throw. `until` may be Infinity. */
const isVerdict = (found: Verdict | void): found is Verdict => {
  try {
    return typeof found === "object" && found !== null && found.until >= -Infinity &&
      [found.path, found.policies, found.revocation, found.timestamps].every(Array.isArray) &&
      found.path.every(isBytes);
  } catch {
    return false;
  }
};

const corruptBy =
  ({ corruptCertificateAlert: alert }: Pick<Policy, "corruptCertificateAlert">) =>
  (error: CertificateError): CertificateError =>
    error.reason === "unreadable" && error.alert === undefined && alert !== certificateAlerts.unreadable
      ? new CertificateError({ ...error, alert })
      : error;

/** What the handshake needs to know of a leaf certificate. */
export interface Leaf {
  readonly key: PublicKey;
  /** The subject, for errors. */
  readonly subject: string;
  /** The keyUsage; `undefined` if the certificate has none, and so allows everything. */
  readonly usages: ReadonlySet<string> | undefined;
}

/** Checks that a client's leaf is of a type that was asked for, and can sign (RFC 5246 §7.4.6, RFC 8422 §5.6). */
export const fitsWish = (
  { key, usages, subject }: Leaf,
  wish: CertificateWish,
  groups: ReadonlyArray<NamedGroup>,
): Either.Either<PublicKey, CertificateError> => {
  const reason = !wish.types.includes(authenticationOf(key).certificateType)
    ? `a key of ${key._tag} was not asked for`
    : usages && !usages.has("digitalSignature")
    ? "its keyUsage does not allow digitalSignature"
    : key._tag === "ecdsa" && !groups.includes(key.group)
    ? `its curve ${NamedGroup.nameOf(key.group)} is not among ours`
    : undefined;
  return reason === undefined ? Either.right(key) : Either.left(
    new CertificateError({
      reason: "unsupported",
      index: 0,
      subject,
      detail: reason,
      rfc: "RFC 5246 §7.4.6",
    }),
  );
};

/** Checks that a server's leaf fits the suite, the key exchange and our groups (RFC 5246 §7.4.2, RFC 8422 §5.1.1, §5.3). */
export const fitsSuite = (leaf: Leaf, at: Agreed): Either.Either<PublicKey, IllegalParameter> => {
  const { key, usages } = leaf;
  const { usage } = at.exchange;
  const reason = authenticationOf(key).certifies !== at.suite.authentication
    ? `a key of ${key._tag} does not fit the cipher suite`
    : usage === "keyEncipherment" && key._tag !== "rsa"
    ? `a key of ${key._tag} does not fit the key exchange`
    : usages && !usages.has(usage)
    ? `its keyUsage does not allow ${usage}`
    : key._tag === "ecdsa" && !at.terms.groups.includes(key.group)
    ? `its curve ${NamedGroup.nameOf(key.group)} was not offered`
    : undefined;
  return reason === undefined ? Either.right(key) : Either.left(
    new IllegalParameter({
      subject: "Certificate",
      field: "certificateList.0",
      reason,
      rfc: "RFC 5246 §7.4.2",
    }),
  );
};
