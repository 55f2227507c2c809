/** An HttpClient over a `fetch` of this library. @module */
import { Layer } from "../deps.ts";
import { FetchHttpClient, type HttpClient } from "./deps.ts";

/**
 * The HttpClient of @effect/platform, over a `fetch` such as `makeFetch` of `./http` makes. The `fetch` remains the caller's, to
 * close.
 *
 * ```ts
 * import { makeFetch } from "./src/http/mod.ts";
 * import { layerHttpClient } from "./src/platform/mod.ts";
 *
 * export const client = layerHttpClient(makeFetch({ policy: "legacy" }));
 * ```
 */
export const layerHttpClient = (fetch: typeof globalThis.fetch): Layer.Layer<HttpClient.HttpClient> =>
  Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetch));
