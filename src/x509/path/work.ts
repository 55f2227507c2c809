/** What judging a peer's certificates may cost: one budget for all of a verification, in units that were measured. @module */
import { Effect } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";

/**
 * What each piece of work costs at its dearest, in microseconds of the machine whose figures are in bench/README.md, by
 * the slower of the providers. What is added to the judging of certificates has a price here, and draws it first.
 */
export const prices = {
  /** A byte of DER that is read, or of a name that is folded to be compared. */
  byte: 0.15,
  /** A byte that is hashed to be verified. */
  hashed: 0.015,
  /** A certificate whose name is that of an issuer. */
  issuer: 0.3,
  /** A step of the search for a path, and what is made of a path that is found. */
  step: 4,
  /** What a signature that does not hold costs beyond itself, in multiples: of honest chains hardly any has one. */
  failure: 2,
  /** A certificate held against the rules of one table. */
  rules: 2,
  /** An extension, a purpose or a feature that is looked at. */
  member: 0.02,
  /** A name that is made ready to be compared, or a constraint's base that is. */
  name: 0.5,
  /** A name held against one base of 64 bytes. */
  comparison: 0.05,
  /** A CertID of an OCSP response that is looked at. */
  certId: 0.5,
} as const;

/** Enough for the longest path there may be with a P-521 key in each certificate, and a delegated OCSP response. */
export const LIMIT = 46_000;

/** How much is done at a time before others have their turn. */
const SLICE = 10_000;

/** Work that may still be done for one verification. Whoever is to do some draws its price before. */
export class Work {
  #left: number;
  #since = 0;
  constructor(limit: number = LIMIT) {
    this.#left = limit;
  }

  /** Draws a price; `false` where it is more than is left, from when on nothing can be drawn. */
  draw(price: number): boolean {
    if (this.spent) return false;
    this.#left -= price;
    this.#since += price;
    return !this.spent;
  }
  /** Whether more was asked for than there was. */
  get spent(): boolean {
    return this.#left < 0;
  }
  /** What is left, none of it when it is spent. */
  get left(): number {
    return Math.max(0, this.#left);
  }
  /** Lets timers, sockets and other fibers have their turn, where enough was done since they last had one. */
  get pause(): Effect.Effect<void> {
    if (this.#since < SLICE) return Effect.void;
    this.#since = 0;
    return turn;
  }
}

/** `Effect.yieldNow` gives way to other fibers alone: its queue is one of microtasks, before which no timer fires. */
const turn = Effect.sleep(0);

/** What reading a certificate costs, and folding its names: as if it were all names. */
export const certificatePrice = (der: Bytes): number => 2 * prices.byte * der.length;

/** What a verification of a signature costs. */
export const signaturePrice = (key: PublicKey, signedBytes: number): number =>
  signedBytes * prices.hashed +
  (key._tag === "ecdsa"
    ? ecdsaPrices[key.group] ?? Infinity
    : key._tag === "ed25519"
    ? 800
    : 4 * steps(key.publicExponent) * (key.modulus.length / 256) ** 1.5);

const ecdsaPrices: Partial<Record<NamedGroup, number>> = {
  [NamedGroup.secp256r1]: 1000,
  [NamedGroup.secp384r1]: 1800,
  [NamedGroup.secp521r1]: 3300,
};

/** How often a power with this exponent squares and multiplies. */
const steps = (exponent: Bytes): number =>
  exponent.reduce((n, byte) => n + 8 + byte.toString(2).replaceAll("0", "").length, 0);
