/** @module */
import { Schema } from "../../deps.ts";
import { meta, type Opaque, opaque, vector } from "../../wire/schema.ts";
import { type CertificateEntryExtensionList, CertificateEntryExtensions } from "../extensions/carriers.ts";

/** `opaque ASN.1Cert<1..2^24-1>`: one certificate, as DER. */
export const ASN1Cert: Opaque = opaque(1, 2 ** 24 - 1);

/**
 * A certificate chain before TLS 1.3, leaf first (RFC 5246 §7.4.2). A client without a certificate sends an empty chain
 * (RFC 5246 §7.4.6).
 */
export class Certificate extends Schema.TaggedClass<Certificate>()("Certificate", {
  certificateList: vector(ASN1Cert, 0, 2 ** 24 - 1),
}, meta(11, "RFC 5246 §7.4.2")) {}

/**
 * `struct { opaque cert_data<1..2^24-1>; Extension extensions<0..2^16-1>; } CertificateEntry` (RFC 8446 §4.4.2): one
 * certificate, as DER, and what its sender says of it.
 */
export const CertificateEntry: Schema.Struct<
  { certData: Opaque; extensions: CertificateEntryExtensionList }
> = Schema.Struct({ certData: ASN1Cert, extensions: CertificateEntryExtensions });
/** One certificate, as DER, and what its sender says of it. */
export type CertificateEntry = typeof CertificateEntry.Type;

/**
 * A certificate chain in TLS 1.3, leaf first (RFC 8446 §4.4.2). A client without a certificate sends an empty chain.
 */
export class Certificate13 extends Schema.TaggedClass<Certificate13>("Certificate13")("Certificate", {
  /** That of the CertificateRequest; empty from a server. */
  certificateRequestContext: opaque(0, 2 ** 8 - 1),
  certificateList: vector(CertificateEntry, 0, 2 ** 24 - 1),
}, meta(11, "RFC 8446 §4.4.2")) {}
