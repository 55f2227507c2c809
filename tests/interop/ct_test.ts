/** What OpenSSL makes of the signed certificate timestamps that the tests' logs sign, and our server shows (RFC 6962). @module */
import { assert, Effect, Layer } from "../deps.ts";
import { CertificateVerifier, Credentials, Names, Policy, Server, SessionStore } from "../../mod.ts";
import { makeCa } from "../support/ca.ts";
import { issueWith, makeLog } from "../support/ct.ts";
import { base } from "./ends.ts";
import { start, temporary, withPeer } from "./peers.ts";

const { ProtocolVersion } = Names;

for (const version of [ProtocolVersion.TLS_1_2, ProtocolVersion.TLS_1_3]) {
  withPeer(
    "openssl",
    `our server and s_client of ${
      Names.versionText(version)
    }: timestamps in the certificate and in the handshake hold`,
    Effect.gen(function* () {
      const ca = makeCa();
      const logs = [makeLog("p256", Date.now() - 9000), makeLog("rsa", Date.now() - 9000)] as const;
      const leaf = issueWith(ca, (tbs) => [logs[0].ofPrecertificate(tbs, ca)]);
      const folder = yield* temporary;
      const list = logs.map(({ log: { key } }, i) =>
        `[log${i}]\ndescription = log ${i}\nkey = ${btoa(String.fromCharCode(...key))}\n`
      );
      yield* Effect.promise(async () => {
        await Deno.writeTextFile(`${folder}/root.pem`, ca.certificatePem);
        await Deno.writeTextFile(`${folder}/logs`, `enabled_logs = log0,log1\n${list.join("")}`);
      });
      const pem = { certificate: leaf.chainPem, privateKey: leaf.privateKeyPem };
      const credential = {
        ...yield* Credentials.credentialFromPem(pem),
        signedCertificateTimestamps: [logs[1].ofCertificate(leaf.der)],
      };
      const policy = { ...Policy.compatible, versions: [version] };
      const { address } = yield* Effect.provide(
        Server.listen({ hostname: "127.0.0.1", port: 0, policy }, () => Effect.never),
        Layer.mergeAll(
          base,
          SessionStore.layerMemory(),
          CertificateVerifier.layerNone,
          Credentials.layer([credential]),
        ),
      );
      const peer = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${address.port}`, "-servername", "localhost"],
        ...["-CAfile", `${folder}/root.pem`, "-ct", "-ctlogfile", `${folder}/logs`, "-verify_return_error"],
      ]);
      yield* peer.until(/Verify return code: 0/);
      assert.equal(peer.output().match(/SCT validation status: valid/g)?.length, 2, peer.output());
    }),
  );
}
