/**
 * HTTP by @effect/platform: its HttpClient over our `fetch`, and its server for Node over our `createServer`, which it takes
 * as it is.
 *
 * @module
 */
import * as NodeHttpServer from "npm:@effect/platform-node@^0.108.2/NodeHttpServer";
import * as HttpClient from "npm:@effect/platform@^0.97.2/HttpClient";
import * as HttpServer from "npm:@effect/platform@^0.97.2/HttpServer";
import * as HttpServerRequest from "npm:@effect/platform@^0.97.2/HttpServerRequest";
import * as HttpServerResponse from "npm:@effect/platform@^0.97.2/HttpServerResponse";
import { assert, Effect, Layer } from "../deps.ts";
import { createServer, makeFetch } from "../../src/http/mod.ts";
import { layerHttpClient } from "../../src/platform/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { local } from "./scripted.ts";

Deno.test({
  name: "an HttpServer of @effect/platform serves over ours, and an HttpClient asks over ours",
  // Undici's clock outlives a request by half a second.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using fetch = makeFetch({ trust: { roots: Golden.root } });
    const app = Effect.gen(function* () {
      const { url, text } = yield* HttpServerRequest.HttpServerRequest;
      return HttpServerResponse.text(`${url} ${yield* text}`);
    });
    const program = Effect.gen(function* () {
      yield* HttpServer.serveEffect(app);
      const { address } = yield* HttpServer.HttpServer;
      assert.ok(address._tag === "TcpAddress");
      const client = yield* HttpClient.HttpClient;
      const response = yield* client.get(`https://localhost:${address.port}/path`);
      assert.equal(response.status, 200);
      return yield* response.text;
    });
    const server = NodeHttpServer.layer(() => createServer(local), { port: 0, host: "127.0.0.1" });
    const text = await Effect.runPromise(
      Effect.scoped(program).pipe(Effect.provide(Layer.merge(server, layerHttpClient(fetch)))),
    );
    assert.equal(text, "/path ");
  },
});
