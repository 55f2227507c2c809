/**
 * What SSL 3.0, TLS 1.0 and TLS 1.1 bring with them, and what two hellos settle besides the version.
 *
 * @module
 */
import { assert, Context, Effect, Either, Layer, Option } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { credentialFromPem, layer as credentialsOf } from "../../src/layers/credentials/credentials.ts";
import {
  Certificate,
  CertificateVerify,
  ClientHello,
  type ClientHelloExtension,
  ServerHello,
} from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { dialects } from "../../src/tables/versions/mod.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import * as Golden from "../golden/certificates.ts";
import { live, sync } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  handshake,
  lastAlert,
  pingPong,
  recordsOf,
  type Setup,
} from "../support/handshake.ts";
import {
  type Change,
  changedClientHandshake,
  changedHandshake,
  changingHello,
  withoutExtendedMasterSecret,
} from "../support/other_ends.ts";
import { bothUnder, legacy12, modern12, policyFor } from "../support/policies.ts";
import { handshakeMessage, plainRecord, replay } from "../support/replay.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = N.ProtocolVersion;
const { TLS_RSA_WITH_AES_128_CBC_SHA, TLS_FALLBACK_SCSV } = N.CipherSuite;
const speaking = (...versions: ReadonlyArray<N.ProtocolVersion>): Policy => ({ ...legacy12, versions });
const everything = speaking(TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0);

// ---- which version ----

/** A hello of somebody's, in a record. */
const helloOf = (clientVersion: number, more: {
  readonly suites?: ReadonlyArray<number>;
  readonly extensions?: ReadonlyArray<ClientHelloExtension> | undefined;
} = {}): Bytes =>
  plainRecord(
    22,
    encodeMessage(make(ClientHello, {
      clientVersion: N.ProtocolVersion.of(clientVersion),
      random: new Uint8Array(32),
      sessionId: EMPTY,
      cipherSuites: [TLS_RSA_WITH_AES_128_CBC_SHA, ...(more.suites ?? [])].map((id) => N.CipherSuite.of(id)),
      compressionMethods: [N.CompressionMethod.null],
      extensions: more.extensions,
    })),
    0x0300,
  );

/** What a server makes of it: the version in its hello, or why not. */
const chosen = (hello: Bytes, policy: Policy) =>
  Effect.map(replay("server", [hello], { kind: "rsa", server: { policy } }), ({ error, said }) => {
    if (error && error._tag !== "Truncated") return alertOf(error);
    const [first] = recordsOf(said);
    return `${N.versionText(first![9]! << 8 | first![10]!)} in ${
      N.versionText(first![1]! << 8 | first![2]!)
    }`;
  });

const choices: ReadonlyArray<readonly [string, number, Policy, string, Parameters<typeof helloOf>[1]?]> = [
  ["SSL 3.0 to one that speaks all", 0x0300, everything, "SSL 3.0 in SSL 3.0"],
  ["TLS 1.0 to one that speaks all", 0x0301, everything, "TLS 1.0 in TLS 1.0"],
  ["TLS 1.1 to one that speaks all", 0x0302, everything, "TLS 1.1 in TLS 1.1"],
  ["TLS 1.2 to one that speaks all", 0x0303, everything, "TLS 1.2 in TLS 1.2"],
  ["TLS 1.3's number to one that speaks all", 0x0304, everything, "TLS 1.2 in TLS 1.2"],
  ["a minor version to come", 0x03ff, everything, "TLS 1.2 in TLS 1.2"],
  ["a major version to come", 0x0400, everything, "TLS 1.2 in TLS 1.2"],
  ["TLS 1.2 to one that speaks SSL 3.0 alone", 0x0303, speaking(SSL_3_0), "SSL 3.0 in SSL 3.0"],
  ["TLS 1.1 to one that leaves it out", 0x0302, speaking(TLS_1_2, TLS_1_0), "TLS 1.0 in TLS 1.0"],
  ["TLS 1.1 to one that speaks 1.2 alone", 0x0302, speaking(TLS_1_2), "protocol_version"],
  ["SSL 3.0 to Policy.modern", 0x0300, modern12, "protocol_version"],
  ["SSL 2.0's number", 0x0200, everything, "protocol_version"],
  ["a fall-back to TLS 1.1", 0x0302, everything, "inappropriate_fallback", { suites: [TLS_FALLBACK_SCSV] }],
  ["a fall-back to our best", 0x0303, everything, "TLS 1.2 in TLS 1.2", { suites: [TLS_FALLBACK_SCSV] }],
  [
    "a fall-back to the best of a server that speaks no more",
    0x0301,
    speaking(TLS_1_0),
    "TLS 1.0 in TLS 1.0",
    { suites: [TLS_FALLBACK_SCSV] },
  ],
  ["suites to come, and GREASE", 0x0303, everything, "TLS 1.2 in TLS 1.2", {
    suites: [0x0a0a, 0xfafa, 0x1399],
  }],
  ["extensions, groups and schemes to come, and GREASE", 0x0303, everything, "TLS 1.2 in TLS 1.2", {
    extensions: [
      { _tag: "unknown", type: N.ExtensionType.of(0x0a0a), data: Uint8Array.of(1, 2, 3) },
      { _tag: "supported_groups", namedGroupList: [0x0a0a, 0x1299].map((n) => N.NamedGroup.of(n)) },
      {
        _tag: "signature_algorithms",
        supportedSignatureAlgorithms: [0x0a0a, 0x0401].map((n) => N.SignatureScheme.of(n)),
      },
      { _tag: "unknown", type: N.ExtensionType.of(0xfe99), data: EMPTY },
    ],
  }],
  ["supported_versions, with GREASE, alone decides", 0x0303, everything, "TLS 1.1 in TLS 1.1", {
    extensions: [{
      _tag: "supported_versions",
      versions: [0x0a0a, 0x0302, 0x0301].map((n) => N.ProtocolVersion.of(n)),
    }],
  }],
  ["supported_versions means nothing in SSL 3.0", 0x0300, everything, "SSL 3.0 in SSL 3.0", {
    extensions: [{ _tag: "supported_versions", versions: [TLS_1_2] }],
  }],
];
for (const [what, version, policy, expected, more] of choices) {
  sync(
    `a server hears ${what}: ${expected}`,
    Effect.map(chosen(helloOf(version, more), policy), (got) => assert.equal(got, expected)),
  );
}

sync(
  "the first record says TLS 1.0, and SSL 3.0 where nothing else is spoken; then there are no extensions",
  Effect.gen(function* () {
    for (const policy of [everything, speaking(TLS_1_2), speaking(TLS_1_0), speaking(SSL_3_0)]) {
      const { said } = yield* replay("client", [], { client: { policy } });
      const hello = Either.getOrThrow(codec(ClientHello).decode(said.subarray(9)));
      const alone = policy.versions.length === 1 && policy.versions[0] === SSL_3_0;
      assert.equal(said[1]! << 8 | said[2]!, alone ? SSL_3_0 : TLS_1_0);
      assert.equal(hello.extensions === undefined, alone);
      // RFC 5746 §3.4: one or the other.
      const scsv = hello.cipherSuites.includes(N.CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
      assert.equal(scsv, policy.versions.includes(SSL_3_0));
      assert.equal(hello.extensions?.some(({ _tag }) => _tag === "renegotiation_info") ?? false, !scsv);
      assert.equal(
        hello.extensions?.some(({ _tag }) => _tag === "signature_algorithms") ?? false,
        policy.versions.includes(TLS_1_2),
      );
    }
  }),
);

sync(
  "a refusal goes out in a record of the client's, SSL 3.0 or TLS 1.0, by an alert that it has",
  Effect.gen(function* () {
    for (
      const [version, expected, alert] of [
        [0x0300, SSL_3_0, "28"],
        [0x0301, TLS_1_0, "46"],
        [0x0302, TLS_1_0, "46"],
      ] as const
    ) {
      const { said } = yield* replay("server", [helloOf(version)], {
        kind: "rsa",
        server: { policy: modern12 },
      });
      assert.equal(toHex(said), `15${expected.toString(16).padStart(4, "0")}000202${alert}`);
    }
  }),
);

sync(
  "a client takes no hello in the format of SSL 2.0, whatever its policy says of servers",
  Effect.gen(function* () {
    const hello = Uint8Array.of(0x80, 46, 1, 3, 1, 0, 3, 0, 0, 0, 32, 0, 0, 0x2f, ...new Uint8Array(32));
    const { error } = yield* replay("client", [hello], { client: { policy: everything } });
    assert.equal(error?._tag, "NotTls");
  }),
);

sync(
  "version downgrade: a client whose hello was made to say less is told so by the server's random (RFC 8446 §4.1.3)",
  Effect.gen(function* () {
    const setup: Setup = { kind: "rsa", client: { policy: everything }, server: { policy: everything } };
    for (const version of [TLS_1_1, TLS_1_0, SSL_3_0]) {
      const lower = changingHello((hello) =>
        encodeMessage(make(ClientHello, { ...hello, clientVersion: version }))
      );
      const { client } = yield* changedClientHandshake(yield* build(setup), setup, lower);
      assert.equal(
        Either.isLeft(client) && client.left._tag === "Refused" && client.left.reason,
        "downgrade",
      );
    }
  }),
);

// ---- SSL 3.0 ----

const ssl30: Setup = { kind: "rsa", client: { policy: speaking(SSL_3_0) }, server: { policy: everything } };

/** A hello with bytes that are no extensions after its compression methods. */
const withTail = changingHello((hello) => {
  const raw = encodeMessage(hello);
  return handshakeMessage(1, concat(raw.subarray(4), Uint8Array.of(0xde, 0xad, 0xbe)));
});

sync(
  "SSL 3.0: what follows the compression methods is hashed and says nothing (RFC 6101 §5.6.1.2)",
  Effect.gen(function* () {
    const { client, server } = yield* changedClientHandshake(yield* build(ssl30), ssl30, withTail);
    assert.equal(yield* pingPong(yield* client, yield* server), "ping pong");
  }),
);

sync(
  "TLS 1.0: the same bytes are a decode_error",
  Effect.gen(function* () {
    const bare = make(ClientHello, {
      ...Either.getOrThrow(codec(ClientHello).decode(helloOf(0x0301).subarray(9))),
    });
    const raw = encodeMessage(bare);
    const tail = handshakeMessage(1, concat(raw.subarray(4), Uint8Array.of(0xde, 0xad, 0xbe)));
    assert.equal(yield* chosen(plainRecord(22, tail, 0x0301), everything), "decode_error");
  }),
);

sync(
  "SSL 3.0: a client says that it has no certificate by a warning, and an empty Certificate does as well",
  Effect.gen(function* () {
    const asking: Setup = { ...ssl30, server: { policy: everything, clientAuth: "request" } };
    const warned = yield* bothHandshake(yield* build(asking), asking);
    const said = concat(...warned.tape.flows.filter((f) => f.from === "client").map((f) => f.bytes));
    assert.ok(recordsOf(said).some((r) => r[0] === 21 && r[5] === 1 && r[6] === 41));
    assert.equal(yield* pingPong(yield* warned.client, yield* warned.server), "ping pong");
    const empty = make(Certificate, { certificateList: [] });
    const other = yield* changedClientHandshake(yield* build(asking), asking, (stream) => ({
      ...stream,
      warn: () => stream.send(encodeMessage(empty), empty),
    }));
    assert.equal(yield* pingPong(yield* other.client, yield* other.server), "ping pong");
  }),
);

sync(
  "a no_certificate warning has no place where no certificate was asked for, nor in TLS",
  Effect.gen(function* () {
    for (const [setup, error] of [[ssl30, "UnexpectedMessage"], [undefined, "UnexpectedMessage"]] as const) {
      const of: Setup = setup ?? {
        kind: "rsa",
        client: { policy: speaking(TLS_1_0) },
        server: { policy: everything, clientAuth: "request" },
      };
      const { server } = yield* changedClientHandshake(yield* build(of), of, (stream) => ({
        ...stream,
        send: (raw, message) => {
          // In place of an empty Certificate, or before the ClientKeyExchange where none is due.
          if (raw[0] === 16 && setup) stream.warn("no_certificate");
          if (raw[0] === 11) return stream.warn("no_certificate");
          stream.send(raw, message);
        },
      }));
      assert.equal(Either.isLeft(server) && server.left._tag, error);
    }
  }),
);

sync(
  "SSL 3.0: an alert that it does not know goes out by the name of one that it knows",
  Effect.gen(function* () {
    const { alert } = dialects.get(SSL_3_0)!;
    const known = [0, 10, 20, 30, 40, 41, 42, 43, 44, 45, 46, 47];
    for (const name of Object.keys(N.AlertDescription.members) as ReadonlyArray<N.AlertName>) {
      const said = alert(N.AlertLevel.fatal, name);
      if (name === "user_canceled") assert.equal(said, undefined);
      else assert.ok(known.includes(N.AlertDescription[said!.description]), name);
    }
    // A certificate that nobody signed is unknown_ca in TLS.
    const built = yield* build(ssl30);
    const stranger = yield* build({ ...ssl30, clientKind: "rsa" });
    const setup: Setup = { ...ssl30, server: { policy: everything, clientAuth: "require" } };
    const { tape } = yield* bothHandshake({ ...built, client: stranger.client, server: built.server }, {
      ...setup,
      tamper: (from, bytes) =>
        from === "client" && bytes[0] === 22 && bytes[5] === 11 ? bytes.with(-1, 0) as Bytes : bytes,
    });
    assert.match(
      lastAlert(tape, "server"),
      /^fatal (unexpected_message|bad_record_mac|handshake_failure|bad_certificate|illegal_parameter)$/,
    );
  }),
);

sync(
  "a client says signature_algorithms where it offers TLS 1.2, and not below; no server says it (RFC 5246 §7.4.1.4.1)",
  Effect.gen(function* () {
    for (const version of [TLS_1_2, TLS_1_1, TLS_1_0]) {
      const setup = bothUnder(policyFor(version), { kind: "rsa", toy: true });
      const { tape } = yield* handshake(setup);
      const [hello, answer] = tape.flows.map(({ bytes }) => recordsOf(bytes)[0]!.subarray(9));
      const said = [
        Either.getOrThrow(codec(ClientHello).decode(hello!)).extensions,
        Either.getOrThrow(codec(ServerHello).decode(answer!)).extensions,
      ].map((extensions) => (extensions ?? []).some(({ _tag }) => _tag === "signature_algorithms"));
      assert.deepEqual(said, [version === TLS_1_2, false]);
    }
  }),
);

sync(
  "a server takes a ClientHello in a record of any version 3.x (RFC 5246 §E.1)",
  Effect.gen(function* () {
    const hello = helloOf(TLS_1_2).subarray(5);
    for (const version of [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x03ff]) {
      const record = plainRecord(N.ContentType.handshake, hello, version);
      const { end, said } = yield* replay("server", [record], {
        kind: "rsa",
        server: { policy: everything },
      });
      assert.equal(end, "Truncated"); // it waits for more
      assert.equal(said[5], N.HandshakeType.server_hello);
    }
  }),
);

sync(
  "a client's proof by a scheme that the server did not name is an illegal_parameter (RFC 5246 §7.4.8)",
  Effect.gen(function* () {
    const signedByMd5: Change = (stream) => ({
      ...stream,
      send: (raw, message) =>
        stream.send(
          message instanceof CertificateVerify
            ? encodeMessage(
              make(CertificateVerify, { ...message, algorithm: N.SignatureScheme.rsa_pkcs1_md5 }),
            )
            : raw,
          message,
        ),
    });
    const { server } = yield* changedHandshake(
      yield* build({ toy: true, clientKind: "rsa" }),
      { server: { clientAuth: "require" } },
      { client: signedByMd5 },
    );
    assert.ok(Either.isLeft(server));
    assert.equal(`${server.left._tag} ${alertOf(server.left)}`, "IllegalParameter illegal_parameter");
  }),
);

// ---- resumption and the extended master secret (RFC 7627 §5.3) ----

const both = (policy: Partial<Policy>): Setup => ({
  kind: "rsa",
  client: { policy: { ...everything, versions: [TLS_1_2], ...policy } },
  server: { policy: { ...everything, ...policy } },
});
const resumptions: ReadonlyArray<readonly [string, boolean, boolean, boolean, string]> = [
  ["with it, hello with it", true, true, false, "resumed"],
  ["with it, hello without", true, false, true, "session_lost_extended_master_secret"],
  ["without it, hello with it", false, true, true, "full"],
  ["without it, hello without", false, false, false, "full"],
  ["without it, hello without, and the policy allows it", false, false, true, "resumed"],
];
for (const [what, first, second, allowed, expected] of resumptions) {
  sync(
    `a session ${what}: ${expected}`,
    Effect.gen(function* () {
      const setup = both({ resumeWithoutExtendedMasterSecret: true });
      const built = yield* build(setup);
      const one = first ? bothHandshake(built, setup) : withoutExtendedMasterSecret(built, setup);
      yield* (yield* one).client;
      const later: Setup = {
        ...setup,
        server: { policy: { ...everything, resumeWithoutExtendedMasterSecret: allowed } },
      };
      const { client, server } =
        yield* (second ? bothHandshake(built, later) : withoutExtendedMasterSecret(built, later));
      const got = Either.isLeft(server)
        ? server.left._tag === "Refused" && server.left.reason
        : (yield* server.right.negotiated).resumed
        ? "resumed"
        : "full";
      assert.equal(got, expected);
      if (Either.isRight(server)) {
        assert.equal((yield* (yield* client).negotiated).resumed, got === "resumed");
      } else {assert.equal(
          Either.isLeft(client) && client.left.message,
          "the peer sent the fatal alert handshake_failure",
        );}
    }),
  );
}

// ---- a missing close_notify ----

for (const version of [SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2]) {
  const survives = version > TLS_1_0;
  live(
    `${N.versionText(version)}: a session ${
      survives ? "survives" : "does not survive"
    } a missing close_notify`,
    Effect.gen(function* () {
      const policy = { ...everything, limits: { ...everything.limits, closeWait: 10 } };
      const setup: Setup = { kind: "rsa", client: { policy: speaking(version) }, server: { policy } };
      const built = yield* build(setup);
      const store = Context.get(built.client, SessionStore);
      const kept = Effect.map(store.get("localhost"), Option.isSome);
      yield* (yield* bothHandshake(built, setup)).client;
      assert.equal(yield* kept, true);
      assert.equal(yield* handshakeThenCut(setup, built), "Truncated");
      assert.equal(yield* kept, survives);
    }),
  );
}

/** A handshake, after which the server's stream ends: what the client's next read says. */
const handshakeThenCut = (setup: Setup, built: Effect.Effect.Success<ReturnType<typeof build>>) =>
  Effect.gen(function* () {
    let over = false;
    const { client, server } = yield* bothHandshake(built, {
      ...setup,
      tamper: (from, bytes) => over && from === "server" ? EMPTY : bytes,
    });
    const [c, s] = [yield* client, yield* server];
    over = true;
    yield* s.close;
    return yield* Effect.map(Effect.either(c.read), (e) => Either.isLeft(e) ? e.left._tag : "ended");
  });

// ---- what two hellos settle besides ----

for (const maxFragmentLength of [512, 1024, 2048, 4096] as const) {
  sync(
    `max_fragment_length ${maxFragmentLength}: no record of either end carries more, from ServerHello on`,
    Effect.gen(function* () {
      const policy = { ...both({ maxFragmentLength }).client!.policy! };
      const setup: Setup = {
        kind: "rsa",
        client: { policy },
        server: { policy: everything, clientAuth: "request" },
      };
      const { client, server, tape, built } = yield* handshake({ ...setup, clientKind: "rsa" });
      assert.equal((yield* client.negotiated).maxFragmentLength, maxFragmentLength);
      const long = new Uint8Array(10_000).fill(7);
      yield* client.write(long);
      let length = 0;
      while (length < long.length) {
        const data = (yield* server.read)!;
        assert.ok(data.length <= maxFragmentLength);
        length += data.length;
      }
      // GCM adds 24 bytes.
      const records = recordsOf(concat(...tape.flows.slice(1).map((f) => f.bytes)));
      assert.ok(records.every((r) => r.length - 5 <= maxFragmentLength + 24));
      // It lasts as long as the session, and must be asked for again.
      const resumed = yield* bothHandshake(built, setup);
      assert.equal((yield* (yield* resumed.client).negotiated).resumed, true);
      const other = { ...setup, client: { policy: { ...policy, maxFragmentLength: undefined } } };
      const full = yield* bothHandshake(built, other);
      assert.equal((yield* (yield* full.client).negotiated).resumed, false);
    }),
  );
}

sync(
  "a session with a server that answers no max_fragment_length is resumed, however often it is asked for",
  Effect.gen(function* () {
    const policy: Policy = {
      ...everything,
      cipherSuites: [TLS_RSA_WITH_AES_128_CBC_SHA],
      maxFragmentLength: 512,
    };
    const setup: Setup = { kind: "rsa", client: { policy }, server: { policy: speaking(SSL_3_0) } };
    const built = yield* build(setup);
    for (const resumed of [false, true, true]) {
      const { client } = yield* bothHandshake(built, setup);
      assert.equal((yield* (yield* client).negotiated).resumed, resumed);
    }
  }),
);

sync(
  "a max_fragment_length that is none is an illegal_parameter",
  Effect.gen(function* () {
    const extensions: ReadonlyArray<ClientHelloExtension> = [
      { _tag: "max_fragment_length", maxFragmentLength: N.MaxFragmentLength.of(5) },
    ];
    assert.equal(yield* chosen(helloOf(0x0303, { extensions }), everything), "illegal_parameter");
  }),
);

sync(
  "what is stapled reaches the client, and may be missing where it was promised",
  Effect.gen(function* () {
    const setup: Setup = { kind: "rsa" };
    const built = yield* build(setup);
    const credential = yield* credentialFromPem(Golden.server("rsa"));
    const [ocspResponse, sct] = [Uint8Array.of(0x30, 3, 0x0a, 1, 3), Uint8Array.of(0, 1, 2, 3)];
    const stapling = yield* Layer.build(
      credentialsOf([{ ...credential, ocspResponse, signedCertificateTimestamps: [sct] }]),
    );
    const server = Context.add(built.server, Credentials, Context.get(stapling, Credentials));
    const { client, tape } = yield* bothHandshake({ ...built, server });
    const n = yield* (yield* client).negotiated;
    assert.deepEqual(n.ocspResponse && toHex(n.ocspResponse), toHex(ocspResponse));
    assert.deepEqual(n.signedCertificateTimestamps.map(toHex), [toHex(sct)]);
    const flow = recordsOf(tape.flows[1]!.bytes);
    assert.ok(flow.some((r) => r[5] === 22));
    // A client that is given the same flow without the CertificateStatus goes on all the same.
    const { end, said } = yield* replay("client", [concat(...flow.filter((r) => r[5] !== 22))], setup);
    assert.equal(end, "Truncated");
    assert.ok(
      recordsOf(said).some((r) => r[0] === 22 && r[5] === 16),
      "it answered by its ClientKeyExchange",
    );
  }),
);

sync(
  "no ClientHello has 256 to 511 bytes (RFC 7685 §4)",
  Effect.gen(function* () {
    let padded = 0;
    for (let length = 1; length < 250; length += 7) {
      const serverName = "a".repeat(length).replace(/.{50}/g, "$&.").replace(/\.$/, "");
      const { said } = yield* replay("client", [], { client: { serverName } });
      const size = said.length - 5;
      assert.ok(size < 256 || size >= 512, `${size} bytes`);
      if (size === 512) padded++;
    }
    assert.ok(padded > 10);
  }),
);

sync(
  "an anonymous server that asks for a certificate is refused by handshake_failure (RFC 5246 §7.4.4)",
  Effect.gen(function* () {
    const policy = { ...everything, cipherSuites: [N.CipherSuite.TLS_DH_anon_WITH_AES_128_CBC_SHA] };
    for (const version of [TLS_1_2, TLS_1_0, SSL_3_0]) {
      const setup: Setup = { client: { policy: { ...policy, versions: [version] } }, server: { policy } };
      const { tape } = yield* bothHandshake(yield* build(setup), setup);
      const flow = recordsOf(tape.flows[1]!.bytes);
      const request = dialects.get(version)!.certificateRequest.make({
        types: [N.ClientCertificateType.rsa_sign],
        schemes: [N.SignatureScheme.rsa_pkcs1_sha256],
        authorities: [],
      }) as { readonly _tag: string };
      const asked = concat(
        ...flow.slice(0, -1),
        plainRecord(22, encodeMessage(request), version),
        flow.at(-1)!,
      );
      const { error } = yield* replay("client", [asked], setup);
      assert.equal(error && alertOf(error), "handshake_failure");
      assert.equal(error?._tag === "Refused" && error.reason, "anonymous_server_asks");
    }
  }),
);

sync(
  "a group with ML-KEM is none of ECDHE's: the next curve in common is used, and without one there is no ECDHE",
  Effect.gen(function* () {
    const { X25519MLKEM768, SecP256r1MLKEM768, secp384r1 } = N.NamedGroup;
    const ECDHE = N.CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA;
    const answer = (...groups: ReadonlyArray<N.NamedGroup>) => {
      const hello = helloOf(0x0303, {
        suites: [ECDHE],
        extensions: [{ _tag: "supported_groups", namedGroupList: [...groups, N.NamedGroup.secp256r1] }],
      });
      const policy = { ...everything, cipherSuites: [ECDHE], groups };
      return Effect.map(
        replay("server", [hello], { kind: "rsa", server: { policy } }),
        ({ error, said }) => {
          if (error && error._tag !== "Truncated") return alertOf(error);
          const exchange = recordsOf(said).find((r) => r[5] === 12)!;
          return N.NamedGroup.nameOf(N.NamedGroup.of(exchange[10]! << 8 | exchange[11]!));
        },
      );
    };
    assert.equal(yield* answer(X25519MLKEM768, SecP256r1MLKEM768, secp384r1), "secp384r1");
    assert.equal(yield* answer(X25519MLKEM768, SecP256r1MLKEM768), "handshake_failure");
  }),
);

sync(
  "finite fields: one that both have is used, none in common means no DHE, and who names none gets our first",
  Effect.gen(function* () {
    const DHE = N.CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA;
    const hello = (...groups: ReadonlyArray<number>) =>
      helloOf(0x0303, {
        suites: [DHE],
        extensions: [{ _tag: "supported_groups", namedGroupList: groups.map((n) => N.NamedGroup.of(n)) }],
      });
    const answer = (record: Bytes, cipherSuites: ReadonlyArray<N.CipherSuite>) =>
      Effect.map(
        replay("server", [record], { kind: "rsa", server: { policy: { ...everything, cipherSuites } } }),
        ({ error, said }) => {
          if (error && error._tag !== "Truncated") return alertOf(error);
          const exchange = recordsOf(said).find((r) => r[5] === 12);
          return exchange ? `${8 * (exchange[9]! << 8 | exchange[10]!)} bits` : "RSA";
        },
      );
    assert.equal(yield* answer(hello(0x0017), [DHE]), "2048 bits");
    assert.equal(yield* answer(hello(0x0017, 0x0101), [DHE]), "3072 bits");
    assert.equal(yield* answer(hello(0x0017, 0x0104), [DHE, TLS_RSA_WITH_AES_128_CBC_SHA]), "RSA");
    assert.equal(yield* answer(hello(0x0017, 0x0104), [DHE]), "insufficient_security");
  }),
);
