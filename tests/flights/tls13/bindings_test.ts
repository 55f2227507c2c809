/** Exported keys, channel bindings and what is negotiated in TLS 1.3 (RFC 8446 §7.5, RFC 9266). @module */
import { assert, Effect } from "../../deps.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../../src/names/protocol.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { ascii, type Bytes, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { failsWith, sync } from "../../support/effect.ts";
import { bothHandshake, build, pingPong, type Setup } from "../../support/handshake.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";

const toy: Setup = bothUnder(modern13, { toy: true });
type Ends = readonly [Connection, Connection];

const LABEL = "EXPERIMENTAL effect-tls";
/** What both ends export, which must be the same, in hexadecimal. */
const exported = (ends: Ends, label = LABEL, length = 40, context?: Bytes) =>
  Effect.gen(function* () {
    const [ours, theirs] = yield* Effect.all(
      ends.map((end) => end.exportKeyingMaterial(label, length, context)),
    );
    assert.deepEqual(ours, theirs);
    assert.equal(ours!.length, length);
    return toHex(ours!);
  });

/** A full handshake and its resumption. */
const twice = (setup: Setup) =>
  Effect.gen(function* () {
    const built = yield* build({ ...setup, tickets: true });
    const both: Array<Ends> = [];
    for (let i = 0; i < 2; i++) {
      const { client, server } = yield* bothHandshake(built, setup);
      const ends = [yield* client, yield* server] as const;
      assert.equal(yield* pingPong(...ends), "ping pong");
      both.push(ends);
    }
    return both;
  });

for (const suite of modern13.cipherSuites) {
  sync(
    `TLS 1.3, ${
      CipherSuite.nameOf(suite)
    }: both ends export the same, for each label, length, context and connection another`,
    Effect.gen(function* () {
      const setup = bothUnder({ ...modern13, cipherSuites: [suite] }, { toy: true });
      const seen = new Set<string>();
      for (const ends of yield* twice(setup)) {
        for (const label of [LABEL, `${LABEL} again`]) {
          for (const length of [1, 40, 1000]) {
            for (const context of [undefined, ascii("a context"), ascii("another")]) {
              if (length > 1) seen.add(yield* exported(ends, label, length, context));
              else yield* exported(ends, label, length, context);
            }
          }
        }
        // Unlike before TLS 1.3.
        assert.equal(yield* exported(ends), yield* exported(ends, LABEL, 40, EMPTY));
        const before = yield* exported(ends);
        yield* ends[0].updateKeys({ request: true });
        assert.equal(yield* pingPong(...ends), "ping pong");
        assert.equal(yield* exported(ends), before, "a KeyUpdate changes no exported keys");
      }
      assert.equal(seen.size, 2 * 2 * 2 * 3);
    }),
  );
}

sync(
  "TLS 1.3: tls-exporter is a connection's own, tls-server-end-point the certificate's, and tls-unique there is none",
  Effect.gen(function* () {
    const exporters = new Set<string>();
    const points = new Set<string>();
    for (const ends of yield* twice(toy)) {
      for (const end of ends) {
        exporters.add(toHex(yield* end.channelBinding("tls-exporter")));
        points.add(toHex(yield* end.channelBinding("tls-server-end-point")));
        const { rfc } = yield* failsWith(end.channelBinding("tls-unique"), "BindingUnavailable");
        assert.equal(rfc, "RFC 8446 §C.5");
      }
      const label = "EXPORTER-Channel-Binding";
      assert.ok(exporters.has(yield* exported(ends, label, 32)), "RFC 9266 §4.2");
    }
    assert.deepEqual([exporters.size, points.size], [2, 1]);
  }),
);

sync(
  "TLS 1.3: what is negotiated says all that both ends agreed on, and both say the same",
  Effect.gen(function* () {
    const setup: Setup = {
      ...toy,
      client: { policy: modern13, alpn: ["h2", "http/1.1"] },
      server: { policy: modern13, alpn: ["http/1.1"] },
    };
    for (const [i, [client, server]] of (yield* twice(setup)).entries()) {
      const resumed = i > 0;
      const { clientRandom, serverRandom, sessionId, ocspResponse, ...rest } = yield* client.negotiated;
      assert.deepEqual(yield* server.negotiated, { ...yield* client.negotiated, ocspResponse });
      assert.deepEqual([clientRandom, serverRandom, sessionId].map(({ length }) => length), [32, 32, 32]);
      assert.deepEqual(rest, {
        epoch: 1,
        version: ProtocolVersion.TLS_1_3,
        cipherSuite: CipherSuite.TLS_AES_128_GCM_SHA256,
        compressionMethod: CompressionMethod.null,
        sessionTicket: resumed,
        resumed,
        serverName: "localhost",
        alpn: "http/1.1",
        group: NamedGroup.x25519,
        signatureScheme: resumed ? undefined : SignatureScheme.ecdsa_secp256r1_sha256,
        extendedMasterSecret: true,
        encryptThenMac: false,
        maxFragmentLength: 2 ** 14,
        signedCertificateTimestamps: [],
        psk: resumed ? "ticket" : undefined,
        helloRetried: false,
        earlyData: undefined,
        secureRenegotiation: true,
      });
    }
  }),
);
