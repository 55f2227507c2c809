/**
 * Compression: how it is agreed on, and what of it passes on a connection (RFC 3749, RFC 5246 §6.2.2, §7.4.1).
 *
 * @module
 */
import { assert, Effect, Either, type Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { layerTo } from "../../src/layers/key_log.ts";
import { ClientHello, ServerHello } from "../../src/messages/mod.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ContentType, ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { ConnectionEvent } from "../../src/ports/observer.ts";
import { compressions } from "../../src/record/protection/compression.ts";
import * as Server from "../../src/server.ts";
import { legacy, type Policy } from "../../src/tables/policy.ts";
import { suites } from "../../src/tables/suites.ts";
import { dialects } from "../../src/tables/versions/mod.ts";
import { ascii, type Bytes, concat, sameBytes } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import { sync } from "../support/effect.ts";
import { fewer } from "../support/exhaustive.ts";
import {
  bothHandshake,
  build,
  handshake,
  lastAlert,
  pingPong,
  readText,
  renegotiated,
  type Setup,
  type Tape,
  taped,
} from "../support/handshake.ts";
import { changedHandshake, changingHello, changingServerHello } from "../support/other_ends.ts";
import { plainRecord } from "../support/replay.ts";
import { handshakeStory } from "../support/tickets.ts";
import { bothUnder, compatible12, legacy12, modern12, policyFor } from "../support/policies.ts";
import { Buffer } from "node:buffer";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const { DEFLATE, null: NONE } = CompressionMethod;
const C = CipherSuite;
const DATA = ContentType.application_data;
const { random } = makeDeterministic("compression");

const speaks = (version: ProtocolVersion, suite: CipherSuite, more: Partial<Policy> = {}): Policy =>
  policyFor(version, { cipherSuites: [suite], ...more });
const both = (policy: Policy, more: Setup = {}): Setup =>
  bothUnder(policy, { kind: "rsa", toy: true, ...more });
const uncompressed = (policy: Policy): Policy => ({ ...policy, compressionMethods: [NONE] });

/** So many bytes, in however many records they come. */
const bytesOf = (connection: Connection, length: number) =>
  Effect.gen(function* () {
    const parts: Array<Bytes> = [];
    for (let left = length; left > 0;) {
      const data = yield* connection.read;
      if (!data) break;
      parts.push(data);
      left -= data.length;
    }
    return concat(...parts);
  });

/** Sends data, asserts that it arrives, and gives how many bytes it took on the wire. */
const sent = (tape: Tape, from: Connection, to: Connection, data: Bytes) =>
  Effect.gen(function* () {
    const before = tape.flows.length;
    yield* from.write(data);
    assert.ok(sameBytes(yield* bytesOf(to, data.length), data), `${data.length} bytes came otherwise`);
    return tape.flows.slice(before).reduce((sum, { bytes }) => sum + bytes.length, 0);
  });

const LENGTH = 100_000;
/** 100 KB of what somebody could have written, and as much of what nobody could. */
const text = ascii(
  Array.from({ length: LENGTH / 40 }, (_, n) => `line ${n} of a text that says little, `).join(""),
)
  .subarray(0, LENGTH);
const noise = random(LENGTH);

// ---- every cipher in every version ----

/** A suite for each kind of cipher, and whether it MACs what it encrypted, where it has the choice. */
const ciphers: ReadonlyArray<readonly [string, CipherSuite, boolean]> = [
  ["GCM", C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true],
  ["ChaCha20-Poly1305", C.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, true],
  ["AES-CBC", C.TLS_RSA_WITH_AES_128_CBC_SHA, true],
  ["AES-CBC, MAC-then-encrypt", C.TLS_RSA_WITH_AES_128_CBC_SHA, false],
  ["AES-CBC with SHA-384", C.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, true],
  ["3DES", C.TLS_RSA_WITH_3DES_EDE_CBC_SHA, true],
  ["3DES, MAC-then-encrypt", C.TLS_RSA_WITH_3DES_EDE_CBC_SHA, false],
  ["RC4", C.TLS_RSA_WITH_RC4_128_MD5, true],
  ["NULL", C.TLS_RSA_WITH_NULL_SHA, true],
];
const MESSAGES = fewer("messages under DEFLATE", 10)(30);

for (const version of [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0]) {
  for (const [kind, suite, encryptThenMac] of ciphers) {
    const { cipher, since } = suites.get(suite)!;
    // SSL 3.0 has no extensions, and so but one order.
    const chooses = version > SSL_3_0 && cipher._tag === "cbc";
    if (since > version || !encryptThenMac && !chooses) continue;
    sync(
      `DEFLATE under ${kind} in ${
        versionText(version)
      }: both ends talk, in a full handshake and in a resumed one`,
      Effect.gen(function* () {
        const setup = both(speaks(version, suite, { encryptThenMac }));
        const built = yield* build(setup);
        for (const resumed of [false, true]) {
          const { client: c, server: s, tape } = yield* bothHandshake(built, setup);
          const [client, server] = [yield* c, yield* s];
          for (const n of [yield* client.negotiated, yield* server.negotiated]) {
            assert.deepEqual([n.compressionMethod, n.resumed], [DEFLATE, resumed]);
            assert.equal(n.encryptThenMac, chooses && encryptThenMac);
          }
          for (const [from, to] of [[client, server], [server, client]] as const) {
            for (let n = 0; n < MESSAGES; n++) yield* sent(tape, from, to, ascii(`${n}`.repeat(n + 1)));
            const some = resumed ? text.subarray(0, LENGTH / 10) : text;
            const few = yield* sent(tape, from, to, some);
            assert.ok(few < some.length / 3, `the text took ${few} bytes`);
            if (resumed) continue;
            const many = yield* sent(tape, from, to, noise);
            assert.ok(many > LENGTH && many < LENGTH + 2000, `the noise took ${many} bytes`);
          }
          assert.equal(yield* pingPong(client, server), "ping pong");
        }
      }),
    );
  }
}

// ---- who offers and chooses it ----

const agreements: ReadonlyArray<readonly [string, Policy, string, Policy, CompressionMethod]> = [
  ["legacy", legacy12, "legacy", legacy12, DEFLATE],
  ["legacy", legacy12, "compatible", compatible12, NONE],
  ["legacy", legacy12, "modern", modern12, NONE],
  ["compatible", compatible12, "legacy", legacy12, NONE],
  ["compatible", compatible12, "compatible", compatible12, NONE],
  ["modern", modern12, "legacy", legacy12, NONE],
  ["modern", modern12, "modern", modern12, NONE],
];
for (const [client, ours, server, theirs, method] of agreements) {
  sync(
    `a client of Policy.${client} and a server of Policy.${server} agree on ${
      CompressionMethod.nameOf(method)
    }`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const story = yield* handshakeStory(built, { client: { policy: ours }, server: { policy: theirs } });
      assert.deepEqual(story.hello.compressionMethods, ours === legacy12 ? [DEFLATE, NONE] : [NONE]);
      assert.equal(story.answer.compressionMethod, method);
      assert.deepEqual([story.ours.compressionMethod, story.theirs.compressionMethod], [method, method]);
    }),
  );
}

/** A client of Policy.modern that offers some methods all the same. */
const offering = (...compressionMethods: ReadonlyArray<CompressionMethod>) =>
  changingHello((hello) => encodeMessage(make(ClientHello, { ...hello, compressionMethods })));
const LZS = CompressionMethod.of(64);
const GREASE = CompressionMethod.of(0x0a);

for (const [name, policy] of [["modern", modern12], ["compatible", compatible12]] as const) {
  sync(
    `a server of Policy.${name} that is offered DEFLATE first chooses null`,
    Effect.gen(function* () {
      const setup: Setup = { server: { policy } };
      const ends = yield* changedHandshake(yield* build({ toy: true }), setup, {
        client: offering(DEFLATE, NONE),
      });
      const [client, server] = [yield* ends.client, yield* ends.server];
      assert.equal((yield* server.negotiated).compressionMethod, NONE);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a server passes over methods that it can't speak, whatever its policy names, and refuses a hello without null",
  Effect.gen(function* () {
    const setup: Setup = { server: { policy: { ...legacy12, compressionMethods: [LZS, DEFLATE, NONE] } } };
    const built = yield* build({ toy: true });
    const chosen = (...methods: ReadonlyArray<CompressionMethod>) =>
      Effect.map(changedHandshake(built, setup, { client: offering(...methods) }), ({ server }) => server);
    const server = yield* yield* chosen(LZS, GREASE, NONE);
    assert.equal((yield* server.negotiated).compressionMethod, NONE);
    for (const methods of [[DEFLATE], [LZS, DEFLATE]]) {
      const refused = yield* chosen(...methods);
      assert.equal(
        Either.isLeft(refused) && refused.left.message,
        "no common compression method: every client must offer null",
      );
    }
  }),
);

sync(
  "a client offers no method that it can't speak, whatever its policy names, and always null",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    for (
      const [named, offered] of [[[LZS, DEFLATE], [DEFLATE, NONE]], [[LZS], [NONE]], [[], [NONE]]] as const
    ) {
      const policy = { ...legacy12, compressionMethods: named };
      const { hello } = yield* handshakeStory(built, { client: { policy }, server: { policy: legacy12 } });
      assert.deepEqual(hello.compressionMethods, offered);
    }
  }),
);

for (const method of [DEFLATE, LZS]) {
  sync(
    `a server that chooses ${CompressionMethod.nameOf(method)} of a client of Policy.modern is refused`,
    Effect.gen(function* () {
      const { client, tape } = yield* changedHandshake(yield* build({ toy: true }), {}, {
        server: changingServerHello((hello) =>
          encodeMessage(make(ServerHello, { ...hello, compressionMethod: method }))
        ),
      });
      assert.equal(
        Either.isLeft(client) && client.left.message,
        "ServerHello.compressionMethod: was not offered",
      );
      assert.equal(lastAlert(tape, "client"), "fatal illegal_parameter");
    }),
  );
}

// ---- sessions ----

const gcm = speaks(TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
const differing = (client: Policy, server: Policy): Setup => ({
  client: { policy: client },
  server: { policy: server },
});
const [all, none] = [both(gcm), both(uncompressed(gcm))];

/** How the first and the second handshake go about it, and whether the second resumes, by which method. */
const sessions: ReadonlyArray<readonly [string, Setup, Setup, boolean, CompressionMethod]> = [
  ["compressed, by ends that still do so", all, all, true, DEFLATE],
  ["compressed, by a server that no longer does", all, differing(gcm, uncompressed(gcm)), false, NONE],
  ["compressed, by a client that no longer does", all, differing(uncompressed(gcm), gcm), false, NONE],
  ["compressed, by ends of which neither does any longer", all, none, false, NONE],
  ["not compressed, by ends that would do so now", none, all, true, NONE],
  ["not compressed, by a server that would do so now", none, differing(uncompressed(gcm), gcm), true, NONE],
];
for (const tickets of [false, true]) {
  for (const [what, before, now, resumed, method] of sessions) {
    sync(
      `a session ${what}, ${tickets ? "by ticket" : "by ID"}: ${resumed ? "resumed" : "full"}, ${
        CompressionMethod.nameOf(method)
      }`,
      Effect.gen(function* () {
        const built = yield* build({ kind: "rsa", toy: true, tickets });
        const one = yield* handshakeStory(built, before);
        assert.equal(one.ours.compressionMethod, before === all ? DEFLATE : NONE);
        const two = yield* handshakeStory(built, now);
        assert.equal(two.resumed, resumed);
        assert.deepEqual([two.ours.compressionMethod, two.theirs.compressionMethod], [method, method]);
        assert.equal(two.answer.compressionMethod, method);
        // A client offers no session that it would have to refuse.
        const { compressionMethods } = two.hello;
        assert.equal(two.hello.sessionId.length > 0, compressionMethods.includes(one.ours.compressionMethod));
      }),
    );
  }
}

sync(
  "a server that resumes a session with another method than its own is refused",
  Effect.gen(function* () {
    const built = yield* build(all);
    yield* handshakeStory(built, all);
    const { client, tape } = yield* changedHandshake(built, all, {
      server: changingServerHello((hello) =>
        encodeMessage(make(ServerHello, { ...hello, compressionMethod: NONE }))
      ),
    });
    assert.equal(
      Either.isLeft(client) && client.left.message,
      "ServerHello.compressionMethod: is not that of the session it resumes",
    );
    assert.equal(lastAlert(tape, "client"), "fatal illegal_parameter");
  }),
);

// ---- renegotiation ----

for (const version of [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0]) {
  sync(
    `${versionText(version)}: the keys of a renegotiation have windows of their own, in both directions`,
    Effect.gen(function* () {
      const policy = speaks(version, C.TLS_RSA_WITH_RC4_128_SHA);
      const { client, server, tape } = yield* handshake(both(policy));
      const said = noise.subarray(0, 3000);
      for (let round = 0; round < 3; round++) {
        for (const [from, to] of [[client, server], [server, client]] as const) {
          const lengths = [yield* sent(tape, from, to, said), yield* sent(tape, from, to, said)] as const;
          assert.ok(lengths[0] > 3000, `new to the window, it took ${lengths[0]} bytes`);
          assert.ok(lengths[1] < 150, `already in the window, it took ${lengths[1]} bytes`);
        }
        yield* renegotiated(client, server, { policy });
        assert.equal((yield* server.negotiated).compressionMethod, DEFLATE);
      }
    }),
  );

  sync(
    `${versionText(version)}: a renegotiation ends compression, or begins it`,
    Effect.gen(function* () {
      const policy = speaks(version, C.TLS_RSA_WITH_RC4_128_SHA);
      const { client, server, tape } = yield* handshake(both(policy));
      const said = text.subarray(0, 10_000);
      for (const method of [DEFLATE, NONE, DEFLATE, NONE]) {
        const ends = [yield* client.negotiated, yield* server.negotiated];
        assert.deepEqual(ends.map((n) => n.compressionMethod), [method, method]);
        for (const [from, to] of [[client, server], [server, client]] as const) {
          assert.equal((yield* sent(tape, from, to, said)) < 5000, method === DEFLATE);
        }
        yield* renegotiated(client, server, { policy: method === DEFLATE ? uncompressed(policy) : policy });
      }
    }),
  );
}

// ---- what a peer could send instead ----

/** What was forged ends the connection, and whoever said it is told so. */
const refusedAs = ({ victim, forger }: Forging["ends"], tag: string, alert: string) =>
  Effect.gen(function* () {
    assert.equal((yield* Effect.flip(victim.read))._tag, tag);
    assert.equal((yield* Effect.flip(forger.read)).message, `the peer sent the fatal alert ${alert}`);
  });

/** A connection whose one end also says what a test wants, under the right keys and not compressed by them. */
const forging = (
  role: "client" | "server",
  policy: Policy,
): Effect.Effect<Forging, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const built = yield* build({ kind: "rsa", toy: true });
    const streams = yield* taped();
    let master: Bytes = new Uint8Array(0);
    const log = layerTo((line) => Effect.sync(() => void (master = Buffer.from(line.split(" ")[2]!, "hex"))));
    const alerts: Array<string> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "alert") alerts.push(`${e.direction} ${AlertDescription.nameOf(e.description)}`);
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(streams.client, { serverName: "localhost", policy, observe }), built.client),
      Effect.provide(Server.over(streams.server, { policy }), built.server).pipe(Effect.provide(log)),
    ], { concurrency: 2 });
    const { version, cipherSuite, clientRandom, serverRandom, encryptThenMac } = yield* client.negotiated;
    const random = { client: clientRandom, server: serverRandom };
    const derivation = dialects.get(version)!.derive(suites.get(cipherSuite)!, random, makeDeterministic(""));
    const keys = derivation.keys(master, encryptThenMac)[role];
    // The Finished that went before, of which the numbers of records and the stream's beginning are all that is left.
    const finished = noise.subarray(0, 16);
    keys.seal(ContentType.handshake, finished);
    const compress = compressions.get(DEFLATE)!.compressor();
    compress(finished);
    return {
      ends: role === "client" ? { forger: client, victim: server } : { forger: server, victim: client },
      compress,
      forge: (fragment) =>
        streams[role].write(plainRecord(DATA, concat(...keys.seal(DATA, fragment)), version)),
      alerts,
    };
  });

interface Forging {
  readonly ends: Record<"forger" | "victim", Connection>;
  /** Goes on where the forger's Finished ended. */
  readonly compress: (data: Bytes) => Bytes;
  readonly forge: (fragment: Bytes) => Effect.Effect<void, unknown>;
  /** What the client heard and said. */
  readonly alerts: ReadonlyArray<string>;
}

const zeros = (length: number): Bytes => new Uint8Array(length);
/** Three bytes from the window again, and a flush; 0x02 is for the last byte there, 0x5e for what is 24,577 before. */
const copy = (distance: number): Bytes => Uint8Array.of(0x02, distance, 0, 0, 0, 0, 0xff, 0xff);

const forgeries: Readonly<Record<string, (compress: Forging["compress"]) => Bytes>> = {
  "a block of no kind": () => Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  "data that nobody compressed": () => ascii("what the peer would have said without compression"),
  "a flush without its last byte": (compress) => compress(ascii("something")).subarray(0, -1),
  "half of a record": (compress) => compress(random(1000)).subarray(0, 500),
  "a reference to what was never said": () => copy(0x5e),
  "a second beginning of the stream": () => compressions.get(DEFLATE)!.compressor()(ascii("something")),
  "a record that inflates to one byte too many": (compress) => compress(zeros(2 ** 14 + 1)),
  "a bomb of 10 MB": (compress) => compress(zeros(10_000_000)),
};
const null12 = speaks(TLS_1_2, C.TLS_RSA_WITH_NULL_SHA256);
for (const role of ["client", "server"] as const) {
  const other = role === "client" ? "server" : "client";
  for (const [what, make] of Object.entries(forgeries)) {
    for (const [under, policy] of [["GCM", gcm], ["NULL", null12]] as const) {
      sync(
        `${what} inside a good record under ${under} is a decompression_failure at the ${other}`,
        Effect.gen(function* () {
          const { ends, compress, forge, alerts } = yield* forging(role, policy);
          yield* forge(compress(ascii("good")));
          yield* forge(copy(0x02));
          assert.equal(yield* readText(ends.victim, 7), "goodddd");
          yield* forge(make(compress));
          for (let n = 0; n < 2; n++) {
            assert.equal((yield* Effect.flip(ends.victim.read))._tag, "DecompressionFailure", "and stays so");
          }
          const heard = yield* Effect.flip(ends.forger.read);
          assert.equal(heard.message, "the peer sent the fatal alert decompression_failure");
          assert.deepEqual(alerts, [
            `${role === "client" ? "received" : "sent"} decompression_failure`,
          ]);
        }),
      );
    }
  }
}

for (const [kind, suite, encryptThenMac] of ciphers) {
  sync(
    `a compressed record that is changed on the way under ${kind} is bad_record_mac: nothing is inflated before its MAC holds`,
    Effect.gen(function* () {
      const setup = both(speaks(TLS_1_2, suite, { encryptThenMac }));
      let over = false;
      // The first byte after the header, or after the IV.
      const at = suites.get(suite)!.cipher._tag === "stream" ? 5 : 5 + 16;
      const { client, server } = yield* bothHandshake(yield* build(setup), {
        ...setup,
        tamper: (_, bytes) => over ? bytes.map((b, i) => i === at ? b ^ 0x80 : b) : bytes,
      });
      over = true;
      yield* (yield* client).write(text.subarray(0, 1000));
      assert.equal((yield* Effect.flip((yield* server).read))._tag, "BadRecordMac");
    }),
  );
}

for (const version of [TLS_1_1, TLS_1_0, SSL_3_0]) {
  sync(
    `${versionText(version)} knows the alert decompression_failure as well`,
    Effect.gen(function* () {
      const { ends, forge } = yield* forging("client", speaks(version, C.TLS_RSA_WITH_NULL_SHA));
      yield* forge(Uint8Array.of(0xff));
      yield* refusedAs(ends, "DecompressionFailure", "decompression_failure");
    }),
  );
}

sync(
  "a record that inflates to 2^14 bytes is the longest that is read, and may be compressed to very few",
  Effect.gen(function* () {
    const { ends, compress, forge } = yield* forging("client", gcm);
    const few = compress(zeros(2 ** 14));
    assert.ok(few.length < 50);
    yield* forge(few);
    assert.ok(sameBytes(yield* bytesOf(ends.victim, 2 ** 14), zeros(2 ** 14)));
  }),
);

for (
  const [kind, suite] of [["GCM", gcm.cipherSuites[0]!], ["CBC", C.TLS_RSA_WITH_AES_128_CBC_SHA]] as const
) {
  sync(
    `a compressed fragment of more than 2^14 + 1024 bytes under ${kind} is a record_overflow, whatever it holds (RFC 5246 §6.2.2)`,
    Effect.gen(function* () {
      const { ends, forge } = yield* forging("client", speaks(TLS_1_2, suite));
      yield* forge(zeros(2 ** 14 + 1025));
      yield* refusedAs(ends, "RecordOverflow", "record_overflow");
    }),
  );
}

sync(
  "SSL 3.0: compression taken out of the answer by somebody in between is a decompression_failure at Finished",
  Effect.gen(function* () {
    // There is no extended master secret, so that the keys are still the same.
    const setup = both(speaks(SSL_3_0, C.TLS_RSA_WITH_AES_128_CBC_SHA));
    const METHOD = 5 + 4 + 2 + 32 + 1 + 32 + 2;
    let was: number | undefined;
    const { client, server, tape } = yield* bothHandshake(yield* build(setup), {
      ...setup,
      tamper: (from, bytes, index) => {
        if (from !== "server" || index !== 1) return bytes;
        was = bytes[METHOD];
        return bytes.map((b, i) => i === METHOD ? NONE : b);
      },
    });
    assert.equal(was, DEFLATE);
    assert.equal(Either.isLeft(server) && server.left._tag, "DecompressionFailure");
    assert.equal(lastAlert(tape, "server"), "fatal decompression_failure");
    assert.equal(
      Either.isLeft(client) && client.left.message,
      "the peer sent the fatal alert decompression_failure",
    );
  }),
);

// ---- short records ----

sync(
  "max_fragment_length is of what is compressed, not of what it is compressed to",
  Effect.gen(function* () {
    const { client, server, tape } = yield* handshake(both({ ...gcm, maxFragmentLength: 512 }));
    for (const n of [yield* client.negotiated, yield* server.negotiated]) {
      assert.deepEqual([n.maxFragmentLength, n.compressionMethod], [512, DEFLATE]);
    }
    for (const [from, to] of [[client, server], [server, client]] as const) {
      yield* from.write(noise.subarray(0, 5120));
      // Ten records, which are longer than the bytes they carry.
      const { bytes } = tape.flows.at(-1)!;
      assert.ok(bytes.length > 5120 + 10 * (5 + 8 + 16));
      const got: Array<number> = [];
      for (let n = 0; n < 10; n++) got.push((yield* to.read)?.length ?? 0);
      assert.deepEqual(got, Array(10).fill(512));
      assert.ok((yield* sent(tape, from, to, text.subarray(0, 20_000))) < 5000);
    }
  }),
);

sync(
  "a record that inflates to more than max_fragment_length is a record_overflow",
  Effect.gen(function* () {
    const { ends, compress, forge } = yield* forging("server", { ...gcm, maxFragmentLength: 512 });
    yield* forge(compress(text.subarray(0, 512)));
    assert.ok(sameBytes(yield* bytesOf(ends.victim, 512), text.subarray(0, 512)));
    yield* forge(compress(zeros(513)));
    assert.equal((yield* Effect.flip(ends.victim.read))._tag, "RecordOverflow");
    assert.equal(
      (yield* Effect.flip(ends.forger.read)).message,
      "the peer sent the fatal alert record_overflow",
    );
  }),
);

// ---- why nobody should ----

/** What a browser that was led astray asks for, with the secret that it adds by itself. */
const request = (guess: string): Bytes =>
  ascii(`GET /${guess} HTTP/1.1\r\nHost: bank.example\r\nCookie: session=5f2b9c77d1e04a68\r\n\r\n`);
const guesses = ["session=5f2b9c77", "session=a0a1a2a3", "session=b7b6b5b4", "session=c3d2e1f0"];

/** The lengths of the records that carry the guesses, as anybody on the way sees them; each on its own connection. */
const lengthsUnder = (policy: Policy) =>
  Effect.forEach(guesses, (guess) =>
    Effect.gen(function* () {
      const { client, server, tape } = yield* handshake({
        toy: true,
        client: { policy },
        server: { policy },
      });
      return yield* sent(tape, client, server, request(guess));
    }));

sync(
  "CRIME: with DEFLATE the length of a record tells which guess at a cookie is right, and under Policy.modern it tells nothing",
  Effect.gen(function* () {
    const [right, ...wrong] = yield* lengthsUnder(legacy12);
    for (const length of wrong) {
      assert.ok(length > right!, `the right guess took ${right}, a wrong one ${length}`);
    }
    assert.equal(new Set(yield* lengthsUnder(modern12)).size, 1);
    assert.equal(new Set(yield* lengthsUnder(uncompressed(legacy12))).size, 1);
  }),
);

sync(
  "CRIME: what was said in one record is found out by the length of the next",
  Effect.gen(function* () {
    const lengths = (policy: Policy) =>
      Effect.forEach(guesses, (guess) =>
        Effect.gen(function* () {
          const { client, server, tape } = yield* handshake({
            toy: true,
            client: { policy },
            server: { policy },
          });
          yield* client.write(request("index.html"));
          yield* server.read;
          return yield* sent(tape, client, server, ascii(guess));
        }));
    const [right, ...wrong] = yield* lengths(legacy12);
    for (const length of wrong) {
      assert.ok(length > right!, `the right guess took ${right}, a wrong one ${length}`);
    }
    assert.equal(new Set(yield* lengths(modern12)).size, 1);
  }),
);

sync(
  "a client that offers TLS 1.3 offers no compression, whatever its policy has (RFC 8446 §4.1.2)",
  Effect.gen(function* () {
    assert.ok(legacy.compressionMethods.includes(CompressionMethod.DEFLATE));
    const { client } = yield* handshake(bothUnder(legacy, { toy: true }));
    const { version, compressionMethod } = yield* client.negotiated;
    assert.deepEqual([version, compressionMethod], [ProtocolVersion.TLS_1_3, CompressionMethod.null]);
  }),
);

sync(
  "a client that offers TLS 1.3 does not offer a session that was compressed, for its method is not offered",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const hellos: Array<ClientHello> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message" && e.message instanceof ClientHello) hellos.push(e.message);
    };
    const meet = (policy: Policy) =>
      Effect.gen(function* () {
        const ends = yield* bothHandshake(built, {
          toy: true,
          client: { policy, observe },
          server: { policy: legacy12 },
        });
        return yield* (yield* ends.client).negotiated;
      });
    const first = yield* meet(legacy12);
    assert.deepEqual([first.compressionMethod, first.resumed], [DEFLATE, false]);
    const second = yield* meet(legacy);
    assert.deepEqual([second.compressionMethod, second.resumed], [NONE, false]);
    assert.notDeepEqual(hellos[1]!.sessionId, first.sessionId);
  }),
);
