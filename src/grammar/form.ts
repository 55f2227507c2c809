/** Messages whose form the negotiation decides. @module */
import type { Schema } from "../deps.ts";
import type { Message } from "../record/handshake_stream.ts";
import { type Constructor, make } from "../wire/codec.ts";
import { type Place, proof, type Received } from "./places.ts";

/** A message class: its Schema, and its constructor from fields that are trusted. */
// deno-lint-ignore no-explicit-any -- the encoded side and the constructor's fields are the class's own
export type MessageClass<A> = Schema.Schema<A, any> & Constructor<A, any>;

/**
 * One form of a message, for whoever needs only what all its forms have in common: `Form<ServerKeyExchange>` is also
 * the form that has a signature algorithm besides.
 */
export interface Form<out A> {
  readonly place: Place<Received<A>>;
  /** Makes one of the fields of this very form. */
  readonly make: (fields: object) => Message;
}

/** The form that a class is. */
export const form = <A extends Message>(Class: MessageClass<A>): Form<A> => ({
  place: proof(Class),
  make: (fields) => make(Class, fields),
});
