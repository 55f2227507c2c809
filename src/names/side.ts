/** The two ends of a connection. @module */

/** One end of a connection. */
export type Side = "client" | "server";

/** The other end. */
export const otherSide = (side: Side): Side => side === "client" ? "server" : "client";

/** A pair of values: one for the client, one for the server. */
export type OfBoth<A> = { readonly [S in Side]: A };
