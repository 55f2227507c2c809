import { assert, Effect, Either, Fiber } from "./deps.ts";
import { ends } from "./support/handshake.ts";
import { live, sync, tagOf } from "./support/effect.ts";
import * as Client from "../src/client.ts";
import { within } from "../src/connection/deadline.ts";
import { makePair } from "../src/layers/byte_stream.ts";
import { modern } from "../src/policy.ts";

/** A client of a peer that says nothing, with so many milliseconds for its handshake. */
const waiting = (handshakeTimeout: number) =>
  Effect.gen(function* () {
    const [stream] = yield* makePair();
    const policy = { ...modern, limits: { ...modern.limits, handshakeTimeout } };
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
