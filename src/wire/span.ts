/** Which bytes are which member. @module */
import type { Layout } from "./layout.ts";

/** A named run of bytes, as an inspector shows it. */
export interface Span {
  readonly path: string;
  /** Offset of the first byte, and of the one after the last. */
  readonly start: number;
  readonly end: number;
  readonly kind: Layout["kind"];
  readonly value: unknown;
}
