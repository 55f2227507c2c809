/**
 * The keys that seal tickets, as an immutable list: which key seals, which ones open, and when a new one is due.
 *
 * @module
 */
import type { CryptoService } from "../ports/crypto.ts";
import type { TicketKey } from "../ports/tickets.ts";
import { type Bytes, sameBytes, toHex } from "../wire/bytes.ts";

/** Ticket keys with distinct names, the newest first. */
export type TicketKeyRing = ReadonlyArray<TicketKey>;

/** How long sessions and keys last, in seconds. */
export interface Lifetimes {
  /** How long a session can be resumed. */
  readonly lifetime: number;
  /** How long a key seals; must be positive. */
  readonly rotateEvery: number;
}

/** How far clocks may differ, in seconds. Anything dated further in the future comes from a wrong clock. */
export const CLOCK_SKEW = 60;

/** Makes a new key. `now` is in seconds since the epoch. */
export const makeTicketKey = ({ random }: CryptoService, now: number): TicketKey => ({
  name: random(16),
  key: random(32),
  createdAt: now,
});

/** The key that seals; `undefined` when a new one is due. */
export const newest = (
  [first]: TicketKeyRing,
  { rotateEvery }: Lifetimes,
  now: number,
): TicketKey | undefined =>
  first && first.createdAt <= now + CLOCK_SKEW && now < first.createdAt + rotateEvery ? first : undefined;

/** The key with a given name; `undefined` when there is none. */
export const find = (ring: TicketKeyRing, name: Bytes): TicketKey | undefined =>
  ring.find((key) => sameBytes(key.name, name));

/**
 * The keys that may still open a ticket. A session made just before its key stopped sealing can be resumed for
 * `lifetime` more. Returns the ring itself when it keeps every key.
 */
export const kept = (ring: TicketKeyRing, lifetimes: Lifetimes, now: number): TicketKeyRing => {
  const lives = ({ createdAt }: TicketKey) =>
    createdAt <= now + CLOCK_SKEW && now < createdAt + lifetimes.rotateEvery + lifetimes.lifetime;
  return ring.every(lives) ? ring : ring.filter(lives);
};

/** The keys that are still kept, with a new one in front if none of them seals. The first key of the result seals. */
export const rotated = (
  ring: TicketKeyRing,
  lifetimes: Lifetimes,
  now: number,
  makeKey: () => TicketKey,
): TicketKeyRing => {
  const left = kept(ring, lifetimes, now);
  return newest(left, lifetimes, now) ? left : [makeKey(), ...left];
};

/** The keys of both rings, in an order that depends only on the keys: so all processes seal with the same one. */
export const merged = (a: TicketKeyRing, b: TicketKeyRing): TicketKeyRing =>
  [...new Map([...a, ...b].map((key) => [toHex(key.name), key])).entries()]
    .toSorted(([m, x], [n, y]) => y.createdAt - x.createdAt || (m < n ? -1 : 1))
    .map(([, key]) => key);

/** Whether two rings have keys of the same names. */
export const sameKeys = (a: TicketKeyRing, b: TicketKeyRing): boolean =>
  a.length === b.length && a.every(({ name }) => find(b, name) !== undefined);
