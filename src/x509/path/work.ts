/** The cost of judging a peer's certificates: each verification has one budget, in measured units. @module */
import { Effect } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";

/**
 * The highest cost of each piece of work, in microseconds with the slower provider, on the machine of
 * bench/README.md. New code that judges certificates must have a price here, and draw it before it does the work.
 */
export const prices = {
  /** Per byte of DER that is parsed, or of a name that is folded to be compared. */
  byte: 0.15,
  /** Per byte that is hashed for a signature check. */
  hashed: 0.015,
  /** Per certificate that has an issuer's name. */
  issuer: 0.3,
  /** Per step of the search for a path, including what follows when a path is found. */
  step: 4,
  /** Per invalid signature: an extra cost, as a multiple of the check. Honest chains have hardly any. */
  failure: 2,
  /** Per certificate checked against the rules of one table. */
  rules: 2,
  /** Per extension, purpose or feature that is inspected. */
  member: 0.02,
  /** Per name, or base of a name constraint, that is prepared for comparison. */
  name: 0.5,
  /** Per comparison of a name with a base of 64 bytes. */
  comparison: 0.05,
  /** Per CertID of an OCSP response that is inspected. */
  certId: 0.5,
  /** Per CRL that may be about a certificate, including the entry that is looked up in it. */
  crl: 5,
} as const;

/** The budget: enough for the longest path with a P-521 key in each certificate, and a delegated OCSP response. */
export const LIMIT = 46_000;

/** How much work is done before other fibers and timers get their turn. */
const SLICE = 10_000;

/** The remaining budget of one verification. Draw the price of each piece of work before doing it. */
export class Work {
  #left: number;
  #since = 0;
  constructor(limit: number = LIMIT) {
    this.#left = limit;
  }

  /** Draws a price. `false` when it exceeds what is left; from then on, nothing can be drawn. */
  draw(price: number): boolean {
    if (this.spent) return false;
    this.#left -= price;
    this.#since += price;
    return !this.spent;
  }
  /** Whether more was drawn than there was. */
  get spent(): boolean {
    return this.#left < 0;
  }
  /** What is left of the budget; 0 when it is spent. */
  get left(): number {
    return Math.max(0, this.#left);
  }
  /** Lets timers, sockets and other fibers run, if enough work was done since they last did. */
  get pause(): Effect.Effect<void> {
    if (this.#since < SLICE) return Effect.void;
    this.#since = 0;
    return turn;
  }
}

/** A pause that also lets timers run. `Effect.yieldNow` would not: its queue runs in microtasks. */
const turn = Effect.sleep(0);

/** The cost of parsing a certificate and folding its names, as if it consisted only of names. */
export const certificatePrice = (der: Bytes): number => 2 * prices.byte * der.length;

/** The cost of verifying a signature. */
export const signaturePrice = (key: PublicKey, signedBytes: number): number =>
  signedBytes * prices.hashed +
  (key._tag === "ecdsa"
    ? ecdsaPrices[key.group] ?? Infinity
    : "key" in key
    ? edwardsPrices[key._tag]
    : 4 * steps(key.publicExponent) * (key.modulus.length / 256) ** 1.5);

const ecdsaPrices: Partial<Record<NamedGroup, number>> = {
  [NamedGroup.secp256r1]: 1000,
  [NamedGroup.secp384r1]: 1800,
  [NamedGroup.secp521r1]: 3300,
};

const edwardsPrices = { ed25519: 800, ed448: 1600 };

/** How many squarings and multiplications a power with this exponent takes. */
const steps = (exponent: Bytes): number =>
  exponent.reduce((n, byte) => n + 8 + byte.toString(2).replaceAll("0", "").length, 0);
