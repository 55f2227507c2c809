/**
 * A script to copy anywhere: HTTPS over effect-tls, imported by URL, with a layer of your own. It needs no
 * configuration. First serve a clone (`deno run --allow-net --allow-read examples/serve_source.ts`), or use your own
 * URL of `mod.ts`. Then:
 *
 *     deno run --no-config --no-lock --allow-import --allow-net --allow-read --allow-env url_import.ts example.org
 *
 * @module
 */
import { Effect, Layer, Option } from "npm:effect@^3.22.4";
import {
  CertificateVerifier,
  Client,
  Credentials,
  Crypto,
  SessionStore,
  Transport,
} from "http://127.0.0.1:8000/mod.ts";

const { hostname, port } = new URL(`https://${Deno.args[0] ?? "example.org"}`);

const get = (path: string) =>
  Effect.scoped(Effect.gen(function* () {
    const connection = yield* Client.connect({ hostname, port: Number(port || 443), alpn: ["http/1.1"] });
    const { resumed } = yield* connection.negotiated;
    const request = `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`;
    yield* connection.write(new TextEncoder().encode(request));
    const decoder = new TextDecoder();
    let answer = "";
    for (let data = yield* connection.read; data !== undefined; data = yield* connection.read) {
      answer += decoder.decode(data, { stream: true });
    }
    console.log(resumed ? "— resumed —" : "— full handshake —");
    console.log(answer);
  }));

/** A session store of your own, in place of `SessionStore.layerMemory()`: it prints what it keeps. */
const kept = new Map<string, SessionStore.Session>();
const layerTold = Layer.succeed(SessionStore.SessionStore, {
  enabled: true,
  get: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
  put: (key, session) =>
    Effect.sync(() => {
      console.log(`kept a session of ${key}`);
      kept.set(key, session);
    }),
  remove: (key) => Effect.sync(() => void kept.delete(key)),
});

const layers = Layer.mergeAll(
  Transport.layerTcp,
  Crypto.layerNoble,
  layerTold,
  CertificateVerifier.layerSystem,
  Credentials.layerNone,
);

await Effect.runPromise(Effect.provide(Effect.zipRight(get("/"), get("/")), layers));
