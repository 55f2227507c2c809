/** Effects as tests, by name. @module */
import {
  assert,
  Clock,
  Effect,
  Either,
  Fiber,
  FiberStatus,
  Logger,
  type Scope,
  TestContext,
} from "../deps.ts";

type Test = Effect.Effect<unknown, unknown, Scope.Scope>;

/** Registers an effect as a test, as `Deno.test` registers a function. */
interface Register {
  (name: string, test: Test): void;
  (name: string, options: { readonly ignore: boolean }, test: Test): void;
}
const register =
  (run: (test: Effect.Effect<void, unknown>) => Promise<void> | void): Register =>
  (name: string, ...rest: [Test] | [{ readonly ignore: boolean }, Test]) => {
    const [options, test] = rest.length === 1 ? [{ ignore: false }, rest[0]] : rest;
    Deno.test({ name, ignore: options.ignore, fn: () => run(Effect.asVoid(Effect.scoped(test))) });
  };

/** A test in real time, in a scope of its own. */
export const live: Register = register(Effect.runPromise);

/** A test with a clock that stands still until the test moves it. */
export const effect: Register = register((test) =>
  Effect.runPromise(Effect.provide(test, TestContext.TestContext))
);

/** A test in which nothing may be asynchronous. */
export const sync: Register = register(Effect.runSync);

/** The error of an effect that must fail with this one: `const { rfc } = yield* failsWith(read, "DecodeError")`. */
export const failsWith = <A, E extends { readonly _tag: string }, R, const Tag extends E["_tag"]>(
  failing: Effect.Effect<A, E, R>,
  tag: Tag,
): Effect.Effect<Extract<E, { readonly _tag: Tag }>, never, R> =>
  Effect.map(Effect.either(failing), (outcome) => {
    assert.equal(tagOf(outcome), tag);
    return (outcome as Either.Left<E, A>).left as Extract<E, { readonly _tag: Tag }>;
  });

/** What went wrong, by its tag; for an outcome that is there already. */
export const tagOf = (outcome: Either.Either<unknown, { readonly _tag: string }>): string =>
  Either.isLeft(outcome) ? outcome.left._tag : "no error";

/** Goes on when fibers have come as far as they can: each has ended, or waits for something. */
export const untilWaiting = (...fibers: ReadonlyArray<Fiber.RuntimeFiber<unknown, unknown>>) =>
  Effect.repeat(
    Effect.zipRight(
      Effect.yieldNow({ priority: 1 }), // after whatever is due
      Effect.forEach(fibers, (fiber) => Fiber.status(fiber)),
    ),
    { until: (all) => !all.some(FiberStatus.isRunning) },
  );

/** A folder of its own, gone with the scope. */
export const temporary = Effect.acquireRelease(
  Effect.promise(() => Deno.makeTempDir()),
  (folder) => Effect.promise(() => Deno.remove(folder, { recursive: true })),
);

/** Says the same time always, to what goes on bytes; it is no clock to wait by. */
export const atFixedTime = Effect.withClock(
  Object.assign<object, Partial<Clock.Clock>>(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => 1_700_000_000_000,
    currentTimeMillis: Effect.succeed(1_700_000_000_000),
  }) as Clock.Clock,
);

/** Runs an effect whose warnings are expected, without printing them. */
export const withoutLogs = Effect.provide(Logger.remove(Logger.defaultLogger));
