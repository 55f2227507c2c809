/**
 * The forms of a signature in a message (RFC 5246 §4.7). Before TLS 1.2 it stands alone (RFC 4346 §4.7).
 *
 * @module
 */
import { SignatureScheme } from "../names/signature_scheme.ts";
import { type Opaque, opaque } from "../wire/schema.ts";

/** `struct { SignatureAndHashAlgorithm algorithm; opaque signature<0..2^16-1>; } DigitallySigned` of TLS 1.2. */
export const DigitallySigned: { readonly algorithm: typeof SignatureScheme; readonly signature: Opaque } = {
  algorithm: SignatureScheme,
  signature: opaque(0, 2 ** 16 - 1),
};

/** `opaque signature<0..2^16-1>`: the form before TLS 1.2. */
export const Signed: { readonly signature: Opaque } = { signature: opaque(0, 2 ** 16 - 1) };
