/** Early data, external PSKs and padded records of TLS 1.3 with OpenSSL and GnuTLS, in both roles. @module */
import { assert, Effect, Layer, Queue } from "../deps.ts";
import { type Connection, Names, PreSharedKeys } from "../../mod.ts";
import { accept, client, connect, exchange, listen, talk } from "./ends.ts";
import { keys, root, sClient, sServer } from "./openssl.ts";
import { freePort, start, temporary, untilListening, withPeer } from "./peers.ts";
import { only13 } from "./tls13.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => new TextDecoder().decode(data);
const QUESTION = "an early question\n";

/** A server of ours that takes early data: what each of its connections read first, and whether that was early. */
const early = (policy = only13()) =>
  Effect.gen(function* () {
    const heard = yield* Queue.unbounded<readonly [text: string, early: boolean | undefined]>();
    const handler = (connection: Connection) =>
      Effect.gen(function* () {
        const first = yield* connection.readWithEpoch;
        yield* Queue.offer(heard, [textOf(first?.data), first?.early]);
        yield* connection.write(bytesOf("an answer\n"));
        while (yield* connection.read);
      });
    const port = yield* listen(
      "p256",
      { policy, earlyData: 4096, onFailure: () => Effect.void },
      handler,
    );
    return { port, heard: Queue.take(heard) };
  });

withPeer(
  "openssl",
  "our server: early data of s_client is taken, that of the same ticket a second time is not",
  Effect.gen(function* () {
    const { heard, port } = yield* early();
    const folder = yield* temporary;
    const [session, file] = [`${folder}/session`, `${folder}/early`];
    yield* Effect.promise(() => Deno.writeTextFile(file, QUESTION));
    const first = yield* sClient(port, "-tls1_3", "-sess_out", session);
    yield* first.say("hello\n");
    yield* first.until(/an answer/);
    assert.deepEqual(yield* heard, ["hello\n", false]);
    yield* first.trace;
    const visit = (status: RegExp, ...flags: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const peer = yield* sClient(port, "-tls1_3", "-sess_in", session, "-early_data", file, ...flags);
        yield* peer.until(status);
        yield* peer.say("later\n");
        yield* peer.until(/an answer/);
        yield* peer.trace;
        return yield* heard;
      });
    assert.deepEqual(yield* visit(/Early data was accepted/), [QUESTION, true]);
    // s_client shows the ticket again: it is gone, the handshake is full, and what is early is passed over.
    assert.deepEqual(yield* visit(/Early data was rejected/), ["later\n", false]);
  }),
);

withPeer(
  "openssl",
  "our server asks for another group, and passes over what s_client sent early",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const [session, file] = [`${folder}/session`, `${folder}/early`];
    yield* Effect.promise(() => Deno.writeTextFile(file, QUESTION));
    const { heard, port } = yield* early(only13({ groups: [Names.NamedGroup.secp256r1] }));
    const visit = (...flags: ReadonlyArray<string>) =>
      sClient(port, "-tls1_3", "-groups", "X25519:P-256", ...flags);
    const first = yield* visit("-sess_out", session);
    yield* first.say("hello\n");
    yield* first.until(/an answer/);
    yield* first.trace;
    assert.deepEqual(yield* heard, ["hello\n", false]);
    const peer = yield* visit("-sess_in", session, "-early_data", file);
    yield* peer.until(/Early data was rejected/);
    yield* peer.say("later\n");
    yield* peer.until(/an answer/);
    assert.deepEqual(yield* heard, ["later\n", false]);
  }),
);

for (
  const { what, flags, taken } of [
    { what: "takes it", flags: ["-early_data"], taken: [undefined, true, true] },
    { what: "takes none", flags: [], taken: [undefined, undefined, undefined] },
    {
      what: "takes it, with tickets from its memory",
      flags: ["-early_data", "-no_ticket"],
      taken: [undefined, true, true],
    },
  ]
) {
  withPeer(
    "openssl",
    `our client sends early data to s_server, which ${what}`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer("-tls1_3", "-naccept", "3", ...flags);
      const seen = yield* Effect.forEach(taken, (expected, i) =>
        Effect.scoped(Effect.gen(function* () {
          const question = `an early question ${i}`;
          const connection = yield* connect(port, { policy: only13(), earlyData: bytesOf(`${question}\n`) });
          const us = yield* talk(connection);
          if (expected) yield* peer.until(new RegExp(question));
          yield* exchange(us, peer, `connection ${i}`);
          yield* connection.close;
          return (yield* connection.negotiated).earlyData;
        })));
      assert.deepEqual(seen, taken);
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our client: s_server asks for another group, early data is refused, and nothing of it comes twice",
  Effect.gen(function* () {
    const port = yield* freePort;
    const G = Names.NamedGroup;
    const visit = (groups: string) =>
      Effect.scoped(Effect.gen(function* () {
        const peer = yield* sServerFor(port, groups);
        const policy = only13({ groups: [G.x25519, G.secp256r1] });
        const connection = yield* connect(port, { policy, earlyData: bytesOf("early\n") });
        const us = yield* talk(connection);
        yield* exchange(us, peer, "later");
        yield* connection.close;
        assert.doesNotMatch(peer.output(), /^early$/m);
        const { earlyData, helloRetried } = yield* connection.negotiated;
        return [earlyData, helloRetried];
      }));
    assert.deepEqual(yield* visit("X25519"), [undefined, false]);
    assert.deepEqual(yield* visit("P-256"), [false, true]);
  }).pipe(Effect.provide(client())),
);

/** s_server on a port that it had before, with early data and one group. */
const sServerFor = (port: number, groups: string) =>
  Effect.gen(function* () {
    const peer = yield* start("stdbuf", [
      ...["-oL", "openssl", "s_server", "-accept", `127.0.0.1:${port}`, "-tls1_3", "-naccept", "1"],
      ...["-early_data", "-groups", groups, "-CAfile", root, ...keys("p256")],
    ]);
    yield* peer.until(/ACCEPT/);
    return peer;
  });

const KEY = "00112233445566778899aabbccddeeff";
const psks = PreSharedKeys.layerFixed([{ identity: bytesOf("device"), key: Uint8Array.fromHex(KEY) }]);

withPeer(
  "openssl",
  "an external PSK, our client and s_server: no certificate, and one where the identity is another",
  Effect.gen(function* () {
    const { peer, port } = yield* sServer(
      ...["-tls1_3", "-naccept", "1", "-psk", KEY, "-psk_identity", "device"],
    );
    const connection = yield* connect(port, { policy: only13() });
    yield* exchange(yield* talk(connection), peer, "by a key");
    const { psk } = yield* connection.negotiated;
    assert.deepEqual([psk, yield* connection.peerCertificates], ["external", []]);
    yield* connection.close;
    const { messages } = yield* peer.trace;
    assert.ok(!messages.includes("Certificate"));
  }).pipe(Effect.provide(Layer.merge(client(), psks))),
);

withPeer(
  "openssl",
  "an external PSK, our server and s_client: no certificate, decrypt_error for another key",
  Effect.gen(function* () {
    const { next, port } = yield* Effect.provide(accept("p256", { policy: only13() }), psks);
    const peer = yield* sClient(port, "-tls1_3", "-psk", KEY, "-psk_identity", "device");
    const us = yield* next;
    yield* exchange(us, peer, "by a key");
    assert.equal((yield* us.connection.negotiated).psk, "external");
    const { messages } = yield* peer.trace;
    assert.ok(!messages.includes("Certificate"));
    const wrong = yield* sClient(port, "-tls1_3", "-psk", KEY.replace("00", "ff"), "-psk_identity", "device");
    const { alerts } = yield* wrong.trace;
    assert.deepEqual(alerts, ["fatal decrypt error"]);
  }),
);

withPeer(
  "openssl",
  "records are padded by both ends, and each reads the other's",
  Effect.gen(function* () {
    const { peer, port } = yield* sServer("-tls1_3", "-naccept", "1", "-record_padding", "512");
    const us = yield* talk(yield* connect(port, { policy: only13({ recordPadding: 256 }) }));
    yield* exchange(us, peer, "padded");
    const ours = yield* accept("p256", { policy: only13({ recordPadding: 1000 }) });
    const theirs = yield* sClient(ours.port, "-tls1_3", "-record_padding", "100");
    yield* exchange(yield* ours.next, theirs, "padded");
  }).pipe(Effect.provide(client())),
);

withPeer(
  "gnutls-cli",
  "our server: early data of gnutls-cli is taken",
  Effect.gen(function* () {
    const { heard, port } = yield* early();
    const file = `${yield* temporary}/early`;
    yield* Effect.promise(() => Deno.writeTextFile(file, QUESTION));
    const peer = yield* start("gnutls-cli", [
      ...["--port", `${port}`, "--x509cafile", root, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"],
      ...["--resume", "--waitresumption", "--earlydata", file, "localhost"],
    ]);
    yield* peer.say("hello\n");
    const first = yield* heard;
    const [second, isEarly] = first[1] ? first : yield* heard;
    assert.deepEqual([second, isEarly], [QUESTION, true]);
  }),
);

withPeer(
  "gnutls-serv",
  "our client: early data is taken by gnutls-serv",
  Effect.gen(function* () {
    const port = yield* freePort;
    const [, certificate, , key] = keys("p256");
    yield* start("gnutls-serv", [
      ...["--port", `${port}`, "--echo", "--earlydata", "--maxearlydata", "1000", "--x509certfile"],
      ...[certificate!, "--x509keyfile", key!, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"],
    ]);
    yield* untilListening(port);
    const visit = Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port, { policy: only13(), earlyData: bytesOf("early\n") });
      yield* connection.write(bytesOf("later\n"));
      let text = "";
      while (!text.includes("later")) {
        const data = yield* connection.read;
        if (!data) break;
        text += textOf(data);
      }
      return [(yield* connection.negotiated).earlyData, text.includes("later")];
    }));
    assert.deepEqual([yield* visit, yield* visit], [[undefined, true], [true, true]]);
  }).pipe(Effect.provide(client())),
);
