/**
 * OpenSSL's cryptography by FFI, with OpenSSL's own programs at the other end. Here the library must be there: a machine without it
 * fails.
 *
 * @module
 */
import { assert, Effect, Layer } from "../deps.ts";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  Credentials,
  Names,
  Policy,
  Server,
  SessionStore,
} from "../../mod.ts";
import { layerOpenSsl } from "../../src/openssl/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { certificates, freePort, start, withPeer } from "./peers.ts";

// The library stays open, which the sanitizer would take for the first test's fault.
await Effect.runPromise(Effect.ignore(Effect.scoped(Layer.build(layerOpenSsl()))));

const layers = (own: Layer.Layer<Credentials.Credentials>) =>
  Layer.mergeAll(
    Layer.orDie(layerOpenSsl()),
    SessionStore.layerNone,
    Layer.orDie(CertificateVerifier.layerRoots(Golden.root)),
    own,
  );

const conn = (open: () => Promise<Deno.TcpConn>) => Effect.map(Effect.promise(open), ByteStream.fromConn);

for (const kind of ["rsa", "p256", "p384", "p521"] as const) {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    withPeer(
      "openssl",
      `OpenSSL's cryptography as the client of s_server ${version}, ${kind}`,
      Effect.gen(function* () {
        const port = yield* freePort;
        const key = ["-cert", `${certificates}/${kind}.pem`, "-key", `${certificates}/${kind}.key`];
        yield* (yield* start("openssl", ["s_server", "-accept", `${port}`, "-rev", version, ...key])).until(
          /ACCEPT/,
        );
        const stream = yield* conn(() => Deno.connect({ hostname: "127.0.0.1", port }));
        const connection = yield* Client.over(stream, { serverName: "localhost" });
        yield* connection.write(bytesOf("hello\n"));
        assert.equal(textOf((yield* connection.read)!), "olleh\n");
        yield* connection.close;
      }).pipe(Effect.provide(layers(Credentials.layerNone))),
    );

    withPeer(
      "openssl",
      `OpenSSL's cryptography as the server of s_client ${version}, ${kind}`,
      Effect.gen(function* () {
        const listener = yield* Effect.acquireRelease(
          Effect.sync(() => Deno.listen({ hostname: "127.0.0.1", port: 0 })),
          (listener) => Effect.sync(() => listener.close()),
        );
        const client = yield* start("openssl", [
          ...[
            "s_client",
            "-connect",
            `localhost:${listener.addr.port}`,
            "-CAfile",
            `${certificates}/root.pem`,
          ],
          ...["-verify_return_error", "-quiet", version],
        ]);
        const connection = yield* Server.over(yield* conn(() => listener.accept()), {});
        yield* client.say("hello\n");
        assert.equal(textOf((yield* connection.read)!), "hello\n");
        yield* connection.write(bytesOf("good bye\n"));
        yield* client.until(/good bye/);
        yield* connection.close;
      }).pipe(Effect.provide(layers(Layer.orDie(Credentials.layerPem(Golden.server(kind)))))),
    );
  }
}

withPeer(
  "openssl",
  "OpenSSL's cryptography decrypts a premaster secret by RSA, as the server of s_client",
  Effect.gen(function* () {
    const listener = yield* Effect.acquireRelease(
      Effect.sync(() => Deno.listen({ hostname: "127.0.0.1", port: 0 })),
      (listener) => Effect.sync(() => listener.close()),
    );
    const client = yield* start("openssl", [
      ...["s_client", "-connect", `localhost:${listener.addr.port}`, "-CAfile", `${certificates}/root.pem`],
      ...["-verify_return_error", "-quiet", "-tls1_2", "-cipher", "AES128-GCM-SHA256"],
    ]);
    const connection = yield* Server.over(yield* conn(() => listener.accept()), {
      policy: Policy.compatible,
    });
    const { cipherSuite } = yield* connection.negotiated;
    assert.equal(cipherSuite, Names.CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256);
    yield* client.say("hello\n");
    assert.equal(textOf((yield* connection.read)!), "hello\n");
    yield* connection.close;
  }).pipe(Effect.provide(layers(Layer.orDie(Credentials.layerPem(Golden.server("rsa")))))),
);
