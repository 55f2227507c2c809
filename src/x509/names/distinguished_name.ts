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
  /** Whether an RDN has a value that is no text, or too long, which only equal bytes are known to equal. */
  readonly opaque: ReadonlyArray<boolean>;
  /** A string that is the same for equal names, to use as a map's key. */
  readonly key: string;
}

/** Whether two names are equal, however they are encoded (RFC 5280 §7.1). */
export const sameName = (a: DistinguishedName, b: DistinguishedName): boolean =>
  sameBytes(a.raw, b.raw) || a.key === b.key;

/** Whether `name` is in the subtree of `base`: it begins with all RDNs of `base`. */
export const isBelow = (name: DistinguishedName, base: DistinguishedName): boolean =>
  base.folded.every((rdn, i) => name.folded[i] === rdn);

/** Whether `name` may be in the subtree of `base`: an RDN that cannot be compared may be equal to one of the same types. */
export const mayBeBelow = (name: DistinguishedName, base: DistinguishedName): boolean =>
  base.folded.every((rdn, i) =>
    name.folded[i] === rdn ||
    (name.opaque[i] || base.opaque[i]) && typesOf(name, i) === typesOf(base, i)
  );

const typesOf = ({ rdns }: DistinguishedName, i: number): string | undefined =>
  rdns[i]?.map(({ type }) => type).sort().join();

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
  #opaque: DistinguishedName["opaque"] | undefined;
  #key: string | undefined;
  constructor(readonly raw: Bytes, readonly rdns: DistinguishedName["rdns"]) {}

  get text() {
    return this.#text ??= this.rdns.map((rdn) => rdn.map(printed).join("+")).reverse().join(", ");
  }
  get folded() {
    return this.#folded ??= this.rdns.map((rdn) => rdn.map(folded).sort().join("+"));
  }
  get opaque() {
    return this.#opaque ??= this.rdns.map((rdn) => rdn.some((one) => foldedText(one) === undefined));
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

/** UniversalString: four bytes per character (UTF-32, big-endian). */
const utf32 = (bytes: Bytes): string | undefined => {
  if (bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const code = view.getUint32(at);
    if (code > 0x10ffff || code >= 0xd800 && code < 0xe000) return undefined;
    text += String.fromCodePoint(code);
  }
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
  0x1c: utf32,
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

/** Normalizing can take quadratic time. No real name is longer, without what is folded away before. */
const LONGEST = 256;

/** White space (RFC 4518 §2.2), and what a string preparation maps to nothing: controls, soft hyphens and their like. */
const SPACES = /[\t\n\v\f\r\x85]|\p{Z}/gu;
const NOTHING = /[\p{Cc}\p{Cf}\u034f\u1806\u180b-\u180d\ufe00-\ufe0f\ufffc]/gu;

/** A text in a form to compare (RFC 4518 §2); `undefined` when it is no text, or too long. */
const foldedText = ({ text }: Attribute): string | undefined => {
  const bare = text?.replace(SPACES, " ").replace(NOTHING, "").trim().replace(/ +/g, " ");
  if (bare === undefined || bare.length > LONGEST) return undefined;
  // Folding case maps these two to what stands for them everywhere; lower case does not.
  return bare.normalize("NFKC").toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ")
    .normalize("NFKC").replace(/\s+/g, " ").trim();
};

/** An attribute in a form to compare: what cannot be folded is compared by its bytes. */
const folded = (attribute: Attribute): string => {
  const text = foldedText(attribute);
  return text === undefined
    ? `${attribute.type}#${toHex(attribute.value)}`
    : `${attribute.type}=${escaped(text)}`;
};
