/** @module */
import { Schema } from "../../deps.ts";
import { meta } from "../../wire/schema.ts";
import { StapledStatus } from "../extensions/certificate_status.ts";

/** A stapled OCSP response from the server (RFC 6066 §8). */
export class CertificateStatus extends Schema.TaggedClass<CertificateStatus>()("CertificateStatus", {
  status: StapledStatus.fields.status,
}, meta(22, "RFC 6066 §8")) {}
