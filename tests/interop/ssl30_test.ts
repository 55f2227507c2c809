/** Our client and a server of SSL 3.0 that answers the extensions of a hello of TLS. @module */
import { assert, Effect, Either, Layer } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import {
  CertificateVerifier,
  Client,
  Credentials,
  Crypto,
  Names,
  Policy,
  SessionStore,
  Transport,
} from "../../mod.ts";
import { ask } from "./ends.ts";
import { serveSsl30, type Ssl30Server } from "./ssl30_peer.ts";

const rsa = Golden.server("rsa");
const answer = {
  server_name: [0, []],
  status_request: [5, []],
  ec_point_formats: [11, [3, 0, 1, 2]],
  extended_master_secret: [23, []],
  session_ticket: [35, []],
  renegotiation_info: [0xff01, [0]],
  max_fragment_length: [1, [1]],
} as const;
type Extension = keyof typeof answer;

/** Serves one connection while `use` runs, and gives the alerts that came. */
const served = <A>(
  suite: Ssl30Server["suite"],
  extensions: ReadonlyArray<Extension>,
  use: (port: number) => Effect.Effect<A, unknown>,
) =>
  Effect.gen(function* () {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const alerts: Array<string> = [];
    const peer = (async () => {
      using conn = await listener.accept();
      await serveSsl30(conn, {
        certificate: rsa.certificate,
        privateKey: String(rsa.privateKey),
        suite,
        answers: extensions.map((name) => [answer[name][0], Uint8Array.from(answer[name][1])] as const),
        alerts,
      });
    })();
    const result = yield* use(listener.addr.port);
    yield* Effect.promise(() => peer);
    listener.close();
    return { result, alerts };
  });

const layers = (trust: Layer.Layer<CertificateVerifier.CertificateVerifier>) =>
  Layer.mergeAll(Crypto.layerNative, SessionStore.layerMemory(), trust, Credentials.none, Transport.layerTcp);

const conversing = (port: number, trust: Layer.Layer<CertificateVerifier.CertificateVerifier>) =>
  Effect.scoped(Effect.gen(function* () {
    const connection = yield* Client.connect({
      hostname: "127.0.0.1",
      port,
      serverName: "localhost",
      policy: Policy.legacy,
    });
    const { version, cipherSuite } = yield* connection.negotiated;
    assert.equal(yield* ask(connection, "stressed"), "desserts");
    yield* connection.close;
    return { version, cipherSuite: cipherSuite as number };
  })).pipe(Effect.provide(layers(trust)));

for (const [name, suite] of [["ECDHE", 0xc011], ["RSA", 0x0005]] as const) {
  Deno.test(`our client under Policy.legacy and a server of SSL 3.0 that answers its extensions, ${name}`, async () => {
    const some = [
      "renegotiation_info",
      "server_name",
      "ec_point_formats",
      "extended_master_secret",
      "session_ticket",
    ] as const;
    const { result, alerts } = await Effect.runPromise(
      served(
        suite,
        some,
        (port) => conversing(port, Layer.orDie(CertificateVerifier.layerRoots(Golden.root))),
      ),
    );
    assert.deepEqual(result, { version: Names.ProtocolVersion.SSL_3_0, cipherSuite: suite });
    assert.deepEqual(alerts, ["0300 0100"], "a close_notify, and nothing before it");
  });

  Deno.test(`our client and a server of SSL 3.0 that staples as it was asked to, ${name}`, async () => {
    const { result } = await Effect.runPromise(
      served(
        suite,
        ["renegotiation_info", "status_request"],
        (port) => conversing(port, CertificateVerifier.layerInsecure),
      ),
    );
    assert.equal(result.version, Names.ProtocolVersion.SSL_3_0);
  });
}

Deno.test("a server of SSL 3.0 that answers what nobody asked is refused in its own records, by an alert that it knows", async () => {
  const { result, alerts } = await Effect.runPromise(
    served(
      0x0005,
      ["max_fragment_length"],
      (port) => Effect.either(conversing(port, CertificateVerifier.layerInsecure)),
    ),
  );
  assert.equal(Either.isLeft(result) && (result.left as { _tag: string })._tag, "UnsupportedExtension");
  assert.deepEqual(alerts, ["0300 0228"]);
});
