/** @module */
import { Schema } from "../deps.ts";
import { CertificateStatusType } from "../names/protocol.ts";
import { meta, opaque, rest, variant } from "../wire/schema.ts";

/** A stapled OCSP response from the server (RFC 6066 §8). */
export class CertificateStatus extends Schema.TaggedClass<CertificateStatus>()("CertificateStatus", {
  status: variant("statusType", CertificateStatusType, { ocsp: { response: opaque(1, 2 ** 24 - 1) } }, {
    response: rest,
  }),
}, meta(22, "RFC 6066 §8")) {}
