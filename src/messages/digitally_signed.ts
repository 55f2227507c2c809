/**
 * The two forms of a signature in a message. TLS 1.2 puts the algorithm before it (RFC 5246 §4.7); older versions do
 * not (RFC 4346 §4.7).
 *
 * @module
 */
import { SignatureScheme } from "../names/signature_scheme.ts";
import { type Opaque, opaque } from "../wire/schema.ts";

/**
 * `struct { SignatureAndHashAlgorithm algorithm; opaque signature<0..2^16-1>; } DigitallySigned` of TLS 1.2
 * (RFC 5246 §4.7).
 */
export const DigitallySigned: { readonly algorithm: typeof SignatureScheme; readonly signature: Opaque } = {
  algorithm: SignatureScheme,
  signature: opaque(0, 2 ** 16 - 1),
};

/** `opaque signature<0..2^16-1>`: a signature before TLS 1.2 (RFC 4346 §4.7). */
export const Signed: { readonly signature: Opaque } = { signature: opaque(0, 2 ** 16 - 1) };
