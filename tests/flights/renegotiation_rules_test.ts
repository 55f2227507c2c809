/**
 * What is refused in a renegotiation, and what its hellos say (RFC 5746 §3.5, §3.7, §4; RFC 7627 §5.4).
 *
 * @module
 */
import { assert, Context, Effect, Either, Fiber } from "../deps.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import {
  ClientHello,
  type ClientHelloExtension,
  ServerHello,
  type ServerHelloExtension,
} from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, NameType, ProtocolVersion } from "../../src/names/protocol.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12, legacy12 } from "../support/policies.ts";
import { ascii, type Bytes, EMPTY } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import * as Golden from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import { build, credentialOf, pingPong, type Setup } from "../support/handshake.ts";
import {
  type Change,
  changedHandshake,
  changingHello,
  changingServerHello,
  without,
} from "../support/other_ends.ts";

const { SSL_3_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const C = CipherSuite;
const policy: Policy = { ...compatible12, renegotiation: "allow" };
const usual: Setup = { kind: "rsa", toy: true, client: { policy }, server: { policy } };

/** Both ends of a first handshake that went well. */
const connected = (setup: Setup, change: { client?: Change; server?: Change }, built = build(setup)) =>
  Effect.gen(function* () {
    const { client, server, tape } = yield* changedHandshake(yield* built, setup, change);
    return { client: yield* client, server: yield* server, tape };
  });

/** How a client's wish to renegotiate ends at both ends. */
const renegotiating = ({ client, server }: { readonly client: Connection; readonly server: Connection }) =>
  Effect.gen(function* () {
    const listening = yield* Effect.fork(Effect.either(server.read));
    const asked = yield* Effect.either(client.renegotiate);
    if (Either.isRight(asked)) {
      yield* client.write(ascii("."));
      assert.equal(Either.isRight(yield* Fiber.join(listening)), true);
      return { client: undefined, server: undefined };
    }
    const heard = yield* Fiber.join(listening);
    return { client: asked.left, server: Either.isLeft(heard) ? heard.left : undefined };
  });

const text = (e: TlsError | undefined): string =>
  e === undefined ? "none" : `${e._tag}${e._tag === "Refused" ? ` ${e.reason}` : ""} ${alertOf(e)}`;

/** Asserts that one end refuses, and that the other hears of it by the alert. */
const refusedBy = (
  role: "client" | "server",
  ends: Record<"client" | "server", TlsError | undefined>,
  expected: string,
) => {
  const other = role === "client" ? "server" : "client";
  assert.equal(text(ends[role]), expected);
  assert.equal(ends[other]?.message, `the peer sent the fatal alert ${expected.split(" ").at(-1)}`);
};

const infoOf = (list: ReadonlyArray<ClientHelloExtension> | undefined) =>
  list?.find((e) => e._tag === "renegotiation_info")?.renegotiatedConnection;

/** The hello of the connection's second handshake, changed. */
const secondHello = (change: (hello: ClientHello) => object): Change =>
  changingHello((hello, count) =>
    encodeMessage(count === 0 ? hello : make(ClientHello, { ...hello, ...change(hello) }))
  );
const secondAnswer = (change: (hello: ServerHello) => object): Change =>
  changingServerHello((hello, count) =>
    encodeMessage(count === 0 ? hello : make(ServerHello, { ...hello, ...change(hello) }))
  );
const info = (renegotiatedConnection: Bytes) =>
  ({ _tag: "renegotiation_info", renegotiatedConnection }) as const;
const inHello = (
  change: (list: ReadonlyArray<ClientHelloExtension>) => ReadonlyArray<ClientHelloExtension>,
) => secondHello(({ extensions = [] }) => ({ extensions: change(extensions) }));
const inAnswer = (
  change: (list: ReadonlyArray<ServerHelloExtension>) => ReadonlyArray<ServerHelloExtension>,
) => secondAnswer(({ extensions = [] }) => ({ extensions: change(extensions) }));

const flipped = (bytes: Bytes): Bytes => bytes.map((b, i) => i === 0 ? b ^ 1 : b);

// ---- what a ClientHello may not say in a renegotiation ----

const insecure = "Refused insecure_renegotiation handshake_failure";

const hellos: ReadonlyArray<readonly [string, Change, string]> = [
  ["no renegotiation_info (RFC 5746 §3.7)", inHello((l) => without(l, "renegotiation_info")), insecure],
  [
    "an empty renegotiation_info, as of a first handshake (RFC 5746 §3.7)",
    inHello((l) => [...without(l, "renegotiation_info"), info(EMPTY)]),
    insecure,
  ],
  [
    "a renegotiation_info of another connection (RFC 5746 §3.7)",
    inHello((l) => [...without(l, "renegotiation_info"), info(flipped(infoOf(l)!))]),
    insecure,
  ],
  [
    "a renegotiation_info with a byte too many (RFC 5746 §3.7)",
    inHello((l) => [...without(l, "renegotiation_info"), info(Uint8Array.of(...infoOf(l)!, 0))]),
    insecure,
  ],
  [
    "the SCSV besides (RFC 5746 §3.7)",
    secondHello(({ cipherSuites }) => ({
      cipherSuites: [...cipherSuites, C.TLS_EMPTY_RENEGOTIATION_INFO_SCSV],
    })),
    insecure,
  ],
  [
    "a lower version (RFC 5246 §7.4.1.2)",
    secondHello(() => ({ clientVersion: TLS_1_1 })),
    "Refused no_common_version protocol_version",
  ],
  [
    "no extended_master_secret any more (RFC 7627 §5.4)",
    inHello((l) => without(l, "extended_master_secret")),
    "Refused renegotiation_changes_extended_master_secret handshake_failure",
  ],
  [
    "another host name (RFC 6066 §3)",
    inHello((l) => [
      ...without(l, "server_name"),
      {
        _tag: "server_name",
        serverNameList: [{ nameType: NameType.host_name, name: "other.example" }],
      },
    ]),
    "IllegalParameter illegal_parameter",
  ],
];
for (const [what, change, expected] of hellos) {
  sync(
    `a server meets in a renegotiation ${what}: ${expected}`,
    Effect.gen(function* () {
      const ends = yield* connected(usual, { client: change });
      refusedBy("server", yield* renegotiating(ends), expected);
    }),
  );
}

// ---- what a ServerHello may not say ----

const serverInfo = (list: ReadonlyArray<ServerHelloExtension>) =>
  list.find((e) => e._tag === "renegotiation_info")!.renegotiatedConnection;

const answers: ReadonlyArray<readonly [string, Change, string]> = [
  ["no renegotiation_info (RFC 5746 §3.5)", inAnswer((l) => without(l, "renegotiation_info")), insecure],
  [
    "an empty renegotiation_info (RFC 5746 §3.5)",
    inAnswer((l) => [...without(l, "renegotiation_info"), info(EMPTY)]),
    insecure,
  ],
  [
    "only the client's half of it (RFC 5746 §3.5)",
    inAnswer((l) => [...without(l, "renegotiation_info"), info(serverInfo(l).subarray(0, 12))]),
    insecure,
  ],
  [
    "the server's half wrong (RFC 5746 §3.5)",
    inAnswer((l) => [
      ...without(l, "renegotiation_info"),
      info(serverInfo(l).map((b, i) => i === 23 ? b ^ 1 : b)),
    ]),
    insecure,
  ],
  [
    "another version (RFC 5246 §7.4.1.3)",
    secondAnswer(() => ({ serverVersion: TLS_1_1 })),
    "Refused no_common_version protocol_version",
  ],
  [
    "no extended_master_secret any more (RFC 7627 §5.4)",
    inAnswer((l) => without(l, "extended_master_secret")),
    "Refused renegotiation_changes_extended_master_secret handshake_failure",
  ],
  [
    "an application protocol, which was not offered again (RFC 7301 §3.1)",
    inAnswer((l) => [
      ...l,
      { _tag: "application_layer_protocol_negotiation", protocolNameList: [ascii("h2")] } as const,
    ]),
    "UnsupportedExtension unsupported_extension",
  ],
];
for (const [what, change, expected] of answers) {
  sync(
    `a client meets in a renegotiation ${what}: ${expected}`,
    Effect.gen(function* () {
      const ends = yield* connected(usual, { server: change });
      refusedBy("client", yield* renegotiating(ends), expected);
    }),
  );
}

// ---- encrypt-then-MAC is never lost ----

const cbc: Policy = { ...policy, cipherSuites: [C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256] };

sync(
  "a client that had encrypt_then_mac and does not offer it again is refused (RFC 7366 §3.1)",
  Effect.gen(function* () {
    const setup = { ...usual, client: { policy: cbc }, server: { policy: cbc } };
    const ends = yield* connected(setup, { client: inHello((l) => without(l, "encrypt_then_mac")) });
    assert.equal((yield* ends.client.negotiated).encryptThenMac, true);
    const expected = "Refused renegotiation_loses_encrypt_then_mac handshake_failure";
    refusedBy("server", yield* renegotiating(ends), expected);
  }),
);

sync(
  "a server that had encrypt_then_mac and does not answer it again is refused (RFC 7366 §3.1)",
  Effect.gen(function* () {
    const setup = { ...usual, client: { policy: cbc }, server: { policy: cbc } };
    const ends = yield* connected(setup, { server: inAnswer((l) => without(l, "encrypt_then_mac")) });
    const expected = "Refused renegotiation_loses_encrypt_then_mac handshake_failure";
    refusedBy("client", yield* renegotiating(ends), expected);
  }),
);

sync(
  "encrypt_then_mac may be won in a renegotiation, and a GCM suite between two CBC suites does not lose it",
  Effect.gen(function* () {
    const gcm: Policy = { ...policy, cipherSuites: [C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] };
    const both = { ...policy, cipherSuites: [...gcm.cipherSuites, ...cbc.cipherSuites] };
    const plain = { ...cbc, encryptThenMac: false };
    const setup = { ...usual, client: { policy: plain }, server: { policy: both } };
    const { client, server } = yield* connected(setup, {});
    const seen: Array<boolean> = [];
    const with_ = (of: Policy) =>
      Effect.gen(function* () {
        const listening = yield* Effect.fork(Effect.either(server.read));
        const now = yield* Effect.either(client.renegotiateWith({ policy: of }));
        if (Either.isLeft(now)) return text(now.left);
        yield* client.write(ascii("."));
        yield* Fiber.join(listening);
        seen.push(now.right.encryptThenMac);
        return "done";
      });
    assert.equal((yield* client.negotiated).encryptThenMac, false);
    assert.equal(yield* with_(cbc), "done");
    assert.equal(yield* with_(gcm), "done");
    assert.equal(yield* with_(cbc), "done");
    assert.deepEqual(seen, [true, false, true]);
    // The server notices that it is lost, though the last handshake but one had a suite without it.
    assert.equal(yield* with_(gcm), "done");
    assert.equal(yield* with_(plain), "PeerAlert undefined");
  }),
);

// ---- what is repeated, and what is not said again ----

sync(
  "a client repeats the version of its first hello, and says neither ALPN nor an SCSV again",
  Effect.gen(function* () {
    const hellos: Array<ClientHello> = [];
    const noting = changingHello((hello) => {
      hellos.push(hello);
      return encodeMessage(hello);
    });
    const both = { ...legacy12, compressionMethods: [CompressionMethod.null] };
    const setup: Setup = {
      ...usual,
      client: { policy: both, alpn: ["echo"] },
      server: { policy: { ...both, versions: [TLS_1_1] }, alpn: ["echo"] },
    };
    const { client, server } = yield* connected(setup, { client: noting });
    assert.deepEqual(yield* renegotiating({ client, server }), { client: undefined, server: undefined });
    const [first, second] = hellos;
    assert.equal(first?.clientVersion, TLS_1_2);
    assert.equal(second?.clientVersion, TLS_1_2);
    const scsvs = ({ cipherSuites }: ClientHello) =>
      cipherSuites.includes(C.TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    assert.deepEqual([scsvs(first!), scsvs(second!)], [true, false]);
    const alpn = ({ extensions }: ClientHello) =>
      extensions?.some(({ _tag }) => _tag === "application_layer_protocol_negotiation");
    assert.deepEqual([alpn(first!), alpn(second!)], [true, false]);
    assert.equal(infoOf(second!.extensions)?.length, 12);
    for (const end of [client, server]) {
      const { alpn, serverName, version } = yield* end.negotiated;
      assert.deepEqual([alpn, serverName, version], ["echo", "localhost", TLS_1_1]);
    }
  }),
);

sync(
  "in SSL 3.0 the second hello carries renegotiation_info, of 36 bytes, and the answer 72 (RFC 5746 §4.5)",
  Effect.gen(function* () {
    const lengths: Array<number | undefined> = [];
    const ssl = { ...legacy12, versions: [SSL_3_0], compressionMethods: [CompressionMethod.null] };
    const ends = yield* connected({ ...usual, client: { policy: ssl }, server: { policy: ssl } }, {
      client: changingHello((hello) => {
        lengths.push(infoOf(hello.extensions)?.length);
        return encodeMessage(hello);
      }),
      server: changingServerHello((hello) => {
        lengths.push(serverInfo(hello.extensions ?? []).length);
        return encodeMessage(hello);
      }),
    });
    assert.deepEqual(yield* renegotiating(ends), { client: undefined, server: undefined });
    assert.deepEqual(lengths, [undefined, 0, 36, 72]);
  }),
);

// ---- a peer without RFC 5746 ----

/** A client that never heard of RFC 5746. */
const ancient = changingHello((hello) =>
  encodeMessage(make(ClientHello, {
    ...hello,
    cipherSuites: hello.cipherSuites.filter((id) => id !== C.TLS_EMPTY_RENEGOTIATION_INFO_SCSV),
    extensions: without(hello.extensions, "renegotiation_info"),
  }))
);

for (const who of ["client", "server"] as const) {
  sync(
    `without RFC 5746 no renegotiation is begun by the ${who}, unless policy names the insecure one (RFC 5746 §4.2, §4.4)`,
    Effect.gen(function* () {
      for (const insecureRenegotiation of [false, true]) {
        const loose = { ...policy, requireSecureRenegotiation: false, insecureRenegotiation };
        const setup = { ...usual, client: { policy: loose }, server: { policy: loose } };
        const { client, server } = yield* connected(setup, { client: ancient });
        assert.equal((yield* client.negotiated).secureRenegotiation, false);
        const [asker, other] = who === "client" ? [client, server] : [server, client];
        const listening = yield* Effect.fork(other.read);
        const how = yield* Effect.either(asker.renegotiate);
        yield* asker.write(ascii("."));
        assert.equal((yield* Fiber.join(listening))?.length, 1);
        assert.equal(
          Either.isLeft(how) ? `${how.left._tag}: ${how.left.message}` : "done",
          insecureRenegotiation
            ? "done"
            : "RenegotiationRefused: a secure renegotiation is impossible here, and our policy allows no insecure one",
        );
        assert.equal(yield* pingPong(client, server), "ping pong");
      }
    }),
  );

  sync(
    `without RFC 5746 a ${who}'s wish is declined with no_renegotiation by who does not allow the insecure one`,
    Effect.gen(function* () {
      const loose = { ...policy, requireSecureRenegotiation: false, insecureRenegotiation: true };
      const strict = { ...loose, insecureRenegotiation: false };
      const setup: Setup = {
        ...usual,
        client: { policy: who === "client" ? loose : strict },
        server: { policy: who === "client" ? strict : loose },
      };
      const { client, server } = yield* connected(setup, { client: ancient });
      const [asker, other] = who === "client" ? [client, server] : [server, client];
      const listening = yield* Effect.fork(other.read);
      const how = yield* Effect.either(asker.renegotiate);
      assert.equal(Either.isLeft(how) && how.left._tag, "RenegotiationRefused");
      yield* asker.write(ascii("."));
      yield* Fiber.join(listening);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a connection that began without RFC 5746 may not come to know it (RFC 5746 §4.2, §4.4)",
  Effect.gen(function* () {
    const loose = { ...policy, requireSecureRenegotiation: false, insecureRenegotiation: true };
    const setup = { ...usual, client: { policy: loose }, server: { policy: loose } };
    const late: Change = changingHello((hello, count) =>
      encodeMessage(make(ClientHello, {
        ...hello,
        extensions: [
          ...without(hello.extensions, "renegotiation_info"),
          ...(count === 0 ? [] : [info(EMPTY)]),
        ],
      }))
    );
    refusedBy("server", yield* renegotiating(yield* connected(setup, { client: late })), insecure);
    const answering = inAnswer((l) => [...l, info(EMPTY)]);
    const ends = yield* connected(setup, { client: ancient, server: answering });
    refusedBy("client", yield* renegotiating(ends), insecure);
  }),
);

for (const who of ["client", "server"] as const) {
  sync(
    `on a session that was resumed without RFC 7627 the ${who} begins no renegotiation (RFC 7627 §5.4)`,
    Effect.gen(function* () {
      const ssl = { ...legacy12, versions: [SSL_3_0], compressionMethods: [CompressionMethod.null] };
      const setup = { ...usual, client: { policy: ssl }, server: { policy: ssl } };
      const built = yield* build(setup);
      for (const resumed of [false, true]) {
        const { client, server } = yield* connected(setup, {}, Effect.succeed(built));
        assert.equal((yield* client.negotiated).resumed, resumed);
        const [asker, other] = who === "client" ? [client, server] : [server, client];
        const listening = yield* Effect.fork(other.read);
        const how = yield* Effect.either(asker.renegotiate);
        assert.equal(Either.isLeft(how) ? how.left._tag : "done", resumed ? "RenegotiationRefused" : "done");
        yield* asker.write(ascii("."));
        yield* Fiber.join(listening);
      }
    }),
  );
}

sync(
  "an insecure renegotiation says renegotiation_info all the same, with our verify_data (RFC 5746 §4.2)",
  Effect.gen(function* () {
    const infos: Array<Bytes | undefined> = [];
    const noting: Change = changingHello((hello, count) => {
      infos.push(infoOf(hello.extensions));
      // Only the first is kept from the server, as a server of old would pass over it.
      const extensions = count === 0 ? without(hello.extensions, "renegotiation_info") : hello.extensions;
      return encodeMessage(make(ClientHello, { ...hello, extensions }));
    });
    const loose = { ...policy, requireSecureRenegotiation: false, insecureRenegotiation: true };
    const ends = yield* connected({ ...usual, client: { policy: loose }, server: { policy: loose } }, {
      client: noting,
    });
    refusedBy("server", yield* renegotiating(ends), insecure);
    assert.deepEqual(infos.map((bytes) => bytes?.length), [0, 12]);
  }),
);

// ---- the server's certificate (triple handshake) ----

for (const allowed of [false, true]) {
  sync(
    `a server that shows another certificate in a renegotiation is ${
      allowed ? "let pass by policy" : "refused"
    }`,
    Effect.gen(function* () {
      let shown = 0;
      const credentials = [Golden.server("rsa"), Golden.server("p256")].map(credentialOf);
      const turning = Credentials.of({
        partition: "turning",
        candidates: () => Effect.sync(() => [credentials[shown++ % 2]!]),
      });
      const own = { ...policy, serverMayChangeCertificate: allowed };
      const setup = { ...usual, client: { policy: own } };
      const built = yield* build(setup);
      const server = Context.merge(built.server, Context.make(Credentials, turning)) as typeof built.server;
      const ends = yield* connected(setup, {}, Effect.succeed({ ...built, server }));
      const how = yield* renegotiating(ends);
      if (allowed) assert.deepEqual(how, { client: undefined, server: undefined });
      else refusedBy("client", how, "Refused server_certificate_changed illegal_parameter");
    }),
  );
}
