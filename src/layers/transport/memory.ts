/** A network inside the process. @module */
import { Effect, Layer, Queue } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { Address } from "../../names/address.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import { Transport } from "../../ports/transport.ts";
import { acquire } from "./acquire.ts";
import { makePair } from "./byte_stream.ts";

/** A network in memory, for both ends. An address can be opened while something listens at it. */
export const layerMemory: Layer.Layer<Transport> = Layer.sync(Transport, () => {
  const listeners = new Map<string, Queue.Queue<ByteStream>>();
  let port = 49152;
  const keyOf = (a: Address): string => `${a.hostname}:${a.port}`;
  const refused = (operation: "open" | "listen", address: Address, why: string) =>
    Effect.fail(new TransportError({ operation, cause: why, address }));
  return {
    open: (address) =>
      Effect.suspend(() => {
        const listener = listeners.get(keyOf(address));
        if (!listener) return refused("open", address, "nothing listens there");
        return Effect.acquireRelease(
          Effect.flatMap(makePair(), ([ours, theirs]) => Effect.as(Queue.offer(listener, theirs), ours)),
          (stream) => stream.close,
        );
      }),
    listen: ({ hostname, port: wanted }) =>
      Effect.gen(function* () {
        const address = { hostname, port: wanted || port++ };
        if (listeners.has(keyOf(address))) return yield* refused("listen", address, "the address is taken");
        const queue = yield* Effect.acquireRelease(Queue.unbounded<ByteStream>(), (queue) =>
          Effect.zipRight(
            Effect.sync(() => listeners.delete(keyOf(address))),
            Effect.flatMap(
              Queue.takeAll(queue),
              Effect.forEach((stream) => stream.close),
            ).pipe(Effect.zipRight(Queue.shutdown(queue))),
          ));
        listeners.set(keyOf(address), queue);
        const remote = { hostname: "memory", port: 0 };
        return {
          address,
          accept: Effect.map(
            acquire(Queue.take(queue), (stream) => stream.close),
            (stream) => ({ stream, remote }),
          ),
        };
      }),
  };
});
