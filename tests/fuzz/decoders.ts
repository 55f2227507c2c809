/** Every message, extension and stored value: whatever the bytes, a value that writes them back, or a DecodeError. @module */
import { assert, Either } from "../deps.ts";
import { Transcript } from "../../src/crypto/transcript.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { courses, placesOf } from "../../src/flights/states.ts";
import { Place } from "../../src/grammar/places.ts";
import { HandshakeType } from "../../src/names/protocol.ts";
import type { HandshakeStream } from "../../src/record/handshake_stream.ts";
import { Ticket } from "../../src/tickets/ticket.ts";
import { type Bytes, sameBytes } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { all, type AnySchema } from "../messages/all.ts";
import { handshakeMessage } from "../support/replay.ts";
import { forms } from "./messages.ts";
import { mutated } from "./mutate.ts";
import { specimensOf, type Target, type Verdict } from "./target.ts";

/** What must hold of a codec, whatever it is given. */
export const decodes = (schema: AnySchema): (bytes: Bytes) => Verdict => {
  const { decode, encode, json, spans } = codec(schema);
  return (bytes) => {
    const read = decode(bytes);
    for (const { start, end } of spans(bytes)) assert.ok(0 <= start && start <= end && end <= bytes.length);
    if (Either.isLeft(read)) {
      const { _tag, offset, message } = read.left;
      assert.equal(_tag, "DecodeError");
      assert.ok(offset >= 0 && offset <= bytes.length, message);
      return "refused";
    }
    const again = encode(read.right);
    assert.ok(Either.isRight(again) && sameBytes(again.right, bytes), "it is written back");
    // JSON costs fifty times as much.
    if ((bytes.at(-1) ?? 0) % 32 === 0) {
      const revived = json.decode(JSON.parse(JSON.stringify(json.encode(read.right))));
      assert.ok(Either.isRight(revived), "its JSON is read");
      const written = encode(revived.right);
      assert.ok(Either.isRight(written) && sameBytes(written.right, bytes), "its JSON is the same value");
    }
    return "accepted";
  };
};

const codecTarget = ([name, schema]: readonly [string, AnySchema]): Target => {
  const specimens = specimensOf(schema);
  const check = decodes(schema);
  return {
    name: `codec/${name}`,
    weight: 40,
    draw: (random, epoch) => {
      const pool = specimens(epoch);
      return [mutated(random.pick(pool), random, () => random.pick(pool))];
    },
    run: ([bytes]) => check(bytes!),
  };
};

const messages = forms.map(({ type, schema }) => ({ type, specimens: specimensOf(schema) }));

/** Every place that a flight has, of every version and exchange, each once by what it says. */
const places: ReadonlyArray<readonly [string, Place<unknown>]> = [
  ...new Map(
    courses.flatMap((course) =>
      (["client", "server"] as const).flatMap((role) =>
        placesOf(role, course).filter((place) => place instanceof Place).map((place) =>
          [
            `${course.version.toString(16)} ${course.exchange} ${course.authentication} ${place.name}`,
            place,
          ] as const
        )
      )
    ),
  ),
];

/** A stream that nobody is at the other end of. */
export const nobody: HandshakeStream = {
  ...({} as HandshakeStream),
  take: () => {},
  heard: () => {},
  transcript: () => new Transcript().snapshot(),
  changeRead: () => Either.right(undefined),
};

/** A place takes what it accepts, or refuses it by an error that has an alert. */
const placeTarget: Target = {
  name: "places",
  weight: 400,
  draw: (random, epoch) => {
    const at = random.below(places.length);
    const [, place] = places[at]!;
    const fits = messages.filter(({ type }) => place.accepts!(comingOf(type, EMPTY_BODY)));
    const { type, specimens } = random.pick(fits.length > 0 ? fits : messages);
    const pool = specimens(epoch);
    return [Uint8Array.of(at >> 8, at, type), mutated(random.pick(pool), random, () => random.pick(pool))];
  },
  run: ([head, body]) => {
    const [, place] = places[head![0]! << 8 | head![1]!]!;
    const coming = comingOf(head![2]!, body!);
    if (!place.accepts!(coming)) return "refused";
    const taken = place.take(coming, nobody);
    if (Either.isRight(taken)) return "accepted";
    assert.ok(alertOf(taken.left satisfies TlsError) !== undefined, String(taken.left));
    return "refused";
  },
};
const EMPTY_BODY = new Uint8Array(0);
const comingOf = (type: number, body: Bytes) => ({
  _tag: "Handshake" as const,
  type: HandshakeType.of(type),
  body,
  raw: handshakeMessage(type, body),
});

/** All of them. */
export const decoders: ReadonlyArray<Target> = [
  ...[...all, ["Ticket", Ticket] as const].map(codecTarget),
  placeTarget,
];
