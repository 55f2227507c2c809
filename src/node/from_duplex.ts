/** A byte stream over any Duplex of Node, so that TLS can run over it. @module */
import { Effect } from "../deps.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import { TransportError } from "../public/transport.ts";
import { clearTimeout, type Duplex, nextTick, setTimeout } from "./deps.ts";

/** How long a Duplex may take to send its end before it is destroyed, in milliseconds. */
const LAST_WORDS = 1_000;

/** The members of a Duplex that only some have. */
interface Maybe {
  readonly setNoDelay?: (noDelay: boolean) => unknown;
  readonly errored?: unknown;
}

/**
 * A byte stream over a Duplex, which may be a `net.Socket`. The byte stream owns the Duplex from then on: read from it,
 * write to it or close it only through the byte stream. What the Duplex has read already comes first. It must give
 * bytes: one with an encoding, or in object mode, fails with TransportError.
 */
export const fromDuplex = (duplex: Duplex): ByteStream => {
  const known: Maybe = duplex;
  let closed = false;
  let ended = duplex.readableEnded;
  let fault: { readonly cause: unknown } | undefined = known.errored ? { cause: known.errored } : undefined;
  /** Those who wait for something to happen: the reader, and the writers. */
  const waiting = new Set<() => void>();
  const wake = () => [...waiting].forEach((look) => look());
  let writes = 0;

  // Flights must leave at once (RFC 896), and the peer's end must not end what we still have to say.
  known.setNoDelay?.(true);
  duplex.allowHalfOpen = true;
  duplex.on("readable", wake);
  // With that listener it does not flow, whatever was before; a socket of Deno that was paused reads nothing until then. Not at
  // once: where listeners were just removed, Node looks in the next tick who is left, and what resumes then would flow.
  nextTick(() => closed || duplex.resume());
  duplex.on("end", () => {
    ended = true;
    wake();
  });
  duplex.on("close", wake);
  // It stays for good: a late error of a stream that nobody uses would end the program.
  duplex.on("error", (cause) => {
    fault ??= { cause };
    wake();
  });

  const failed = (operation: "read" | "write", cause: unknown) =>
    Effect.fail(new TransportError({ operation, cause }));
  /** What a reader gets now; nothing while it must wait. */
  const available = (): ReturnType<typeof failed> | Effect.Effect<Uint8Array | undefined> | undefined => {
    if (closed) return Effect.succeed(undefined);
    const chunk: unknown = duplex.read();
    if (chunk instanceof Uint8Array) {
      return chunk.length > 0 ? Effect.succeed(chunk) : available();
    }
    if (chunk !== null) return failed("read", "the Duplex does not give bytes, but text or objects");
    if (fault) return failed("read", fault.cause);
    return ended || duplex.destroyed ? Effect.succeed(undefined) : undefined;
  };
  /** Completes with what `look` gives, once it gives something. */
  const until = <A, E>(look: () => Effect.Effect<A, E> | undefined): Effect.Effect<A, E> =>
    Effect.async((resume) => {
      const again = () => {
        const found = look();
        if (!found) return;
        waiting.delete(again);
        resume(found);
      };
      waiting.add(again);
      again();
      return Effect.sync(() => void waiting.delete(again));
    });
  /** Why nothing can be written any more. */
  const writeFault = () => {
    if (fault) return failed("write", fault.cause);
    if (closed || duplex.destroyed) return failed("write", "the stream is closed");
    return undefined;
  };

  return {
    read: until(available),
    write: (bytes) =>
      Effect.suspend(() => {
        const late = writeFault() ??
          (duplex.writable ? undefined : failed("write", "the stream takes no more bytes"));
        if (late) return late;
        let taken: Effect.Effect<void, TransportError> | undefined;
        writes++;
        duplex.write(bytes, (error) => {
          writes--;
          taken = error ? failed("write", error) : Effect.void;
          wake();
        });
        return until(() => taken ?? writeFault());
      }),
    close: Effect.sync(() => {
      if (closed) return;
      closed = true;
      wake();
      if (writes > 0 || !duplex.writable) return void duplex.destroy();
      // The peer gets an end, not a reset, unless the Duplex does not come to it. What it still sends is thrown away.
      duplex.removeListener("readable", wake).resume();
      const tooLong = setTimeout(() => duplex.destroy(), LAST_WORDS);
      duplex.once("close", () => clearTimeout(tooLong));
      duplex.end(() => duplex.destroy());
    }),
  };
};
