/** @module */
import { Schema } from "../../deps.ts";
import { meta } from "../../wire/schema.ts";
import { DigitallySigned, Signed } from "../digitally_signed.ts";

/**
 * A proof that the sender holds its certificate's private key: of a client in TLS 1.2 (RFC 5246 §7.4.8), of either end
 * in TLS 1.3 (RFC 8446 §4.4.3).
 */
export class CertificateVerify extends Schema.TaggedClass<CertificateVerify>("CertificateVerify")(
  "CertificateVerify",
  DigitallySigned,
  meta(15, "RFC 5246 §7.4.8"),
) {}

/** A client's proof before TLS 1.2 that it holds its certificate's private key (RFC 4346 §7.4.8). */
export class CertificateVerifyLegacy extends Schema.TaggedClass<CertificateVerifyLegacy>(
  "CertificateVerifyLegacy",
)("CertificateVerify", Signed, meta(15, "RFC 4346 §7.4.8")) {}
