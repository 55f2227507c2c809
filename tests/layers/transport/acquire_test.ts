/**
 * Promises that are awaited in an Effect: when it is interrupted they are called off, and what they give late is let
 * go of.
 *
 * @module
 */
import { assert, Effect, Fiber } from "../../deps.ts";
import { fromPromise } from "../../../src/layers/transport/acquire.ts";
import { layerTcp } from "../../../src/layers/transport/tcp.ts";
import { Transport } from "../../../src/ports/transport.ts";
import { live } from "../../support/effect.ts";

live(
  "what is waited for as a promise is called off when nobody waits any more, and let go of if it comes all the same",
  Effect.gen(function* () {
    let given: AbortSignal | undefined;
    let come: (resource: string) => void = () => {};
    const disposed: Array<string> = [];
    const opening = yield* Effect.fork(fromPromise(
      (signal) => {
        given = signal;
        return new Promise<string>((resolve) => void (come = resolve));
      },
      (resource) => disposed.push(resource),
      () => "failed",
    ));
    yield* Effect.yieldNow();
    assert.equal(given?.aborted, false);
    yield* Fiber.interrupt(opening);
    assert.equal(given?.aborted, true);
    come("late");
    yield* Effect.promise(() => Promise.resolve());
    assert.deepEqual(disposed, ["late"]);
  }),
);

live(
  "an interrupted connect of TCP is called off, and keeps no program alive until the system gives up",
  Effect.gen(function* () {
    const { connect } = Deno;
    let given: AbortSignal | undefined;
    yield* Effect.addFinalizer(() => Effect.sync(() => void (Deno.connect = connect)));
    // Nobody on this machine leaves a connect waiting.
    Object.assign(Deno, {
      connect: (options: Deno.ConnectOptions) => {
        given = options.signal;
        return new Promise<never>(() => {});
      },
    });
    const opening = yield* Effect.fork(Effect.provide(
      Effect.scoped(Effect.flatMap(Transport, ({ open }) => open({ hostname: "localhost", port: 1 }))),
      layerTcp,
    ));
    yield* Effect.yieldNow();
    assert.equal(given?.aborted, false);
    yield* Fiber.interrupt(opening);
    assert.equal(given?.aborted, true);
  }),
);
