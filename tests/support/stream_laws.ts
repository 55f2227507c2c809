/** What every byte stream promises, as tests: order, interruption, close. @module */
import { assert, Effect, Either, Exit, Fiber, type Scope } from "../deps.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { ascii, concat } from "../../src/wire/bytes.ts";
import { live, untilWaiting } from "./effect.ts";

/** Two ends of a byte stream. */
export type StreamPair = Effect.Effect<readonly [ByteStream, ByteStream], unknown, Scope.Scope>;

/** Registers a test for each law. */
export const streamLaws = (kind: string, pair: StreamPair): void => {
  live(
    `${kind}: bytes arrive in order, both ways`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      // A stream without a buffer hands on what is read, and no more.
      const writes = yield* Effect.fork(Effect.all([
        Effect.zipRight(a.write(ascii("one ")), a.write(ascii("three"))),
        Effect.zipRight(b.write(ascii("two ")), b.write(ascii("four"))),
      ], { concurrency: 2 }));
      assert.deepEqual(yield* readAll(b, 9), ascii("one three"));
      assert.deepEqual(yield* readAll(a, 8), ascii("two four"));
      yield* Fiber.join(writes);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: an interrupted read loses no byte`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      for (let i = 0; i < 3; i++) {
        assert.equal((yield* Effect.timeoutOption(b.read, "5 millis"))._tag, "None");
      }
      const write = yield* Effect.fork(a.write(ascii("late")));
      assert.deepEqual(yield* readAll(b, 4), ascii("late"));
      yield* Fiber.join(write);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: a megabyte passes, cut however it may be`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * 31 >> 3);
      const write = yield* Effect.fork(
        Effect.forEach([0, 1, 2, 3], (i) => a.write(bytes.subarray(i << 18, (i + 1) << 18))),
      );
      const got = yield* readAll(b, bytes.length);
      assert.ok(got.every((byte, i) => byte === bytes[i]) && got.length === bytes.length);
      yield* Fiber.join(write);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: close breaks a pending read, ends the peer's, fails a later write, and may be called again`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const ours = yield* Effect.fork(a.read);
      const theirs = yield* Effect.fork(b.read);
      yield* untilWaiting(ours, theirs);
      yield* a.close;
      yield* a.close;
      assert.equal(yield* Fiber.join(ours), undefined);
      assert.equal(yield* Fiber.join(theirs), undefined);
      assert.equal(yield* b.read, undefined);
      assert.equal(yield* a.read, undefined);
      const late = yield* Effect.either(a.write(ascii("x")));
      assert.equal(Either.isLeft(late) && late.left._tag, "TransportError");
      yield* b.close;
    }),
  );

  live(
    `${kind}: close breaks a write that nobody reads`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const flood = yield* Effect.fork(
        Effect.exit(Effect.forever(Effect.zipRight(Effect.sleep(0), a.write(new Uint8Array(1 << 20))))),
      );
      yield* Effect.sleep("20 millis");
      yield* a.close;
      const end = yield* Fiber.join(flood);
      assert.ok(Exit.isFailure(end));
      yield* b.close;
    }),
  );
};

/** Reads until so many bytes have come. */
const readAll = (stream: ByteStream, length: number): Effect.Effect<Uint8Array, unknown> =>
  Effect.gen(function* () {
    const parts: Array<Uint8Array> = [];
    for (let n = 0; n < length;) {
      const bytes = yield* stream.read;
      if (!bytes) break;
      parts.push(bytes);
      n += bytes.length;
    }
    return concat(...parts);
  });
