/** Exclusive or of byte strings. @module */
import type { Bytes } from "../wire/bytes.ts";

/** `a ⊕ b`. The result is as long as `a`; `b` must be at least as long. */
export const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ b[i]!);
