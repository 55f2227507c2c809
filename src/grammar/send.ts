/** Sends a flight: the mirror of `receive`. @module */
import { Effect } from "../deps.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import { UnexpectedMessage } from "../faults/errors/connection.ts";
import type { AlertName } from "../names/alert.ts";
import { Handshakes, type HandshakeStream, type Message } from "../record/handshake_stream.ts";
import type { Protection } from "../record/protection/protection.ts";
import type { Bytes } from "../wire/bytes.ts";
import { EncodeError } from "../wire/errors.ts";
import { encodeMessage } from "./message_kind.ts";

/** An item of a flight: we say ChangeCipherSpec, and change to these keys. */
export class ChangeTo {
  constructor(readonly keys: Protection) {}
}

/** An item of a flight: these keys from here on, which nothing on the wire says (RFC 8446 §7.3). */
export class Under {
  constructor(readonly keys: Protection) {}
}

/** An item of a flight: a ChangeCipherSpec that means nothing, for devices on the way (RFC 8446 §D.4). */
export class Compatibility {}

/** An item of a flight: data before the handshake is finished (RFC 8446 §2.3). */
export class Early {
  constructor(readonly data: Bytes) {}
}

/** An item of a flight: a message that is not part of the transcript, such as a ticket of TLS 1.3. */
export class Apart {
  constructor(readonly message: Message) {}
}

/** An item of a flight: a warning alert, which is not part of the transcript. */
export class Warning {
  constructor(readonly description: AlertName) {}
}

/** What a flight is made of. */
export type FlightItem = Message | ChangeTo | Under | Compatibility | Early | Apart | Warning;

/** An item of a flight: ChangeCipherSpec, and then these keys (RFC 5246 §7.1). */
export const changeTo = (keys: Protection): ChangeTo => new ChangeTo(keys);

/** An item of a flight: these keys from here on, without a word. */
export const under = (keys: Protection): Under => new Under(keys);

/**
 * Sends a flight or a part of one, and gives the transcript so far. The whole flight leaves in one write, when we next wait
 * for the peer. Fails with EncodeError if a setting of ours does not fit its member (a name of 300 bytes), and with
 * UnexpectedMessage if the peer's flight is not finished.
 */
export const send = (
  ...items: ReadonlyArray<FlightItem>
): Effect.Effect<Snapshot, EncodeError | UnexpectedMessage, Handshakes> =>
  Effect.flatMap(Handshakes, (to) => {
    try {
      for (const item of items) put(item, to);
    } catch (e) {
      if (e instanceof EncodeError || e instanceof UnexpectedMessage) return Effect.fail(e);
      throw e;
    }
    return Effect.succeed(to.transcript());
  });

const put = (item: FlightItem, to: HandshakeStream): void => {
  if (item instanceof ChangeTo) {
    to.changeCipherSpec();
    return to.changeWrite(item.keys);
  }
  if (item instanceof Under) return to.changeWrite(item.keys);
  if (item instanceof Compatibility) return to.compatibility();
  if (item instanceof Early) return to.sendEarly(item.data);
  if (item instanceof Apart) return to.send(encodeMessage(item.message), item.message, true);
  if (item instanceof Warning) return to.warn(item.description);
  to.send(encodeMessage(item), item);
};
