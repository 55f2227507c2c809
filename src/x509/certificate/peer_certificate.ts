/** A peer's certificate for people and programs: typed, and as JSON. @module */
import { Schema } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { GeneralName } from "../names/general_name.ts";

/** What every certificate has, readable or not. @internal */
interface Shown {
  /** DER. */
  readonly raw: Bytes;
  /** Of all of `raw`, in hexadecimal, as browsers and `openssl x509 -fingerprint` show them. */
  readonly fingerprints: { readonly sha1: string; readonly sha256: string };
}

/** A certificate that could be read. Whether to trust it is another question. */
export interface ReadableCertificate extends Shown {
  /** Tells a readable certificate from an unreadable one. */
  readonly _tag: "Certificate";
  /** As RFC 4514 writes names. */
  readonly subject: string;
  /** As RFC 4514 writes names. */
  readonly issuer: string;
  /** The names that the certificate is for; empty when it has no such extension. */
  readonly subjectAltNames: ReadonlyArray<{ readonly type: GeneralName["_tag"]; readonly value: string }>;
  /** The first moment of its validity. */
  readonly notBefore: Date;
  /** The last moment of its validity. */
  readonly notAfter: Date;
  /** The kind of key, and its length; `algorithm` is an object identifier. */
  readonly publicKey:
    | { readonly _tag: "rsa" | "rsa_pss" | "ed25519"; readonly bits: number }
    | { readonly _tag: "ecdsa"; readonly bits: number; readonly group: NamedGroup }
    | { readonly _tag: "unsupported"; readonly algorithm: string };
  /** Hexadecimal, without a leading zero byte. */
  readonly serialNumber: string;
}

/** A certificate that is no DER of one, and why: a leaf can always be read, others of a chain need not be. */
export interface UnreadableCertificate extends Shown {
  /** Tells an unreadable certificate from a readable one. */
  readonly _tag: "UnreadableCertificate";
  /** Why the certificate cannot be read. */
  readonly reason: string;
}

/** A certificate that a peer has shown. */
export type PeerCertificate = ReadableCertificate | UnreadableCertificate;

/** A certificate as JSON: bytes in hexadecimal, times as RFC 3339 writes them. */
export type PeerCertificateJson = Json<PeerCertificate>;

/** The Schema of a certificate that a peer has shown. */
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
    Schema.TaggedStruct("unsupported", { algorithm: Schema.String }),
  ),
  serialNumber: Schema.String,
  ...common,
});

const Unreadable = Schema.TaggedStruct("UnreadableCertificate", { reason: Schema.String, ...common });

/**
 * A certificate that a peer has shown, `Certificate` where it can be read and else `UnreadableCertificate`; its JSON
 * has bytes in hexadecimal and times as RFC 3339 writes them.
 */
export const PeerCertificate: PeerCertificateSchema = Schema.Union(Readable, Unreadable);
