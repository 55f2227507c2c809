/** The peer's certificate, as far as a handshake itself judges it; whether it is trusted the verifier says. @module */
import { Either } from "../deps.ts";
import { authenticationOf } from "../authentications/mod.ts";
import type { CertificateWish } from "../dialects/mod.ts";
import { DecodeError, IllegalParameter } from "../errors.ts";
import { NamedGroup } from "../names/named_group.ts";
import type { PublicKey } from "../services/crypto.ts";
import { CertificateError } from "../services/verifier.ts";
import type { Bytes } from "../wire/bytes.ts";
import { parseCertificate } from "../x509/certificate.ts";
import type { Agreed } from "./agreed.ts";

/** Why a leaf is not even a candidate for trust. */
export type PeerError = DecodeError | IllegalParameter | CertificateError;

/** The key of a chain's leaf. An empty chain, or a leaf that can't be read, is a decode_error (RFC 5246 §7.4.2). */
export const leafKey = (chain: ReadonlyArray<Bytes>): Either.Either<Leaf, PeerError> => {
  const [der] = chain;
  const unreadable = (path: string, offset: number, reason: string) =>
    Either.left(new DecodeError({ subject: "Certificate", path, offset, reason }));
  if (!der) return unreadable("certificateList", 0, "is empty");
  const parsed = parseCertificate(der);
  if (Either.isLeft(parsed)) {
    const { path, offset, reason } = parsed.left;
    return unreadable(`certificateList.0.${path}`, offset, reason);
  }
  const { publicKey, keyUsage, subject } = parsed.right;
  if (publicKey._tag === "unsupported") {
    return Either.left(
      new CertificateError({
        reason: "unsupported",
        index: 0,
        subject: subject.text,
        detail: publicKey.detail,
        rfc: "RFC 5280 §4.1.2.7",
      }),
    );
  }
  return Either.right({ key: publicKey, usages: keyUsage });
};

/** What the handshake needs of a leaf. */
export interface Leaf {
  readonly key: PublicKey;
  /** `undefined`: the certificate restricts nothing. */
  readonly usages: ReadonlySet<string> | undefined;
}

/** Whether a client's leaf is of a kind that was asked for, and one that can sign (RFC 5246 §7.4.6, RFC 8422 §5.6). */
export const fitsWish = (
  { key, usages }: Leaf,
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
      subject: "",
      detail: reason,
      rfc: "RFC 5246 §7.4.6",
    }),
  );
};

/** Whether a server's leaf fits the suite, the exchange and our groups (RFC 5246 §7.4.2, RFC 8422 §5.1.1, §5.3). */
export const fitsSuite = (leaf: Leaf, at: Agreed): Either.Either<PublicKey, IllegalParameter> => {
  const { key, usages } = leaf;
  const { usage } = at.exchange;
  const reason = authenticationOf(key).suites !== at.suite.authentication
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
