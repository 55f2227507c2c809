/** MySQL and MariaDB: the server's greeting, and an SSLRequest without an answer. @module */
import { Effect } from "../deps.ts";
import { StartTlsNotOffered, StartTlsRefused } from "../public/errors.ts";
import type { Dialogues } from "./dialogue.ts";
import type { Said, Talk } from "./talk.ts";

/** Flags of a connection ("Capabilities Flags" in MySQL's documentation). */
const Flag = {
  longPassword: 1,
  protocol41: 0x200,
  ssl: 0x800,
  transactions: 0x2000,
  secureConnection: 0x8000,
  pluginAuth: 0x8_0000,
} as const;

/** What our SSLRequest claims, as far as the server has it. What counts is what the driver says over TLS. */
const CLAIMED = Flag.longPassword | Flag.protocol41 | Flag.ssl | Flag.transactions | Flag.secureConnection |
  Flag.pluginAuth;
/** utf8mb4_general_ci */
const CHARACTER_SET = 45;
/** The first byte of a packet that is an error. */
const ERROR = 0xff;
/** The most bytes of a packet before TLS. Real ones have about 100. */
const LONGEST = 4_096;

/** MySQL ("Connection Phase" in its documentation). */
export const mysql: Dialogues = {
  rfc: undefined,
  port: 3306,
  client: (talk) =>
    Effect.gen(function* () {
      const { protocol, rfc } = talk;
      const { number, body, whole } = yield* packet(talk, "the greeting");
      if (body[0] === ERROR && body.length >= 3) {
        const code = String(body[1]! | body[2]! << 8);
        const text = `${code} ${new TextDecoder().decode(body.subarray(3))}`;
        return yield* new StartTlsRefused({ protocol, rfc, code, text });
      }
      const flags = flagsOf(body);
      if (number !== 0 || flags === undefined) {
        return yield* talk.unexpected("a greeting of version 10", whole);
      }
      if ((flags & Flag.ssl) === 0) {
        return yield* new StartTlsNotOffered({ protocol, rfc, offered: "a greeting without CLIENT_SSL" });
      }
      const request = new DataView(new ArrayBuffer(32));
      request.setUint32(0, CLAIMED & flags, true);
      request.setUint32(4, 0xff_ffff, true); // the longest packet, 16 MiB
      request.setUint8(8, CHARACTER_SET);
      yield* talk.say(framed(1, new Uint8Array(request.buffer)));
      return whole;
    }),
  server: (talk, { ownName }) =>
    Effect.gen(function* () {
      const greeting = framed(0, greetingOf(ownName));
      yield* talk.say(greeting);
      const expected = "SSLRequest";
      const { number, body, whole } = yield* packet(talk, expected);
      const flags = body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
      const isRequest = number === 1 && body.length === 32 && (flags & Flag.ssl) !== 0;
      if (!isRequest) {
        const isLogin = number === 1 && body.length > 32 && (flags & Flag.protocol41) !== 0;
        if (isLogin) yield* talk.say(framed(2, tlsFirst));
        return yield* talk.unexpected(expected, isLogin ? "a login without TLS" : whole);
      }
      return { greeting, goAhead: "" };
    }),
};

interface Packet {
  /** Its number in the conversation. */
  readonly number: number;
  readonly body: Uint8Array;
  /** The packet with its header. */
  readonly whole: Uint8Array;
}

const packet = (talk: Talk, expected: string): Said<Packet> =>
  Effect.gen(function* () {
    const header = yield* talk.bytes(4, expected);
    const length = header[0]! | header[1]! << 8 | header[2]! << 16;
    if (length === 0 || length > LONGEST) return yield* talk.unexpected(expected, header);
    const body = yield* talk.bytes(length, expected);
    return { number: header[3]!, body, whole: Uint8Array.of(...header, ...body) };
  });

const framed = (number: number, body: Uint8Array): Uint8Array =>
  Uint8Array.of(body.length & 0xff, body.length >> 8, 0, number, ...body);

/** The flags that a greeting of version 10 has; `undefined` if it is none. */
const flagsOf = (body: Uint8Array): number | undefined => {
  const end = body.indexOf(0); // of the server's version
  // A number, eight bytes for the password, and a zero stand before the lower half; the higher comes after three bytes.
  const lower = end + 1 + 4 + 8 + 1;
  if (body[0] !== 10 || end < 0 || body.length < lower + 2) return undefined;
  const half = (at: number) => (body[at] ?? 0) | (body[at + 1] ?? 0) << 8;
  return half(lower) | half(lower + 5) << 16;
};

/** A greeting, with a fresh challenge for the password. */
const greetingOf = (name: string): Uint8Array => {
  const flags = CLAIMED;
  // None of its bytes may be zero, which ends it.
  const challenge = crypto.getRandomValues(new Uint8Array(20)).map((byte) => byte % 127 + 1);
  const text = (of: string) => [...new TextEncoder().encode(of), 0];
  return Uint8Array.of(
    10,
    ...text(`8.0.0-${name}`),
    ...[1, 0, 0, 0],
    ...challenge.subarray(0, 8),
    0,
    ...[flags & 0xff, flags >> 8 & 0xff],
    CHARACTER_SET,
    ...[2, 0], // the status: autocommit
    ...[flags >> 16 & 0xff, flags >> 24 & 0xff],
    challenge.length + 1,
    ...new Uint8Array(10),
    ...challenge.subarray(8),
    0,
    ...text("mysql_native_password"),
  );
};

/** An error: ER_SECURE_TRANSPORT_REQUIRED. */
const tlsFirst = Uint8Array.of(
  ERROR,
  ...[3159 & 0xff, 3159 >> 8],
  ...new TextEncoder().encode("#08004this server wants TLS (--ssl-mode=REQUIRED)"),
);
