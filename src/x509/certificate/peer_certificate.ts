/** A peer's certificate, as typed data and as JSON. @module */
import { Schema } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { GeneralName } from "../names/general_name.ts";

/** The members that every certificate of a peer has, parsed or not. @internal */
interface Shown {
  /** The certificate as DER. */
  readonly raw: Bytes;
  /** The hashes of `raw` in hexadecimal, as browsers and `openssl x509 -fingerprint` show them. */
  readonly fingerprints: { readonly sha1: string; readonly sha256: string };
}

/** A peer's certificate that could be parsed. This does not mean that it is trusted. */
export interface ReadableCertificate extends Shown {
  /** Marks a certificate that could be parsed. */
  readonly _tag: "Certificate";
  /** The subject's name in the form of RFC 4514. */
  readonly subject: string;
  /** The issuer's name in the form of RFC 4514. */
  readonly issuer: string;
  /** The names in subjectAltName; empty when the certificate has no such extension. */
  readonly subjectAltNames: ReadonlyArray<{ readonly type: GeneralName["_tag"]; readonly value: string }>;
  /** The first moment of its validity. */
  readonly notBefore: Date;
  /** The last moment of its validity. */
  readonly notAfter: Date;
  /** The kind and length of the key. `algorithm` is an object identifier. */
  readonly publicKey:
    | { readonly _tag: "rsa" | "rsa_pss" | "ed25519" | "ed448"; readonly bits: number }
    | { readonly _tag: "ecdsa"; readonly bits: number; readonly group: NamedGroup }
    | { readonly _tag: "unsupported"; readonly algorithm: string };
  /** The serial number in hexadecimal, without a leading zero byte. */
  readonly serialNumber: string;
  /** The SHA-256 of the SubjectPublicKeyInfo in hexadecimal (RFC 7469 §2.4): what `layerPinned` takes. */
  readonly pin: string;
}

/** A peer's certificate that could not be parsed, with the reason. A leaf like this has a key that could be read. */
export interface UnreadableCertificate extends Shown {
  /** Marks a certificate that could not be parsed. */
  readonly _tag: "UnreadableCertificate";
  /** Why the certificate could not be parsed. */
  readonly reason: string;
  /** It has no subject that could be read. */
  readonly subject?: undefined;
  /** It has no key that could be read, and so no pin. */
  readonly pin?: undefined;
}

/** A certificate that a peer sent. */
export type PeerCertificate = ReadableCertificate | UnreadableCertificate;

/** The JSON form of a peer's certificate: bytes in hexadecimal, times as in RFC 3339. */
export type PeerCertificateJson = Json<PeerCertificate>;

/** The type of the Schema of a peer's certificate. */
export interface PeerCertificateSchema extends Schema.Schema<PeerCertificate, PeerCertificateJson> {}

/** @internal */
type Json<A> = A extends Bytes | Date | NamedGroup ? string
  : A extends string | number ? A
  : { readonly [K in keyof A]: Json<A[K]> };

const rsa = <T extends "rsa" | "rsa_pss">(tag: T) => Schema.TaggedStruct(tag, { bits: Schema.Int });

const common = {
  raw: Schema.Uint8ArrayFromHex,
  fingerprints: Schema.Struct({ sha1: Schema.String, sha256: Schema.String }),
};

const Readable = Schema.TaggedStruct("Certificate", {
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
  notBefore: Schema.Date,
  notAfter: Schema.Date,
  publicKey: Schema.Union(
    rsa("rsa"),
    rsa("rsa_pss"),
    Schema.TaggedStruct("ecdsa", { bits: Schema.Int, group: NamedGroup }),
    Schema.TaggedStruct("ed25519", { bits: Schema.Int }),
    Schema.TaggedStruct("ed448", { bits: Schema.Int }),
    Schema.TaggedStruct("unsupported", { algorithm: Schema.String }),
  ),
  serialNumber: Schema.String,
  pin: Schema.String,
  ...common,
});

const Unreadable = Schema.TaggedStruct("UnreadableCertificate", { reason: Schema.String, ...common });

/**
 * The Schema of a certificate that a peer sent: `Certificate` if it could be parsed, otherwise
 * `UnreadableCertificate`. In JSON, bytes are hexadecimal and times are as in RFC 3339.
 */
export const PeerCertificate: PeerCertificateSchema = Schema.Union(Readable, Unreadable);
