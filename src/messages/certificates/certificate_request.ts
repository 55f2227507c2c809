/** @module */
import { Schema } from "../../deps.ts";
import { ClientCertificateType } from "../../names/protocol.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { meta, opaque, type Vector, vector } from "../../wire/schema.ts";
import { CertificateRequestExtensions } from "../extensions/carriers.ts";
import { DistinguishedName } from "../extensions/certificates.ts";

/** `ClientCertificateType certificate_types<1..2^8-1>`. An empty list is accepted, as other implementations do. */
const clientCertificateTypes: Vector<ClientCertificateType, string> = vector(
  ClientCertificateType,
  0,
  2 ** 8 - 1,
);

/** A server's request for a client certificate in TLS 1.2 (RFC 5246 §7.4.4). */
export class CertificateRequest extends Schema.TaggedClass<CertificateRequest>("CertificateRequest")(
  "CertificateRequest",
  {
    certificateTypes: clientCertificateTypes,
    supportedSignatureAlgorithms: vector(SignatureScheme, 2, 2 ** 16 - 2),
    certificateAuthorities: vector(DistinguishedName, 0, 2 ** 16 - 1),
  },
  meta(13, "RFC 5246 §7.4.4"),
) {}

/** A server's request for a client certificate before TLS 1.2: it has no signature algorithms (RFC 4346 §7.4.4). */
export class CertificateRequestLegacy extends Schema.TaggedClass<CertificateRequestLegacy>(
  "CertificateRequestLegacy",
)("CertificateRequest", {
  certificateTypes: clientCertificateTypes,
  certificateAuthorities: vector(DistinguishedName, 0, 2 ** 16 - 1),
}, meta(13, "RFC 4346 §7.4.4")) {}

/** A server's request for a client certificate in TLS 1.3 (RFC 8446 §4.3.2). */
export class CertificateRequest13 extends Schema.TaggedClass<CertificateRequest13>("CertificateRequest13")(
  "CertificateRequest",
  {
    /** Empty in the handshake; after it, never the same twice in a connection. */
    certificateRequestContext: opaque(0, 2 ** 8 - 1),
    extensions: CertificateRequestExtensions,
  },
  meta(13, "RFC 8446 §4.3.2"),
) {}
