/** A client's certificate that none of the authorities has certified which the server names (RFC 5246 §7.4.4, RFC 8446 §4.2.4). @module */
import { assert, Effect, Layer, Logger } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { credentialFromPem, layer as credentials } from "../../src/layers/credentials/credentials.ts";
import { layerNative } from "../../src/layers/crypto/native/layer.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { layerInsecure } from "../../src/layers/trust/layers.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Server from "../../src/server.ts";
import { compatible, type Policy } from "../../src/tables/policy.ts";
import { type Issued, makeCa } from "../support/ca.ts";
import { live } from "../support/effect.ts";

const [ours, theirs] = [makeCa({ subject: "Ours" }), makeCa({ subject: "Theirs" })];
/** The chain ends in a root that the server does not name. */
const chain = (leaf: Issued, root: Issued) => [leaf.der, root.der];
const unlisted = ours.issue({ subject: "unlisted" });
const listed = theirs.issue({ subject: "listed" });

const credentialOf = (one: Issued, root: Issued) =>
  Effect.map(
    credentialFromPem({ certificate: one.certificatePem, privateKey: one.privateKeyPem }),
    (credential) => ({ ...credential, chain: chain(one, root) }),
  );

/** What a server is shown that names its authority and accepts any certificate, and what the client logs. */
const shown = (own: ReadonlyArray<readonly [Issued, Issued]>, policy: Policy) =>
  Effect.gen(function* () {
    const logged: Array<string> = [];
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message))),
    );
    const naming = Layer.succeed(CertificateVerifier, {
      partition: "naming",
      authorities: [theirs.subject],
      verify: () => Effect.void,
    });
    const [a, b] = yield* makePair();
    const common = Layer.mergeAll(layerNative, layerMemory());
    const mine = yield* Effect.forEach(own, ([one, root]) => credentialOf(one, root));
    const [, server] = yield* Effect.all([
      Effect.provide(
        Client.over(a, { serverName: "localhost", policy }),
        Layer.mergeAll(common, layerInsecure, credentials(mine), logger),
      ),
      Effect.provide(
        Server.over(b, { policy, clientAuth: "request" }),
        Layer.mergeAll(common, naming, credentials([yield* credentialOf(listed, theirs)])),
      ),
    ], { concurrency: 2 });
    const [leaf] = yield* server.peerCertificates;
    return { leaf: leaf?.raw, logged };
  });

for (const version of [ProtocolVersion.TLS_1_2, ProtocolVersion.TLS_1_3]) {
  const policy: Policy = { ...compatible, versions: [version] };
  const show: Policy = { ...policy, unlistedCertificate: "show" };
  const name = versionText(version);

  live(
    `${name}: a certificate that the server's authorities have not certified is held back, and the log says why`,
    Effect.gen(function* () {
      const { leaf, logged } = yield* shown([[unlisted, ours]], policy);
      assert.equal(leaf, undefined);
      assert.match(logged.join(), /our certificate is not shown: .*unlistedCertificate: "show"/);
    }),
  );

  live(
    `${name}: the advice holds: with it the certificate is shown, and nothing is logged`,
    Effect.gen(function* () {
      const { leaf, logged } = yield* shown([[unlisted, ours]], show);
      assert.deepEqual(leaf, unlisted.der);
      assert.deepEqual(logged, []);
    }),
  );

  live(
    `${name}: a certificate that they have certified goes before one that they have not`,
    Effect.gen(function* () {
      const own = [[unlisted, ours], [listed, theirs]] as const;
      for (const one of [policy, show]) {
        const { leaf, logged } = yield* shown(own, one);
        assert.deepEqual(leaf, listed.der);
        assert.deepEqual(logged, []);
      }
    }),
  );

  live(
    `${name}: a client without any certificate has nothing to say`,
    Effect.gen(function* () {
      assert.deepEqual(yield* shown([], policy), { leaf: undefined, logged: [] });
    }),
  );
}
