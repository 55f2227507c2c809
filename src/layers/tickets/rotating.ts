/** Session tickets: with keys made here, with given keys, and with keys in a file. @module */
import { Clock, Duration, Effect, Either, Layer, Option, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { TicketKeysError } from "../../faults/errors/tickets.ts";
import { decodeOption, duration, given } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import { SessionTickets, type SessionTicketsService, type TicketKey } from "../../ports/tickets.ts";
import * as Ring from "../../tickets/ring.ts";
import { readTicket, sessionBox } from "../../tickets/seal.ts";
import { MAX_TICKET_LIFETIME } from "../../tickets/ticket.ts";
import { EMPTY } from "../../wire/bytes.ts";
import { readKeys, writeKeys } from "./file.ts";
import { foundIn, givenKeys, type KeySource, rotatingKeys, seconds, ticketKeys } from "./key_source.ts";

/** How long sessions can be resumed by tickets. */
export interface LifetimeOptions {
  /**
   * How long after its full handshake a session can be resumed, however many tickets are issued meanwhile; 24 hours
   * unless given, and at most the 7 days of RFC 8446 §4.6.1. The longer it is, the
   * more recorded connections one stolen key decrypts.
   */
  readonly lifetime?: Duration.DurationInput | undefined;
}

/** How long sessions can be resumed by tickets, and how long a key seals them. */
export interface RotatingOptions extends LifetimeOptions {
  /** How long a key seals tickets, at least a second; 8 hours unless given. It opens tickets for `lifetime` more. */
  readonly rotateEvery?: Duration.DurationInput | undefined;
}

/** Ticket keys from the caller. */
export interface KeysOptions extends LifetimeOptions {
  /**
   * The keys: the first one seals, all of them open. Replace a key long before it has sealed 2^32 tickets (NIST SP
   * 800-38D §8.3): put a new one first, and remove the old one `lifetime` later. `createdAt` is ignored.
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
    keys: ticketKeys,
  }),
);

const lifetimeOf = ({ lifetime = "24 hours" }: LifetimeOptions): number =>
  Math.min(MAX_TICKET_LIFETIME, Math.floor(Duration.toSeconds(lifetime)));

const lifetimesOf = (options: RotatingOptions): Ring.Lifetimes => ({
  lifetime: lifetimeOf(options),
  rotateEvery: Math.max(1, Math.floor(Duration.toSeconds(options.rotateEvery ?? "8 hours"))),
});

const makeService = (lifetime: number, keys: KeySource): SessionTicketsService => {
  const lives = ({ createdAt }: Session, now: number) =>
    createdAt + lifetime > now && createdAt <= now + Ring.CLOCK_SKEW;
  return {
    lifetime,
    seal: Effect.fnUntraced(function* (session) {
      const now = yield* seconds;
      if (!lives(session, now)) return EMPTY;
      return sessionBox.seal(yield* Crypto, yield* keys.forSealing(now), session) ?? EMPTY;
    }),
    open: Effect.fnUntraced(function* (bytes) {
      const ticket = readTicket(bytes);
      if (!ticket) return Option.none();
      const now = yield* seconds;
      const found = yield* keys.forOpening(ticket.keyName, now);
      const session = found && sessionBox.open(yield* Crypto, found.key, ticket);
      if (!session || !lives(session, now)) return Option.none();
      return Option.some({ session, renew: !found.seals || now - session.createdAt >= lifetime / 2 });
    }),
  };
};

/**
 * Has the type of a layer without output, as every Reference's layer: code that uses tickets does not require them.
 */
const layer = <E, R>(service: Effect.Effect<SessionTicketsService, E, R>): Layer.Layer<never, E, R> =>
  Layer.effect(SessionTickets, service) as Layer.Layer<never, E, R>;

/** Makes a ticket key, with randomness from `Crypto` and the time of the `Clock`. */
export const makeKey: Effect.Effect<TicketKey, never, Crypto> = Effect.zipWith(
  Crypto,
  seconds,
  Ring.makeTicketKey,
);

/**
 * A ticket service whose keys are made on demand, rotate, and are lost with this value. Throws InvalidOption for
 * options of the wrong type.
 */
export const makeRotating = (options?: RotatingOptions): SessionTicketsService =>
  rotating(Either.getOrThrowWith(decodeRotating(given(options)), (e) => e));

const rotating = (options: RotatingOptions): SessionTicketsService => {
  const lifetimes = lifetimesOf(options);
  return makeService(lifetimes.lifetime, rotatingKeys(lifetimes));
};

/**
 * Session tickets with keys made in this process. Keys rotate, and are lost with the process. Fails with
 * InvalidOption.
 */
export const layerRotating = (options?: RotatingOptions): Layer.Layer<never, InvalidOption> =>
  layer(Effect.map(Effect.suspend(() => decodeRotating(given(options))), rotating));

/**
 * Session tickets with given keys: for several servers with one name, or to keep the keys across restarts. Fails with
 * InvalidOption when there is no key, a key has the wrong length, or two have one name.
 */
export const layerKeys = (options: KeysOptions): Layer.Layer<never, InvalidOption> =>
  layer(
    Effect.flatMap(Effect.suspend(() => decodeKeys(options)), (decoded) =>
      Effect.map(givenKeys(decoded.keys), (keys) => makeService(lifetimeOf(decoded), keys))),
  );

/**
 * Session tickets with keys in a file, so that they survive the process. The keys rotate every `rotateEvery`. The file
 * is read when the layer is built, and created if there is none. It is JSON, readable by its owner only (mode 0600),
 * and as secret as a private key. Needs `--allow-read` and `--allow-write` for its folder, because a new file replaces
 * the old one. Fails with TicketKeysError or InvalidOption.
 *
 * Processes with the same options may share the file. Each reads it before it makes a key, and when a ticket names an
 * unknown key, at most once a second. A key missing from the file is added again by any process that has it, so to
 * withdraw a key, stop all of them first. If the file cannot be read or written later, a warning is logged and the keys
 * stay in memory.
 */
export const layerFile = (
  path: string,
  options?: RotatingOptions,
): Layer.Layer<never, TicketKeysError | InvalidOption, Crypto> =>
  layer(
    Effect.flatMap(Effect.suspend(() => decodeRotating(given(options))), (of) =>
      makeFile(path, lifetimesOf(of))),
  );

/** How often unknown key names may cause a reading, in milliseconds: anybody can send such names. */
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
    /** Adds the file's keys to the ring, and the ring's keys to the file. */
    const exchange = Effect.gen(function* () {
      const found = yield* readKeys(path);
      yield* rotate(found);
      if (!Ring.sameKeys(ring, found)) yield* writeKeys(path, ring);
      complaint = undefined;
    });
    /** Logs an error once until the next success, because strangers may be able to cause it as often as they like. */
    const complain = ({ operation, message }: TicketKeysError) => {
      if (complaint === operation) return Effect.void;
      complaint = operation;
      return Effect.logWarning(`${message}; the keys go on in memory`);
    };
    /** Runs to its end even if its caller is interrupted. Afterwards the ring's first key seals. */
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
          // Another caller may have rotated while this one waited.
          const rotation = one(Effect.suspend(() => sealing() ? Effect.void : refresh));
          return Effect.map(rotation, () => ring[0]!);
        }),
      forOpening: Effect.fnUntraced(
        function* (name, now) {
          ring = Ring.kept(ring, lifetimes, now);
          if (!Ring.find(ring, name)) {
            const millis = yield* Clock.currentTimeMillis;
            yield* one(Effect.suspend(() => {
              // Another caller may have read the file while this one waited.
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
