/** @module */
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { type Extension, extension, type Vector, vector } from "../../wire/schema.ts";

/**
 * The signature schemes that the client can verify, the preferred first. Without it, a TLS 1.2 server assumes SHA-1
 * (RFC 5246 §7.4.1.4.1).
 */
export const SignatureAlgorithms: Extension<
  "signature_algorithms",
  { supportedSignatureAlgorithms: Vector<SignatureScheme, string> }
> = extension("signature_algorithms", 13, "RFC 5246 §7.4.1.4.1", {
  supportedSignatureAlgorithms: vector(SignatureScheme, 2, 2 ** 16 - 2),
});
