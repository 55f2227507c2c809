/** Adapters between TLS and @effect/platform's Socket. @module */
import { Cause, Effect, Exit, FiberId, Layer, Scope } from "../deps.ts";
import { Mailbox, Socket } from "./deps.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import type { Connection } from "../public/connections.ts";
import { Transport, TransportError } from "../public/transport.ts";

/** How many unread bytes may wait. A Socket pushes its data and has no back-pressure. */
const MAX_WAITING = 16 * 2 ** 20;

/**
 * A byte stream over any Socket. It runs until the scope closes. Reading fails with TransportError when more than 16
 * MiB wait unread.
 */
export const fromSocket: (
  socket: Socket.Socket,
) => Effect.Effect<ByteStream, never, Scope.Scope> = Effect.fnUntraced(
  function* (socket: Socket.Socket): Effect.fn.Return<ByteStream, never, Scope.Scope> {
    const arrived = yield* Mailbox.make<Uint8Array, TransportError>();
    let waiting = 0;
    const failure = (operation: "read" | "write") => (cause: unknown) =>
      new TransportError({ operation, cause });
    // Bytes are taken in the handler itself, which is called in order; effects that it returns may run out of order.
    const running = socket.run((bytes) => {
      waiting += bytes.length;
      if (waiting <= MAX_WAITING) arrived.unsafeOffer(bytes);
      else arrived.unsafeDone(Exit.fail(failure("read")(`${waiting} bytes wait unread`)));
    });
    const fiber = yield* Effect.forkScoped(
      Effect.mapError(running, failure("read")).pipe(Mailbox.into(arrived)),
    );
    // On its release a Socket's writer waits until its bytes are read, which may never happen. So it is released in
    // the background.
    const writing = yield* Scope.make();
    const writer = yield* Scope.extend(socket.writer, writing);
    yield* Effect.addFinalizer((exit) => Effect.forkDaemon(Scope.close(writing, exit)));
    let closed = false;
    /**
     * Fails when the Socket ends, because a Socket that has ended makes its writers wait for the next run. Not
     * `Effect.race`, which waits for the loser.
     */
    const untilItEnds = <E>(of: Effect.Effect<void, E>): Effect.Effect<void, E | TransportError> =>
      Effect.async((resume) => {
        const work = Effect.runFork(Effect.interruptible(of));
        const over = () => resume(ended);
        work.addObserver((exit) => {
          fiber.removeObserver(over);
          resume(exit);
        });
        if (!work.unsafePoll()) fiber.addObserver(over);
        return Effect.sync(() => work.unsafeInterruptAsFork(FiberId.none));
      });
    const ended = Effect.suspend(() => Effect.fail(failure("write")("the stream is closed")));
    return {
      read: Effect.suspend(() => closed ? Effect.succeed(undefined) : arrived.take).pipe(
        Effect.tap((bytes) => Effect.sync(() => void (waiting -= bytes?.length ?? 0))),
        Effect.catchTag("NoSuchElementException", () => Effect.succeed(undefined)),
      ),
      write: (bytes) =>
        Effect.suspend(() =>
          closed ? ended : untilItEnds(
            Effect.sandbox(writer(bytes)).pipe(
              Effect.mapError((cause) => failure("write")(Cause.squash(cause))),
            ),
          )
        ),
      close: Effect.suspend(() => {
        if (closed) return Effect.void;
        closed = true;
        arrived.unsafeDone(Exit.void);
        // Releases the writer first: a Socket that has closed no longer ends its writable.
        Effect.runFork(Scope.close(writing, Exit.void));
        return untilItEnds(Effect.ignore(Effect.sandbox(writer(new Socket.CloseEvent())))).pipe(
          Effect.ignore,
          Effect.zipRight(Effect.sync(() => fiber.unsafeInterruptAsFork(fiber.id()))),
        );
      }),
    };
  },
);

/**
 * A Transport with one stream: `open` returns a stream over the Socket in the context and ignores the address.
 * `listen` always fails.
 */
export const layerSocket: Layer.Layer<Transport, never, Socket.Socket> = Layer.effect(
  Transport,
  Effect.map(Socket.Socket, (socket) => ({
    open: () => Effect.acquireRelease(fromSocket(socket), (stream) => stream.close),
    listen: () =>
      Effect.fail(new TransportError({ operation: "listen", cause: "a Socket is open, it does not listen" })),
  })),
);

/**
 * A TLS connection as a Socket: `run` reads until the peer's close_notify, `writer` writes, a CloseEvent closes the
 * connection, and closing the writer's scope calls `closeWrite`.
 */
export const toSocket = (connection: Connection): Socket.Socket => {
  const generic = (reason: "Read" | "Write") => (cause: unknown) =>
    new Socket.SocketGenericError({ reason, cause });
  const run = <_, E = never, R = never>(
    handler: (bytes: Uint8Array) => Effect.Effect<_, E, R> | void,
    options?: { readonly onOpen?: Effect.Effect<void> | undefined },
  ): Effect.Effect<void, Socket.SocketError | E, R> => {
    const loop: Effect.Effect<void, Socket.SocketError | E, R> = Effect.flatMap(
      Effect.mapError(connection.read, generic("Read")),
      (bytes) => {
        if (!bytes) return Effect.void;
        const handled = handler(bytes);
        return Effect.isEffect(handled) ? Effect.zipRight(handled, loop) : loop;
      },
    );
    return Effect.zipRight(options?.onOpen ?? Effect.void, loop);
  };
  return Socket.Socket.of({
    [Socket.TypeId]: Socket.TypeId,
    run,
    runRaw: run,
    writer: Effect.acquireRelease(
      Effect.succeed((chunk: Uint8Array | string | Socket.CloseEvent) =>
        Socket.isCloseEvent(chunk) ? connection.close : Effect.mapError(
          connection.write(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk),
          generic("Write"),
        )
      ),
      // In the background, so that a peer that does not read cannot hold up the writer's owner.
      (_, exit) =>
        Effect.forkDaemon(
          Exit.isSuccess(exit) ? Effect.ignore(connection.closeWrite) : connection.abort,
        ),
    ),
  });
};
