/** LDAP: the extended operation StartTLS, in BER. @module */
import { Effect } from "../deps.ts";
import { StartTlsEnded, StartTlsNotOffered, StartTlsRefused } from "../public/errors.ts";
import type { Dialogues } from "./dialogue.ts";
import type { Said, Talk } from "./talk.ts";

/** Tags of BER (X.690) and of LDAP's operations (RFC 4511 §4.2 and the sections after it). */
const Tag = {
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  bind: 0x60,
  unbind: 0x42,
  search: 0x63,
  searchDone: 0x65,
  abandon: 0x50,
  extended: 0x77,
  extendedResponse: 0x78,
  requestName: 0x80,
} as const;

/** The codes of results (RFC 4511 §4.1.9). */
const Result = { success: 0, protocolError: 2, confidentialityRequired: 13 } as const;

const OID = "1.3.6.1.4.1.1466.20037";
/** The most messages before TLS. */
const MOST = 32;

/** LDAP (RFC 4511 §4.14). */
export const ldap: Dialogues = {
  rfc: "RFC 4511 §4.14",
  port: 389,
  client: (talk) =>
    Effect.gen(function* () {
      const { protocol, rfc } = talk;
      const expected = "the response to StartTLS";
      const [id, name] = [element(Tag.integer, [1]), element(Tag.requestName, new TextEncoder().encode(OID))];
      yield* talk.say(element(Tag.sequence, [...id, ...element(Tag.extended, name)]));
      const { id: answered, tag, content, whole } = yield* message(talk, expected);
      const [code, , said] = elementsIn(content) ?? [];
      const wrong = tag !== Tag.extendedResponse || code?.tag !== Tag.enumerated || code.content.length !== 1;
      // A message with the number 0 is a notice of disconnection (RFC 4511 §4.4.1).
      if (wrong || answered.length !== 1 || answered[0]! > 1) return yield* talk.unexpected(expected, whole);
      const result = code.content[0]!;
      if (result === Result.success && answered[0] === 1) return undefined;
      const text = `${result} ${new TextDecoder().decode(said?.content)}`.trim();
      return yield* result === Result.protocolError && answered[0] === 1
        ? new StartTlsNotOffered({ protocol, rfc, offered: text })
        : new StartTlsRefused({ protocol, rfc, code: String(result), text });
    }),
  server: (talk) =>
    Effect.gen(function* () {
      const { protocol, rfc } = talk;
      const expected = "StartTLS";
      for (let i = 0; i < MOST; i++) {
        const { id, tag, content } = yield* message(talk, expected);
        const [name] = elementsIn(content) ?? [];
        if (
          tag === Tag.extended && name?.tag === Tag.requestName &&
          new TextDecoder().decode(name.content) === OID
        ) {
          return { greeting: undefined, goAhead: result(id, Tag.extendedResponse, Result.success, "") };
        }
        if (tag === Tag.unbind) return yield* new StartTlsEnded({ protocol, rfc, expected });
        if (tag === Tag.abandon) continue;
        // The response to an operation has the next tag, in the constructed form; that to a search is its end.
        const response = tag === Tag.search ? Tag.searchDone : (tag | 0x20) + 1;
        yield* talk.say(result(id, response, Result.confidentialityRequired, "begin TLS first: StartTLS"));
      }
      return yield* talk.unexpected(expected, `${MOST} other messages`);
    }),
};

/** An element of BER. */
interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Encodes an element of at most 127 bytes. */
const element = (tag: number, content: Iterable<number>): Uint8Array => {
  const bytes = Uint8Array.from(content);
  return Uint8Array.of(tag, bytes.length, ...bytes);
};

/** A message with a result, of which the text is short. */
const result = (id: Uint8Array, tag: number, code: number, text: string): Uint8Array => {
  const none = element(Tag.octetString, []);
  const said = element(Tag.octetString, new TextEncoder().encode(text));
  const operation = element(tag, [...element(Tag.enumerated, [code]), ...none, ...said]);
  return element(Tag.sequence, [...element(Tag.integer, id), ...operation]);
};

/** A message: its number as it is encoded, and its operation. */
interface Message extends Element {
  readonly id: Uint8Array;
  readonly whole: Uint8Array;
}

/** Reads a message (RFC 4511 §4.1.1). */
const message = (talk: Talk, expected: string): Said<Message> =>
  Effect.gen(function* () {
    const [tag, short] = yield* talk.bytes(2, expected);
    if (tag !== Tag.sequence || short! > 0x84 || short === 0x80) {
      return yield* talk.unexpected(expected, Uint8Array.of(tag!, short!));
    }
    const long = short! < 0x80 ? Uint8Array.of(short!) : yield* talk.bytes(short! - 0x80, expected);
    const whole = yield* talk.bytes(numberOf(long), expected);
    const [id, operation] = elementsIn(whole) ?? [];
    if (id?.tag !== Tag.integer || id.content.length < 1 || id.content.length > 4 || !operation) {
      return yield* talk.unexpected(expected, whole);
    }
    return { ...operation, id: id.content, whole };
  });

const numberOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** The elements that some bytes are made of; `undefined` if they are not. A tag has one byte, as all of LDAP's do. */
const elementsIn = (bytes: Uint8Array): ReadonlyArray<Element> | undefined => {
  const elements: Array<Element> = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    const short = bytes[at + 1] ?? 0x80;
    const more = short < 0x80 ? 0 : short - 0x80;
    if (short === 0x80 || more > 4) return undefined;
    const start = at + 2 + more;
    const end = start + (more === 0 ? short : numberOf(bytes.subarray(at + 2, start)));
    if (end > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(start, end) });
    at = end;
  }
  return elements;
};
