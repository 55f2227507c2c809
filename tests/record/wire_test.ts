import { assert, Effect, Exit } from "../deps.ts";
import { sync } from "../support/effect.ts";
import { AlertLevel } from "../../src/names/alert.ts";
import { modern } from "../../src/policy.ts";
import { makeWire } from "../../src/record/wire.ts";
import { type ByteStream, TransportError } from "../../src/services/transport.ts";

/** A wire with an alert to say, over a stream whose writes end so. */
const saying = (write: Effect.Effect<void, TransportError>) => {
  let closed = false;
  const stream: ByteStream = {
    read: Effect.succeed(undefined),
    write: () => write,
    close: Effect.sync(() => void (closed = true)),
  };
  const wire = makeWire(stream, "client", modern.limits, modern, undefined);
  wire.alert(AlertLevel.warning, "close_notify");
  return { wire, closed: () => closed };
};

for (const by of ["push", "flush"] as const) {
  sync(
    `${by}: a write that its own transport cuts short breaks the wire and closes the stream`,
    Effect.gen(function* () {
      const { wire, closed } = saying(Effect.interrupt);
      assert.ok(Exit.isInterrupted(yield* Effect.exit(wire[by])));
      assert.ok(wire.broken() && closed());
    }),
  );

  sync(
    `${by}: a write that fails says so, and breaks nothing by half`,
    Effect.gen(function* () {
      const error = new TransportError({ operation: "write", cause: "gone" });
      const { wire } = saying(Effect.fail(error));
      assert.deepEqual(yield* Effect.flip(wire[by]), error);
      assert.ok(!wire.broken());
    }),
  );
}
