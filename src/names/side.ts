/** The two ends of a connection. @module */

/** One end of a connection. */
export type Side = "client" | "server";

/** A pair of values: one for the client, one for the server. */
export type OfBoth<A> = { readonly [S in Side]: A };
