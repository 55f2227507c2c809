/** Exclusive or of byte strings. @module */
import type { Bytes } from "../wire/bytes.ts";

/** `a ⊕ b`, as long as `a`, which is no longer than `b`. */
export const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ b[i]!);
