/**
 * A flight is a declared sequence of places. `receive` reads one off the wire and gives a record with a member for
 * each; what is out of place is an error that names what would have been in place.
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
import { type Coming, Handshakes, type HandshakeStream, type Message } from "../record/handshake_stream.ts";
import type { Protection } from "../record/protection/protection.ts";
import type { Bytes } from "../wire/bytes.ts";
import { kindOf, type MessageKind, nameOfComing } from "./message_kind.ts";

/** What can be wrong with what comes. */
export type PlaceError = RecordError | DecryptError | Refused;

/** What taking a place can give. */
export type Taken<A> = Either.Either<A, PlaceError>;

/** A place in a flight; `A` is what the flight's record holds for it. */
export class Place<out A> {
  declare readonly Type: A;
  constructor(
    /** The message that is expected here, by its name; `undefined`: none is. */
    readonly name: string | undefined,
    /** Whether this may stand here; `undefined`: nothing comes. */
    readonly accepts: ((coming: Coming) => boolean) | undefined,
    /** Takes it off the stream. */
    readonly take: (coming: Coming, from: HandshakeStream) => Taken<A>,
    /** What the record holds when nothing comes; `undefined`: something must. */
    readonly otherwise?: (() => A) | undefined,
    /** Bytes that a handshake message of this type has here at most; `undefined`: none has its place here. */
    readonly most: Due["most"] = () => undefined,
  ) {}

  /** The same place, its value turned into another. */
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

/** A message together with its bytes, where they are what is signed. */
export interface Received<A> {
  readonly message: A;
  readonly body: Bytes;
  /** The transcript before it, which is what it vouches for. */
  readonly before: Snapshot;
}

/** The message must be here; with its body as it came and the transcript before it. */
export const proof = <A extends Message, I>(schema: Schema.Schema<A, I>): Place<Received<A>> =>
  ofKind(kindOf(schema));

/** The same of a message that is not read as its class alone would. */
export const ofKind = <A extends Message>(kind: MessageKind<A>): Place<Received<A>> => {
  const here = (coming: Coming): coming is HandshakeMessage =>
    coming._tag === "Handshake" && coming.type === kind.type;
  const take = (coming: Coming, from: HandshakeStream): Taken<Received<A>> => {
    // `receive` asked `accepts` before it came here.
    const { body, raw } = coming as HandshakeMessage;
    const before = from.transcript();
    from.take();
    return Either.map(kind.decode(body), (message) => {
      from.heard(raw, message);
      return { message, body, before };
    });
  };
  return new Place(kind.name, here, take, undefined, (type) => type === kind.type ? kind.most : undefined);
};

/** The message must be here. */
export const one = <A extends Message, I>(schema: Schema.Schema<A, I>): Place<A> =>
  proof(schema).map((received) => received.message);

/** Finished, which is good only if it is the one we expect after what was said; gives its `verifyData`. */
export const finished = <A extends Message & { readonly verifyData: Bytes }, I>(
  schema: Schema.Schema<A, I>,
  expected: (transcript: Snapshot) => Bytes,
): Place<Bytes> => {
  const { name, accepts, take, most } = proof(schema);
  return new Place(
    name,
    accepts,
    (coming, from) =>
      Either.flatMap(
        take(coming, from),
        ({ message, before }) =>
          equal(message.verifyData, expected(before))
            ? Either.right(message.verifyData)
            : Either.left(new DecryptError({ what: "Finished" })),
      ),
    undefined,
    (type) => most(type) && VERIFY_DATA,
  );
};
/** Bytes of the longest verify_data: two hashes in SSL 3.0 (RFC 6101 §5.6.9). */
const VERIFY_DATA = 36;

/** What may be here. Never the last place of a flight: there would be nothing to tell it from. */
export const maybe = <A>(place: Place<A>): Place<Option.Option<A>> =>
  new Place(
    place.name,
    place.accepts,
    (coming, from) => Either.map(place.take(coming, from), Option.some),
    Option.none,
    place.most,
  );

/** One or the other must be here. */
export const either = <A, B>(a: Place<A>, b: Place<B>): Place<A | B> =>
  new Place<A | B>(
    `${a.name} or ${b.name}`,
    (coming) => a.accepts?.(coming) || b.accepts?.(coming) || false,
    (coming, from) => a.accepts?.(coming) ? a.take(coming, from) : b.take(coming, from),
    undefined,
    (type) => a.most(type) ?? b.most(type),
  );

/** What comes here is refused, and not as a message out of place. */
export const refused = (place: Place<unknown>, why: () => Refused): Place<undefined> =>
  new Place(undefined, place.accepts, () => Either.left(why()), () => undefined, place.most);

/** The warning of SSL 3.0 that says that there is no certificate (RFC 6101 §5.6.6). */
export const noCertificate: Place<void> = new Place(
  "NoCertificate",
  (coming) => coming._tag === "NoCertificate",
  (_, from) => Either.right(from.take()),
);

/** Nothing is here. */
export const absent: Place<undefined> = new Place(
  undefined,
  undefined,
  () => Either.right(undefined),
  () => undefined,
);

/** Here the peer changes to these keys (RFC 5246 §7.1): the only places where a ChangeCipherSpec is accepted. */
export const changeCipherSpec = (keys: Protection): Place<void> =>
  new Place("ChangeCipherSpec", (coming) => coming._tag === "ChangeCipherSpec", (_, from) => {
    from.take();
    return from.changeRead(keys);
  });

/** A flight's declaration: places by name, in order. */
// deno-lint-ignore no-explicit-any -- a place's type is its own; only `Place<any>` holds them all
export type Shape = Readonly<Record<string, Place<any>>>;

/** What a flight of this shape gives. */
export type FlightOf<S extends Shape> = { readonly [K in keyof S]: S[K]["Type"] };

/** Reads a flight, or a part of one, off the wire. */
export const receive = <S extends Shape>(
  shape: S,
): Effect.Effect<FlightOf<S>, WireError | PlaceError, Handshakes> =>
  Effect.flatMap(Handshakes, (from) => {
    const places = Object.entries(shape);
    const out: Record<string, unknown> = {};
    /** What could have come since the last thing that did. */
    let expected: Array<string> = [];
    let index = 0;
    /** The places where the next message can stand: up to the first that does not stay empty. */
    const open = (): ReadonlyArray<Place<unknown>> => {
      const end = places.findIndex(([_, { otherwise }], i) => i >= index && !otherwise);
      return places.slice(index, end < 0 ? undefined : end + 1).map(([_, place]) => place);
    };
    const due: Due = {
      expected: () => [...expected, ...open().map(({ name }) => name).filter((name) => name !== undefined)],
      most: (type) => open().map(({ most }) => most(type)).find((most) => most !== undefined),
    };
    /** Takes what is here, and waits only for what is not. */
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
