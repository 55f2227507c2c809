/** @module */
import { Schema } from "../deps.ts";
import { meta, type Opaque, opaque, vector } from "../wire/schema.ts";

/** `opaque ASN.1Cert<1..2^24-1>`: one certificate, as DER. */
export const ASN1Cert: Opaque = opaque(1, 2 ** 24 - 1);

/**
 * A certificate chain, leaf first (RFC 5246 §7.4.2). A client without a certificate sends an empty chain
 * (RFC 5246 §7.4.6).
 */
export class Certificate extends Schema.TaggedClass<Certificate>()("Certificate", {
  certificateList: vector(ASN1Cert, 0, 2 ** 24 - 1),
}, meta(11, "RFC 5246 §7.4.2")) {}
