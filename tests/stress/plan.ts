/** What happens in one round, as data that follows from a seed. @module */
import { ProtocolVersion } from "../../src/names/protocol.ts";
import { Random, seedOf } from "../fuzz/random.ts";

/** What a stream does with bytes. */
export interface StreamPlan {
  /** Milliseconds that each write takes. */
  readonly slow: number;
  /** What a write does when so many bytes have been written. */
  readonly breaks:
    | { readonly after: number; readonly how: "fails" | "dies" | "hangs" | "interrupts" }
    | undefined;
  /** Bytes that a read gives at most; nothing at all, once in a while. */
  readonly piece: number;
  readonly emptyReads: boolean;
}

/** What a session store does when it is asked. */
export type StorePlan = "keeps" | "is slow" | "fails" | "dies" | "hangs when it is to forget";

/** How an end ends, when its deeds are done. */
export type EndPlan = "closeWrite" | "close" | "abort" | "scope fails" | "scope succeeds" | "waits";

/** What one end does. */
export interface SidePlan {
  readonly stream: StreamPlan;
  readonly store: StorePlan;
  readonly observerThrows: boolean;
  /** Lengths of what it writes. */
  readonly writes: ReadonlyArray<number>;
  /** Milliseconds before each renegotiation that it asks for. */
  readonly renegotiations: ReadonlyArray<number>;
  /** Milliseconds that it waits now and then while it reads. */
  readonly readPause: number;
  /** Milliseconds after which a write, a renegotiation or the handshake is interrupted. */
  readonly interrupts:
    | { readonly what: "write" | "renegotiate" | "handshake"; readonly after: number }
    | undefined;
  readonly end: EndPlan;
  /** Milliseconds before it ends; `undefined`: when all that it writes is written. */
  readonly endsAfter: number | undefined;
}

/** One round. */
export interface Plan {
  readonly seed: number;
  readonly version: ProtocolVersion;
  /** Bytes that may wait unread in the stream. */
  readonly capacity: number;
  /** Whether the ends have met before, so that a session may be resumed. */
  readonly metBefore: boolean;
  readonly tickets: boolean;
  readonly client: SidePlan;
  readonly server: SidePlan;
}

const sidePlan = (r: Random): SidePlan => ({
  stream: {
    slow: r.once(4) ? r.below(4) : 0,
    breaks: r.once(5)
      ? { after: r.below(60_000), how: r.pick(["fails", "dies", "hangs", "interrupts"] as const) }
      : undefined,
    piece: r.pick([1, 7, 100, 1 << 16, 1 << 16, 1 << 16]),
    emptyReads: r.once(6),
  },
  store: r.pick(
    ["keeps", "keeps", "keeps", "is slow", "fails", "dies", "hangs when it is to forget"] as const,
  ),
  observerThrows: r.once(8),
  writes: Array.from({ length: r.below(8) }, () => r.below(r.pick([10, 1000, 40_000]))),
  renegotiations: r.once(2) ? Array.from({ length: r.below(3) }, () => r.below(15)) : [],
  readPause: r.once(3) ? r.below(3) : 0,
  interrupts: r.once(4)
    ? { what: r.pick(["write", "renegotiate", "handshake"] as const), after: r.below(12) }
    : undefined,
  end: r.pick(
    ["closeWrite", "closeWrite", "close", "abort", "scope fails", "scope succeeds", "waits"] as const,
  ),
  endsAfter: r.once(3) ? r.below(30) : undefined,
});

/** The round of a seed. */
export const planOf = (seed: number): Plan => {
  const r = new Random(seedOf("stress", seed));
  return {
    seed,
    version: r.pick([
      ProtocolVersion.TLS_1_2,
      ProtocolVersion.TLS_1_2,
      ProtocolVersion.TLS_1_1,
      ProtocolVersion.TLS_1_0,
      ProtocolVersion.SSL_3_0,
    ]),
    capacity: r.pick([300, 4096, 100_000, Infinity]),
    metBefore: r.once(2),
    tickets: r.once(2),
    client: sidePlan(r),
    server: sidePlan(r),
  };
};
