/** Ends TLS on a stream that goes on in the clear. @module */
import { Effect } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import { type Bytes, EMPTY } from "../wire/bytes.ts";
import type { Life } from "./life.ts";
import type { Pump } from "./pump.ts";
import type { ConnectionState } from "./state.ts";
import type { Wire } from "./wire.ts";

/** Exchanges close_notify with the peer, and gives the stream, with the bytes that came behind the peer's. */
export const unwrapping = (
  stream: ByteStream,
  { wire, state, life, pump }: {
    readonly wire: Wire;
    readonly state: ConnectionState;
    readonly life: Life;
    readonly pump: Pump;
  },
  closeWrite: Effect.Effect<void, TlsError>,
): Effect.Effect<ByteStream, TlsError> => {
  const peersGoodbye: Effect.Effect<void, TlsError> = Effect.suspend(() => {
    if (state.reading() === "ended") return Effect.void;
    const end = state.readFault();
    if (end) return Effect.fail(end);
    // Arrivals that have come already need no fiber.
    return Effect.flatMap(
      pump.buffered,
      (what) => what === undefined ? Effect.zipRight(pump.once, peersGoodbye) : peersGoodbye,
    );
  });
  return Effect.zipRight(
    Effect.zipRight(closeWrite, peersGoodbye),
    Effect.sync(() => {
      life.giveBack();
      return after(wire.records.rest(), stream);
    }),
  );
};

/** A stream that first gives bytes that were read from it already. */
const after = (bytes: Bytes, stream: ByteStream): ByteStream => {
  let kept = bytes;
  return {
    read: Effect.suspend(() => {
      if (kept.length === 0) return stream.read;
      const first = kept;
      kept = EMPTY;
      return Effect.succeed(first);
    }),
    write: stream.write,
    close: Effect.suspend(() => {
      kept = EMPTY;
      return stream.close;
    }),
  };
};
