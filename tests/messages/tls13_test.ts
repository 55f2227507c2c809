/** The messages of TLS 1.3: the bytes of each as its RFC draws it, and how a HelloRetryRequest is told. @module */
import { assert, Either } from "../deps.ts";
import { kindOf, nameOfComing } from "../../src/grammar/message_kind.ts";
import * as M from "../../src/messages/mod.ts";
import { HandshakeType } from "../../src/names/mod.ts";
import { ascii, type Bytes, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { hex } from "../support/keys.ts";
import { noble } from "../support/layers.ts";
import type { AnySchema } from "./all.ts";

/** Hexadecimal digits after their length, which takes `width` bytes. */
const vector = (width: number, ...parts: ReadonlyArray<string>): string =>
  (parts.join("").length / 2).toString(16).padStart(2 * width, "0") + parts.join("");

const random = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

/** A message: its class, its number, its body, and its JSON. */
type Written = readonly [Class: AnySchema, type: string, body: string, json: Record<string, unknown>];

const written: ReadonlyArray<Written> = [
  [
    M.ServerHello13,
    "02",
    "0303" + "11".repeat(32) + vector(1) + "1301" + "00" + vector(
      2,
      "0033" + vector(2, "001d", vector(2, "010203040506")),
      "0029" + vector(2, "0001"),
      "002b" + vector(2, "0304"),
    ),
    {
      _tag: "ServerHello",
      serverVersion: "TLS_1_2",
      random: "11".repeat(32),
      sessionId: "",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      compressionMethod: "null",
      extensions: [
        { _tag: "key_share", serverShare: { group: "x25519", keyExchange: "010203040506" } },
        { _tag: "pre_shared_key", selectedIdentity: 1 },
        { _tag: "supported_versions", selectedVersion: "TLS_1_3" },
      ],
    },
  ],
  [
    M.HelloRetryRequest,
    "02",
    "0303" + random + vector(1, "aa") + "1302" + "00" + vector(
      2,
      "002b" + vector(2, "0304"),
      "0033" + vector(2, "0017"),
      "002c" + vector(2, vector(2, "c0c1c2c3")),
    ),
    {
      _tag: "HelloRetryRequest",
      serverVersion: "TLS_1_2",
      random,
      sessionId: "aa",
      cipherSuite: "TLS_AES_256_GCM_SHA384",
      compressionMethod: "null",
      extensions: [
        { _tag: "supported_versions", selectedVersion: "TLS_1_3" },
        { _tag: "key_share", selectedGroup: "secp256r1" },
        { _tag: "cookie", cookie: "c0c1c2c3" },
      ],
    },
  ],
  [
    M.EncryptedExtensions,
    "08",
    vector(2, "0000" + vector(2), "001c" + vector(2, "4001"), "002a" + vector(2), "0017" + vector(2, "00")),
    {
      _tag: "EncryptedExtensions",
      extensions: [
        { _tag: "server_name" },
        { _tag: "record_size_limit", recordSizeLimit: 0x4001 },
        { _tag: "early_data" },
        // It is known, but not of this message, so it is kept as it is.
        { _tag: "unknown", type: "extended_master_secret", data: "00" },
      ],
    },
  ],
  [
    M.CertificateRequest13,
    "0d",
    vector(1, "beef") + vector(
      2,
      "000d" + vector(2, vector(2, "0403")),
      "0032" + vector(2, vector(2, "0401")),
      "002f" + vector(2, vector(2, vector(2, "ff"))),
      "0030" + vector(2, vector(2, vector(1, "551d25"), vector(2, "30020500"))),
      "001b" + vector(2, vector(1, "00010002")),
      "0012" + vector(2),
      "0005" + vector(2),
    ),
    {
      _tag: "CertificateRequest",
      certificateRequestContext: "beef",
      extensions: [
        { _tag: "signature_algorithms", supportedSignatureAlgorithms: ["ecdsa_secp256r1_sha256"] },
        { _tag: "signature_algorithms_cert", supportedSignatureAlgorithms: ["rsa_pkcs1_sha256"] },
        { _tag: "certificate_authorities", authorities: ["ff"] },
        {
          _tag: "oid_filters",
          filters: [{ certificateExtensionOid: "551d25", certificateExtensionValues: "30020500" }],
        },
        { _tag: "compress_certificate", algorithms: ["zlib", "brotli"] },
        { _tag: "signed_certificate_timestamp" },
        { _tag: "status_request" },
      ],
    },
  ],
  [
    M.Certificate13,
    "0b",
    vector(1) + vector(
      3,
      vector(3, "300100") + vector(
        2,
        "0005" + vector(2, "01", vector(3, "0a0b")),
        "0012" + vector(2, vector(2, vector(2, "5c"))),
      ),
      vector(3, "300101") + vector(2),
    ),
    {
      _tag: "Certificate",
      certificateRequestContext: "",
      certificateList: [
        {
          certData: "300100",
          extensions: [
            { _tag: "status_request", status: { statusType: "ocsp", response: "0a0b" } },
            { _tag: "signed_certificate_timestamp", sctList: ["5c"] },
          ],
        },
        { certData: "300101", extensions: [] },
      ],
    },
  ],
  [
    M.CompressedCertificate,
    "19",
    "0002" + "000102" + vector(3, "abcd"),
    {
      _tag: "CompressedCertificate",
      algorithm: "brotli",
      uncompressedLength: 0x102,
      compressedCertificateMessage: "abcd",
    },
  ],
  [M.EndOfEarlyData, "05", "", { _tag: "EndOfEarlyData" }],
  [M.KeyUpdate, "18", "01", { _tag: "KeyUpdate", requestUpdate: "update_requested" }],
  [
    M.NewSessionTicket13,
    "04",
    "00015180" + "01020304" + vector(1, "0001") + vector(2, "71717171") +
    vector(2, "002a" + vector(2, "00004000")),
    {
      _tag: "NewSessionTicket",
      ticketLifetime: 86400,
      ticketAgeAdd: 0x01020304,
      ticketNonce: "0001",
      ticket: "71717171",
      extensions: [{ _tag: "early_data", maxEarlyDataSize: 16384 }],
    },
  ],
  [
    M.ClientHello,
    "01",
    "0303" + "22".repeat(32) + vector(1) + vector(2, "1301") + vector(1, "00") + vector(
      2,
      "0033" + vector(2, vector(2, "001d", vector(2, "0102"), "0017", vector(2, "04"))),
      "002d" + vector(2, vector(1, "01")),
      "002a" + vector(2),
      "0031" + vector(2),
      "0029" + vector(2, vector(2, vector(2, "7177"), "0000ea60"), vector(2, vector(1, "33".repeat(32)))),
    ),
    {
      _tag: "ClientHello",
      clientVersion: "TLS_1_2",
      random: "22".repeat(32),
      sessionId: "",
      cipherSuites: ["TLS_AES_128_GCM_SHA256"],
      compressionMethods: ["null"],
      extensions: [
        {
          _tag: "key_share",
          clientShares: [{ group: "x25519", keyExchange: "0102" }, { group: "secp256r1", keyExchange: "04" }],
        },
        { _tag: "psk_key_exchange_modes", keModes: ["psk_dhe_ke"] },
        { _tag: "early_data" },
        { _tag: "post_handshake_auth" },
        {
          _tag: "pre_shared_key",
          identities: [{ identity: "7177", obfuscatedTicketAge: 60000 }],
          binders: ["33".repeat(32)],
        },
      ],
    },
  ],
];

for (const [Class, type, body, json] of written) {
  Deno.test(`${json._tag} of TLS 1.3 is these bytes, and this JSON`, () => {
    const value = Either.getOrThrow(codec(Class).decode(hex(body)));
    assert.deepEqual(codec(Class).json.encode(value), json);
    assert.equal(toHex(kindOf(Class).encode(value)), type + vector(3, body));
  });
}

Deno.test("lists that may not be empty are refused where they are", () => {
  const refused: ReadonlyArray<readonly [AnySchema, string]> = [
    [M.Cookie, vector(2)],
    [M.CompressCertificate, vector(1)],
    [M.PskKeyExchangeModes, vector(1)],
    [M.CertificateAuthorities, vector(2)],
    [M.SignatureAlgorithmsCert, vector(2)],
    [M.KeyShareServerHello, "001d" + vector(2)],
    [M.OfferedPsks, vector(2, vector(2, "7177"), "00000000") + vector(2, vector(1, "33".repeat(31)))],
    [M.OfferedPsks, vector(2) + vector(2, vector(1, "33".repeat(32)))],
  ];
  for (const [schema, body] of refused) {
    const read = codec(schema).decode(hex(body));
    assert.ok(Either.isLeft(read) && /is outside </.test(read.left.message), body);
  }
});

Deno.test("the random of a HelloRetryRequest is the hash of its name", () => {
  assert.deepEqual(
    noble.crypto.hash("sha256").digest([ascii("HelloRetryRequest")]),
    M.HELLO_RETRY_REQUEST_RANDOM,
  );
});

Deno.test("a HelloRetryRequest is told from a ServerHello by its random alone, however short the body", () => {
  const named = (type: HandshakeType, body: Bytes) =>
    nameOfComing({ _tag: "Handshake", type, body, raw: body });
  const body = hex("0303" + random);
  assert.equal(named(HandshakeType.server_hello, body), "HelloRetryRequest");
  for (let cut = 0; cut < body.length; cut++) {
    assert.equal(named(HandshakeType.server_hello, body.subarray(0, cut)), "ServerHello");
    const other = body.slice();
    other[cut]! ^= 1;
    assert.equal(named(HandshakeType.server_hello, other), cut < 2 ? "HelloRetryRequest" : "ServerHello");
  }
  assert.equal(named(HandshakeType.client_hello, body), "ClientHello");
});
