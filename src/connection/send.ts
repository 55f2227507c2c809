/** Writing to a connection. @module */
import { Effect, Either } from "../deps.ts";
import { InvalidOption } from "../faults/errors/connection.ts";
import type { TlsError } from "../faults/tls_error.ts";
import { ContentType } from "../names/protocol.ts";
import { catching } from "../record/catching.ts";
import { type Bytes, isBytes } from "../wire/bytes.ts";
import type { Life } from "./life.ts";
import type { ConnectionState } from "./state.ts";
import type { Wire } from "./wire.ts";

/** The writing members of a connection. */
export interface Sending {
  readonly write: (data: Bytes) => Effect.Effect<void, TlsError>;
  readonly closeWrite: Effect.Effect<void, TlsError>;
}

/** The bytes that are sealed at a time, which bounds the memory of a write. */
const PIECE = 4 * 2 ** 14;

/** Makes the writing members: one writer at a time, and none while a handshake is under way. */
export const sending = (
  { wire, state, life, negotiator: { mustRefresh, refreshKeys } }: {
    readonly wire: Wire;
    readonly state: ConnectionState;
    readonly life: Life;
    readonly negotiator: {
      readonly mustRefresh: () => boolean;
      readonly refreshKeys: Effect.Effect<void, TlsError>;
    };
  },
): Sending => {
  const oneWriter = Effect.unsafeMakeSemaphore(1);
  const write: Sending["write"] = (data) => {
    const from = (at: number): Effect.Effect<void, TlsError> =>
      Effect.suspend(() => {
        const end = state.writeFault();
        if (end) return Effect.fail(end);
        if (state.mustWait()) return Effect.zipRight(state.idle, from(at));
        if (mustRefresh()) return Effect.zipRight(refreshKeys, from(at));
        const sealed = catching(() =>
          wire.records.write(ContentType.application_data, data.subarray(at, at + PIECE))
        );
        if (Either.isLeft(sealed)) return life.guard(Effect.fail(sealed.left));
        const rest = at + PIECE;
        return rest < data.length ? Effect.zipRight(wire.flush, from(rest)) : wire.flush;
      });
    return isBytes(data) ? oneWriter.withPermits(1)(from(0)) : Effect.fail(noBytes(data));
  };
  const closeWrite: Sending["closeWrite"] = Effect.suspend(() => {
    const end = state.writing() === "ended" ? undefined : state.writeFault();
    if (end) return Effect.fail(end);
    if (state.mustWait()) return Effect.zipRight(state.idle, closeWrite);
    life.happened("half_closed");
    return wire.flush;
  });
  return { write, closeWrite };
};

const noBytes = (data: unknown): InvalidOption =>
  new InvalidOption({ option: "data", expected: "a Uint8Array", got: kindOf(data) });

/** The kind of a value, for an error. Its content is not told: it was meant to be encrypted. */
const kindOf = (data: unknown): string => {
  if (data === null || data === undefined) return String(data);
  const kind = typeof data === "object" ? Object.prototype.toString.call(data).slice(8, -1) : typeof data;
  return `${/^[aeio]/i.test(kind) ? "an" : "a"} ${kind}`;
};
