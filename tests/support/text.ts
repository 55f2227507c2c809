/** Text as bytes, and bytes as text, both in UTF-8. @module */
import type { Bytes } from "../../src/wire/bytes.ts";

/** The bytes of a text. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The text of some bytes; of the end of a stream, `undefined`. */
export function textOf(bytes: Bytes): string;
export function textOf(bytes: Bytes | undefined): string | undefined;
export function textOf(bytes: Bytes | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
