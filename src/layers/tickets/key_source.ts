/** Where a service that seals tickets or cookies gets its keys. @module */
import { Clock, Effect, Schema } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import { bytes, list } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import type { TicketKey } from "../../ports/tickets.ts";
import * as Ring from "../../tickets/ring.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** Where a service that seals gets its keys. `now` is in seconds since the epoch. */
export interface KeySource {
  /** The key that seals at a given time. */
  readonly forSealing: (now: number) => Effect.Effect<TicketKey, never, Crypto>;
  /** The key with a given name, and whether it still seals; `undefined` when there is none. */
  readonly forOpening: (name: Bytes, now: number) => Effect.Effect<Found | undefined, never, Crypto>;
}

/** A key, and whether it still seals. */
export interface Found {
  readonly key: TicketKey;
  readonly seals: boolean;
}

/** Now, in seconds since the epoch. */
export const seconds: Effect.Effect<number> = Effect.map(
  Clock.currentTimeMillis,
  (now) => Math.floor(now / 1000),
);

/** The key of a ring with a name, and whether it still seals. */
export const foundIn = (
  ring: Ring.TicketKeyRing,
  name: Bytes,
  lifetimes: Ring.Lifetimes,
  now: number,
): Found | undefined => {
  const key = Ring.find(ring, name);
  return key && { key, seals: key === Ring.newest(ring, lifetimes, now) };
};

/** Keys that are made on demand, rotate, and are lost with this value. */
export const rotatingKeys = (lifetimes: Ring.Lifetimes): KeySource => {
  let ring: Ring.TicketKeyRing = [];
  return {
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
  };
};

/** Keys of the caller's, as an option. */
export const ticketKeys: Schema.Schema<ReadonlyArray<TicketKey>> = list(
  Schema.Struct({ name: bytes(16), key: bytes(32), createdAt: Schema.Number }),
  1,
);

/** Keys of the caller's, at least one, of which the first seals. Fails with InvalidOption if two have one name. */
export const givenKeys = Effect.fnUntraced(
  function* (keys: ReadonlyArray<TicketKey>): Effect.fn.Return<KeySource, InvalidOption> {
    // Copies, because the caller may overwrite its own.
    const own = keys.map((one) => ({ ...one, name: one.name.slice(), key: one.key.slice() }));
    const first = own[0]!; // there is at least one
    if (Ring.merged(own, []).length < own.length) {
      return yield* new InvalidOption({
        option: "keys",
        expected: "keys with distinct names",
        got: "two of one name",
      });
    }
    return {
      forSealing: () => Effect.succeed(first),
      forOpening: (name) =>
        Effect.sync(() => {
          const key = Ring.find(own, name);
          return key && { key, seals: key === first };
        }),
    };
  },
);
