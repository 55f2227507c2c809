/** Messages whose form depends on the negotiation. @module */
import type { Schema } from "../deps.ts";
import type { Message } from "../record/handshake_stream.ts";
import { type Constructor, make } from "../wire/codec.ts";
import { type Place, proof, type Received } from "./places.ts";

/** A message class: a Schema, and a constructor from trusted fields. */
// deno-lint-ignore no-explicit-any -- the encoded side and the constructor's fields are the class's own
export type MessageClass<A> = Schema.Schema<A, any> & Constructor<A, any>;

/**
 * One form of a message, typed by the members that all its forms share: a `Form<{ signature }>` may also have a signature
 * algorithm.
 */
export interface Form<out A> {
  readonly place: Place<Received<A>>;
  /** Makes the message from the fields of this form. */
  readonly make: (fields: object) => Message;
}

/** The form of a message class. */
export const form = <A extends Message>(Class: MessageClass<A>): Form<A> => ({
  place: proof(Class),
  make: (fields) => make(Class, fields),
});
