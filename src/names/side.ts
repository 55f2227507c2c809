/** The two ends of a connection. @module */

/** One end of a connection. */
export type Side = "client" | "server";

/** Something of each end. */
export type OfBoth<A> = { readonly [S in Side]: A };
