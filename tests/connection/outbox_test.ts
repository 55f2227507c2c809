/**
 * The outbox, in which records wait to be written: what follows a write that fails or is interrupted.
 *
 * @module
 */
import { assert, Effect, Exit } from "../deps.ts";
import { makeOutbox } from "../../src/connection/outbox.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import { ContentType } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { Records } from "../../src/record/records.ts";
import { modern12 } from "../support/policies.ts";
import { sync } from "../support/effect.ts";

/** An outbox with an alert to say, over a stream whose writes end so. */
const saying = (write: Effect.Effect<void, TransportError>) => {
  let closed = false;
  let writes = 0;
  const told: Array<string> = [];
  const stream: ByteStream = {
    read: Effect.succeed(undefined),
    write: () => Effect.suspend(() => (writes++, write)),
    close: Effect.sync(() => void (closed = true)),
  };
  const records = new Records(modern12.limits, modern12);
  const outbox = makeOutbox(stream, records, (why) => told.push(why._tag));
  const say = () => records.write(ContentType.alert, Uint8Array.of(1, 0));
  say();
  return { outbox, say, told, closed: () => closed, writes: () => writes };
};

sync(
  "flush: a write that its own transport cuts short breaks the wire and closes the stream",
  Effect.gen(function* () {
    const { outbox, told, closed } = saying(Effect.interrupt);
    assert.ok(Exit.isInterrupted(yield* Effect.exit(outbox.flush)));
    assert.ok(closed());
    assert.deepEqual(told, ["Closed"]);
  }),
);

for (
  const [how, write] of Object.entries({
    fails: Effect.fail(new TransportError({ operation: "write", cause: "gone" })),
    dies: Effect.die(new Error("gone")),
  })
) {
  for (const by of ["push", "flush"] as const) {
    sync(
      `${by}: after a write that ${how} nothing follows on the wire, and the stream can still be read`,
      Effect.gen(function* () {
        const { outbox, say, told, closed, writes } = saying(write);
        const first = yield* Effect.either(outbox[by]);
        assert.equal(first._tag === "Left" && first.left.message, by === "flush" && "write: gone");
        say();
        yield* outbox.push;
        assert.equal((yield* Effect.flip(outbox.flush)).message, "write: gone");
        assert.equal(writes(), 1);
        assert.deepEqual(told, ["TransportError"]);
        assert.ok(!closed());
      }),
    );
  }
}
