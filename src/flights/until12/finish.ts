/** ChangeCipherSpec and Finished, which end each side's part of a handshake (RFC 5246 §7.1, §7.4.9). @module */
import { Effect } from "../../deps.ts";
import type { UnexpectedMessage } from "../../faults/errors/connection.ts";
import { changeCipherSpec, finished } from "../../grammar/places.ts";
import { changeTo, send } from "../../grammar/send.ts";
import { Finished } from "../../messages/mod.ts";
import type { Side } from "../../names/side.ts";
import type { Handshakes } from "../../record/handshake_stream.ts";
import type { Derivation } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { EncodeError } from "../../wire/errors.ts";
import type { Keys } from "../agreed/keys.ts";

/** What ChangeCipherSpec and Finished need to know. */
export interface Finishing {
  readonly derivation: Pick<Derivation, "verifyData">;
}

/** The shape of the peer's ChangeCipherSpec and Finished. */
export const finishShape = (at: Finishing, { master, keys }: Keys, theirs: Side) => ({
  change: changeCipherSpec(keys[theirs]),
  theirs: finished(
    Finished,
    (transcript) => at.derivation.verifyData(master, theirs, transcript),
  ),
});

/** Sends our ChangeCipherSpec and Finished, and gives our verify_data. */
export const finish = Effect.fnUntraced(
  function* (
    at: Finishing,
    { master, keys }: Keys,
    ours: Side,
  ): Effect.fn.Return<Bytes, EncodeError | UnexpectedMessage, Handshakes> {
    const transcript = yield* send(changeTo(keys[ours]));
    const verifyData = at.derivation.verifyData(master, ours, transcript);
    yield* send(make(Finished, { verifyData }));
    return verifyData;
  },
);
