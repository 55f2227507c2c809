/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";
import { DigitallySigned, Signed } from "./digitally_signed.ts";

/** The client's proof that it has the key of its certificate, as in TLS 1.2 (RFC 5246 §7.4.8). */
export class CertificateVerify extends Schema.TaggedClass<CertificateVerify>("CertificateVerify")(
  "CertificateVerify",
  DigitallySigned,
  meta(15, "RFC 5246 §7.4.8"),
) {}

/** The same before TLS 1.2 (RFC 4346 §7.4.8). */
export class CertificateVerifyLegacy extends Schema.TaggedClass<CertificateVerifyLegacy>(
  "CertificateVerifyLegacy",
)("CertificateVerify", Signed, meta(15, "RFC 4346 §7.4.8")) {}
