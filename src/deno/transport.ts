/** TCP by Deno, with what a `Deno.Conn` knows besides its bytes. @module */
import { Effect, Layer } from "../deps.ts";
import { type ByteStream, fromConn } from "../public/byte_stream.ts";
import { type Address, type Incoming, Transport, TransportError } from "../public/transport.ts";

const failure = (operation: TransportError["operation"], address?: Address) => (cause: unknown) =>
  new TransportError({ operation, cause, address });

/** The address of a connection, if it is one of a network. */
export const addressOf = (addr: Deno.Addr | undefined): Address | undefined =>
  addr && "hostname" in addr ? { hostname: addr.hostname, port: addr.port } : undefined;

/** Connects by Deno. A connection that comes after an interruption is closed. */
export const connecting = (
  options: Deno.ConnectOptions & Address,
): Effect.Effect<{ readonly conn: Deno.TcpConn; readonly stream: ByteStream }, TransportError> =>
  Effect.async((resume, signal) => {
    const failed = failure("open", { hostname: options.hostname, port: options.port });
    let got: Deno.TcpConn | undefined;
    signal.addEventListener("abort", () => got?.close());
    Deno.connect({ ...options, signal }).then((conn) => {
      if (signal.aborted) return conn.close();
      got = conn;
      resume(Effect.try({
        try: () => ({ conn, stream: fromConn(conn) }),
        catch: (cause) => {
          conn.close(); // it was reset before its options could be set
          return failed(cause);
        },
      }));
    }, (cause) => resume(Effect.fail(failed(cause))));
  });

/** A transport over one listener that is open already; it gives the connection of each address that it has accepted. */
export interface Listened {
  readonly layer: Layer.Layer<Transport>;
  readonly connOf: (remote: Address) => Deno.Conn | undefined;
}

/** Accepts from an open listener. It closes with the scope in which it is listened to. */
export const listened = (listener: Deno.Listener<Deno.TcpConn, Deno.NetAddr>): Listened => {
  const conns = new WeakMap<Address, Deno.Conn>();
  const incoming = async (): Promise<Incoming> => {
    const conn = await listener.accept();
    const remote = { hostname: conn.remoteAddr.hostname, port: conn.remoteAddr.port };
    conns.set(remote, conn);
    try {
      return { stream: fromConn(conn), remote };
    } catch (e) {
      conn.close(); // it was reset before its options could be set
      throw e;
    }
  };
  /** The accept under way, so that an interruption loses no connection. */
  let accepting: Promise<Incoming> | undefined;
  const accept = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      restore(Effect.tryPromise({ try: () => accepting ??= incoming(), catch: failure("accept") })).pipe(
        Effect.tapError(() => Effect.sync(() => accepting = undefined)),
      ),
      (one) => {
        accepting = undefined;
        return Effect.as(Effect.addFinalizer(() => one.stream.close), one);
      },
    )
  );
  const close = Effect.flatMap(
    Effect.promise(() => {
      listener.close();
      return accepting?.catch(() => {}) ?? Promise.resolve(); // until it has ended, the port is taken
    }),
    (late) => late ? late.stream.close : Effect.void,
  );
  return {
    connOf: (remote) => conns.get(remote),
    layer: Layer.succeed(Transport, {
      open: (address) => Effect.fail(failure("open", address)("this transport only listens")),
      listen: () =>
        Effect.acquireRelease(
          Effect.succeed({ address: addressOf(listener.addr)!, accept }),
          () => close,
        ),
    }),
  };
};
