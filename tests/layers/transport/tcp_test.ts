/** TCP connections send small writes at once. @module */
import { assert, Duration, Effect } from "../../deps.ts";
import { layerTcp } from "../../../src/layers/transport/tcp.ts";
import type { ByteStream } from "../../../src/ports/byte_stream.ts";
import { Transport } from "../../../src/ports/transport.ts";
import { live } from "../../support/effect.ts";

const one = Uint8Array.of(1);

/** Reads so many bytes. */
const take = (stream: ByteStream, count: number): Effect.Effect<void, unknown> =>
  Effect.flatMap(stream.read, (data) => {
    if (data === undefined) return Effect.fail("the end");
    return data.length >= count ? Effect.void : take(stream, count - data.length);
  });

live(
  "a second small write is not held back until the first is acknowledged, at either end",
  Effect.provide(
    Effect.gen(function* () {
      const transport = yield* Transport;
      const listener = yield* transport.listen({ hostname: "127.0.0.1", port: 0 });
      const client = yield* transport.open(listener.address);
      const { stream: server } = yield* listener.accept;
      const twice = (stream: ByteStream) => Effect.zipRight(stream.write(one), stream.write(one));
      const round = Effect.zipRight(
        Effect.zipRight(twice(client), take(server, 2)),
        Effect.zipRight(twice(server), take(client, 2)),
      );
      const times = yield* Effect.replicateEffect(
        Effect.map(Effect.timed(round), ([took]) => Duration.toMillis(took)),
        15,
      );
      // Nagle's algorithm (RFC 896) makes it 40 ms and more, once the receiver delays its acknowledgements.
      const median = times.toSorted((a, b) => a - b)[7]!;
      assert.ok(median < 10, `${median} ms`);
    }),
    layerTcp,
  ),
);
