/** A demand of an RFC. @module */

/** What one of the ends MUST or MUST NOT do. */
export interface Must {
  readonly section: string;
  readonly who: "client" | "server" | "both";
  /** What is demanded, in our own words. */
  readonly what: string;
  /** Parts of the names of tests, each of which there must be at least one of. */
  readonly tests: ReadonlyArray<string>;
  /** Where no test holds it, or it is not followed: why. */
  readonly why?: string;
}
