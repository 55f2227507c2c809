/** Distinguished names: as data, as text, and in a form to compare (RFC 5280 §4.1.2.4, §7.1). @module */
import { type Bytes, sameBytes, toHex } from "../../wire/bytes.ts";
import { any, type Der, map, sequence, sequenceOf, setOf, withRaw } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { objectIdentifier } from "../der/types.ts";

/** `AttributeTypeAndValue` (RFC 5280 §4.1.2.4). */
export interface Attribute {
  /** The attribute's object identifier. */
  readonly type: string;
  /** The value as text; `undefined` when it is not a string type. */
  readonly text: string | undefined;
  /** The value as DER. */
  readonly value: Bytes;
}

/** `Name` (RFC 5280 §4.1.2.4). */
export interface DistinguishedName {
  readonly raw: Bytes;
  /** The relative distinguished names (RDNs), in encoded order. */
  readonly rdns: ReadonlyArray<ReadonlyArray<Attribute>>;
  /** The name as in RFC 4514, with a space after commas: `CN=localhost, O=Example`. */
  readonly text: string;
  /** One string per RDN. Two names are equal when these are (RFC 5280 §7.1). */
  readonly folded: ReadonlyArray<string>;
  /** A string that is the same for equal names, to use as a map's key. */
  readonly key: string;
}

/** Whether two names are equal, however they are encoded (RFC 5280 §7.1). */
export const sameName = (a: DistinguishedName, b: DistinguishedName): boolean =>
  sameBytes(a.raw, b.raw) || a.key === b.key;

/** Whether `name` is in the subtree of `base`: it begins with all RDNs of `base`. */
export const isBelow = (name: DistinguishedName, base: DistinguishedName): boolean =>
  base.folded.every((rdn, i) => name.folded[i] === rdn);

const attribute: Der<Attribute> = map(
  sequence({ type: objectIdentifier, value: any }),
  ({ type, value: { tag, content, raw } }, fail) => {
    const read = strings[tag];
    const text = read?.(content);
    if (read !== undefined && text === undefined) fail("text that is not in its encoding");
    return { type, text, value: raw };
  },
);

/** A name that computes its text forms on demand; most are never needed. */
class Name implements DistinguishedName {
  #text: string | undefined;
  #folded: ReadonlyArray<string> | undefined;
  #key: string | undefined;
  constructor(readonly raw: Bytes, readonly rdns: DistinguishedName["rdns"]) {}

  get text() {
    return this.#text ??= this.rdns.map((rdn) => rdn.map(printed).join("+")).reverse().join(", ");
  }
  get folded() {
    return this.#folded ??= this.rdns.map((rdn) => rdn.map(folded).sort().join("+"));
  }
  get key() {
    return this.#key ??= this.folded.join("\n");
  }
}

/** `Name ::= RDNSequence`. */
export const name: Der<DistinguishedName> = map(
  withRaw(sequenceOf(setOf(attribute), 0)),
  ({ raw, value }) => new Name(raw, value),
);

const latin1 = (bytes: Bytes): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

const decoded = (encoding: string) => {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes: Bytes): string | undefined => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
};

/**
 * How each string type is decoded. PrintableString and its like are read leniently: real names break their alphabet.
 */
const strings: Readonly<Record<number, (bytes: Bytes) => string | undefined>> = {
  0x0c: decoded("utf-8"),
  0x12: latin1,
  0x13: latin1,
  0x14: latin1,
  0x16: latin1,
  0x1a: latin1,
  0x1e: decoded("utf-16be"),
};

/** The short names of RFC 4514 §3, and other common ones. */
const shortNames: Readonly<Record<string, string>> = {
  [oids.commonName]: "CN",
  [oids.surname]: "SN",
  [oids.serialNumber]: "serialNumber",
  [oids.countryName]: "C",
  [oids.localityName]: "L",
  [oids.stateOrProvinceName]: "ST",
  [oids.streetAddress]: "STREET",
  [oids.organizationName]: "O",
  [oids.organizationalUnitName]: "OU",
  [oids.title]: "title",
  [oids.givenName]: "GN",
  [oids.userId]: "UID",
  [oids.domainComponent]: "DC",
  [oids.emailAddress]: "emailAddress",
};

const printed = ({ type, text, value }: Attribute): string =>
  `${shortNames[type] ?? type}=${text === undefined ? `#${toHex(value)}` : escaped(text)}`;

/** Escapes text as in RFC 4514 §2.4, and control characters too, so that a name cannot control a terminal. */
const escaped = (text: string): string =>
  text.replace(/^[ #]|[",+;<>\\]| $/g, "\\$&")
    // deno-lint-ignore no-control-regex
    .replace(/[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);

const LONGEST = 256;

/**
 * An attribute in a form to compare: case folded and white space collapsed, which does for real names what RFC 4518
 * asks.
 */
const folded = ({ type, text, value }: Attribute): string =>
  // Normalizing can take quadratic time. No real name is so long.
  text === undefined || text.length > LONGEST
    ? `${type}#${toHex(value)}`
    : `${type}=${escaped(text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " "))}`;
