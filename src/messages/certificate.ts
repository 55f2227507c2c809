/** @module */
import { Schema } from "../deps.ts";
import { meta, type Opaque, opaque, vector } from "../wire/schema.ts";

/** `opaque ASN.1Cert<1..2^24-1>`. */
export const ASN1Cert: Opaque = opaque(1, 2 ** 24 - 1);

/** A chain of certificates, leaf first; empty from a client that has none (RFC 5246 §7.4.2, §7.4.6). */
export class Certificate extends Schema.TaggedClass<Certificate>()("Certificate", {
  certificateList: vector(ASN1Cert, 0, 2 ** 24 - 1),
}, meta(11, "RFC 5246 §7.4.2")) {}
