/** The codec, by a ClientHello of OpenSSL: names, spans, and where exactly a message is wrong. @module */
import { assert, Either, Schema } from "../deps.ts";
import { ClientHello, ServerHello } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NameType } from "../../src/names/protocol.ts";
import { concat, toHex } from "../../src/wire/bytes.ts";
import { codec, decode, encode, json, make, spans } from "../../src/wire/codec.ts";
import type { DecodeError } from "../../src/wire/errors.ts";
import * as W from "../../src/wire/schema.ts";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (b) => Number.parseInt(b, 16));

/** The body of a ClientHello of OpenSSL 3.0 (`s_client -tls1_2 -servername example.org -alpn h2,http/1.1 -msg`). */
const hello = bytes(
  "0303" + "73090eb89f5d644d7025490f43895682c7c335525d968c27dcc08e53bc4111bf" + "00" +
    "0038c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035" +
    "002f00ff" + "0100" + "0078" + "00000010000e00000b6578616d706c652e6f7267" + "000b000403000102" +
    "000a000c000a001d0017001e00190018" + "00230000" + "0010000e000c02683208687474702f312e31" + "00160000" +
    "00170000" +
    "000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602",
);
const decoded = Either.getOrThrow(decode(ClientHello, hello));

const fault = <A>(read: Either.Either<A, DecodeError>): string =>
  Either.isLeft(read) ? read.left.message : "read";

Deno.test("a ClientHello of OpenSSL is read with names, in order, and written back to the byte", () => {
  assert.deepEqual(Either.getOrThrow(encode(ClientHello, decoded)), hello);
  const shown = json(ClientHello, decoded);
  assert.equal(shown.clientVersion, "TLS_1_2");
  assert.equal(shown.cipherSuites[0], "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  assert.equal(shown.cipherSuites.at(-1), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
  assert.deepEqual(shown.extensions?.map((e) => e._tag), [
    "server_name",
    "ec_point_formats",
    "supported_groups",
    "session_ticket",
    "application_layer_protocol_negotiation",
    "encrypt_then_mac",
    "extended_master_secret",
    "signature_algorithms",
  ]);
  assert.deepEqual(shown.extensions?.[0], {
    _tag: "server_name",
    serverNameList: [{ nameType: "host_name", name: "example.org" }],
  });
  assert.deepEqual(shown.extensions?.[4], {
    _tag: "application_layer_protocol_negotiation",
    protocolNameList: ["h2", "http/1.1"],
  });
});

Deno.test("the spans of a ClientHello say which bytes are which member", () => {
  const found = spans(ClientHello, hello);
  const at = (path: string) => {
    const span = found.find((s) => s.path === path)!;
    return toHex(hello.subarray(span.start, span.end));
  };
  assert.equal(at("clientVersion"), "0303");
  assert.equal(at("cipherSuites.1"), "c030");
  assert.equal(at("extensions.server_name.serverNameList.0.name"), "000b6578616d706c652e6f7267");
  assert.equal(at("extensions.application_layer_protocol_negotiation.protocolNameList.0"), "026832");
  assert.equal(at("extensions.extended_master_secret"), "00170000");
});

Deno.test("spans go as far as the bytes can be read", () => {
  const found = spans(ClientHello, hello.subarray(0, 20));
  assert.deepEqual(found.map((s) => s.path), ["clientVersion"]);
});

Deno.test("an extension block that is absent and one that is empty are two things, and stay so", () => {
  const absent = hello.subarray(0, 2 + 32 + 1 + 2 + 0x38 + 2);
  const empty = concat(absent, Uint8Array.of(0, 0));
  const [a, b] = [
    Either.getOrThrow(decode(ClientHello, absent)),
    Either.getOrThrow(decode(ClientHello, empty)),
  ];
  assert.equal(a.extensions, undefined);
  assert.deepEqual(b.extensions, []);
  assert.deepEqual(Either.getOrThrow(encode(ClientHello, a)), absent);
  assert.deepEqual(Either.getOrThrow(encode(ClientHello, b)), empty);
});

const faults: ReadonlyArray<readonly [string, () => string, string]> = [
  [
    "cut in the random",
    () => fault(decode(ClientHello, hello.subarray(0, 20))),
    "ClientHello.random, byte 2: 32 bytes wanted, 18 left",
  ],
  [
    "cut in an extension",
    () => fault(decode(ClientHello, hello.subarray(0, 120))),
    "ClientHello.extensions, byte 95: length 120, but 23 bytes are left",
  ],
  [
    "with bytes left over",
    () => fault(decode(ClientHello, concat(hello, Uint8Array.of(0)))),
    "ClientHello, byte 217: 1 bytes left over",
  ],
  [
    "with an extension twice",
    () => fault(decode(ClientHello, concat(hello.subarray(0, 95), bytes("0008" + "00170000" + "00170000")))),
    "ClientHello.extensions.1, byte 101: extension 23 comes twice",
  ],
  [
    "with an odd number of bytes of suites",
    () => fault(decode(ClientHello, concat(hello.subarray(0, 35), bytes("0003c02cc00100")))),
    "ClientHello.cipherSuites, byte 37: length 3 is not a multiple of 2",
  ],
  [
    "without suites",
    () => fault(decode(ClientHello, concat(hello.subarray(0, 35), bytes("00000100")))),
    "ClientHello.cipherSuites, byte 35: length 0 is outside <2..65534>",
  ],
  [
    "whose ServerHello extension has a body it may not have",
    () =>
      fault(decode(ServerHello, concat(hello.subarray(0, 35), bytes("c02b00" + "0006" + "0017000201ff")))),
    "ServerHello.extensions.0, byte 44: 2 bytes left over",
  ],
];
for (const [what, read, expected] of faults) {
  Deno.test(`a hello ${what} is told by path and offset: ${expected}`, () => assert.equal(read(), expected));
}

Deno.test("an encoder checks every bound, and says where", () => {
  const told = (value: Partial<ClientHello>) => {
    const written = encode(ClientHello, make(ClientHello, { ...decoded, ...value }));
    return Either.isLeft(written) ? written.left.message : "written";
  };
  assert.equal(told({ random: new Uint8Array(31) }), "ClientHello.random: length 31 is outside <32..32>");
  assert.equal(
    told({ sessionId: new Uint8Array(33) }),
    "ClientHello.sessionId: length 33 is outside <0..32>",
  );
  assert.equal(told({ cipherSuites: [] }), "ClientHello.cipherSuites: length 0 is outside <2..65534>");
  assert.equal(
    told({ cipherSuites: [CipherSuite.of(70000)] }),
    "ClientHello.cipherSuites.0: 70000 is no uint16",
  );
  assert.equal(
    told({
      extensions: [{
        _tag: "application_layer_protocol_negotiation",
        protocolNameList: [new Uint8Array(256)],
      }],
    }),
    "ClientHello.extensions.0.protocolNameList.0: length 256 is outside <1..255>",
  );
  assert.equal(
    told({
      extensions: [{ _tag: "server_name", serverNameList: [{ nameType: NameType.host_name, name: "☃" }] }],
    }),
    "ClientHello.extensions.0.serverNameList.0.name: a character that is no byte",
  );
});

Deno.test("text of characters that are no bytes is refused in JSON, too: what is read from a store can be written", () => {
  const { json, encode } = codec(W.text(0, 20));
  assert.ok(Either.isLeft(encode("☃")));
  assert.ok(Either.isLeft(json.decode("☃")));
  assert.deepEqual(json.decode("caf\u00e9"), Either.right("caf\u00e9"));
  assert.ok(Either.isRight(encode("caf\u00e9")));
});

Deno.test("an encoder grows: what crosses its first buffer is written as well", () => {
  for (let n = 480; n < 540; n++) {
    const value = make(ClientHello, {
      ...decoded,
      extensions: [{ _tag: "session_ticket", ticket: new Uint8Array(n).fill(n) }],
    });
    const again = Either.getOrThrow(decode(ClientHello, Either.getOrThrow(encode(ClientHello, value))));
    const [ticket] = again.extensions!;
    assert.ok(
      ticket?._tag === "session_ticket" && ticket.ticket.length === n &&
        ticket.ticket.every((b) => b === (n & 255)),
    );
  }
});

Deno.test("a number that nobody registered survives, and names itself in hexadecimal", () => {
  assert.equal(Schema.encodeSync(CipherSuite)(CipherSuite.of(0x1a1a)), "0x1a1a");
  assert.equal(Schema.decodeUnknownSync(CipherSuite)("0x1a1a"), 0x1a1a);
  assert.equal(Schema.decodeUnknownSync(CipherSuite)("TLS_FALLBACK_SCSV"), 0x5600);
  assert.ok(Either.isLeft(Schema.decodeUnknownEither(CipherSuite)("TLS_NO_SUCH_SUITE")));
  assert.ok(Either.isLeft(Schema.decodeUnknownEither(CipherSuite)("0x10000")));
});

Deno.test("numbers are big-endian, in every width", () => {
  for (
    const [word, hex] of [[W.uint8, "ff"], [W.uint16, "fffe"], [W.uint24, "fffefd"], [
      W.uint32,
      "fffefdfc",
    ]] as const
  ) {
    assert.equal(Either.getOrThrow(decode(word, bytes(hex))), Number.parseInt(hex, 16));
    assert.equal(toHex(Either.getOrThrow(encode(word, Number.parseInt(hex, 16)))), hex);
    assert.ok(
      Either.isLeft(encode(word, 2 ** 32)) && Either.isLeft(encode(word, -1)) &&
        Either.isLeft(encode(word, 0.5)),
    );
  }
});

Deno.test("a schema without a layout is a TypeError when its codec is asked for", () => {
  assert.throws(() => codec(Schema.Struct({ name: Schema.String })), TypeError);
  assert.throws(() => W.extensions(W.uint16 as never)(Schema.Struct({}) as never), TypeError);
});
