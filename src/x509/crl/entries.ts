/** The entries of a CRL: found by serial number, and decoded only when they are found (RFC 5280 §5.1.2.6, §5.3). @module */
import { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { extension } from "../certificate/extensions.ts";
import { decodeDer, type Reader, sequenceOf, type Tagged, tagged } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { anyTime, enumerated, objectIdentifier } from "../der/types.ts";
import { type GeneralName, generalName } from "../names/general_name.ts";
import { crlReasons } from "../ocsp/ocsp.ts";

/** A certificate that was revoked. */
export interface Entry {
  /** When, in seconds since the epoch; `undefined` if that cannot be read. */
  readonly date: number | undefined;
  /** Why; `undefined` if the entry does not say it, or in no word that is known. */
  readonly reason: string | undefined;
  /** Whose certificate it is; `undefined` stands for the issuer of the CRL. */
  readonly issuer: ReadonlyArray<GeneralName> | undefined;
}

/** The issuer that an entry names: this one and those after it are about that issuer's certificates (RFC 5280 §5.3.3). */
interface Turn {
  readonly from: number;
  readonly issuer: ReadonlyArray<GeneralName>;
}

/** The entries of a CRL, in a hash table of the places where they begin. */
export class Entries {
  readonly #table: Int32Array;
  readonly #mask: number;
  /** The length of the longest serial number: a peer's may be as long as its certificate. */
  #longest = 0;
  /** Nobody can know it, and so nobody can write a list whose entries all meet in one place of the table. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32) | 0;
  constructor(
    readonly bytes: Bytes,
    places: ReadonlyArray<number>,
    readonly turns: ReadonlyArray<Turn>,
    /** The first critical extension of an entry that is not known. Such a CRL must not be used (RFC 5280 §5.3). */
    readonly unknownCritical: string | undefined,
  ) {
    this.size = places.length;
    this.#mask = 2 ** Math.ceil(Math.log2(2 * places.length + 2)) - 1;
    this.#table = new Int32Array(this.#mask + 1);
    for (const place of places) {
      const serial = contentAt(bytes, place);
      const [from, to] = [contentAt(bytes, serial), endAt(bytes, serial)];
      this.#longest = Math.max(this.#longest, to - from);
      let slot = this.#slotOf(bytes, from, to);
      while (this.#table[slot] !== 0) slot = slot + 1 & this.#mask;
      this.#table[slot] = place;
    }
  }

  /** How many there are. */
  readonly size: number;

  /** The entries with a serial number (in two's complement): several only where the CRL is for several issuers. */
  find(serialNumber: Bytes): ReadonlyArray<Entry> {
    const { bytes } = this;
    const found: Array<Entry> = [];
    if (serialNumber.length > this.#longest) return found;
    let slot = this.#slotOf(serialNumber, 0, serialNumber.length);
    for (let place = this.#table[slot]!; place !== 0; place = this.#table[slot = slot + 1 & this.#mask]!) {
      const serial = contentAt(bytes, place);
      const from = contentAt(bytes, serial);
      const isIt = endAt(bytes, serial) - from === serialNumber.length &&
        serialNumber.every((byte, i) => bytes[from + i] === byte);
      if (isIt) found.push(this.#entryAt(place));
    }
    return found;
  }

  #slotOf(bytes: Bytes, from: number, to: number): number {
    let hash = this.#seed;
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
      hash ^= hash >>> 15;
    }
    return hash & this.#mask;
  }

  #entryAt(place: number): Entry {
    const { bytes } = this;
    const time = endAt(bytes, contentAt(bytes, place));
    const [rest, end] = [endAt(bytes, time), endAt(bytes, place)];
    const more = rest === end
      ? undefined
      : Either.getOrUndefined(decodeDer("crlEntryExtensions", entryExtensions, bytes.subarray(rest, end)));
    const reason = more?.find(({ oid }) => oid === oids.reasonCode);
    const code = reason && Either.getOrUndefined(decodeDer("reasonCode", enumerated, reason.value));
    return {
      date: Either.getOrUndefined(decodeDer("revocationDate", anyTime, bytes.subarray(time, rest))),
      reason: code === undefined ? undefined : crlReasons[code],
      issuer: this.#issuerAt(place),
    };
  }

  /** The issuer that was named last, found by halves. */
  #issuerAt(place: number): Entry["issuer"] {
    let [before, after] = [-1, this.turns.length];
    while (after - before > 1) {
      const middle = before + after >> 1;
      if (this.turns[middle]!.from <= place) before = middle;
      else after = middle;
    }
    return this.turns[before]?.issuer;
  }
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;
/** The tag of a time, with its length. */
const UTC_TIME = 0x170d;
const GENERALIZED_TIME = 0x180f;

const entryExtensions = sequenceOf(extension);
const certificateIssuer = sequenceOf(generalName);
/** The last two may be ignored: when a key was lost, and what to do with a card that is on hold. */
const known: ReadonlySet<string> = new Set([
  oids.reasonCode,
  oids.invalidityDate,
  oids.holdInstructionCode,
]);

/**
 * `revokedCertificates`. A list can have a hundred thousand entries, so it is not decoded: each entry's structure is
 * checked in one scan, which counts no values, and makes none.
 */
export const revokedCertificates: Tagged<Entries> = tagged(SEQUENCE, (r) => {
  const { bytes, end } = r;
  const places: Array<number> = [];
  const turns: Array<Turn> = [];
  let unknownCritical: string | undefined;
  for (let at = r.position; at < end;) {
    const stop = checkedEnd(r, at, end, SEQUENCE);
    const serial = contentAt(bytes, at);
    const time = checkedEnd(r, serial, stop, INTEGER);
    checkInteger(r, contentAt(bytes, serial), time);
    const kind = time + 2 <= stop ? bytes[time]! << 8 | bytes[time + 1]! : 0;
    if (kind !== UTC_TIME && kind !== GENERALIZED_TIME) r.fail("no time of DER", time);
    const rest = checkedEnd(r, time, stop, bytes[time]!);
    if (rest < stop) {
      if (checkedEnd(r, rest, stop, SEQUENCE) < stop) r.fail("an entry of more than three parts", rest);
      for (let one = contentAt(bytes, rest); one < stop;) {
        const next = checkedEnd(r, one, stop, SEQUENCE);
        const id = contentAt(bytes, one);
        let value = checkedEnd(r, id, next, OBJECT_IDENTIFIER);
        let critical = false;
        if (bytes[value] === BOOLEAN && value < next) {
          critical = bytes[contentAt(bytes, value)] !== 0;
          value = checkedEnd(r, value, next, BOOLEAN);
        }
        if (checkedEnd(r, value, next, OCTET_STRING) < next) r.fail("bytes left over", value);
        const isIssuer = bytes[id + 1] === 3 && bytes[id + 2] === 0x55 && bytes[id + 3] === 0x1d &&
          bytes[id + 4] === 0x1d;
        if (isIssuer) {
          const names = bytes.subarray(contentAt(bytes, value), next);
          turns.push({
            from: at,
            issuer: Either.getOrElse(
              decodeDer("certificateIssuer", certificateIssuer, names),
              ({ reason }) => r.fail(reason, value),
            ),
          });
        } else if (critical) {
          const oid = Either.getOrElse(
            decodeDer("extnID", objectIdentifier, bytes.subarray(id, endAt(bytes, id))),
            ({ reason }) => r.fail(reason, id),
          );
          if (!known.has(oid)) unknownCritical ??= oid;
        }
        one = next;
      }
    }
    places.push(at);
    at = stop;
  }
  r.position = end;
  return new Entries(bytes, places, turns, unknownCritical);
});

/** Where the content of a value begins, whose header was checked. */
const contentAt = (bytes: Bytes, at: number): number => {
  const first = bytes[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
};

/** Where a value ends, whose header was checked. */
const endAt = (bytes: Bytes, at: number): number => {
  const from = contentAt(bytes, at);
  if (from === at + 2) return from + bytes[at + 1]!;
  let length = 0;
  for (let i = at + 2; i < from; i++) length = length << 8 | bytes[i]!;
  return from + length;
};

/** Where a value ends that must have the tag, and an end within the value around it. */
const checkedEnd = (r: Reader, at: number, end: number, tag: number): number => {
  const { bytes } = r;
  if (at >= end || bytes[at] !== tag) {
    return r.fail(`expected tag 0x${tag.toString(16).padStart(2, "0")}`, at);
  }
  const from = end - at < 2 || (bytes[at + 1]! & 0x7f) > 3 && bytes[at + 1]! >= 0x80
    ? end + 1
    : contentAt(bytes, at);
  if (from > end || bytes[at + 1] === 0x80) return r.fail("half a length, or one that is none", at);
  const stop = endAt(bytes, at);
  const octets = from - at - 2;
  if (octets > 0 && stop - from < Math.max(0x80, 2 ** (8 * (octets - 1)))) {
    return r.fail("a length that is not minimal", at);
  }
  return stop <= end ? stop : r.fail("a value that ends after the one around it", at);
};

const checkInteger = ({ bytes, fail }: Reader, from: number, end: number): void => {
  const [first = 0, second = 0] = [bytes[from], bytes[from + 1]];
  const idle = end - from > 1 && (first === 0 && second < 0x80 || first === 0xff && second >= 0x80);
  if (from === end || idle) fail("no integer of DER", from);
};
