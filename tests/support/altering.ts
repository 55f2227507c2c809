/** One end against a flow of the other in which one message is changed. @module */
import { Effect, Either, type Schema } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { codec, type Constructor, make } from "../../src/wire/codec.ts";
import { bothHandshake, build, recordsOf, type Setup } from "./handshake.ts";
import { handshakeMessage, plainRecord, replay } from "./replay.ts";

/** A flow with one message read, changed and written anew. */
export const altering = <A, I, P>(
  Class: Schema.Schema<A, I> & Constructor<A, P>,
  type: number,
  change: (message: A) => P | Bytes,
) =>
(flow: Bytes): Bytes =>
  concat(
    ...recordsOf(flow).map((record) => {
      if (record[0] !== 22 || record[5] !== type) return record;
      const message = Either.getOrThrow(codec(Class).decode(record.subarray(9)));
      const changed = change(message);
      const body = changed instanceof Uint8Array ? changed : codec(Class).unsafeEncode(make(Class, changed));
      return plainRecord(22, handshakeMessage(type, body), record[1]! << 8 | record[2]!);
    }),
  );

/** What one side makes of a changed flow of the other: its error and its alert. */
export const verdict = (role: "client" | "server", setup: Setup, change: (flow: Bytes) => Bytes) =>
  Effect.gen(function* () {
    const peer = role === "client" ? "server" : "client";
    const { tape } = yield* bothHandshake(yield* build(setup), setup);
    const first = tape.flows.find((f) => f.from === peer)!.bytes;
    const { error } = yield* replay(role, [change(first)], setup);
    // Nothing comes after the first flow, so one that will do is Truncated.
    return error && error._tag !== "Truncated" ? `${error._tag} ${alertOf(error)}` : "accepted";
  });
