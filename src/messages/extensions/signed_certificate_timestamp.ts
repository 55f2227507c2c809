/** @module */
import { extension, opaque, vector } from "../../wire/schema.ts";

/** In a ClientHello: SCTs are wanted; the body is empty (RFC 6962 §3.3.1). */
export const SignedCertificateTimestampRequest = extension(
  "signed_certificate_timestamp",
  18,
  "RFC 6962 §3.3.1",
  {},
);

/** In a ServerHello: `SerializedSCT sct_list<1..2^16-1>` (RFC 6962 §3.3). */
export const SignedCertificateTimestampList = extension("signed_certificate_timestamp", 18, "RFC 6962 §3.3", {
  sctList: vector(opaque(1, 2 ** 16 - 1), 1, 2 ** 16 - 1),
});
