/** The circumstances of an error, which make its hints more precise. @module */
import type { ProtocolVersion } from "../names/protocol.ts";

/**
 * Who reads advice: users of the library on Effect and of its programs; of the entry points with options instead of layers
 * (`./deno`, `./http`); or of Node's names (`./node`).
 */
export type Readers = "layers" | "options" | "node";

/** Facts about an error that only its receiver knows. Hints are more precise with them. */
export interface Circumstances {
  /** The policy in use. Hints suggest only policies that accept more; `modern` unless given. */
  readonly policy?: "modern" | "compatible" | "legacy" | undefined;
  /**
   * The version that was agreed on. The RFC that defines it is cited then; otherwise both, where TLS 1.3 has another one than the
   * older versions.
   */
  readonly version?: ProtocolVersion | undefined;
  /** Whether the peer asked for a certificate and this end sent none. */
  readonly certificateWanted?: boolean | undefined;
  /** In whose words to give advice; in those of the library on Effect and of its programs unless given. */
  readonly readers?: Readers | undefined;
}
