/**
 * Hellos with one thing wrong in them: what each end refuses, and with which alert (RFC 5246 §7.4.1).
 *
 * @module
 */
import { assert, Context, Effect, Either, Layer } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import {
  Certificate,
  ClientHello,
  type ClientHelloExtension,
  ServerHello,
  type ServerHelloExtension,
  ServerKeyExchangeECDHE,
} from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { answerByShare, Crypto, type CryptoService } from "../../src/ports/crypto.ts";
import { compatible12, modern12 } from "../support/policies.ts";
import { ascii, type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import type { KeyUsage } from "../../src/x509/certificate/key_usage.ts";
import * as Golden from "../golden/certificates.ts";
import { altering, verdict } from "../support/altering.ts";
import { makeCa } from "../support/ca.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, recordsOf, type Setup, type Tamper } from "../support/handshake.ts";
import { without } from "../support/other_ends.ts";
import { plainRecord } from "../support/replay.ts";

const ca = makeCa();

const sni: ServerHelloExtension = { _tag: "server_name" };

// ---- what a client makes of the server's flight ----

const inServerHello = (change: (hello: ServerHello) => Partial<ServerHello>) =>
  altering(ServerHello, 2, (hello) => ({ ...hello, ...change(hello) }));
const inExtensions = (
  change: (list: ReadonlyArray<ServerHelloExtension>) => ReadonlyArray<ServerHelloExtension> | undefined,
) => inServerHello((hello) => ({ extensions: change(hello.extensions ?? []) }));
const inKeyExchange = (change: (m: ServerKeyExchangeECDHE) => Partial<ServerKeyExchangeECDHE>) =>
  altering(ServerKeyExchangeECDHE, 12, (m) => ({ ...m, ...change(m) }));
const chainOf = (kind: Golden.Kind): Bytes =>
  Uint8Array.from(
    atob(Golden.server(kind).certificate.replace(/-----[^-]+-----|\s/g, "")),
    (c) => c.charCodeAt(0),
  );
/** The same certificate, of the version 13 that nobody has: `[0] { INTEGER 12 }`. */
const ofVersion13 = (der: Bytes): Bytes => {
  const at = der.findIndex((byte, i) =>
    byte === 0xa0 && der[i + 1] === 3 && der[i + 2] === 2 && der[i + 3] === 1
  );
  return der.with(at + 4, 12);
};
const withChain = (...certificateList: ReadonlyArray<Bytes>) =>
  altering(Certificate, 11, () => ({ certificateList }));

/** A leaf whose keyUsage is this; the handshake looks at it before anybody is asked for trust. */
const leafFor = (key: "p256" | "rsa", ...keyUsage: ReadonlyArray<KeyUsage>): Bytes =>
  ca.issue({ key, keyUsage }).der;
const rsaTransport = { ...compatible12, cipherSuites: [N.CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256] };

const alpn: Setup = { client: { alpn: ["h2", "http/1.1"] }, server: { alpn: ["h2"] } };
const named = (...names: ReadonlyArray<string>): ServerHelloExtension => ({
  _tag: "application_layer_protocol_negotiation",
  protocolNameList: names.map(ascii),
});

const ofServer: ReadonlyArray<readonly [string, Setup, (flow: Bytes) => Bytes, string]> = [
  ["nothing changed", {}, (flow) => flow, "accepted"],
  [
    "a version that was not offered",
    {},
    inServerHello(() => ({ serverVersion: N.ProtocolVersion.TLS_1_1 })),
    "Refused protocol_version",
  ],
  [
    "a suite that was not offered",
    {},
    inServerHello(() => ({ cipherSuite: N.CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256 })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a compression method that was not offered",
    {},
    inServerHello(() => ({ compressionMethod: N.CompressionMethod.DEFLATE })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "an extension that was not asked for",
    {},
    inExtensions((
      l,
    ) => [...l, { _tag: "max_fragment_length", maxFragmentLength: N.MaxFragmentLength["2_9"] }]),
    "UnsupportedExtension unsupported_extension",
  ],
  [
    "an unknown extension",
    {},
    inExtensions((l) => [...l, { _tag: "unknown", type: N.ExtensionType.of(0x1a1a), data: EMPTY }]),
    "UnsupportedExtension unsupported_extension",
  ],
  [
    "an ALPN answer to no question",
    {},
    inExtensions((l) => [...l, named("h2")]),
    "UnsupportedExtension unsupported_extension",
  ],
  [
    "an extension twice",
    {},
    inExtensions((l) => [...l, sni, sni]),
    "DecodeError decode_error",
  ],
  [
    "no renegotiation_info",
    {},
    inExtensions((l) => without(l, "renegotiation_info")),
    "Refused handshake_failure",
  ],
  ["no extension at all", {}, inExtensions(() => undefined), "Refused handshake_failure"],
  [
    "a renegotiation_info that is not empty",
    {},
    inExtensions((l) => [
      ...without(l, "renegotiation_info"),
      { _tag: "renegotiation_info", renegotiatedConnection: ascii("x") },
    ]),
    "Refused handshake_failure",
  ],
  [
    "no uncompressed points",
    {},
    inExtensions((l) => [
      ...without(l, "ec_point_formats"),
      { _tag: "ec_point_formats", ecPointFormatList: [N.ECPointFormat.ansiX962_compressed_prime] },
    ]),
    "IllegalParameter illegal_parameter",
  ],
  [
    "an application protocol that was not offered",
    alpn,
    inExtensions((l) => [...without(l, "application_layer_protocol_negotiation"), named("spdy/3")]),
    "IllegalParameter illegal_parameter",
  ],
  [
    "two application protocols",
    alpn,
    inExtensions((l) => [...without(l, "application_layer_protocol_negotiation"), named("h2", "http/1.1")]),
    "IllegalParameter illegal_parameter",
  ],
  ["an empty Certificate", {}, withChain(), "DecodeError decode_error"],
  ["a certificate that is no DER", {}, withChain(ascii("certificate")), "CertificateError bad_certificate"],
  [
    "a certificate that is no DER, where policy has it told as BoringSSL does",
    { client: { policy: { ...modern12, corruptCertificateAlert: "decode_error" } } },
    withChain(ascii("certificate")),
    "CertificateError decode_error",
  ],
  [
    "a certificate of a version that is none, of which roots can judge nothing",
    {},
    withChain(ofVersion13(chainOf("p256"))),
    "CertificateError bad_certificate",
  ],
  [
    "a certificate of a version that is none, where policy has it told as BoringSSL does",
    { client: { policy: { ...modern12, corruptCertificateAlert: "decode_error" } } },
    withChain(ofVersion13(chainOf("p256"))),
    "CertificateError decode_error",
  ],
  [
    "a certificate whose key does not fit the suite",
    {},
    withChain(chainOf("rsa")),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a certificate on a curve that was not offered",
    { client: { policy: { ...modern12, groups: [N.NamedGroup.x25519, N.NamedGroup.secp256r1] } } },
    withChain(chainOf("p384")),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a certificate that may not sign, for ECDHE",
    {},
    withChain(leafFor("p256", "keyAgreement")),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a certificate that may not decrypt, for RSA key transport",
    { kind: "rsa", client: { policy: rsaTransport }, server: { policy: rsaTransport } },
    withChain(leafFor("rsa", "digitalSignature")),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a curve that is not named",
    {},
    inKeyExchange((m) => ({ params: { ...m.params, curveType: N.ECCurveType.explicit_prime } })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a group that was not offered",
    {},
    inKeyExchange((m) => ({ params: { ...m.params, namedCurve: N.NamedGroup.x448 } })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a signature scheme that was not offered",
    {},
    inKeyExchange(() => ({ algorithm: N.SignatureScheme.ecdsa_sha1 })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a signature scheme that the key can't make",
    {},
    inKeyExchange(() => ({ algorithm: N.SignatureScheme.rsa_pkcs1_sha256 })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a signature with a byte changed",
    {},
    inKeyExchange((m) => ({ signature: m.signature.map((b, i) => i === 20 ? b ^ 1 : b) })),
    "DecryptError decrypt_error",
  ],
  [
    "parameters with a byte changed",
    {},
    inKeyExchange((m) => ({
      params: { ...m.params, public: m.params.public.map((b, i) => i === 9 ? b ^ 1 : b) },
    })),
    "DecryptError decrypt_error",
  ],
  ["an empty signature", {}, inKeyExchange(() => ({ signature: EMPTY })), "DecryptError decrypt_error"],
];
for (const [what, setup, change, expected] of ofServer) {
  sync(
    `a client meets ${what}: ${expected}`,
    Effect.gen(function* () {
      assert.equal(yield* verdict("client", setup, change), expected);
    }),
  );
}

// ---- what a server makes of the client's hello ----

const inHello = (change: (hello: ClientHello) => Partial<ClientHello>) =>
  altering(ClientHello, 1, (hello) => ({ ...hello, ...change(hello) }));
const inOffer = (
  change: (list: ReadonlyArray<ClientHelloExtension>) => ReadonlyArray<ClientHelloExtension> | undefined,
) => inHello((hello) => ({ extensions: change(hello.extensions ?? []) }));
const versions = (...versions: ReadonlyArray<N.ProtocolVersion>): ClientHelloExtension => ({
  _tag: "supported_versions",
  versions,
});
const { TLS_1_1, TLS_1_2, TLS_1_3 } = N.ProtocolVersion;
const GREASE = 0x5a5a;

const ofClient: ReadonlyArray<readonly [string, Setup, (flow: Bytes) => Bytes, string]> = [
  ["nothing changed", {}, (flow) => flow, "accepted"],
  ["a version below ours", {}, inHello(() => ({ clientVersion: TLS_1_1 })), "Refused protocol_version"],
  ["a version above ours", {}, inHello(() => ({ clientVersion: N.ProtocolVersion.of(0x03ff) })), "accepted"],
  [
    "a client_version above ours and another major",
    {},
    inHello(() => ({ clientVersion: N.ProtocolVersion.of(0x0400) })),
    "accepted",
  ],
  [
    "supported_versions without ours",
    {},
    inOffer((l) => [...l, versions(TLS_1_3)]),
    "Refused protocol_version",
  ],
  [
    "supported_versions that alone have ours",
    {},
    inHello((h) => ({
      clientVersion: TLS_1_1,
      extensions: [...h.extensions ?? [], versions(N.ProtocolVersion.of(GREASE), TLS_1_3, TLS_1_2)],
    })),
    "accepted",
  ],
  [
    "no null compression",
    {},
    inHello(() => ({ compressionMethods: [N.CompressionMethod.DEFLATE] })),
    "Refused illegal_parameter",
  ],
  [
    "no suite of ours",
    {},
    inHello(() => ({ cipherSuites: [N.CipherSuite.TLS_AES_128_GCM_SHA256] })),
    "Refused handshake_failure",
  ],
  [
    "TLS_FALLBACK_SCSV at our best version",
    {},
    inHello((h) => ({ cipherSuites: [...h.cipherSuites, N.CipherSuite.TLS_FALLBACK_SCSV] })),
    "accepted",
  ],
  [
    "no signature_algorithms, which means SHA-1",
    {},
    inOffer((l) => without(l, "signature_algorithms")),
    "Refused handshake_failure",
  ],
  [
    "no supported_groups, which leaves the choice to us",
    {},
    inOffer((l) => without(l, "supported_groups")),
    "accepted",
  ],
  [
    "supported_groups without the certificate's curve",
    { kind: "p384" },
    inOffer((l) => [
      ...without(l, "supported_groups"),
      { _tag: "supported_groups", namedGroupList: [N.NamedGroup.x25519] },
    ]),
    "Refused handshake_failure",
  ],
  [
    "no group of ours",
    {},
    inOffer((l) => [
      ...without(l, "supported_groups"),
      { _tag: "supported_groups", namedGroupList: [N.NamedGroup.x448] },
    ]),
    "Refused handshake_failure",
  ],
  [
    "no uncompressed points",
    {},
    inOffer((l) => [...without(l, "ec_point_formats"), {
      _tag: "ec_point_formats",
      ecPointFormatList: [
        N.ECPointFormat.ansiX962_compressed_prime,
      ],
    }]),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a renegotiation_info that is not empty",
    {},
    inOffer((l) => [
      ...without(l, "renegotiation_info"),
      { _tag: "renegotiation_info", renegotiatedConnection: ascii("x") },
    ]),
    "Refused handshake_failure",
  ],
  [
    "an application protocol that is none of ours",
    { server: { alpn: ["h2"] } },
    inOffer((l) => [
      ...l,
      {
        _tag: "application_layer_protocol_negotiation",
        protocolNameList: [ascii("spdy/3"), ascii("\x1a\x1a")],
      },
    ]),
    "Refused no_application_protocol",
  ],
  [
    "an empty application protocol",
    { server: { alpn: ["h2"] } },
    inOffer((l) => [...l, {
      _tag: "unknown",
      type: N.ExtensionType.application_layer_protocol_negotiation,
      data: Uint8Array.of(0, 1, 0),
    }]),
    "DecodeError decode_error",
  ],
  [
    "an extension twice",
    {},
    inOffer((l) => [...l, ...l.slice(0, 1)]),
    "DecodeError decode_error",
  ],
  [
    "GREASE everywhere",
    {},
    inHello((h) => ({
      cipherSuites: [N.CipherSuite.of(GREASE), ...h.cipherSuites],
      extensions: (h.extensions ?? []).map((e): ClientHelloExtension =>
        e._tag === "supported_groups"
          ? { ...e, namedGroupList: [N.NamedGroup.of(GREASE), ...e.namedGroupList] }
          : e._tag === "signature_algorithms"
          ? {
            ...e,
            supportedSignatureAlgorithms: [N.SignatureScheme.of(GREASE), ...e.supportedSignatureAlgorithms],
          }
          : e
      ).concat([{ _tag: "unknown", type: N.ExtensionType.of(GREASE), data: ascii("grease") }]),
    })),
    "accepted",
  ],
  [
    "bytes after the extensions",
    {},
    altering(ClientHello, 1, (h) => concat(codec(ClientHello).unsafeEncode(h), ascii("x"))),
    "DecodeError decode_error",
  ],
];
for (const [what, setup, change, expected] of ofClient) {
  sync(
    `a server meets ${what}: ${expected}`,
    Effect.gen(function* () {
      assert.equal(yield* verdict("server", setup, change), expected);
    }),
  );
}

// ---- peers whose cryptography misbehaves ----

/** A handshake in which one side's cryptography is changed; both ends' errors. */
const misbehaving = (
  side: "client" | "server",
  change: (crypto: CryptoService) => Partial<CryptoService>,
  setup: Setup = {},
) =>
  Effect.gen(function* () {
    const built = yield* build(setup);
    const crypto = makeDeterministic("misbehaving");
    const other = yield* Layer.build(Layer.succeed(Crypto, { ...crypto, ...change(crypto) }));
    const { client, server } = yield* bothHandshake(
      { ...built, [side]: Context.merge(built[side], other) },
      setup,
    );
    const told = (e: Either.Either<unknown, TlsError>) =>
      Either.isLeft(e) ? `${e.left._tag} ${alertOf(e.left) ?? ""}`.trim() : "established";
    return { client: told(client), server: told(server) };
  });

const points: Readonly<Record<string, readonly [N.NamedGroup, Bytes]>> = {
  "an all-zero x25519 secret": [N.NamedGroup.x25519, new Uint8Array(32)],
  "an x25519 share of the wrong length": [N.NamedGroup.x25519, new Uint8Array(31).fill(9)],
  "a compressed point": [N.NamedGroup.secp256r1, Uint8Array.of(2, ...new Uint8Array(32).fill(1))],
  "a point off the curve": [N.NamedGroup.secp256r1, Uint8Array.of(4, ...new Uint8Array(64).fill(1))],
  "the point at infinity": [N.NamedGroup.secp384r1, Uint8Array.of(0)],
};
for (const [what, [group, publicKey]] of Object.entries(points)) {
  const policy = { ...modern12, groups: [group, ...modern12.groups.filter((g) => g !== group)] };
  const setup: Setup = { client: { policy }, server: { policy } };
  const lying = (crypto: CryptoService): Partial<CryptoService> => {
    const keyShare: CryptoService["keyShare"] = (g) =>
      Effect.map(crypto.keyShare(g), (share) => ({ ...share, publicKey }));
    return { keyShare, answerShare: answerByShare(keyShare) };
  };
  sync(
    `a client is given ${what}: illegal_parameter`,
    Effect.gen(function* () {
      const { client } = yield* misbehaving("server", lying, setup);
      assert.equal(client, "IllegalParameter illegal_parameter");
    }),
  );
  sync(
    `a server is given ${what}: illegal_parameter`,
    Effect.gen(function* () {
      const { server } = yield* misbehaving("client", lying, setup);
      assert.equal(server, "IllegalParameter illegal_parameter");
    }),
  );
}

const rsa: Setup = {
  kind: "rsa",
  client: { policy: { ...compatible12, cipherSuites: [N.CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256] } },
  server: { policy: compatible12 },
};
/** What a client may put where 256 bytes of ciphertext are due (RFC 5246 §7.4.7.1). */
const faults: Readonly<Record<string, (good: Bytes) => Bytes>> = {
  "a ciphertext of zeros": (c) => new Uint8Array(c.length),
  "a ciphertext above the modulus": (c) => new Uint8Array(c.length).fill(0xff),
  "a ciphertext that is one byte short": (c) => c.subarray(1),
  "a ciphertext that is one byte long": (c) => concat(Uint8Array.of(0), c),
  "no ciphertext": () => EMPTY,
  "a ciphertext with a byte changed": (c) => c.map((b, i) => i === 100 ? b ^ 1 : b),
};
for (const [what, change] of Object.entries(faults)) {
  sync(
    `RSA key transport with ${what} fails as every other fault does, at Finished`,
    Effect.gen(function* () {
      const { server, client } = yield* misbehaving("client", (crypto) => ({
        rsaEncrypt: (key, message) => Effect.map(crypto.rsaEncrypt(key, message), change),
      }), rsa);
      assert.equal(server, "BadRecordMac bad_record_mac");
      assert.equal(client, "PeerAlert");
    }),
  );
}
sync(
  "RSA key transport with another version in the premaster secret fails as every other fault does",
  Effect.gen(function* () {
    const { server } = yield* misbehaving("client", (crypto) => ({
      rsaEncrypt: (key, message) => crypto.rsaEncrypt(key, Uint8Array.of(3, 1, ...message.subarray(2))),
    }), rsa);
    assert.equal(server, "BadRecordMac bad_record_mac");
  }),
);

// ---- what comes before its turn ----

/** A flow whose last record goes on with these bytes. */
const goingOn = (...more: ReadonlyArray<number>) => (flow: Bytes): Bytes => {
  const records = recordsOf(flow);
  const last = records.at(-1)!;
  const fragment = concat(last.subarray(5), Uint8Array.from(more));
  return concat(...records.slice(0, -1), plainRecord(22, fragment, last[1]! << 8 | last[2]!));
};

for (
  const [role, what, more, outcome] of [
    ["client", "a part of the server's next message", [4, 0, 0], "UnexpectedMessage unexpected_message"],
    ["client", "a whole one", [4, 0, 0, 6, 0, 0, 0, 0, 0, 0], "UnexpectedMessage unexpected_message"],
    ["client", "a HelloRequest", [0, 0, 0, 0], "accepted"],
    ["server", "a part of the client's next message", [16, 0, 0], "UnexpectedMessage unexpected_message"],
    ["server", "a whole one", [16, 0, 0, 2, 1, 0], "UnexpectedMessage unexpected_message"],
  ] as const
) {
  sync(
    `a ${role} that reads ${what} in the record that ends the flight before its own: ${outcome}`,
    Effect.map(verdict(role, {}, goingOn(...more)), (said) => assert.equal(said, outcome)),
  );
}

// ---- somebody in between ----

/** Takes extended_master_secret out of the hello, so that the keys no longer depend on what was said. */
const stripping: Tamper = (from, flow, index) =>
  from === "client" && index === 0 ? inOffer((l) => without(l, "extended_master_secret"))(flow) : flow;

sync(
  "a Finished that decrypts and is wrong inside is a decrypt_error",
  Effect.gen(function* () {
    const { server, client } = yield* bothHandshake(yield* build(), { tamper: stripping });
    assert.equal(Either.isLeft(server) && server.left._tag, "DecryptError");
    assert.equal(Either.isLeft(client) && client.left.message, "the peer sent the fatal alert decrypt_error");
  }),
);

sync(
  "a Finished that is changed on the wire is a bad_record_mac",
  Effect.gen(function* () {
    const flipping: Tamper = (from, flow, index) =>
      from === "client" && index === 2 ? flow.map((b, i) => i === flow.length - 1 ? b ^ 1 : b) : flow;
    const { server, client } = yield* bothHandshake(yield* build(), { tamper: flipping });
    assert.equal(Either.isLeft(server) && server.left._tag, "BadRecordMac");
    assert.equal(
      Either.isLeft(client) && client.left.message,
      "the peer sent the fatal alert bad_record_mac",
    );
  }),
);
