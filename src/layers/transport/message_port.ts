/** A byte stream between two workers. @module */
import { Effect } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import { type Bytes, isBytes } from "../../wire/bytes.ts";
import { makeArrivals } from "./arrivals.ts";

/** The parts of a MessagePort, or of a Worker and its global scope, that are used here. */
export interface MessagePortLike {
  /** Sends a message to the other end. */
  readonly postMessage: (message: unknown) => void;
  /** Hears what the other end sends. */
  readonly addEventListener: (type: "message", listener: (event: MessageEvent) => void) => void;
  /** Hears no more. */
  readonly removeEventListener: (type: "message", listener: (event: MessageEvent) => void) => void;
  /** Begins to deliver messages. */
  readonly start?: () => void;
  /** Ends it, where it can be ended. */
  readonly close?: () => void;
}

/** A write waits while the other end has not read so many bytes. */
const WINDOW = 256 * 1024;

/**
 * A byte stream over a MessagePort, whose other end must be one of these as well: bytes are data, a number says how many the
 * other end has read, and `null` is the end. A write waits while 256 KiB are unread. Reading fails when more than 16 MiB wait,
 * and when something else comes.
 */
export const fromMessagePort = (port: MessagePortLike): ByteStream => {
  let closed = false;
  /** How many of our bytes the other end has not read. */
  let unread = 0;
  const writers = new Set<() => void>();
  /** Gives the error if the port takes nothing: what is behind it may throw. */
  const post = (message: unknown): { readonly thrown: unknown } | undefined => {
    try {
      if (!closed) port.postMessage(message);
      return undefined;
    } catch (thrown) {
      return { thrown };
    }
  };
  const arrivals = makeArrivals(post);
  const failed = (operation: "read" | "write", cause: unknown) => new TransportError({ operation, cause });
  const listener = ({ data }: MessageEvent): void => {
    if (isBytes(data)) arrivals.push(data);
    else if (Number.isInteger(data) && data >= 0 && data <= unread) {
      unread -= data;
      writers.forEach((go) => go());
    } else if (data === null) {
      arrivals.end();
      over();
    } else arrivals.end(failed("read", "the other end of the port is no stream of bytes"));
  };
  /** Whether the other end takes nothing more. */
  let gone = false;
  const over = (): void => {
    gone = true;
    writers.forEach((go) => go());
  };
  port.addEventListener("message", listener);
  port.start?.();
  const room = Effect.async<void>((resume) => {
    const go = (): void => {
      if (!closed && !gone && unread >= WINDOW) return;
      writers.delete(go);
      resume(Effect.void);
    };
    writers.add(go);
    go();
    return Effect.sync(() => void writers.delete(go));
  });
  return {
    read: arrivals.read,
    write: (bytes: Bytes) =>
      Effect.flatMap(
        Effect.suspend(() => !closed && !gone && unread >= WINDOW ? room : Effect.void),
        () => {
          if (closed || gone) return Effect.fail(failed("write", "the stream is closed"));
          unread += bytes.length;
          // A copy: the caller's array may be a part of a larger one, which would be copied whole.
          const refused = post(bytes.slice());
          return refused ? Effect.fail(failed("write", refused.thrown)) : Effect.void;
        },
      ),
    close: Effect.sync(() => {
      if (closed) return;
      post(null);
      closed = true;
      arrivals.drop();
      over();
      port.removeEventListener("message", listener);
      port.close?.();
    }),
  };
};
