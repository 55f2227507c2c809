/** The ClientHello in the format of SSL 2.0: what becomes of it, and what is refused. @module */
import { assert, Either, FastCheck as fc } from "../deps.ts";
import { isRecordError } from "../../src/faults/faults.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { CipherSuite as C } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, HandshakeType, ProtocolVersion } from "../../src/names/protocol.ts";
import type { Arrival } from "../../src/record/arrival.ts";
import { Records } from "../../src/record/records.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { decode } from "../../src/wire/codec.ts";

const limits = {
  handshakeMessage: 1000,
  certificateMessage: 1000,
  emptyRecords: 32,
  shortBlockData: 2 ** 20,
  recordsPerKey: 2 ** 24,
  skippedEarlyData: 2 ** 15,
};
const taking = { splitRecords: true, sslv2Hello: true };

const uint16 = (n: number): Bytes => Uint8Array.of(n >> 8, n);
const spec = (n: number): Bytes => Uint8Array.of(n >> 16, n >> 8, n);

/** SSL_CK_RC4_128_WITH_MD5 and SSL_CK_DES_192_EDE3_CBC_WITH_MD5, which only SSL 2.0 has. */
const OLD = [0x010080, 0x0700c0] as const;
const SUITES = [C.TLS_RSA_WITH_AES_128_CBC_SHA, C.TLS_RSA_WITH_RC4_128_MD5] as const;

/** The message without its header; what is given replaces what would be right. */
const hello = (
  {
    type = 1,
    version = 0x0301,
    specs = [OLD[0], ...SUITES, OLD[1]],
    id = EMPTY,
    challenge = 16,
    claimed = {},
  }: {
    readonly type?: number;
    readonly version?: number;
    readonly specs?: ReadonlyArray<number>;
    readonly id?: Bytes;
    readonly challenge?: number;
    readonly claimed?: { readonly specs?: number; readonly id?: number; readonly challenge?: number };
  } = {},
): Bytes =>
  concat(
    Uint8Array.of(type),
    uint16(version),
    uint16(claimed.specs ?? 3 * specs.length),
    uint16(claimed.id ?? id.length),
    uint16(claimed.challenge ?? challenge),
    ...specs.map(spec),
    id,
    Uint8Array.from({ length: challenge }, (_, i) => i + 1),
  );
const framed = (raw: Bytes): Bytes => concat(uint16(0x8000 | raw.length), raw);
/** An ordinary record with a message in it. */
const record = (type: HandshakeType, version = 0x0301): Bytes =>
  Uint8Array.of(22, version >> 8, version, 0, 4, type, 0, 0, 0);

const fed = (bytes: Bytes, options = taking, of = limits): Records => {
  const records = new Records(of, options);
  records.feed(bytes);
  return records;
};
const helloOf = (arrival: Arrival | undefined): ClientHello => {
  assert.ok(arrival?._tag === "Handshake");
  assert.equal(arrival.type, HandshakeType.client_hello);
  return Either.getOrThrow(decode(ClientHello, arrival.body));
};
/** The fault that reading ends in, with its alert. */
const fault = (records: Records) => {
  try {
    while (records.next());
  } catch (e) {
    assert.ok(isRecordError(e), String(e));
    return { e, text: `${e._tag} ${alertOf(e)}` };
  }
  return { e: undefined, text: "none" };
};

Deno.test("an SSLv2 hello becomes the ClientHello that it stands for, and is hashed without its header", () => {
  const raw = hello();
  const arrival = fed(framed(raw)).next();
  const read = helloOf(arrival);
  assert.ok(arrival?._tag === "Handshake");
  assert.equal(toHex(arrival.raw), toHex(raw));
  assert.equal(read.clientVersion, ProtocolVersion.TLS_1_0);
  assert.equal(toHex(read.sessionId), "");
  assert.deepEqual(read.compressionMethods, [CompressionMethod.null]);
  assert.equal(read.extensions, undefined);
});

Deno.test("of an SSLv2 hello's ciphers those of SSL 3.0 and later are kept in order, signalling values too", () => {
  const signals = [C.TLS_EMPTY_RENEGOTIATION_INFO_SCSV, C.TLS_FALLBACK_SCSV];
  const specs = [OLD[0], signals[0]!, SUITES[1], OLD[1], SUITES[0], signals[1]!];
  assert.deepEqual(helloOf(fed(framed(hello({ specs }))).next()).cipherSuites, [
    signals[0],
    SUITES[1],
    SUITES[0],
    signals[1],
  ]);
});

Deno.test("of an SSLv2 hello's challenge of more than 32 bytes the first 32 are the random", () => {
  for (const challenge of [33, 48]) {
    const { random } = helloOf(fed(framed(hello({ challenge }))).next());
    assert.deepEqual([...random], Array.from({ length: 32 }, (_, i) => i + 1));
  }
});

Deno.test("an SSLv2 hello's challenge is the end of a random that begins with zeros (RFC 5246 §E.2)", () => {
  for (const challenge of [16, 17, 31, 32]) {
    const { random } = helloOf(fed(framed(hello({ challenge }))).next());
    const said = Array.from({ length: challenge }, (_, i) => i + 1);
    assert.deepEqual([...random], [...new Array<number>(32 - challenge).fill(0), ...said]);
  }
});

Deno.test("an SSLv2 hello says any version of SSL 3.0 and later, and a session ID that is passed over", () => {
  for (const version of [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x03ff]) {
    const read = helloOf(fed(framed(hello({ version, id: new Uint8Array(32).fill(7) }))).next());
    assert.equal(read.clientVersion, version);
    assert.equal(toHex(read.sessionId), "");
  }
});

Deno.test("an SSLv2 hello may come byte by byte, and what follows it are records", () => {
  const bytes = concat(framed(hello()), record(HandshakeType.server_hello_done));
  const records = new Records(limits, taking);
  const got: Array<readonly [number, string]> = [];
  for (let at = 0; at < bytes.length; at++) {
    records.feed(bytes.slice(at, at + 1));
    for (let a = records.next(); a; a = records.next()) {
      got.push([at + 1, a._tag === "Handshake" ? HandshakeType.nameOf(a.type) : a._tag]);
    }
  }
  assert.deepEqual(got, [[framed(hello()).length, "client_hello"], [bytes.length, "server_hello_done"]]);
});

Deno.test("who takes SSLv2 hellos takes all others too, and tells what is no TLS", () => {
  const first = fed(record(HandshakeType.hello_request)).next();
  assert.ok(first?._tag === "Handshake" && first.type === HandshakeType.hello_request);
  assert.equal(
    fault(fed(Uint8Array.from("GET / HTTP/1.1", (c) => c.charCodeAt(0)))).text,
    "NotTls unexpected_message",
  );
});

Deno.test("an SSLv2 hello is refused by who does not take one", () => {
  for (const options of [undefined, { ...taking, sslv2Hello: false }]) {
    const records = new Records(limits, options);
    records.feed(framed(hello()));
    const { e, text } = fault(records);
    assert.equal(text, "NotTls protocol_version");
    assert.ok(e?._tag === "NotTls" && e.looksLike === "SSLv2");
  }
});

Deno.test("SSL 2.0 itself is refused by who takes its hello (RFC 6176 §3)", () => {
  const { e, text } = fault(fed(framed(hello({ version: 0x0002 }))));
  assert.equal(text, "NotTls protocol_version");
  assert.ok(e?._tag === "NotTls" && e.looksLike === "SSLv2");
});

Deno.test("an SSLv2 message that is no hello is refused", () => {
  for (const type of [0, 2, 3, 4, 8]) {
    assert.equal(fault(fed(framed(hello({ type })))).e?._tag, "NotTls", `type ${type}`);
  }
});

Deno.test("an SSLv2 hello is nothing but the first record: not after one, not after another such", () => {
  for (const before of [framed(hello()), record(HandshakeType.client_hello)]) {
    const records = fed(concat(before, framed(hello())));
    assert.equal(records.next()?._tag, "Handshake");
    assert.equal(fault(records).text, "RecordVersion protocol_version");
  }
  // One of 771 bytes reads as a record of version 3.1 would, with another 769.
  const long = hello({ specs: new Array<number>(250).fill(SUITES[0]), challenge: 12 });
  const records = fed(concat(framed(hello()), framed(long), Uint8Array.of(0)));
  assert.equal(long.length, 771);
  assert.equal(records.next()?._tag, "Handshake");
  assert.equal(fault(records).text, "UnexpectedMessage unexpected_message");
});

const wrong: ReadonlyArray<readonly [string, Bytes]> = [
  ["of eight bytes", hello().subarray(0, 8)],
  ["with no cipher specs", hello({ specs: [] })],
  ["with none but SSL 2.0's cipher specs", hello({ specs: OLD })],
  // All lengths add up, and the last spec is a byte.
  [
    "whose cipher specs are no multiple of three bytes",
    hello({ id: Uint8Array.of(0), claimed: { specs: 13, id: 0 } }),
  ],
  ["with a session ID of 33 bytes", hello({ id: new Uint8Array(33) })],
  ["with a challenge of 15 bytes", hello({ challenge: 15 })],
  ["with no challenge", hello({ challenge: 0 })],
  ["that says more cipher specs than it has", hello({ claimed: { specs: 15 } })],
  ["that says fewer cipher specs than it has", hello({ claimed: { specs: 9 } })],
  ["that says all the cipher specs there could be", hello({ claimed: { specs: 0xffff } })],
  ["that says a session ID that it has not", hello({ claimed: { id: 1 } })],
  ["that says a longer challenge than it has", hello({ claimed: { challenge: 17 } })],
  ["with a byte left over", concat(hello(), Uint8Array.of(0))],
  ["with a byte missing", hello().subarray(0, -1)],
];

for (const [what, raw] of wrong) {
  Deno.test(`an SSLv2 hello ${what} is refused`, () => {
    const { e, text } = fault(fed(framed(raw)));
    assert.equal(text, "DecodeError decode_error");
    assert.ok(e?._tag === "DecodeError" && e.subject === "ClientHello");
  });
}

Deno.test("an SSLv2 hello that is too long is refused at its header, one of the most bytes is not", () => {
  // 9 + 3n + 16 bytes.
  const most = hello({ specs: new Array<number>(325).fill(SUITES[0]) });
  assert.equal(most.length, 1000);
  assert.equal(helloOf(fed(framed(most)).next()).cipherSuites.length, 325);
  const longest = hello({ specs: new Array<number>(10_914).fill(SUITES[0]) });
  assert.equal(longest.length, 2 ** 15 - 1);
  const roomy = fed(framed(longest), taking, { ...limits, handshakeMessage: 2 ** 15 });
  assert.equal(helloOf(roomy.next()).cipherSuites.length, 10_914);
  const { e, text } = fault(fed(framed(most), taking, { ...limits, handshakeMessage: 999 }));
  assert.equal(text, "LimitExceeded illegal_parameter");
  assert.ok(e?._tag === "LimitExceeded" && e.limit === "handshakeMessage" && e.got === 1000);
  assert.equal(fault(fed(Uint8Array.of(0xff, 0xff, 1, 3))).text, "LimitExceeded illegal_parameter");
});

Deno.test("whatever stands in an SSLv2 hello, it is a ClientHello or a typed fault", () => {
  const bytes = fc.uint8Array({ maxLength: 120 });
  const lengths = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40));
  fc.assert(
    fc.property(bytes, lengths, ([...rest], [specs, id, challenge]) => {
      const head = concat(Uint8Array.of(1, 3, 1), uint16(specs), uint16(id), uint16(challenge));
      const records = fed(framed(concat(head, Uint8Array.from(rest))));
      const { e } = fault(records);
      assert.ok(e === undefined || e._tag === "DecodeError", e?._tag);
    }),
    { numRuns: 500 },
  );
});
