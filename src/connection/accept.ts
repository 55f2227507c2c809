/** The accept loop of a server: a fiber and a scope for each connection, within limits. @module */
import { Cause, Effect, Exit, Fiber, FiberSet, Scope } from "../deps.ts";
import { TransportError } from "../faults/errors/transport.ts";
import type { Incoming } from "../ports/transport.ts";
import { wordsOf } from "../wire/words_of.ts";
import type { Admission, Admitted } from "./admission.ts";
import { within } from "./bounds/deadline.ts";

/** How many accepts in a row may fail before the loop pauses. */
const PATIENCE = 64;

/** How long a stream's finalizer may take, in milliseconds. */
const CLOSES = 1_000;

/** A connection's permit: at first for its handshake, then for being served. */
export interface Permit {
  /** Waits for a permit to be served, and gives back the one for the handshake. */
  readonly served: Effect.Effect<void>;
  /** Gives back the permit that is held. */
  readonly release: Effect.Effect<void>;
}

/** The permits of a server. */
export interface Permits {
  /** Waits for a permit for a handshake. */
  readonly take: Effect.Effect<Permit>;
  /** Waits until a connection could be served. */
  readonly room: Effect.Effect<void>;
}

/** Permits for as many connections that are served, and as many more in their handshake. */
export const makePermits = (maxConnections: number, maxHandshakes: number): Permits => {
  const serving = Effect.unsafeMakeSemaphore(maxConnections);
  const shaking = Effect.unsafeMakeSemaphore(maxHandshakes);
  return {
    room: serving.withPermits(1)(Effect.void),
    take: Effect.map(shaking.take(1), (): Permit => {
      let held = shaking;
      return {
        served: Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(
            restore(serving.take(1)),
            Effect.suspend(() => {
              held = serving;
              return Effect.asVoid(shaking.release(1));
            }),
          )
        ),
        release: Effect.suspend(() => Effect.asVoid(held.release(1))),
      };
    }),
  };
};

/** What is done with each connection. */
export interface Service<R, R2> {
  /** Serves one connection, which closes with its scope. It has a permit for its handshake. */
  readonly serve: (incoming: Incoming, number: number, permit: Permit) => Effect.Effect<void, unknown, R>;
  /** Told why one failed, or was refused. It never fails itself. */
  readonly told: (
    cause: Cause.Cause<unknown>,
    number: number,
    remote: Incoming["remote"],
  ) => Effect.Effect<void, never, R2>;
}

/** A loop that accepts connections, and those that it serves. */
export interface Accepting {
  /** Completes when no more connections are accepted. */
  readonly ended: Effect.Effect<void>;
  /** Ends accepting. Those that are served go on. */
  readonly stop: Effect.Effect<void>;
  /** Waits until none is served any more. */
  readonly idle: Effect.Effect<void>;
  /** Interrupts those that are served, and tells how many they were. */
  readonly interrupt: Effect.Effect<number>;
}

/**
 * Starts to accept connections, and serves each in a fiber of its own. When the scope closes, accepting ends first, and then
 * what is served: a connection that came between would be served by nobody.
 */
export const startAccepting = <R, R2>(
  accept: Effect.Effect<Incoming, TransportError, Scope.Scope>,
  permits: Permits,
  admission: Admission,
  { serve, told }: Service<R, R2>,
): Effect.Effect<Accepting, never, R | R2 | Scope.Scope> =>
  Effect.flatMap(FiberSet.make<void>(), (fibers) => {
    let count = 0;
    const admitted = (incoming: Incoming, number: number, permit: Permit) =>
      Effect.acquireUseRelease(
        admission.admit(incoming.remote),
        ({ established }: Admitted) => serve(incoming, number, establishing(permit, established)),
        ({ gone }) => Effect.sync(gone),
      );
    /** Accepts and serves one connection, which has a scope of its own from the start. */
    const acceptOne = Effect.uninterruptibleMask(Effect.fnUntraced(function* (restore) {
      const permit = yield* restore(permits.take);
      const scope = yield* Scope.make();
      // The permit is released whatever a transport's finalizer does.
      const end = (exit: Exit.Exit<unknown, unknown>) =>
        Effect.zipRight(within(CLOSES, Scope.close(scope, exit)), permit.release);
      const incoming = yield* Effect.onError(
        restore(Effect.catchAllCause(Scope.extend(accept, scope), failed)),
        (cause) => end(Exit.failCause(cause)),
      );
      const number = ++count;
      const served = Effect.onExit(restore(admitted(incoming, number, permit)), end);
      // The permit is released before `told` runs.
      yield* FiberSet.run(
        fibers,
        Effect.catchAllCause(served, (cause) => restore(told(cause, number, incoming.remote))),
      );
    }));
    // An accept can fail for one peer (it reset the connection too early), which must not delay the next, or for lack
    // of file descriptors, which takes time to pass. Neither ends the loop.
    let failures = 0;
    const loop = acceptOne.pipe(
      Effect.tap(() => Effect.sync(() => void (failures = 0))),
      Effect.catchAllCause((cause) => {
        if (Cause.isInterrupted(cause)) return Effect.failCause(cause as Cause.Cause<never>);
        if (++failures < PATIENCE) return Effect.void;
        return Effect.zipRight(
          Effect.logWarning(`accept: ${wordsOf(Cause.squash(cause))}`),
          Effect.sleep("100 millis"),
        );
      }),
      Effect.forever,
    );
    return Effect.map(Effect.forkScoped(loop), (fiber): Accepting => ({
      ended: Effect.asVoid(Fiber.await(fiber)),
      stop: Effect.asVoid(Fiber.interrupt(fiber)),
      idle: FiberSet.awaitEmpty(fibers),
      interrupt: Effect.suspend(() => {
        const open = [...fibers];
        return Effect.as(Fiber.interruptAll(open), open.length);
      }),
    }));
  });

/** A permit that tells when its connection is established. */
const establishing = (permit: Permit, established: () => void): Permit => ({
  ...permit,
  served: Effect.tap(permit.served, () => Effect.sync(established)),
});

/**
 * Turns the cause of a failed accept into a TransportError. An interruption that did not come from here is a failure,
 * too.
 */
const failed = (cause: Cause.Cause<TransportError>): Effect.Effect<never, TransportError> => {
  const why = Cause.isInterruptedOnly(cause) ? "it was interrupted below" : Cause.squash(cause);
  return Effect.fail(
    why instanceof TransportError ? why : new TransportError({ operation: "accept", cause: why }),
  );
};
