/** Saying a flight, the mirror of `receive`. @module */
import { Effect } from "../deps.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import { UnexpectedMessage } from "../faults/errors/connection.ts";
import type { AlertName } from "../names/alert.ts";
import { Handshakes, type Message } from "../record/handshake_stream.ts";
import type { Protection } from "../record/protection/protection.ts";
import { EncodeError } from "../wire/errors.ts";
import { encodeMessage } from "./message_kind.ts";

/** In a flight of ours: here we change to these keys. */
export class ChangeTo {
  constructor(readonly keys: Protection) {}
}

/** In a flight of ours: a warning, which no transcript hears of. */
export class Warning {
  constructor(readonly description: AlertName) {}
}

/** What a flight of ours is made of. */
export type FlightItem = Message | ChangeTo | Warning;

/** We change to these keys (RFC 5246 §7.1). */
export const changeTo = (keys: Protection): ChangeTo => new ChangeTo(keys);

/**
 * Says a flight or a part of one. It leaves in one write, when we next wait for the peer. Gives the transcript so far.
 * Fails with EncodeError where a setting of ours does not fit its member (a name of 300 bytes), and with
 * UnexpectedMessage where the peer's flight is not over.
 */
export const send = (
  ...items: ReadonlyArray<FlightItem>
): Effect.Effect<Snapshot, EncodeError | UnexpectedMessage, Handshakes> =>
  Effect.flatMap(Handshakes, (to) => {
    for (const item of items) {
      if (item instanceof ChangeTo) {
        to.changeWrite(item.keys);
        continue;
      }
      if (item instanceof Warning) {
        to.warn(item.description);
        continue;
      }
      try {
        to.send(encodeMessage(item), item);
      } catch (e) {
        if (e instanceof EncodeError || e instanceof UnexpectedMessage) return Effect.fail(e);
        throw e;
      }
    }
    return Effect.succeed(to.transcript());
  });
