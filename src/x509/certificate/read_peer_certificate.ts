/** Parses a peer's certificate into a `PeerCertificate`. @module */
import { Either } from "../../deps.ts";
import { bitLength } from "../../crypto/ffdhe.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import type { UnsupportedKey } from "../keys/public_key.ts";
import { printName } from "../names/general_name.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import type { PeerCertificate, ReadableCertificate } from "./peer_certificate.ts";

/** Parses a peer's certificate. The result is cached for as long as the bytes object lives. */
export const peerCertificate = (raw: Bytes, hash: CryptoService["hash"]): PeerCertificate => {
  const before = known.get(raw);
  if (before) return before;
  const digest = (name: "sha1" | "sha256", of = raw) => toHex(hash(name).digest([of]));
  const shared = { raw, fingerprints: { sha1: digest("sha1"), sha256: digest("sha256") } };
  const read: PeerCertificate = Either.match(parseCertificate(raw), {
    onLeft: ({ message }) => ({ _tag: "UnreadableCertificate", reason: message, ...shared }),
    onRight: (certificate) => {
      const pin = digest("sha256", certificate.spki);
      return { _tag: "Certificate", ...told(certificate), pin, ...shared };
    },
  });
  known.set(raw, read);
  return read;
};

const known = new WeakMap<Bytes, PeerCertificate>();

const told = (
  certificate: Certificate,
): Omit<ReadableCertificate, "_tag" | "raw" | "pin" | "fingerprints"> => ({
  subject: certificate.subject.text,
  issuer: certificate.issuer.text,
  subjectAltNames: (certificate.subjectAltName ?? []).map((name) => ({
    type: name._tag,
    value: printName(name),
  })),
  notBefore: new Date(certificate.notBefore * 1000),
  notAfter: new Date(certificate.notAfter * 1000),
  publicKey: keyOf(certificate.publicKey),
  serialNumber: toHex(certificate.serialNumber).replace(/^00(?=.)/, ""),
});

const curveBits: Partial<Record<NamedGroup, number>> = {
  [NamedGroup.secp256r1]: 256,
  [NamedGroup.secp384r1]: 384,
  [NamedGroup.secp521r1]: 521,
};

const keyOf = (key: PublicKey | UnsupportedKey): ReadableCertificate["publicKey"] => {
  switch (key._tag) {
    case "rsa":
    case "rsa_pss":
      return { _tag: key._tag, bits: bitLength(key.modulus) };
    case "ecdsa":
      return { _tag: "ecdsa", bits: curveBits[key.group] ?? 4 * (key.point.length - 1), group: key.group };
    case "ed25519":
      return { _tag: "ed25519", bits: 256 };
    case "ed448":
      return { _tag: "ed448", bits: 456 };
    case "unsupported":
      return { _tag: "unsupported", algorithm: key.algorithm };
  }
};
