/** Session tickets: keys made here, given keys, and keys in a file. @module */
import { Clock, Duration, Effect, Either, Layer, Option, Schema } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import type { TicketKeysError } from "../../faults/errors/tickets.ts";
import { bytes, decodeOption, duration, list } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import { SessionTickets, type SessionTicketsService, type TicketKey } from "../../ports/tickets.ts";
import * as Ring from "../../tickets/ring.ts";
import { opened, readTicket, sealed } from "../../tickets/seal.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";
import { readKeys, writeKeys } from "./file.ts";

/** How long sessions can be resumed by tickets. */
export interface LifetimeOptions {
  /**
   * From the full handshake on, whatever tickets come in between; a day unless given, and never more than the
   * 7 days of RFC 8446 §4.6.1. Longer than a store's, it is also how long a stolen key reads what was recorded.
   */
  readonly lifetime?: Duration.DurationInput | undefined;
}

/** How long sessions can be resumed, and keys seal. */
export interface RotatingOptions extends LifetimeOptions {
  /** How long a key seals tickets, at least a second; 8 hours unless given. For `lifetime` more it opens them. */
  readonly rotateEvery?: Duration.DurationInput | undefined;
}

/** The keys that there are. */
export interface KeysOptions extends LifetimeOptions {
  /**
   * The first seals, all of them open. A key is good for 2^32 tickets (NIST SP 800-38D §8.3), and each should be
   * replaced long before: put a new one first, and take an old one away `lifetime` after that. `createdAt` is not
   * looked at.
   */
  readonly keys: readonly [TicketKey, ...ReadonlyArray<TicketKey>];
}

const lifetime = Schema.optional(duration());
const rotatingOptions: Schema.Schema<RotatingOptions> = Schema.Struct({
  lifetime,
  rotateEvery: Schema.optional(duration(1)),
});
const decodeRotating = decodeOption(rotatingOptions);
const decodeKeys = decodeOption(
  Schema.Struct({
    lifetime,
    keys: list(Schema.Struct({ name: bytes(16), key: bytes(32), createdAt: Schema.Number }), 1),
  }),
);

/** Seconds that a ticket may live at most (RFC 8446 §4.6.1). */
const MAX_LIFETIME = 604_800;

const lifetimeOf = ({ lifetime = "24 hours" }: LifetimeOptions): number =>
  Math.min(MAX_LIFETIME, Math.floor(Duration.toSeconds(lifetime)));

const lifetimesOf = (options: RotatingOptions): Ring.Lifetimes => ({
  lifetime: lifetimeOf(options),
  rotateEvery: Math.max(1, Math.floor(Duration.toSeconds(options.rotateEvery ?? "8 hours"))),
});

/** Where a service has its keys from; `now` is in seconds since the epoch. */
interface KeySource {
  /** The key that seals. */
  readonly forSealing: (now: number) => Effect.Effect<TicketKey, never, Crypto>;
  /** The key of that name, and whether it seals as well. */
  readonly forOpening: (name: Bytes, now: number) => Effect.Effect<Found | undefined, never, Crypto>;
}

interface Found {
  readonly key: TicketKey;
  readonly seals: boolean;
}

const seconds = Effect.map(Clock.currentTimeMillis, (now) => Math.floor(now / 1000));

const makeService = (lifetime: number, keys: KeySource): SessionTicketsService => {
  const lives = ({ createdAt }: Session, now: number) =>
    createdAt + lifetime > now && createdAt <= now + Ring.CLOCK_SKEW;
  return {
    lifetime,
    seal: Effect.fnUntraced(function* (session) {
      const now = yield* seconds;
      if (!lives(session, now)) return EMPTY;
      return sealed(yield* Crypto, yield* keys.forSealing(now), session) ?? EMPTY;
    }),
    open: Effect.fnUntraced(function* (bytes) {
      const ticket = readTicket(bytes);
      if (!ticket) return Option.none();
      const now = yield* seconds;
      const found = yield* keys.forOpening(ticket.keyName, now);
      const session = found && opened(yield* Crypto, found.key, ticket);
      if (!session || !lives(session, now)) return Option.none();
      return Option.some({ session, renew: !found.seals || now - session.createdAt >= lifetime / 2 });
    }),
  };
};

/** Without a type of its own, as every Reference's layer: who asks for tickets need not have any. */
const layer = <E, R>(service: Effect.Effect<SessionTicketsService, E, R>): Layer.Layer<never, E, R> =>
  Layer.effect(SessionTickets, service) as Layer.Layer<never, E, R>;

/** A fresh key, from the randomness of `Crypto` and the time of the `Clock`. */
export const makeKey: Effect.Effect<TicketKey, never, Crypto> = Effect.zipWith(
  Crypto,
  seconds,
  Ring.makeTicketKey,
);

/**
 * Tickets under keys that live and end with this value. Options that are not of their types are the program's mistake,
 * and thrown.
 */
export const makeRotating = (options: RotatingOptions = {}): SessionTicketsService =>
  rotating(Either.getOrThrowWith(decodeRotating(options), (e) => e));

const rotating = (options: RotatingOptions): SessionTicketsService => {
  const lifetimes = lifetimesOf(options);
  let ring: Ring.TicketKeyRing = [];
  return makeService(lifetimes.lifetime, {
    forSealing: (now) =>
      Effect.map(Crypto, (crypto) => {
        ring = Ring.rotated(ring, lifetimes, now, () => Ring.makeTicketKey(crypto, now));
        return ring[0]!;
      }),
    forOpening: (name, now) =>
      Effect.sync(() => {
        ring = Ring.kept(ring, lifetimes, now);
        return foundIn(ring, name, lifetimes, now);
      }),
  });
};

const foundIn = (
  ring: Ring.TicketKeyRing,
  name: Bytes,
  lifetimes: Ring.Lifetimes,
  now: number,
): Found | undefined => {
  const key = Ring.find(ring, name);
  return key && { key, seals: key === Ring.newest(ring, lifetimes, now) };
};

/** Tickets under keys made in this process, a new one every so often: with the process they are gone. */
export const layerRotating = (options: RotatingOptions = {}): Layer.Layer<never, InvalidOption> =>
  layer(Effect.map(Effect.suspend(() => decodeRotating(options)), rotating));

/**
 * Tickets under given keys: those of several servers behind one name, or of the time before a restart. Keys of wrong
 * lengths, two of one name or none at all are an `InvalidOption` when the layer is built.
 */
export const layerKeys = (options: KeysOptions): Layer.Layer<never, InvalidOption> =>
  layer(Effect.gen(function* () {
    const decoded = yield* decodeKeys(options);
    // The caller may wipe its own.
    const own = decoded.keys.map((one) => ({ ...one, name: one.name.slice(), key: one.key.slice() }));
    const first = own[0]!; // there is at least one
    if (Ring.merged(own, []).length < own.length) {
      return yield* new InvalidOption({
        option: "keys",
        expected: "keys with distinct names",
        got: "two of one name",
      });
    }
    return makeService(lifetimeOf(decoded), {
      forSealing: () => Effect.succeed(first),
      forOpening: (name) =>
        Effect.sync(() => {
          const key = Ring.find(own, name);
          return key && { key, seals: key === first };
        }),
    });
  }));

/**
 * Tickets under keys in a file, which outlive the process: `layerRotating`'s, read when the layer is built, made if
 * there are none, and replaced every `rotateEvery`. The file is JSON, for its owner alone (mode 0600), and as secret
 * as a private key. It needs `--allow-read` and `--allow-write` of the folder, where a new file takes its place.
 *
 * Processes may share it, under the same options: each reads it before it makes a key, and when a ticket names a key
 * that it does not know, at most once a second. A key that the file lacks is put back by whoever knows it, so to
 * withdraw one, stop them all and remove it. When the file can't be read or written later on, a warning is logged
 * and the keys go on in memory.
 */
export const layerFile = (
  path: string,
  options: RotatingOptions = {},
): Layer.Layer<never, TicketKeysError | InvalidOption, Crypto> =>
  layer(
    Effect.flatMap(Effect.suspend(() => decodeRotating(options)), (of) => makeFile(path, lifetimesOf(of))),
  );

/** Milliseconds between two readings for the sake of unknown names: anybody may send those. */
const READ_EVERY = 1000;

const makeFile = (
  path: string,
  lifetimes: Ring.Lifetimes,
): Effect.Effect<SessionTicketsService, TicketKeysError, Crypto> =>
  Effect.gen(function* () {
    const one = (yield* Effect.makeSemaphore(1)).withPermits(1);
    let ring: Ring.TicketKeyRing = [];
    let readAt = -Infinity;
    let complaint: TicketKeysError["operation"] | undefined;
    const rotate = (found: Ring.TicketKeyRing) =>
      Effect.map(Effect.zip(Crypto, seconds), ([crypto, now]) => {
        ring = Ring.rotated(Ring.merged(ring, found), lifetimes, now, () => Ring.makeTicketKey(crypto, now));
      });
    /** What the file has is added to the ring, and what the ring has to the file. */
    const exchange = Effect.gen(function* () {
      const found = yield* readKeys(path);
      yield* rotate(found);
      if (!Ring.sameKeys(ring, found)) yield* writeKeys(path, ring);
      complaint = undefined;
    });
    /** Trouble is told once, until there is none: how often it is met may be in a stranger's hand. */
    const complain = ({ operation, message }: TicketKeysError) => {
      if (complaint === operation) return Effect.void;
      complaint = operation;
      return Effect.logWarning(`${message}; the keys go on in memory`);
    };
    /** Goes on to its end when nobody waits for it any more; then the ring's first key seals. */
    const refresh = Effect.catchAll(exchange, (error) => Effect.zipRight(complain(error), rotate([]))).pipe(
      Effect.uninterruptible,
      Effect.disconnect,
    );
    yield* exchange;
    return makeService(lifetimes.lifetime, {
      forSealing: (now) =>
        Effect.suspend(() => {
          const sealing = () => Ring.newest(ring, lifetimes, now);
          const key = sealing();
          if (key) return Effect.succeed(key);
          // Who has waited here while somebody else rotated need not.
          const rotation = one(Effect.suspend(() => sealing() ? Effect.void : refresh));
          return Effect.map(rotation, () => ring[0]!);
        }),
      forOpening: Effect.fnUntraced(
        function* (name, now) {
          ring = Ring.kept(ring, lifetimes, now);
          if (!Ring.find(ring, name)) {
            const millis = yield* Clock.currentTimeMillis;
            yield* one(Effect.suspend(() => {
              // Who has waited here while somebody else read looks again below.
              if (Math.abs(millis - readAt) < READ_EVERY) return Effect.void;
              readAt = millis;
              return refresh;
            }));
          }
          return foundIn(ring, name, lifetimes, now);
        },
      ),
    });
  });
