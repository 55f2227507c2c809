/** @module */
import type { Bytes } from "../../wire/bytes.ts";
import { type Extension, extension, opaque, type Vector, vector } from "../../wire/schema.ts";

/** In a ClientHello: the client asks for SCTs. The body is empty (RFC 6962 §3.3.1). */
export const SignedCertificateTimestampRequest: Extension<"signed_certificate_timestamp"> = extension(
  "signed_certificate_timestamp",
  18,
  "RFC 6962 §3.3.1",
  {},
);

/** In a ServerHello: the SCTs of the server's certificate, `SerializedSCT sct_list<1..2^16-1>` (RFC 6962 §3.3). */
export const SignedCertificateTimestampList: Extension<
  "signed_certificate_timestamp",
  { sctList: Vector<Bytes, string> }
> = extension("signed_certificate_timestamp", 18, "RFC 6962 §3.3", {
  sctList: vector(opaque(1, 2 ** 16 - 1), 1, 2 ** 16 - 1),
});
