/**
 * A flight is declared as a sequence of places. `receive` reads a flight off the wire and gives a record with a member for
 * each place. A message out of place is an error that names what was expected.
 *
 * @module
 */
import { Effect, Either, Option, type Schema } from "../deps.ts";
import { equal } from "../crypto/equal.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import { DecryptError, type Refused, UnexpectedMessage } from "../faults/errors/connection.ts";
import type { RecordError, WireError } from "../faults/faults.ts";
import type { HandshakeMessage } from "../record/arrival.ts";
import type { Due } from "../record/due.ts";
import { type Phase, phases } from "../record/phase.ts";
import { type Coming, Handshakes, type HandshakeStream, type Message } from "../record/handshake_stream.ts";
import type { Protection } from "../record/protection/protection.ts";
import type { Bytes } from "../wire/bytes.ts";
import { DecodeError } from "../wire/errors.ts";
import { kindOf, type MessageKind, nameOfComing } from "./message_kind.ts";

/** How reading a place can fail. */
export type PlaceError = RecordError | DecryptError | Refused;

/** The result of reading a place. */
export type Taken<A> = Either.Either<A, PlaceError>;

/** A place in a flight. `A` is the type of the member that the flight's record has for it. */
export class Place<out A> {
  declare readonly Type: A;
  constructor(
    /** The name of the message that is expected here; `undefined` if none is. */
    readonly name: string | undefined,
    /** Whether a message may stand here; `undefined` if none ever does. */
    readonly accepts: ((coming: Coming) => boolean) | undefined,
    /** Takes the message off the stream and reads it. */
    readonly take: (coming: Coming, from: HandshakeStream) => Taken<A>,
    /** The value when no message comes; `undefined` if one must come. */
    readonly otherwise?: (() => A) | undefined,
    /** The most bytes that the body of a message of this type may have here; `undefined` if its place is not here. */
    readonly most: Due["most"] = () => undefined,
  ) {}

  /** This place, with its value mapped. */
  map<B>(f: (a: A) => B): Place<B> {
    const { otherwise } = this;
    return new Place(
      this.name,
      this.accepts,
      (coming, from) => Either.map(this.take(coming, from), f),
      otherwise && (() => f(otherwise())),
      this.most,
    );
  }
}

/** A message with its bytes and the transcript before it: what signatures and Finished are computed over. */
export interface Received<A> {
  readonly message: A;
  readonly body: Bytes;
  /** Header and body. */
  readonly raw: Bytes;
  /** The transcript before the message. */
  readonly before: Snapshot;
}

/** A place where a message must come; its value has the body as it came and the transcript before it. */
export const proof = <A extends Message, I>(schema: Schema.Schema<A, I>): Place<Received<A>> =>
  ofKind(kindOf(schema));

/**
 * As `proof`, for a message with a decoder of its own, or one that only its body tells from another of the same type: `is`
 * says whether a body is of this kind.
 */
export const ofKind = <A extends Message>(
  kind: MessageKind<A>,
  is: (body: Bytes) => boolean = () => true,
): Place<Received<A>> => {
  const here = (coming: Coming): coming is HandshakeMessage =>
    coming._tag === "Handshake" && coming.type === kind.type && is(coming.body);
  const take = (coming: Coming, from: HandshakeStream): Taken<Received<A>> => {
    // `receive` asked `accepts` before it came here.
    const { body, raw } = coming as HandshakeMessage;
    const before = from.transcript();
    from.take();
    return Either.map(kind.decode(body), (message) => {
      from.heard(raw, message);
      return { message, body, raw, before };
    });
  };
  return new Place(kind.name, here, take, undefined, (type) => type === kind.type ? kind.most : undefined);
};

/** A place where a message must come. */
export const one = <A extends Message, I>(schema: Schema.Schema<A, I>): Place<A> =>
  proof(schema).map((received) => received.message);

/**
 * The place of Finished. Its value is `verifyData`, which is compared in constant time with what `expected` makes of the
 * transcript; DecryptError if it differs. With a `length`, another length is a DecodeError, as TLS 1.3 has it
 * (RFC 8446 §4.4.4).
 */
export const finished = <A extends Message & { readonly verifyData: Bytes }, I>(
  schema: Schema.Schema<A, I>,
  expected: (transcript: Snapshot) => Bytes,
  length?: number,
): Place<Bytes> => {
  const { name, accepts, take, most } = proof(schema);
  return new Place(
    name,
    accepts,
    (coming, from) =>
      Either.flatMap(
        take(coming, from),
        ({ message: { verifyData }, before }): Taken<Bytes> =>
          length !== undefined && verifyData.length !== length
            ? Either.left(shortFinished(verifyData.length, length))
            : equal(verifyData, expected(before))
            ? Either.right(verifyData)
            : Either.left(new DecryptError({ what: "Finished" })),
      ),
    undefined,
    (type) => most(type) && (length ?? VERIFY_DATA),
  );
};
const shortFinished = (got: number, due: number) =>
  new DecodeError({
    subject: "Finished",
    path: "verifyData",
    offset: 0,
    reason: `${got} bytes, where ${due} are due`,
  });
/** The longest verify_data in bytes, up to TLS 1.2: two hashes, in SSL 3.0 (RFC 6101 §5.6.9). */
const VERIFY_DATA = 36;

/** A place where a message may come. It is never the last of a flight: the reader would not know whether to wait. */
export const maybe = <A>(place: Place<A>): Place<Option.Option<A>> =>
  new Place(
    place.name,
    place.accepts,
    (coming, from) => Either.map(place.take(coming, from), Option.some),
    Option.none,
    place.most,
  );

/** A place where one of two messages must come. */
export const either = <A, B>(a: Place<A>, b: Place<B>): Place<A | B> =>
  new Place<A | B>(
    `${a.name} or ${b.name}`,
    (coming) => a.accepts?.(coming) || b.accepts?.(coming) || false,
    (coming, from) => a.accepts?.(coming) ? a.take(coming, from) : b.take(coming, from),
    undefined,
    (type) => a.most(type) ?? b.most(type),
  );

/** A place where a message is refused for a reason of its own, and not as one out of place. */
export const refused = (place: Place<unknown>, why: () => Refused): Place<undefined> =>
  new Place(undefined, place.accepts, () => Either.left(why()), () => undefined, place.most);

/** The place of SSL 3.0's warning that the client has no certificate (RFC 6101 §5.6.6). */
export const noCertificate: Place<void> = new Place(
  "NoCertificate",
  (coming) => coming._tag === "NoCertificate",
  (_, from) => Either.right(from.take()),
);

/** A place where nothing comes. */
export const absent: Place<undefined> = new Place(
  undefined,
  undefined,
  () => Either.right(undefined),
  () => undefined,
);

/** The place where the peer changes to these keys (RFC 5246 §7.1). Only here is a ChangeCipherSpec accepted. */
export const changeCipherSpec = (keys: Protection): Place<void> =>
  new Place("ChangeCipherSpec", (coming) => coming._tag === "ChangeCipherSpec", (_, from) => {
    from.take();
    return from.changeRead(keys, phases.changed);
  });

/** The peer's records come under these keys from here on, which nothing on the wire says (RFC 8446 §7.3). */
export const heardUnder = (
  keys: Protection,
  phase: Phase,
): Effect.Effect<void, RecordError, Handshakes> =>
  Effect.flatMap(Handshakes, (from) => from.changeRead(keys, phase));

/** The declaration of a flight: places by name, in order. */
// deno-lint-ignore no-explicit-any -- a place's type is its own; only `Place<any>` holds them all
export type Shape = Readonly<Record<string, Place<any>>>;

/** The record that a flight of a shape gives. */
export type FlightOf<S extends Shape> = { readonly [K in keyof S]: S[K]["Type"] };

/** Reads a flight, or a part of one, off the wire. Fails with UnexpectedMessage for a message out of place. */
export const receive = <S extends Shape>(
  shape: S,
): Effect.Effect<FlightOf<S>, WireError | PlaceError, Handshakes> =>
  Effect.flatMap(Handshakes, (from) => {
    const places = Object.entries(shape);
    const out: Record<string, unknown> = {};
    /** What could have come instead of the next message. */
    let expected: Array<string> = [];
    let index = 0;
    /** The places where the next message can stand, up to the first that must be filled. */
    const open = (): ReadonlyArray<Place<unknown>> => {
      const end = places.findIndex(([_, { otherwise }], i) => i >= index && !otherwise);
      return places.slice(index, end < 0 ? undefined : end + 1).map(([_, place]) => place);
    };
    const due: Due = {
      expected: () => [...expected, ...open().map(({ name }) => name).filter((name) => name !== undefined)],
      most: (type) => open().map(({ most }) => most(type)).find((most) => most !== undefined),
    };
    /** Reads what has arrived, and waits only for what has not. */
    const rest = (): Effect.Effect<FlightOf<S>, WireError | PlaceError> => {
      for (; index < places.length; index++) {
        const [key, place] = places[index]!;
        if (!place.accepts) {
          out[key] = place.otherwise?.();
          continue;
        }
        const here = from.here(due);
        if (Either.isLeft(here)) return Effect.fail(here.left);
        const coming = here.right;
        if (!coming) return Effect.flatMap(from.more, rest);
        if (place.name !== undefined) expected.push(place.name);
        if (place.accepts(coming)) {
          expected = [];
          const taken = place.take(coming, from);
          if (Either.isLeft(taken)) return Effect.fail(taken.left);
          out[key] = taken.right;
        } else if (place.otherwise) out[key] = place.otherwise();
        else return Effect.fail(new UnexpectedMessage({ expected, got: nameOfComing(coming) }));
      }
      return Effect.succeed(out as FlightOf<S>);
    };
    return rest();
  });
