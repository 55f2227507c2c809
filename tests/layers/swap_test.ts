/** Each service is exchanged for another by `Effect.provide`, in one program that does not change. @module */
import { assert, Effect, Either, Layer, Option } from "../deps.ts";
import { live } from "../support/effect.ts";
import { bytesOf, textOf } from "../support/text.ts";
import * as Golden from "../golden/certificates.ts";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  Credentials,
  Crypto,
  KeyLog,
  Server,
  SessionStore,
  Transport,
} from "../../mod.ts";

/** The layers of a usual client and server, by the service that each gives. */
const client = {
  crypto: Crypto.layerNoble,
  transport: Transport.layerMemory,
  sessions: SessionStore.layerMemory(),
  verifier: Layer.orDie(CertificateVerifier.layerRoots(Golden.root)),
  credentials: Credentials.none,
};
const server = {
  crypto: Crypto.layerNoble,
  sessions: SessionStore.layerMemory(),
  verifier: CertificateVerifier.layerNone,
  credentials: Layer.orDie(Credentials.fromPem(Golden.server("p256"))),
};

/** The program: connect twice, say hello, and tell how it went. */
const program = (
  swapped: {
    client?: Record<string, unknown>;
    server?: Record<string, unknown>;
    transport?: Layer.Layer<Transport.Transport>;
  },
) =>
  Effect.gen(function* () {
    const c = { ...client, ...swapped.client };
    const s = { ...server, ...swapped.server };
    const theirs = yield* Layer.build(Layer.mergeAll(s.crypto, s.sessions, s.verifier, s.credentials));
    const ours = yield* Layer.build(Layer.mergeAll(c.crypto, c.sessions, c.verifier, c.credentials));
    const { address } = yield* Effect.provide(
      Server.listen({ hostname: "127.0.0.1", port: 0, onFailure: () => Effect.void }, (connection) =>
        Effect.flatMap(connection.read, (data) => data ? connection.write(data) : Effect.void)),
      theirs,
    );
    const once = Effect.scoped(Effect.gen(function* () {
      const connection = yield* Client.connect({ ...address, serverName: "localhost" });
      yield* connection.write(bytesOf("hello"));
      const answer = textOf(yield* connection.read);
      yield* connection.close;
      const { resumed } = yield* connection.negotiated;
      return `${answer}${resumed ? ", resumed" : ""}`;
    }));
    const told = Effect.map(
      Effect.either(once),
      Either.match({
        onLeft: (e) =>
          e._tag === "CertificateError" ? `${e._tag} ${e.reason}` : e._tag,
        onRight: (answer) => answer,
      }),
    );
    return yield* Effect.provide(Effect.all([told, told]), ours);
  }).pipe(Effect.provide(swapped.transport ?? client.transport));

const kept = new Map<string, SessionStore.Session>();
const lines: Array<string> = [];
const spki = Effect.gen(function* () {
  const { credential } = { credential: yield* Credentials.credentialFromPem(Golden.server("p256")) };
  return new Uint8Array(
    yield* Effect.promise(() => crypto.subtle.digest("SHA-256", spkiOf(credential.chain[0]!))),
  );
});
/** SubjectPublicKeyInfo of a P-256 certificate, found by its fixed beginning. */
const spkiOf = (der: Uint8Array): Uint8Array<ArrayBuffer> => {
  const start = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07];
  const at = der.findIndex((_, i) => start.every((byte, k) => der[i + k] === byte));
  return new Uint8Array(der.subarray(at, at + 91));
};

const swaps: ReadonlyArray<readonly [string, Parameters<typeof program>[0], readonly [string, string]]> = [
  ["nothing", {}, ["hello", "hello, resumed"]],
  ["Transport.layerTcp", { transport: Transport.layerTcp }, ["hello", "hello, resumed"]],
  [
    "Crypto.layerDeterministic",
    {
      client: { crypto: Crypto.layerDeterministic(1) },
      server: { crypto: Crypto.layerDeterministic("two") },
    },
    ["hello", "hello, resumed"],
  ],
  ["SessionStore.layerNone at the client", { client: { sessions: SessionStore.layerNone } }, [
    "hello",
    "hello",
  ]],
  ["SessionStore.layerNone at the server", { server: { sessions: SessionStore.layerNone } }, [
    "hello",
    "hello",
  ]],
  [
    "a session store of one's own",
    {
      client: {
        sessions: Layer.succeed(SessionStore.SessionStore, {
          enabled: true,
          get: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
          put: (key, session) => Effect.sync(() => void kept.set(key, session)),
          remove: (key) => Effect.sync(() => void kept.delete(key)),
        }),
      },
    },
    ["hello", "hello, resumed"],
  ],
  [
    "CertificateVerifier.layerInsecure",
    { client: { verifier: CertificateVerifier.layerInsecure } },
    ["hello", "hello, resumed"],
  ],
  [
    "CertificateVerifier.layerNone",
    { client: { verifier: CertificateVerifier.layerNone } },
    ["CertificateError unknown_ca", "CertificateError unknown_ca"],
  ],
  [
    "CertificateVerifier.layerPinned with the wrong pin",
    { client: { verifier: CertificateVerifier.layerPinned(["00".repeat(32)]) } },
    ["CertificateError not_pinned", "CertificateError not_pinned"],
  ],
  [
    "a verifier of one's own",
    {
      client: {
        verifier: CertificateVerifier.make(
          "mine",
          ({ chain, name }) =>
            chain.length === 1 && name === "localhost" ? Effect.void : Effect.fail(
              new CertificateVerifier.CertificateError({
                reason: "refused",
                index: 0,
                subject: "",
                detail: "not mine",
                rfc: "RFC 5280 §6",
              }),
            ),
        ),
      },
    },
    ["hello", "hello, resumed"],
  ],
  [
    "Credentials.selfSigned, whom nobody trusts",
    {
      server: {
        credentials: Layer.provide(Credentials.selfSigned({ names: ["localhost"] }), Crypto.layerNoble),
      },
    },
    ["CertificateError unknown_ca", "CertificateError unknown_ca"],
  ],
  ["Credentials.none at the server", { server: { credentials: Credentials.none } }, [
    "PeerAlert",
    "PeerAlert",
  ]],
];
for (const [what, swapped, expected] of swaps) {
  live(
    `with ${what} swapped in: ${expected.join("; ")}`,
    Effect.gen(function* () {
      assert.deepEqual(yield* program(swapped), expected);
    }),
  );
}

live(
  "with CertificateVerifier.layerPinned to the server's key swapped in: hello",
  Effect.gen(function* () {
    const pin = Array.from(yield* spki, (b) => b.toString(16).padStart(2, "0")).join("");
    const answers = yield* program({ client: { verifier: CertificateVerifier.layerPinned([pin]) } });
    assert.deepEqual(answers, ["hello", "hello, resumed"]);
  }),
);

live(
  "with a key log provided, each full or resumed handshake writes its line at each end",
  Effect.gen(function* () {
    const log = KeyLog.layerTo((line) => Effect.sync(() => void lines.push(line)));
    yield* Effect.provide(program({}), log);
    // Two handshakes, and both ends: five secrets each, and no CLIENT_RANDOM, which is of TLS 1.2 (RFC 9850 §2.1).
    assert.equal(lines.length, 20);
    for (const line of lines) {
      assert.match(
        line,
        /^((CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_0)|EXPORTER_SECRET) [0-9a-f]{64} [0-9a-f]{64}$/,
      );
    }
  }),
);

live(
  "over any pair of streams: web streams carry TLS as well as TCP does",
  Effect.gen(function* () {
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    const [c, s] = yield* Effect.all([
      Effect.provide(
        Client.over(ByteStream.fromStreams({ readable: back.readable, writable: there.writable }), {
          serverName: "localhost",
        }),
        Layer.mergeAll(client.crypto, client.sessions, client.verifier, client.credentials),
      ),
      Effect.provide(
        Server.over(ByteStream.fromStreams({ readable: there.readable, writable: back.writable })),
        Layer.mergeAll(server.crypto, server.sessions, server.verifier, server.credentials),
      ),
    ], { concurrency: 2 });
    // These streams have no buffer: a write ends when it is read.
    const [, heard] = yield* Effect.all([c.write(bytesOf("hello")), s.read], {
      concurrency: 2,
    });
    assert.equal(textOf(heard), "hello");
    yield* Effect.all([c.close, s.read], { concurrency: 2 });
  }),
);
