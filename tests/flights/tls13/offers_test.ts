/** What a hello of TLS 1.3 offers besides, and what comes of it: compressed certificates, record sizes, padding, GREASE. @module */
import { assert, Context, Effect } from "../../deps.ts";
import { layerNative } from "../../../src/layers/compression/native.ts";
import {
  Certificate13,
  ClientHello,
  CompressedCertificate,
  findExtension,
} from "../../../src/messages/mod.ts";
import { CertificateCompressionAlgorithm, ProtocolVersion } from "../../../src/names/protocol.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { modern, type Policy } from "../../../src/tables/policy.ts";
import { sync } from "../../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  pingPong,
  readText,
  recordsOf,
  type Setup,
} from "../../support/handshake.ts";
import { bothUnder, modern12, modern13 } from "../../support/policies.ts";
import { bytesOf } from "../../support/text.ts";

const { brotli, zlib, zstd } = CertificateCompressionAlgorithm;
const toy = (policy: Policy, more: Setup = {}): Setup => bothUnder(policy, { toy: true, ...more });
const compressing: Policy = { ...modern13, certificateCompression: [brotli, zstd, zlib] };

/** A handshake, and the messages that passed as this end or that one saw them. */
const watched = (built: Built, setup: Setup) =>
  Effect.gen(function* () {
    const seen: Array<{ readonly message: object; readonly sent: boolean }> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message") seen.push({ message: e.message, sent: e.direction === "sent" });
    };
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    const [client, server] = [yield* ends.client, yield* ends.server];
    return { client, server, seen, tape: ends.tape };
  });
const algorithms = (seen: ReadonlyArray<{ readonly message: object }>) =>
  seen.flatMap(({ message }) => message instanceof CompressedCertificate ? [message.algorithm] : []);

sync(
  "certificates are compressed by zlib without a layer, the client's as well as the server's (RFC 8879)",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, clientKind: "p256" });
    const setup = toy(compressing, { server: { clientAuth: "require" } });
    const { client, seen, server } = yield* watched(built, setup);
    assert.deepEqual(algorithms(seen), [zlib, zlib]);
    assert.equal((yield* client.peerCertificates).length, 1);
    assert.equal((yield* server.peerCertificates).length, 1);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "certificates are compressed by the first algorithm of the peer's list that both ends have",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const layer = yield* Effect.provide(Effect.context<never>(), layerNative);
    const both: Built = {
      client: Context.merge(built.client, layer),
      server: Context.merge(built.server, layer),
    };
    const using = (of: Policy["certificateCompression"]): Policy => ({
      ...modern13,
      certificateCompression: of,
    });
    const taken = (client: Policy, server: Policy) =>
      Effect.map(
        watched(both, { toy: true, client: { policy: client }, server: { policy: server } }),
        ({ seen }) => algorithms(seen),
      );
    assert.deepEqual(yield* taken(using([brotli, zlib]), compressing), [brotli]);
    assert.deepEqual(yield* taken(using([zlib]), compressing), [zlib]);
    assert.deepEqual(yield* taken(using([]), compressing), []);
    assert.deepEqual(yield* taken(compressing, using([])), []);
  }),
);

sync(
  "TLS 1.2 compresses no certificate",
  Effect.gen(function* () {
    const policy: Policy = { ...modern, versions: [ProtocolVersion.TLS_1_2] };
    const { seen } = yield* watched(yield* build({ toy: true }), toy(policy));
    assert.deepEqual(algorithms(seen), []);
    assert.equal(seen.some(({ message }) => message instanceof Certificate13), false);
    const hello = seen.find(({ message }) => message instanceof ClientHello)!.message as ClientHello;
    assert.equal(findExtension(hello.extensions, "compress_certificate"), undefined);
  }),
);

for (const [name, base] of [["1.3", modern13], ["1.2", modern12]] as const) {
  sync(
    `TLS ${name}: record_size_limit bounds what each end is sent, and not what it sends (RFC 8449 §4)`,
    Effect.gen(function* () {
      const setup: Setup = {
        toy: true,
        client: { policy: { ...base, recordSizeLimit: 100 } },
        server: { policy: { ...base, recordSizeLimit: 300 } },
      };
      const { client, server, tape } = yield* watched(yield* build({ toy: true }), setup);
      const before = tape.flows.length;
      const text = "x".repeat(1000);
      yield* client.write(bytesOf(text));
      assert.equal(yield* readText(server, 1000), text);
      yield* server.write(bytesOf(text));
      assert.equal(yield* readText(client, 1000), text);
      const longest = (from: "client" | "server") =>
        Math.max(
          ...tape.flows.slice(before).filter((f) => f.from === from)
            .flatMap(({ bytes }) => recordsOf(bytes)).map((r) => r.length - 5),
        );
      // In TLS 1.3 the limit counts the content type; the tag, and in TLS 1.2 the nonce, come on top.
      const over = name === "1.3" ? 16 : 24;
      assert.deepEqual([longest("server"), longest("client")], [100 + over, 300 + over]);
    }),
  );
}

sync(
  "TLS 1.3 records are padded to a multiple, and never beyond what the peer reads",
  Effect.gen(function* () {
    const setup: Setup = {
      toy: true,
      client: { policy: { ...modern13, recordPadding: 64, recordSizeLimit: 2 ** 14 } },
      server: { policy: { ...modern13, recordSizeLimit: 100 } },
    };
    const { client, server, tape } = yield* watched(yield* build({ toy: true }), setup);
    const before = tape.flows.length;
    for (const length of [1, 60, 64, 98]) {
      yield* client.write(new Uint8Array(length));
      assert.equal((yield* server.read)?.length, length);
    }
    const lengths = tape.flows.slice(before).filter(({ from }) => from === "client")
      .flatMap(({ bytes }) => recordsOf(bytes)).map((r) => r.length - 5 - 16);
    assert.ok(lengths.every((length) => length <= 100), `${lengths}`);
    assert.equal(new Set(lengths.slice(0, 2)).size, 1, "one byte and sixty look the same");
  }),
);

sync(
  "GREASE is sent where policy says so, with a session and without, and changes nothing (RFC 8701)",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const isGrease = (n: number) => (n & 0x0f0f) === 0x0a0a && n >> 8 === (n & 0xff);
    const policy: Policy = { ...modern13, grease: true };
    for (const resumed of [false, true]) {
      const { client, seen, server } = yield* watched(built, toy(policy));
      const hello = seen.find(({ message }) => message instanceof ClientHello)!.message as ClientHello;
      assert.ok(hello.cipherSuites.some(isGrease));
      assert.ok(findExtension(hello.extensions, "supported_groups")?.namedGroupList.some(isGrease));
      assert.ok(findExtension(hello.extensions, "supported_versions")?.versions.some(isGrease));
      assert.equal(yield* pingPong(client, server), "ping pong");
      assert.equal((yield* client.negotiated).resumed, resumed);
    }
    const plain = yield* watched(built, toy(modern13));
    const hello = plain.seen.find(({ message }) => message instanceof ClientHello)!.message as ClientHello;
    assert.equal(hello.cipherSuites.some(isGrease), false);
  }),
);
