/** A connection through a proxy, for whatever protocol. @module */
import { Effect, Schema } from "../deps.ts";
import { decodeOption, port, text } from "../options.ts";
import { now, promised } from "../promises/run.ts";
import type { Address } from "../public/transport.ts";
import type { Duplex } from "./deps.ts";
import { proxyOf } from "./dispatcher.ts";
import { decodeProxy, type ProxyOptions } from "./options.ts";
import { tunnel } from "./proxy.ts";

const decodeTarget = decodeOption(Schema.Struct({ hostname: text(1, 257), port }), "target");

/**
 * Asks a proxy for a connection to a host and port, which then carries any protocol: TLS by `startTls` of
 * `./deno` over `fromDuplex` of `./node`, for instance. Rejects with ProxyRefused, with why the proxy cannot be reached, or with the reason of `signal`. Throws InvalidOption.
 */
export const openTunnel = (
  proxy: string | URL | ProxyOptions,
  target: Address,
  signal: AbortSignal = new AbortController().signal,
): Promise<Duplex> => {
  const [decoded, { hostname, port }] = [now(decodeProxy(proxy)), now(decodeTarget(target))];
  return promised(
    Effect.scoped(
      Effect.flatMap(proxyOf(decoded), (found) =>
        Effect.tryPromise({
          try: () => tunnel(found)({ hostname, port, protocol: "tcp:" }, signal),
          catch: (error) => error,
        })),
    ),
  );
};
