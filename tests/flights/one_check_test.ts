/** Checks behind which another check stands, each tested alone: what only this one refuses. @module */
import { assert, Context, Effect, Either, Layer, Option } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { credentialFromPem, layer as credentialsOf } from "../../src/layers/credentials/credentials.ts";
import {
  ClientHello,
  ServerHello,
  type ServerHelloExtension,
  ServerKeyExchangeDHE,
  ServerKeyExchangeDHELegacy,
  ServerKeyExchangeECDHE,
} from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { answerByShare, Crypto, type CryptoService, type PublicKey } from "../../src/ports/crypto.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import * as Server from "../../src/server.ts";
import { authenticationOf, hasRoomFor } from "../../src/tables/key_kinds.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { dialects } from "../../src/tables/versions/mod.ts";
import { type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import * as Golden from "../golden/certificates.ts";
import { altering, verdict } from "../support/altering.ts";
import { makeCa } from "../support/ca.ts";
import { sync, tagOf } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  credentialOf,
  handshake,
  renegotiated,
  type Setup,
} from "../support/handshake.ts";
import { type Change, changedHandshake, changingHello, without } from "../support/other_ends.ts";
import { scripted } from "../support/replay.ts";
import { bothUnder, compatible12, modern12, policyFor } from "../support/policies.ts";

const C = N.CipherSuite;
const S = N.SignatureScheme;
const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = N.ProtocolVersion;

const speaks = (version: N.ProtocolVersion, suite: N.CipherSuite, kind: Golden.Kind = "rsa"): Setup =>
  bothUnder(policyFor(version, { cipherSuites: [suite] }), { kind });
const flipped = (bytes: Bytes, at = bytes.length - 1): Bytes => bytes.map((b, i) => i === at ? b ^ 1 : b);

// ---- the signature on a server's Diffie-Hellman value ----

for (const version of [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0]) {
  const setup = speaks(version, C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA);
  const Class = version === TLS_1_2 ? ServerKeyExchangeDHE : ServerKeyExchangeDHELegacy;
  const change = (of: (m: ServerKeyExchangeDHELegacy) => Partial<ServerKeyExchangeDHELegacy>) =>
    altering(Class as typeof ServerKeyExchangeDHELegacy, 12, (m) => ({ ...m, ...of(m) }));
  const changes = {
    nothing: [(flow: Bytes) => flow, "accepted"],
    "the server's value": [
      change(({ params }) => ({ params: { ...params, dhYs: flipped(params.dhYs) } })),
      "DecryptError decrypt_error",
    ],
    "its prime": [
      change(({ params }) => ({ params: { ...params, dhP: flipped(params.dhP, 9) } })),
      "DecryptError decrypt_error",
    ],
    "its generator": [
      change(({ params }) => ({ params: { ...params, dhG: Uint8Array.of(3) } })),
      "DecryptError decrypt_error",
    ],
    "its signature": [
      change(({ signature }) => ({ signature: flipped(signature) })),
      "DecryptError decrypt_error",
    ],
  } as const;
  for (const [what, [flow, expected]] of Object.entries(changes)) {
    sync(
      `${
        N.versionText(version)
      }: a client meets DHE parameters signed by the server with ${what} changed: ${expected}`,
      Effect.map(verdict("client", setup, flow), (said) => assert.equal(said, expected)),
    );
  }
  sync(
    `${N.versionText(version)}: both ends name the scheme that the DHE parameters were signed with`,
    Effect.gen(function* () {
      const { client, server } = yield* handshake(setup);
      const scheme = version === TLS_1_2 ? S.rsa_pss_rsae_sha256 : S.rsa_pkcs1_md5_sha1;
      assert.equal((yield* client.negotiated).signatureScheme, scheme);
      assert.equal((yield* server.negotiated).signatureScheme, scheme);
    }),
  );
}

// ---- what a client makes of the server's flight ----

const inServerHello = (change: (hello: ServerHello) => Partial<ServerHello>) =>
  altering(ServerHello, 2, (hello) => ({ ...hello, ...change(hello) }));
const adding = (extension: ServerHelloExtension) =>
  inServerHello(({ extensions = [] }) => ({ extensions: [...extensions, extension] }));
/** The message with a session ID of 33 bytes; its length stands after version and random. */
const longId = (body: Bytes): Bytes =>
  concat(
    body.subarray(0, 34),
    Uint8Array.of(33),
    new Uint8Array(33).fill(7),
    body.subarray(35 + body[34]!),
  );
const strict: Setup = { client: { policy: { ...modern12, requireExtendedMasterSecret: true } } };
const strictServer: Setup = { server: { policy: { ...modern12, requireExtendedMasterSecret: true } } };
const transport = bothUnder({ ...compatible12, cipherSuites: [C.TLS_RSA_WITH_AES_128_GCM_SHA256] }, {
  kind: "rsa",
});
const ca = makeCa();
const derOf = (kind: Golden.Kind): Bytes => credentialOf(Golden.server(kind)).chain[0]!;
const withChain = (der: Bytes): Change => (stream) => ({
  ...stream,
  send: (raw, message) =>
    stream.send(
      message._tag === "Certificate"
        ? encodeMessage(
          Object.assign(Object.create(Object.getPrototypeOf(message)), message, { certificateList: [der] }),
        )
        : raw,
      message,
    ),
});

const flows: ReadonlyArray<readonly ["client" | "server", string, Setup, (flow: Bytes) => Bytes, string]> = [
  [
    "client",
    "a suite of TLS 1.2 in TLS 1.1, though it was offered",
    bothUnder(compatible12, { kind: "p256" }),
    inServerHello(() => ({ serverVersion: TLS_1_1 })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "client",
    "encrypt_then_mac with a suite that is not CBC (RFC 7366 §3)",
    {},
    adding({ _tag: "encrypt_then_mac" }),
    "IllegalParameter illegal_parameter",
  ],
  [
    "client",
    "encrypt_then_mac with RC4 (RFC 7366 §3)",
    speaks(TLS_1_2, C.TLS_RSA_WITH_RC4_128_SHA),
    adding({ _tag: "encrypt_then_mac" }),
    "IllegalParameter illegal_parameter",
  ],
  [
    "client",
    "no extended_master_secret where policy requires it",
    strict,
    inServerHello(({ extensions }) => ({ extensions: without(extensions, "extended_master_secret") })),
    "Refused handshake_failure",
  ],
  [
    "server",
    "no extended_master_secret where policy requires it",
    strictServer,
    altering(ClientHello, 1, (hello) => ({
      ...hello,
      extensions: without(hello.extensions, "extended_master_secret"),
    })),
    "Refused handshake_failure",
  ],
  ["client", "extended_master_secret where policy requires it", strict, (flow) => flow, "accepted"],
  ["server", "extended_master_secret where policy requires it", strictServer, (flow) => flow, "accepted"],
  [
    "client",
    "a finite field that it offered where a curve is due",
    {},
    altering(ServerKeyExchangeECDHE, 12, (m) => ({
      ...m,
      params: { ...m.params, namedCurve: N.NamedGroup.ffdhe2048 },
    })),
    "IllegalParameter illegal_parameter",
  ],
  [
    "client",
    "a session ID of 33 bytes",
    {},
    altering(ServerHello, 2, (hello) => longId(codec(ServerHello).unsafeEncode(hello))),
    "DecodeError decode_error",
  ],
  [
    "server",
    "a session ID of 33 bytes",
    {},
    altering(ClientHello, 1, (hello) => longId(codec(ClientHello).unsafeEncode(hello))),
    "DecodeError decode_error",
  ],
];
for (const [role, what, setup, change, expected] of flows) {
  sync(
    `a ${role} meets ${what}: ${expected}`,
    Effect.map(verdict(role, setup, change), (said) => assert.equal(said, expected)),
  );
}

sync(
  "a client does not encrypt to a key for PSS: it fits RSA suites, but not their key transport",
  Effect.gen(function* () {
    const { client } = yield* changedHandshake(yield* build({ ...transport, toy: true }), transport, {
      server: withChain(derOf("rsa_pss")),
    });
    assert.equal(Either.isLeft(client) && alertOf(client.left), "illegal_parameter");
    assert.match(Either.isLeft(client) ? client.left.message : "", /does not fit the key exchange/);
  }),
);

sync(
  "a server refuses a client's leaf that may not sign, whoever trusts it",
  Effect.gen(function* () {
    for (
      const [usage, expected] of [["keyEncipherment", "CertificateError"], [
        "digitalSignature",
        "no error",
      ]] as const
    ) {
      const issued = ca.issue({ key: "p256", keyUsage: [usage] });
      const credential = yield* credentialFromPem({
        certificate: issued.certificatePem,
        privateKey: issued.privateKeyPem,
      });
      const built = yield* build({ toy: true });
      // It shows what it should not, as another's client might.
      const shown = { ...credential, usage: { ...credential.usage, digitalSignature: true } };
      const client = Context.merge(built.client, yield* Layer.build(credentialsOf([shown])));
      const { server } = yield* bothHandshake({ ...built, client } as typeof built, {
        server: { clientAuth: "require" },
      });
      assert.equal(tagOf(server), expected);
    }
  }),
);

// ---- keys that are too short for a scheme ----

const rsaKey = (bits: number): PublicKey => {
  const modulus = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  modulus[0] = 0xff >> (8 * modulus.length - bits);
  return { _tag: "rsa", modulus, publicExponent: Uint8Array.of(1, 0, 1) };
};

Deno.test("an RSA key makes, and is believed to make, only signatures that it is long enough for", () => {
  const least: ReadonlyArray<readonly [N.SignatureScheme, number]> = [
    [S.rsa_pkcs1_sha1, 361],
    [S.rsa_pkcs1_sha256, 489],
    [S.rsa_pkcs1_sha384, 617],
    [S.rsa_pkcs1_sha512, 745],
    [S.rsa_pss_rsae_sha256, 522],
    [S.rsa_pss_rsae_sha384, 778],
    [S.rsa_pss_rsae_sha512, 1034],
  ];
  const { signing } = dialects.get(TLS_1_2)!;
  for (const [scheme, bits] of least) {
    for (const [length, makes] of [[bits - 1, false], [bits, true]] as const) {
      const key = rsaKey(length);
      assert.equal(authenticationOf(key).makes(scheme, key), makes, `${S.nameOf(scheme)} ${length}`);
      assert.deepEqual(signing.schemesOf(key, [scheme]), makes ? [scheme] : []);
      const said = { _tag: "CertificateVerify", algorithm: scheme, signature: new Uint8Array(64) };
      assert.equal(Either.isRight(signing.schemeOf(said, key, [scheme])), makes);
    }
  }
  assert.deepEqual([368, 369].map((bits) => hasRoomFor(S.rsa_pkcs1_md5_sha1, rsaKey(bits))), [false, true]);
});

for (const role of ["server", "client"] as const) {
  sync(
    `a ${role} with a short RSA key signs by a scheme that has room in it, and not by the first that both allow`,
    Effect.gen(function* () {
      const schemes = [S.rsa_pss_rsae_sha512, S.rsa_pkcs1_sha512];
      const policy: Policy = { ...modern12, signatureSchemes: schemes };
      const issued = ca.issue({ key: "rsa1024" });
      const credential = yield* credentialFromPem({
        certificate: issued.chainPem,
        privateKey: issued.privateKeyPem,
      });
      const setup: Setup = {
        kind: "rsa",
        toy: true,
        client: { policy },
        server: { policy, clientAuth: role === "client" ? "require" : "none" },
      };
      const built = yield* build(setup);
      const own = Context.merge(built[role], yield* Layer.build(credentialsOf([credential])));
      const asked: Array<number> = [];
      const watched: Change = (stream) => ({
        ...stream,
        send: (raw, message) => {
          if ("algorithm" in message) asked.push(message.algorithm as number);
          stream.send(raw, message);
        },
      });
      const { client, server } = yield* changedHandshake({ ...built, [role]: own } as typeof built, setup, {
        [role]: watched,
      });
      assert.deepEqual([tagOf(client), tagOf(server)], ["no error", "no error"]);
      assert.deepEqual(asked, [S.rsa_pkcs1_sha512]);
    }),
  );
}

// ---- the secret of a finite field ----

for (const role of ["client", "server"] as const) {
  sync(
    `a DHE secret loses the zeros that it begins with (RFC 5246 §8.1.2) at the ${role}`,
    Effect.gen(function* () {
      const setup = { ...speaks(TLS_1_2, C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA), toy: true };
      const built = yield* build(setup);
      const agreeing = (end: typeof built.client, ...secret: ReadonlyArray<number>) => {
        const crypto = Context.get(end, Crypto);
        const keyShare: CryptoService["keyShare"] = (group) =>
          Effect.map(
            crypto.keyShare(group),
            (share) => ({ ...share, agree: () => Effect.succeed(Uint8Array.from(secret)) }),
          );
        return Context.add(end, Crypto, { ...crypto, keyShare, answerShare: answerByShare(keyShare) });
      };
      const other = role === "client" ? "server" : "client";
      const { client, server } = yield* bothHandshake({
        ...built,
        [role]: agreeing(built[role], 0, 0, 5, 0, 7),
        [other]: agreeing(built[other], 5, 0, 7),
      }, setup);
      assert.deepEqual([tagOf(client), tagOf(server)], ["no error", "no error"]);
    }),
  );
}

// ---- sessions ----

sync(
  "a client that just goes away in the middle of a resumption leaves the session in the server's store",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const { client } = yield* bothHandshake(built);
    const { sessionId } = yield* (yield* client).negotiated;
    const { tape } = yield* bothHandshake(built);
    const { stream } = scripted([tape.flows[0]!.bytes]);
    const server = yield* Effect.either(
      Effect.provide(Server.over(stream, { policy: modern12 }), built.server),
    );
    assert.equal(tagOf(server), "Truncated");
    assert.ok(Option.isSome(yield* Context.get(built.server, SessionStore).get(toHex(sessionId))));
  }),
);

const again: Policy = {
  ...compatible12,
  renegotiation: "allow",
  cipherSuites: [C.TLS_RSA_WITH_AES_128_CBC_SHA],
};

sync(
  "a renegotiation that resumes may not lose encrypt_then_mac: a server refuses the hello",
  Effect.gen(function* () {
    const setup: Setup = { kind: "rsa", toy: true, client: { policy: again }, server: { policy: again } };
    const losing = changingHello((hello, count) =>
      encodeMessage(
        count === 0
          ? hello
          : make(ClientHello, { ...hello, extensions: without(hello.extensions, "encrypt_then_mac") }),
      )
    );
    const { client, server } = yield* changedHandshake(yield* build(setup), setup, { client: losing });
    const [c, s] = [yield* client, yield* server];
    const reading = yield* Effect.fork(Effect.either(s.read));
    yield* Effect.either(c.renegotiateWith({ resume: true }));
    const heard = yield* reading;
    assert.equal(
      Either.isLeft(heard) && heard.left._tag === "Refused" && heard.left.reason,
      "renegotiation_loses_encrypt_then_mac",
    );
  }),
);

sync(
  "tls-exporter is undefined after a renegotiation that this end began, though it lets the peer begin none",
  Effect.gen(function* () {
    const setup: Setup = {
      toy: true,
      client: { policy: { ...modern12, renegotiation: "refuse" } },
      server: { policy: { ...modern12, renegotiation: "allow" } },
    };
    const { client, server } = yield* handshake(setup);
    assert.equal((yield* client.channelBinding("tls-exporter")).length, 32);
    yield* renegotiated(client, server, {});
    const bound = yield* Effect.either(client.channelBinding("tls-exporter"));
    assert.match(Either.isLeft(bound) ? bound.left.message : "bound", /where renegotiation is enabled/);
  }),
);
