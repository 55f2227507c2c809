/** Which bytes hold which member. @module */
import type { Layout } from "./layout.ts";

/** A named run of bytes, as an inspector shows it. */
export interface Span {
  /** The path of the member, e.g. `extensions.2.namedGroupList`. */
  readonly path: string;
  /** The offset of the member's first byte. */
  readonly start: number;
  /** The offset after the member's last byte. */
  readonly end: number;
  /** The kind of the member's layout. */
  readonly kind: Layout["kind"];
  /** The member's decoded value. */
  readonly value: unknown;
}
