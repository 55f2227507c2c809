/**
 * Time limits: what happens to work that takes too long, by the clock of the machine and by a clock of one's own.
 *
 * @module
 */
import { assert, Effect, Either, Exit, Fiber, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { settled, whileMoving, within } from "../../src/connection/bounds/deadline.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { modern12 } from "../support/policies.ts";
import { effect, live, sync, tagOf } from "../support/effect.ts";
import { ends } from "../support/handshake.ts";

/** A client of a peer that says nothing, with so many milliseconds for its handshake. */
const waiting = (handshakeTimeout: number) =>
  Effect.gen(function* () {
    const [stream] = yield* makePair();
    const policy = { ...modern12, limits: { ...modern12.limits, handshakeTimeout } };
    const connecting = Client.over(stream, { serverName: undefined, policy });
    return yield* Effect.fork(
      Effect.either(Effect.scoped(Effect.provide(connecting, ends().client))),
    );
  });

live(
  "by the clock of the machine, too, a handshake that takes too long is a HandshakeTimeout",
  Effect.gen(function* () {
    const outcome = yield* Fiber.join(yield* waiting(20));
    assert.equal(tagOf(outcome), "HandshakeTimeout");
    assert.match(Either.isLeft(outcome) ? outcome.left.message : "", /within 20 ms/);
  }),
);

live(
  "a limit beyond what a timer can count is none",
  Effect.gen(function* () {
    for (const limit of [2 ** 31, Infinity]) {
      const connecting = yield* waiting(limit);
      yield* Effect.sleep("20 millis");
      assert.equal(connecting.unsafePoll(), null);
      yield* Fiber.interrupt(connecting);
    }
  }),
);

sync(
  "what is done within its time is done here and now",
  Effect.gen(function* () {
    let done = false;
    yield* within(1000, Effect.sync(() => void (done = true)));
    assert.ok(done);
  }),
);

live(
  "what takes too long is interrupted, and what is interrupted itself interrupts what it waits for",
  Effect.gen(function* () {
    const log: Array<string> = [];
    const slow = (name: string) =>
      Effect.onInterrupt(Effect.async<never>(() => {}), () => Effect.sync(() => log.push(name)));
    assert.equal(yield* settled(5, slow("settled")), undefined);
    yield* within(5, slow("within"));
    const waiting = yield* Effect.fork(settled(5000, slow("waited for")));
    yield* Effect.yieldNow();
    yield* Fiber.interrupt(waiting);
    yield* Effect.sleep("1 millis");
    assert.deepEqual(log, ["settled", "within", "waited for"]);
  }),
);

live(
  "settled gives how an effect ended, whether at once or later",
  Effect.gen(function* () {
    assert.deepEqual(yield* settled(1000, Effect.succeed(1)), Exit.succeed(1));
    assert.deepEqual(yield* settled(1000, Effect.fail("no")), Exit.fail("no"));
    assert.deepEqual(yield* settled(1000, Effect.delay(Effect.succeed(2), "2 millis")), Exit.succeed(2));
  }),
);

effect(
  "settled waits by Effect's clock",
  Effect.gen(function* () {
    const waiting = yield* Effect.fork(settled(5000, Effect.async<never>(() => {})));
    yield* TestClock.adjust("4 seconds");
    assert.equal(waiting.unsafePoll(), null);
    yield* TestClock.adjust("2 seconds");
    assert.equal(yield* Fiber.join(waiting), undefined);
  }),
);

live(
  "whileMoving waits as long as something moves, and no longer",
  Effect.gen(function* () {
    let moved = 0;
    const moving = setInterval(() => moved++, 5);
    const start = performance.now();
    yield* Effect.fork(Effect.zipRight(Effect.sleep("120 millis"), Effect.sync(() => clearInterval(moving))));
    yield* whileMoving(60, Effect.async<never>(() => {}), () => moved);
    assert.ok(performance.now() - start > 110, "it waited while something moved");
  }),
);
