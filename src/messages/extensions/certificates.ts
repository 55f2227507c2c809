/** Extensions about the certificates that an end accepts: signatures, authorities, compression. @module */
import { Schema } from "../../deps.ts";
import { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { type Extension, extension, type Opaque, opaque, type Vector, vector } from "../../wire/schema.ts";

/**
 * In a ClientHello, or in a CertificateRequest of TLS 1.3: the signature schemes that the sender can verify, the
 * preferred first. Without it, a TLS 1.2 server assumes SHA-1 (RFC 5246 §7.4.1.4.1), and one of TLS 1.3 that has a
 * certificate refuses the hello (RFC 8446 §9.2).
 */
export const SignatureAlgorithms: Extension<
  "signature_algorithms",
  { supportedSignatureAlgorithms: Vector<SignatureScheme, string> }
> = extension("signature_algorithms", 13, "RFC 5246 §7.4.1.4.1", {
  supportedSignatureAlgorithms: vector(SignatureScheme, 2, 2 ** 16 - 2),
});

/**
 * The signature schemes that the sender can verify in certificates, if they are others than in
 * `SignatureAlgorithms`. In a ClientHello, or in a CertificateRequest of TLS 1.3 (RFC 8446 §4.2.3).
 */
export const SignatureAlgorithmsCert: Extension<
  "signature_algorithms_cert",
  { supportedSignatureAlgorithms: Vector<SignatureScheme, string> }
> = extension("signature_algorithms_cert", 50, "RFC 8446 §4.2.3", {
  supportedSignatureAlgorithms: vector(SignatureScheme, 2, 2 ** 16 - 2),
});

/** `opaque DistinguishedName<1..2^16-1>`: a distinguished name, as DER (RFC 5246 §7.4.4). */
export const DistinguishedName: Opaque = opaque(1, 2 ** 16 - 1);

/**
 * The authorities that the sender accepts. In a ClientHello, or in a CertificateRequest of TLS 1.3
 * (RFC 8446 §4.2.4).
 */
export const CertificateAuthorities: Extension<
  "certificate_authorities",
  { authorities: Vector<Bytes, string> }
> = extension("certificate_authorities", 47, "RFC 8446 §4.2.4", {
  authorities: vector(DistinguishedName, 3, 2 ** 16 - 1),
});

/**
 * `struct { opaque certificate_extension_oid<1..2^8-1>; opaque certificate_extension_values<0..2^16-1>; } OIDFilter`
 * (RFC 8446 §4.2.5): a certificate extension by its OID, and values that it must have. Both are DER.
 */
export const OidFilter: Schema.Struct<
  { certificateExtensionOid: Opaque; certificateExtensionValues: Opaque }
> = Schema.Struct({
  certificateExtensionOid: opaque(1, 2 ** 8 - 1),
  certificateExtensionValues: opaque(0, 2 ** 16 - 1),
});
/** A certificate extension by its OID, and values that it must have. */
export type OidFilter = typeof OidFilter.Type;

/** In a CertificateRequest: extensions that the client's certificate must have (RFC 8446 §4.2.5). */
export const OidFilters: Extension<
  "oid_filters",
  { filters: Vector<OidFilter, typeof OidFilter.Encoded> }
> = extension("oid_filters", 48, "RFC 8446 §4.2.5", { filters: vector(OidFilter, 0, 2 ** 16 - 1) });

/** In a ClientHello: a server may ask for a certificate after the handshake. Empty (RFC 8446 §4.2.6). */
export const PostHandshakeAuth: Extension<"post_handshake_auth"> = extension(
  "post_handshake_auth",
  49,
  "RFC 8446 §4.2.6",
  {},
);

/**
 * The algorithms by which the sender can decompress a certificate chain, the preferred first. In a ClientHello, or in
 * a CertificateRequest of TLS 1.3 (RFC 8879 §3).
 */
export const CompressCertificate: Extension<
  "compress_certificate",
  { algorithms: Vector<CertificateCompressionAlgorithm, string> }
> = extension("compress_certificate", 27, "RFC 8879 §3", {
  algorithms: vector(CertificateCompressionAlgorithm, 2, 2 ** 8 - 2),
});
