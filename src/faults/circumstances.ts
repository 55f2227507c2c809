/** What is known of how an error came. @module */

/** What whoever has an error knows of how it came, and the error does not: hints are the better for it. */
export interface Circumstances {
  /** The policy in force, which is not worth trying then, nor what it goes beyond; modern unless given. */
  readonly policy?: "modern" | "compatible" | "legacy" | undefined;
  /** The peer asked for a certificate, and we showed none. */
  readonly certificateWanted?: boolean | undefined;
}
