/**
 * `layerOpenSsl`: handshakes with it at either end and the portable layer at the other, and what is told where there is no
 * OpenSSL to use. What it computes is held to the other providers by `tests/layers/crypto` and `tests/vectors`.
 *
 * @module
 */
import { assert, Effect, Layer } from "../deps.ts";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  Credentials,
  Crypto,
  Names,
  Policy,
  Server,
  SessionStore,
} from "../../mod.ts";
import { layerOpenSsl, OpenSslUnavailable } from "../../src/openssl/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { layers } from "../support/layers.ts";

const isHere = layers.some(({ name }) => name === "openssl");
const { TLS_1_0, TLS_1_2, TLS_1_3 } = Names.ProtocolVersion;

const ofEnd = (crypto: Layer.Layer<Crypto.Crypto>, credentials: Layer.Layer<Credentials.Credentials>) =>
  Layer.mergeAll(crypto, credentials, SessionStore.layerNone, CertificateVerifier.layerRoots(Golden.root))
    .pipe(Layer.orDie);

for (const kind of Golden.kinds) {
  for (const version of [TLS_1_0, TLS_1_2, TLS_1_3]) {
    // Ed25519 and PSS are not for TLS 1.0.
    if (version === TLS_1_0 && !["rsa", "p256"].includes(kind)) continue;
    Deno.test({
      name: `OpenSSL and the portable layer speak with each other: ${kind}, ${Names.versionText(version)}`,
      ignore: !isHere,
      fn: async () => {
        const policy = { ...Policy.legacy, versions: [version] };
        const openssl = Layer.orDie(layerOpenSsl());
        for (
          const [client, server] of [[openssl, Crypto.layerNoble], [Crypto.layerNoble, openssl]] as const
        ) {
          const own = Layer.orDie(Credentials.layerPem(Golden.server(kind)));
          const exchange = Effect.scoped(Effect.gen(function* () {
            const [a, b] = yield* ByteStream.makePair();
            const [here, there] = yield* Effect.all([
              Effect.provide(
                Client.over(a, { serverName: "localhost", policy }),
                ofEnd(client, Credentials.layerNone),
              ),
              Effect.provide(Server.over(b, { policy }), ofEnd(server, own)),
            ], { concurrency: 2 });
            for (const size of [1, 20_000]) {
              yield* Effect.all([
                here.write(new Uint8Array(size).fill(7)),
                there.write(new Uint8Array(size).fill(9)),
              ]);
              for (const [end, byte] of [[here, 9], [there, 7]] as const) {
                for (let got = 0; got < size;) {
                  const data = (yield* end.read)!;
                  assert.ok(data.every((one) => one === byte));
                  got += data.length;
                }
              }
            }
          }));
          await Effect.runPromise(exchange);
        }
      },
    });
  }
}

const failure = (library: string) =>
  Effect.runPromise(Effect.flip(Effect.provide(Crypto.Crypto, layerOpenSsl({ library }))));

Deno.test("a library that is not there, or is another one, is told with its path", async () => {
  const missing = await failure("/none/libcrypto.so.3");
  assert.ok(missing instanceof OpenSslUnavailable);
  assert.match(missing.message, /\/none\/libcrypto\.so\.3: .*; allow one to be opened by --allow-ffi=PATH/);
  const file = await Deno.makeTempFile();
  assert.match((await failure(file)).message, new RegExp(file));
  await Deno.remove(file);
});

Deno.test("without permission, the error says which one is needed", async () => {
  const module = JSON.stringify(new URL("../../src/openssl/mod.ts", import.meta.url).href);
  const deps = JSON.stringify(new URL("../deps.ts", import.meta.url).href);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { layerOpenSsl } from ${module};
     import { Effect, Layer } from ${deps};
     const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(layerOpenSsl()))));
     console.log(error._tag, error.message);`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", file],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(file);
  assert.match(new TextDecoder().decode(stdout), /^OpenSslUnavailable .*--allow-ffi/);
});
