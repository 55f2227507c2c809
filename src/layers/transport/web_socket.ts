/** A byte stream over a WebSocket. @module */
import { Effect } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { makeArrivals } from "./arrivals.ts";

/** The parts of a WebSocket that are used here: those of the browsers' API, which Deno and the package `ws` have as well. */
export interface WebSocketLike {
  /** How binary messages are given: set to `arraybuffer`. */
  binaryType: string;
  /** Its state: 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** Sends a binary message. */
  readonly send: (data: Uint8Array<ArrayBuffer>) => void;
  /** Closes it, with a code and a reason. */
  readonly close: (code?: number, reason?: string) => void;
  /** Hears `open`, `message`, `error` and `close`. */
  // deno-lint-ignore no-explicit-any -- each implementation has event types of its own
  readonly addEventListener: (type: any, listener: (event: any) => void) => void;
}

/** A write waits while so many bytes are not yet on their way. */
const CROWDED = 256 * 1024;

/** How often a crowded socket is looked at, in milliseconds: no event tells that it has sent something. */
const LOOK = 5;

/** The states of a WebSocket (WHATWG WebSockets §3.1). */
const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

/**
 * A byte stream over a WebSocket, which it owns from then on, at either end: one that a client opens, or that a server has
 * upgraded. The first write waits until it is open. Each binary message is some bytes of the stream, and a text is an error.
 * A write waits while 256 KiB are buffered. Reading fails when more than 16 MiB wait unread, because a WebSocket cannot hold
 * its peer back. A close that was not clean is a failure, too.
 */
export const fromWebSocket = (socket: WebSocketLike): ByteStream => {
  socket.binaryType = "arraybuffer";
  const arrivals = makeArrivals();
  const failed = (operation: "read" | "write", cause: unknown) => new TransportError({ operation, cause });
  let closed = false;
  let why = "the stream is closed";
  /** Writers that wait until the socket is open, or has sent something, or is closed. */
  const writers = new Set<() => void>();
  const wake = (): void => writers.forEach((go) => go());
  socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
    if (data instanceof ArrayBuffer) arrivals.push(new Uint8Array(data));
    else arrivals.end(failed("read", "the WebSocket's peer sent a text, and no bytes"));
  });
  socket.addEventListener("open", wake);
  socket.addEventListener("error", (event: { readonly message?: unknown }) => {
    why = `the WebSocket failed${event.message ? `: ${event.message}` : ""}`;
    arrivals.end(failed("read", why));
    wake();
  });
  socket.addEventListener("close", (event: { readonly wasClean?: boolean; readonly code?: number }) => {
    arrivals.end(
      event.wasClean === false ? failed("read", `the WebSocket broke (code ${event.code})`) : undefined,
    );
    wake();
  });
  if (socket.readyState === CLOSED) arrivals.end();
  const isReady = (): boolean =>
    socket.readyState !== CONNECTING && (socket.readyState !== OPEN || socket.bufferedAmount < CROWDED);
  const ready = Effect.async<void>((resume) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      writers.delete(look);
    };
    const look = (): void => {
      clearTimeout(timer);
      if (closed || isReady()) {
        stop();
        resume(Effect.void);
      } else if (socket.readyState === OPEN) timer = setTimeout(look, LOOK);
    };
    writers.add(look);
    look();
    return Effect.sync(stop);
  });
  return {
    read: arrivals.read,
    write: (bytes: Bytes) =>
      Effect.flatMap(
        Effect.suspend(() => closed || isReady() ? Effect.void : ready),
        () =>
          closed || socket.readyState !== OPEN ? Effect.fail(failed("write", why)) : Effect.try({
            try: () => socket.send(bytes as Uint8Array<ArrayBuffer>),
            catch: (e) => failed("write", e),
          }),
      ),
    close: Effect.sync(() => {
      if (closed) return;
      closed = true;
      arrivals.drop();
      wake();
      try {
        socket.close(1000);
      } catch { /* it was closed by another, who need not know of us */ }
    }),
  };
};
