/** The keys of tickets as a value: which one seals, which ones open, and when it is time for another. @module */
import type { CryptoService } from "../ports/crypto.ts";
import type { TicketKey } from "../ports/tickets.ts";
import { type Bytes, sameBytes, toHex } from "../wire/bytes.ts";

/** Keys with names of their own, the newest first. */
export type TicketKeyRing = ReadonlyArray<TicketKey>;

/** How long things last, in seconds. */
export interface Lifetimes {
  /** How long a session can be resumed. */
  readonly lifetime: number;
  /** How long a key seals; positive. */
  readonly rotateEvery: number;
}

/** How far clocks may differ, in seconds: what is from a later future than this is from a clock that was wrong. */
export const CLOCK_SKEW = 60;

/** A fresh key; `now` in seconds since the epoch. */
export const makeTicketKey = ({ random }: CryptoService, now: number): TicketKey => ({
  name: random(16),
  key: random(32),
  createdAt: now,
});

/** The key that seals; `undefined` when it is time for another. */
export const newest = (
  [first]: TicketKeyRing,
  { rotateEvery }: Lifetimes,
  now: number,
): TicketKey | undefined =>
  first && first.createdAt <= now + CLOCK_SKEW && now < first.createdAt + rotateEvery ? first : undefined;

/** The key of that name. */
export const find = (ring: TicketKeyRing, name: Bytes): TicketKey | undefined =>
  ring.find((key) => sameBytes(key.name, name));

/**
 * The keys that may still open something: a session that was made at the last moment at which the key could seal
 * lives for `lifetime`. The ring itself, if those are all.
 */
export const kept = (ring: TicketKeyRing, lifetimes: Lifetimes, now: number): TicketKeyRing => {
  const lives = ({ createdAt }: TicketKey) =>
    createdAt <= now + CLOCK_SKEW && now < createdAt + lifetimes.rotateEvery + lifetimes.lifetime;
  return ring.every(lives) ? ring : ring.filter(lives);
};

/** Those that are kept, after a new one if none of them seals: the first of the result seals. */
export const rotated = (
  ring: TicketKeyRing,
  lifetimes: Lifetimes,
  now: number,
  makeKey: () => TicketKey,
): TicketKeyRing => {
  const left = kept(ring, lifetimes, now);
  return newest(left, lifetimes, now) ? left : [makeKey(), ...left];
};

/** The keys of both; in one order, whoever merges, so that all seal with the same one. */
export const merged = (a: TicketKeyRing, b: TicketKeyRing): TicketKeyRing =>
  [...new Map([...a, ...b].map((key) => [toHex(key.name), key])).entries()]
    .toSorted(([m, x], [n, y]) => y.createdAt - x.createdAt || (m < n ? -1 : 1))
    .map(([, key]) => key);

/** Whether two rings hold keys of the same names. */
export const sameKeys = (a: TicketKeyRing, b: TicketKeyRing): boolean =>
  a.length === b.length && a.every(({ name }) => find(b, name) !== undefined);
