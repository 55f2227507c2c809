/** The network of the client program: TCP, or through the proxy of `--proxy`. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import { Transport } from "../../mod.ts";
import { type Given, positiveOf, UsageError } from "./flags.ts";

/** A Transport through the proxy of `--proxy`, or over TCP without one. Throws UsageError. */
export const proxyOf = (given: Given): Layer.Layer<Transport.Transport> => {
  const { proxy } = given.flags;
  const seconds = positiveOf(given, "timeout", 30);
  if (proxy === undefined) return Transport.layerTcp;
  if (!["http:", "https:"].includes(URL.parse(proxy)?.protocol ?? "")) {
    throw new UsageError("--proxy: give a URL that begins with http: or https:");
  }
  return Layer.succeed(Transport.Transport, {
    open: (address) =>
      Effect.acquireRelease(
        Effect.tryPromise({
          try: async (signal) => {
            const [{ openTunnel }, { fromDuplex }] = await Promise.all([
              import("../../src/http/mod.ts"),
              import("../../src/node/mod.ts"),
            ]);
            return fromDuplex(await openTunnel(proxy, address, signal));
          },
          catch: (cause) =>
            cause instanceof Transport.TransportError
              ? cause
              : new Transport.TransportError({ operation: "open", cause, address }),
        }).pipe(
          Effect.interruptible,
          Effect.timeoutFail({
            duration: `${seconds} seconds`,
            onTimeout: () =>
              new Transport.TransportError({
                operation: "open",
                cause: `the proxy has said nothing for ${seconds} seconds (--timeout)`,
                address,
              }),
          }),
        ),
        (stream) => stream.close,
      ),
    listen: () => Effect.die("this network only connects"),
  });
};
