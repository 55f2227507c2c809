/** The circumstances of an error, which make its hints more precise. @module */

/** Facts about an error that only its receiver knows. Hints are more precise with them. */
export interface Circumstances {
  /** The policy in use. Hints suggest only policies that accept more; `modern` unless given. */
  readonly policy?: "modern" | "compatible" | "legacy" | undefined;
  /** Whether the peer asked for a certificate and this end sent none. */
  readonly certificateWanted?: boolean | undefined;
}
