/** Which bytes are which member. @module */
import type { Layout } from "./layout.ts";

/** A named run of bytes, as an inspector shows it. */
export interface Span {
  /** The member, as `extensions.2.namedGroupList`. */
  readonly path: string;
  /** Offset of the first byte, and of the one after the last. */
  readonly start: number;
  /** The offset behind its last byte. */
  readonly end: number;
  /** The kind of its layout. */
  readonly kind: Layout["kind"];
  /** Its value. */
  readonly value: unknown;
}
