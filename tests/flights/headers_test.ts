/**
 * What is refused by a message's header alone, how long a message may be, and in which version a refused hello is
 * answered.
 *
 * @module
 */
import { assert, Effect, Either, Fiber } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { encodeMessage, kindOf } from "../../src/grammar/message_kind.ts";
import {
  CertificateRequest,
  ClientHello,
  ClientKeyExchangeECDHE,
  ServerHello,
  ServerHelloDone,
} from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { Records } from "../../src/record/records.ts";
import * as Server from "../../src/server.ts";
import { limits } from "../../src/tables/limits.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, ends, readText, recordsOf, type Setup } from "../support/handshake.ts";
import { type Change, changedHandshake, changingServerHello } from "../support/other_ends.ts";
import { handshakeMessage, plainRecord, replay, scripted } from "../support/replay.ts";
import { bothUnder, legacy12, modern12, policyFor } from "../support/policies.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = N.ProtocolVersion;

/** A message in as many records as it takes. */
const inRecords = (message: Bytes, version = 0x0301): Bytes => {
  const records: Array<Bytes> = [];
  for (let at = 0; at < message.length; at += 2 ** 14) {
    records.push(plainRecord(22, message.subarray(at, at + 2 ** 14), version));
  }
  return concat(...records);
};
/** The header of a message of which no byte of its body has come. */
const header = (type: number, length: number): Bytes =>
  plainRecord(22, Uint8Array.of(type, length >> 16, length >> 8, length), 0x0303);

// ---- what cannot come next ----

for (const type of Object.values(N.HandshakeType.members)) {
  if (type !== N.HandshakeType.client_hello) {
    sync(
      `a server whose first message is a ${
        N.HandshakeType.nameOf(N.HandshakeType.of(type))
      } waits for no body`,
      Effect.gen(function* () {
        const { error } = yield* replay("server", [header(type, 200_000)]);
        assert.equal(error && alertOf(error), "unexpected_message");
      }),
    );
  }
}

sync(
  "no byte of a Certificate is kept where a ClientHello is due, however many follow its header",
  Effect.gen(function* () {
    const chunks = [header(11, 262_144), ...Array(16).fill(plainRecord(22, new Uint8Array(2 ** 14), 0x0301))];
    let read = 0;
    const { stream } = scripted(chunks);
    const counting = { ...stream, read: Effect.tap(stream.read, () => Effect.sync(() => void read++)) };
    const over = Server.over(counting, { policy: modern12 }).pipe(Effect.provide(ends().server));
    assert.equal(Either.isLeft(yield* Effect.either(over)), true);
    assert.equal(read, 1);
  }),
);

sync(
  "a client refuses at its header what cannot follow, and what is longer than its form",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const [hello] = recordsOf(tape.flows.find((f) => f.from === "server")!.bytes);
    const met = (...more: ReadonlyArray<Bytes>) =>
      Effect.map(replay("client", more), ({ error }) => error && `${error._tag} ${alertOf(error)}`);
    assert.equal(yield* met(header(11, 4)), "UnexpectedMessage unexpected_message");
    assert.equal(yield* met(header(2, 70_000)), "DecodeError decode_error");
    assert.equal(yield* met(hello!, header(14, 0x1000)), "UnexpectedMessage unexpected_message");
    assert.equal(yield* met(hello!, header(11, 262_145)), "LimitExceeded illegal_parameter");
    assert.equal(yield* met(hello!, header(11, 262_144)), "Truncated undefined");
    // A HelloRequest may come at any time, and has no body.
    assert.equal(yield* met(hello!, header(0, 0)), "Truncated undefined");
    assert.equal(yield* met(hello!, header(0, 1)), "DecodeError decode_error");
  }),
);

sync(
  "a server refuses at its header a key exchange that is longer than a point",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const [hello] = tape.flows.map((f) => f.bytes);
    const { most } = kindOf(ClientKeyExchangeECDHE);
    assert.equal(most, 256);
    const met = (length: number) =>
      Effect.map(replay("server", [hello!, header(16, length)]), ({ error }) => error?._tag);
    assert.equal(yield* met(most), "Truncated");
    assert.equal(yield* met(most + 1), "DecodeError");
  }),
);

sync(
  "between handshakes nothing but the wish for another is waited for",
  Effect.gen(function* () {
    const policy: Policy = { ...modern12, renegotiation: "refuse" };
    for (const [who, type] of [["client", 2], ["client", 1], ["server", 0], ["server", 11]] as const) {
      const streams: Record<string, Parameters<Change>[0]> = {};
      const keep = (name: string): Change => (stream) => streams[name] = stream;
      const setup: Setup = { toy: true, client: { policy }, server: { policy } };
      const { client, server } = yield* changedHandshake(yield* build(setup), setup, {
        client: keep("client"),
        server: keep("server"),
      });
      const [reader, peer] = who === "client"
        ? [yield* client, yield* server]
        : [yield* server, yield* client];
      // A header alone, as no end of ours would say it; `send` writes what it is given.
      const claim = Uint8Array.of(type, 0, 0x10, 0);
      const other = who === "client" ? "server" : "client";
      streams[other]!.send(claim, make(ServerHelloDone, undefined));
      yield* peer.write(Uint8Array.of(1));
      const heard = yield* Effect.either(reader.read);
      assert.equal(Either.isLeft(heard) && heard.left._tag, "UnexpectedMessage", `${who} ${type}`);
    }
  }),
);

// ---- how long ----

/** The longest ClientHello that there can be. */
const longest = (): Bytes => {
  const extensions = (2 ** 16 - 1) - 4;
  return encodeMessage(make(ClientHello, {
    clientVersion: TLS_1_2,
    random: new Uint8Array(32),
    sessionId: new Uint8Array(32),
    cipherSuites: Array((2 ** 16 - 2) / 2).fill(N.CipherSuite.of(0x1a1a)),
    compressionMethods: [...Array(255).keys()].map((n) => N.CompressionMethod.of(n)),
    extensions: [{ _tag: "unknown", type: N.ExtensionType.of(0x2a2a), data: new Uint8Array(extensions) }],
  }));
};

sync(
  "the longest ClientHello there can be is read by default, and refused for what it says",
  Effect.gen(function* () {
    const hello = longest();
    assert.equal(hello.length - 4, kindOf(ClientHello).most);
    assert.equal(limits.handshakeMessage, kindOf(ClientHello).most);
    const { error } = yield* replay("server", [inRecords(hello)]);
    assert.equal(error?._tag === "Refused" && error.reason, "no_common_cipher_suite");
    const { error: longer } = yield* replay("server", [header(1, hello.length - 4 + 1)]);
    assert.equal(longer?._tag, "DecodeError");
    // Policy may have less.
    const policy: Policy = { ...modern12, limits: { ...limits, handshakeMessage: 10_000 } };
    const { error: capped } = yield* replay("server", [header(1, 10_001)], { server: { policy } });
    assert.equal(capped?._tag === "LimitExceeded" && capped.limit, "handshakeMessage");
  }),
);

for (const version of [TLS_1_0, TLS_1_2]) {
  sync(
    `${N.versionText(version)}: a CertificateRequest that names authorities of 65,535 bytes is read`,
    Effect.gen(function* () {
      const policy: Policy = { ...legacy12, versions: [version] };
      const setup: Setup = {
        toy: true,
        kind: "rsa",
        client: { policy },
        server: { policy, clientAuth: "request" },
      };
      const authorities = [new Uint8Array(2 ** 16 - 3).fill(1)];
      const { client } = yield* changedHandshake(yield* build(setup), setup, {
        server: (stream) => ({
          ...stream,
          send: (raw, message) =>
            stream.send(
              message._tag === "CertificateRequest"
                ? encodeMessage(Object.assign(Object.create(Object.getPrototypeOf(message)), message, {
                  certificateAuthorities: authorities,
                }))
                : raw,
              message,
            ),
        }),
      });
      assert.equal(Either.isRight(client), true, String(Either.isLeft(client) && client.left.message));
    }),
  );
}

sync(
  "a CertificateRequest without types asks for any certificate, and is no end of the handshake",
  Effect.gen(function* () {
    for (const version of [TLS_1_0, TLS_1_2]) {
      const policy: Policy = { ...legacy12, versions: [version] };
      const setup: Setup = {
        kind: "rsa",
        clientKind: "rsa",
        client: { policy },
        server: { policy, clientAuth: "require" },
      };
      const { client, server } = yield* changedHandshake(yield* build(setup), setup, {
        server: (stream) => ({
          ...stream,
          send: (raw, message) =>
            stream.send(
              message._tag === "CertificateRequest"
                ? encodeMessage(Object.assign(Object.create(Object.getPrototypeOf(message)), message, {
                  certificateTypes: [],
                }))
                : raw,
              message,
            ),
        }),
      });
      yield* client;
      assert.equal((yield* (yield* server).peerCertificates).length > 0, true);
    }
    const empty = make(CertificateRequest, {
      certificateTypes: [],
      supportedSignatureAlgorithms: [N.SignatureScheme.rsa_pkcs1_sha256],
      certificateAuthorities: [],
    });
    assert.equal(Either.isRight(codec(CertificateRequest).encode(empty)), true);
  }),
);

sync(
  "a Finished that is longer than any version's is refused at its header",
  Effect.gen(function* () {
    for (const [length, expected] of [[36, "DecryptError"], [37, "DecodeError"]] as const) {
      const { server } = yield* changedHandshake(yield* build({ toy: true }), {}, {
        client: (stream) => ({
          ...stream,
          send: (raw, message) =>
            stream.send(raw[0] === 20 ? handshakeMessage(20, new Uint8Array(length)) : raw, message),
        }),
      });
      assert.equal(Either.isLeft(server) && server.left._tag, expected);
    }
  }),
);

// ---- in which version a hello is refused ----

sync(
  "who refuses a ServerHello says so in a record of the version that it names, by an alert of that version",
  Effect.gen(function* () {
    const cases = [
      // Not offered at all: protocol_version, which SSL 3.0 has not.
      [modern12, SSL_3_0, "15030000020228"],
      [modern12, TLS_1_1, "15030200020246"],
      // Offered, but with an extension that was not.
      [legacy12, SSL_3_0, "15030000020228"],
      [legacy12, TLS_1_0, "1503010002026e"],
      [legacy12, TLS_1_2, "1503030002026e"],
    ] as const;
    for (const [policy, version, expected] of cases) {
      const hello = encodeMessage(make(ServerHello, {
        serverVersion: version,
        random: new Uint8Array(32),
        sessionId: EMPTY,
        cipherSuite: N.CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
        compressionMethod: N.CompressionMethod.null,
        extensions: [{ _tag: "max_fragment_length", maxFragmentLength: N.MaxFragmentLength["2_9"] }],
      }));
      const { said } = yield* replay("client", [plainRecord(22, hello, version)], { client: { policy } });
      assert.equal(toHex(recordsOf(said).at(-1)!), expected, N.versionText(version));
    }
  }),
);

sync(
  "who refuses the ServerHello of a renegotiation says so under the version that is spoken",
  Effect.gen(function* () {
    const policy: Policy = { ...legacy12, renegotiation: "allow" };
    const setup: Setup = { toy: true, kind: "rsa", client: { policy }, server: { policy } };
    const { client, server } = yield* changedHandshake(yield* build(setup), setup, {
      server: changingServerHello((hello, count) =>
        encodeMessage(count === 0 ? hello : make(ServerHello, { ...hello, serverVersion: SSL_3_0 }))
      ),
    });
    const [c, s] = [yield* client, yield* server];
    const listening = yield* Effect.fork(Effect.either(s.read));
    const asked = yield* Effect.either(c.renegotiate);
    assert.equal(Either.isLeft(asked) && asked.left._tag, "Refused");
    const heard = yield* Fiber.join(listening);
    assert.match(Either.isLeft(heard) ? heard.left.message : "", /fatal alert protocol_version/);
  }),
);

sync(
  "who gives up before reading our ServerHello is heard, though his record says another version",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const hello = tape.flows[0]!.bytes;
    const alert = (level: number, description: number) =>
      plainRecord(21, Uint8Array.of(level, description), 0x0301);
    const gaveUp = yield* replay("server", [hello, alert(2, 40)]);
    assert.match(gaveUp.error?.message ?? "", /fatal alert handshake_failure/);
    const cancelled = yield* replay("server", [hello, concat(alert(1, 90), alert(1, 0))]);
    assert.match(cancelled.error?.message ?? "", /warning alert close_notify/);
  }),
);

// ---- between two fragments of a message ----

/** While it runs, whoever writes a second ClientHello says something between its two halves. */
const interleaving = <A, E, R>(said: (records: Records) => void, run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { write } = Records.prototype;
      Records.prototype.write = function (type, data) {
        if (type !== N.ContentType.handshake || data[0] !== 1 || this.epochs.write === 0) {
          return write.call(this, type, data);
        }
        write.call(this, type, data.subarray(0, 20));
        said(this);
        write.call(this, type, data.subarray(20));
      };
      return write;
    }),
    () => run,
    (write) => Effect.sync(() => void (Records.prototype.write = write)),
  );

const both = bothUnder(policyFor(TLS_1_2, { renegotiation: "allow" }), { toy: true, kind: "rsa" });

sync(
  "data between two fragments of a message of a renegotiation arrives, and the renegotiation goes on (RFC 5246 §6.2.1)",
  Effect.gen(function* () {
    const { client, server } = yield* bothHandshake(yield* build(both), both);
    const [c, s] = [yield* client, yield* server];
    const listening = yield* Effect.fork(readText(s, 5));
    const between = (records: Records) => records.write(N.ContentType.application_data, ascii("data"));
    yield* interleaving(between, c.renegotiate);
    yield* c.write(ascii("."));
    assert.equal(yield* Fiber.join(listening), "data.");
    assert.equal((yield* s.negotiated).epoch, 2);
  }),
);

sync(
  "an alert between two fragments of a message is told as that alert",
  Effect.gen(function* () {
    const { client, server } = yield* bothHandshake(yield* build(both), both);
    const [c, s] = [yield* client, yield* server];
    const listening = yield* Effect.fork(Effect.either(s.read));
    const alert = (records: Records) => records.write(N.ContentType.alert, Uint8Array.of(2, 40));
    yield* Effect.fork(interleaving(alert, Effect.either(c.renegotiate)));
    const heard = yield* Fiber.join(listening);
    assert.match(Either.isLeft(heard) ? heard.left.message : "", /fatal alert handshake_failure/);
  }),
);
