/** A peer's certificate for people and programs: typed, and as JSON. @module */
import { Either, Schema } from "../../deps.ts";
import { bitLength } from "../../crypto/ffdhe.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import type { UnsupportedKey } from "../keys/public_key.ts";
import { printName } from "../names/general_name.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";

const rsa = <T extends "rsa" | "rsa_pss">(tag: T) => Schema.TaggedStruct(tag, { bits: Schema.Int });

/** What every certificate has, readable or not. */
const common = {
  /** DER. */
  raw: Schema.Uint8ArrayFromHex,
  /** Of all of `raw`, in hexadecimal, as browsers and `openssl x509 -fingerprint` show them. */
  fingerprints: Schema.Struct({ sha1: Schema.String, sha256: Schema.String }),
};

/** A certificate that could be read. Whether to trust it is another question. */
const Readable = Schema.TaggedStruct("Certificate", {
  /** As RFC 4514 writes names. */
  subject: Schema.String,
  issuer: Schema.String,
  subjectAltNames: Schema.Array(Schema.Struct({
    type: Schema.Literal(
      "dNSName",
      "iPAddress",
      "rfc822Name",
      "uniformResourceIdentifier",
      "directoryName",
      "otherName",
      "x400Address",
      "ediPartyName",
      "registeredID",
    ),
    value: Schema.String,
  })),
  /** Both are within the validity. */
  notBefore: Schema.Date,
  notAfter: Schema.Date,
  publicKey: Schema.Union(
    rsa("rsa"),
    rsa("rsa_pss"),
    Schema.TaggedStruct("ecdsa", { bits: Schema.Int, group: NamedGroup }),
    Schema.TaggedStruct("ed25519", { bits: Schema.Int }),
    /** `algorithm` is its object identifier. */
    Schema.TaggedStruct("unsupported", { algorithm: Schema.String }),
  ),
  /** Hexadecimal, without a leading zero byte. */
  serialNumber: Schema.String,
  ...common,
});

/** One that is no DER of a certificate, and why: the leaf is always readable, others of a chain need not be. */
const Unreadable = Schema.TaggedStruct("UnreadableCertificate", { reason: Schema.String, ...common });

/**
 * A certificate that a peer has shown, `Certificate` where it can be read and else `UnreadableCertificate`; its JSON
 * has bytes in hexadecimal and times as RFC 3339 writes them.
 */
export const PeerCertificate = Schema.Union(Readable, Unreadable);

/** A certificate that a peer has shown. */
export type PeerCertificate = typeof PeerCertificate.Type;

/** Reads a certificate of a peer. The same bytes object is read once. */
export const peerCertificate = (raw: Bytes, hash: CryptoService["hash"]): PeerCertificate => {
  const before = known.get(raw);
  if (before) return before;
  const digest = (name: "sha1" | "sha256") => toHex(hash(name).digest([raw]));
  const shared = { raw, fingerprints: { sha1: digest("sha1"), sha256: digest("sha256") } };
  const read: PeerCertificate = Either.match(parseCertificate(raw), {
    onLeft: ({ message }) => ({ _tag: "UnreadableCertificate", reason: message, ...shared }),
    onRight: (certificate) => ({ _tag: "Certificate", ...told(certificate), ...shared }),
  });
  known.set(raw, read);
  return read;
};

const known = new WeakMap<Bytes, PeerCertificate>();

const told = (certificate: Certificate): Omit<typeof Readable.Type, "_tag" | keyof typeof common> => ({
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

const keyOf = (key: PublicKey | UnsupportedKey): typeof Readable.Type["publicKey"] => {
  switch (key._tag) {
    case "rsa":
    case "rsa_pss":
      return { _tag: key._tag, bits: bitLength(key.modulus) };
    case "ecdsa":
      return { _tag: "ecdsa", bits: curveBits[key.group] ?? 4 * (key.point.length - 1), group: key.group };
    case "ed25519":
      return { _tag: "ed25519", bits: 256 };
    case "unsupported":
      return { _tag: "unsupported", algorithm: key.algorithm };
  }
};
