/** The answers of services that may be a user's own. @module */
import { Effect, Exit, Option } from "../../deps.ts";
import { settled } from "./deadline.ts";

/**
 * The answer of a service; none, and a warning, if it takes longer than some milliseconds, throws or dies. `what` names the
 * service.
 */
export const answered = <A, R>(
  what: string,
  milliseconds: number,
  ask: () => Effect.Effect<A, never, R>,
): Effect.Effect<Option.Option<A>, never, R> =>
  Effect.flatMap(
    Effect.context<R>(),
    (context) =>
      Effect.flatMap(settled(milliseconds, Effect.provide(Effect.suspend(ask), context)), (exit) => {
        if (exit && Exit.isSuccess(exit)) return Effect.succeed(Option.some(exit.value));
        const why = exit ? "it failed" : `no answer within ${milliseconds} ms`;
        return Effect.as(Effect.logWarning(`${what}: ${why}`), Option.none());
      }),
  );
