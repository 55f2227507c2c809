/** Effects as tests, by name. @module */
import { Clock, Effect, Either, Logger, type Scope, TestContext } from "../deps.ts";

type Test = Effect.Effect<unknown, unknown, Scope.Scope>;

/** Runs an effect as a test, in a scope of its own. */
export const live = (name: string, test: Test): void =>
  Deno.test(name, () => Effect.runPromise(Effect.asVoid(Effect.scoped(test))));

/** Runs an effect as a test with a clock that stands still until the test moves it. */
export const effect = (name: string, test: Test): void =>
  Deno.test(
    name,
    () => Effect.runPromise(Effect.asVoid(Effect.scoped(test)).pipe(Effect.provide(TestContext.TestContext))),
  );

/** Runs an effect as a test in which nothing may be asynchronous. */
export const sync = (name: string, test: Test): void =>
  Deno.test(name, () => Effect.runSync(Effect.asVoid(Effect.scoped(test))));

/** What went wrong, by its tag. */
export const tagOf = (outcome: Either.Either<unknown, { readonly _tag: string }>): string =>
  Either.isLeft(outcome) ? outcome.left._tag : "no error";

/** A folder of its own, gone with the scope. */
export const temporary = Effect.acquireRelease(
  Effect.promise(() => Deno.makeTempDir()),
  (folder) => Effect.promise(() => Deno.remove(folder, { recursive: true })),
);

/** Says the same time always, to what goes on bytes; it is no clock to wait by. */
export const standingStill = Effect.withClock(
  Object.assign<object, Partial<Clock.Clock>>(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => 1_700_000_000_000,
    currentTimeMillis: Effect.succeed(1_700_000_000_000),
  }) as Clock.Clock,
);

/** Runs an effect whose warnings are expected, without printing them. */
export const quiet = Effect.provide(Logger.remove(Logger.defaultLogger));
