/**
 * The state of a connection: two halves, reading and writing, and whether a handshake is under way.
 *
 * How a half ends is a table of transitions. Only `happened` moves a half; it gives what the peer is to be told.
 * docs/ends.md is printed from the tables.
 *
 * @module
 */
import { Effect } from "../deps.ts";
import { Closed } from "../faults/errors/connection.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Reading, Writing } from "./connection.ts";

/** The events that move a half. */
export type EndEvent =
  | "peer_closed"
  | "peer_closed_early"
  | "peer_alert"
  | "stream_ended"
  | "write_failed"
  | "write_interrupted"
  | "fault"
  | "cancelled"
  | "timed_out"
  | "aborted"
  | "half_closed"
  | "closing"
  | "unwrapped"
  | "released";

/** What the peer is told: the fault's own alert; internal_error; user_canceled and close_notify; close_notify. */
export type Parting = "alert" | "internal_error" | "user_canceled" | "close_notify";

/** The state that an event leads the writing half to, and what the peer is told before. */
export interface WritingStep {
  readonly to: Writing;
  readonly says?: Parting;
}

/** What each event is, in words. */
export const endEvents: Readonly<Record<EndEvent, string>> = {
  peer_closed: "the peer's close_notify came",
  peer_closed_early: "the peer's close_notify came in the middle of a handshake",
  peer_alert: "the peer's fatal alert came",
  stream_ended: "the stream ended without close_notify, or reading from it failed",
  write_failed: "the stream did not take what was written",
  write_interrupted: "a write was interrupted, so that half a record may be on the stream",
  fault: "something that the peer sent, or that is ours, is wrong",
  cancelled:
    "the first handshake was given up or took too long before our Finished, or `close` in the middle of a later one",
  timed_out: "a handshake took too long after our Finished, or a renegotiation did",
  aborted: "`abort`, a scope that closed with a failure, or a defect of ours",
  half_closed: "`closeWrite`",
  closing: "`close`, or a scope that closed with success",
  unwrapped: "`unwrap`, when both close_notify have been exchanged",
  released: "the stream was closed",
};

const failing = { open: "failed", discarding: "closed" } as const;
const closing = { open: "closed", discarding: "closed" } as const;

/** The state that each event leads the reading half to. A state that is not listed does not change. */
export const readingSteps: Readonly<Record<EndEvent, Partial<Record<Reading, Reading>>>> = {
  // A reader that threw data away cannot know that it got everything.
  peer_closed: { open: "ended", discarding: "closed" },
  peer_closed_early: failing,
  peer_alert: failing,
  stream_ended: failing,
  write_failed: {},
  write_interrupted: closing,
  fault: failing,
  cancelled: failing,
  timed_out: failing,
  aborted: closing,
  half_closed: {},
  closing: { open: "discarding" },
  unwrapped: {},
  released: closing,
};

const broken = { to: "broken" } as const;
const failed = { to: "failed" } as const;
const closed = { to: "closed" } as const;

/** The state that each event leads the writing half to. A state that is not listed does not change. */
export const writingSteps: Readonly<Record<EndEvent, Partial<Record<Writing, WritingStep>>>> = {
  peer_closed: {},
  // A close_notify in the middle of a handshake is answered with one (RFC 5246 §7.2.1).
  peer_closed_early: { open: { ...failed, says: "close_notify" }, ended: failed },
  // If the stream was broken already, the alert says why.
  peer_alert: { open: failed, ended: failed, broken: failed },
  stream_ended: { open: failed, ended: failed },
  write_failed: { open: broken, ended: broken, failed: broken, closed: broken },
  write_interrupted: { open: broken, ended: broken, failed: broken, closed: broken },
  // Nothing follows a close_notify (RFC 5246 §7.2.1).
  fault: { open: { ...failed, says: "alert" }, ended: failed },
  cancelled: { open: { ...failed, says: "user_canceled" }, ended: failed },
  timed_out: { open: { ...failed, says: "internal_error" }, ended: failed },
  aborted: { open: { ...closed, says: "internal_error" }, ended: closed },
  half_closed: { open: { to: "ended", says: "close_notify" } },
  closing: { open: { to: "ended", says: "close_notify" } },
  unwrapped: { ended: closed },
  released: { open: closed, ended: closed },
};

/** What a reader gets in each state of the reading half, after the data that had arrived before. */
export const readerSees: Readonly<Record<Reading, "data" | "the end" | "why" | "Closed">> = {
  open: "data",
  ended: "the end",
  discarding: "Closed",
  failed: "why",
  closed: "Closed",
};

/** What a writer gets in each state of the writing half. */
export const writerSees: Readonly<Record<Writing, "success" | "why" | "Closed">> = {
  open: "success",
  ended: "Closed",
  broken: "why",
  failed: "why",
  closed: "Closed",
};

/** Both halves of one connection, and its handshakes. */
export interface ConnectionState {
  readonly reading: () => Reading;
  readonly writing: () => Writing;
  /** Moves both halves by an event, keeps the reason, and gives what the peer is to be told. */
  readonly happened: (event: EndEvent, why?: TlsError) => Parting | undefined;
  /** Why nothing can be read: always the same error. It is made only when somebody asks. */
  readonly readFault: () => TlsError | undefined;
  /** Why nothing can be written: always the same error. */
  readonly writeFault: () => TlsError | undefined;
  /** Whether a handshake is under way. No data of the user's is sent then. */
  readonly handshaking: () => boolean;
  /** Whether a writer must wait for a handshake to end. */
  readonly mustWait: () => boolean;
  readonly beginHandshake: () => void;
  readonly endHandshake: () => void;
  /** Waits until no handshake is under way, or the writing half has ended. */
  readonly idle: Effect.Effect<void>;
  /** Calls a function once the reading half is no longer open. */
  readonly onReadingEnd: (told: () => void) => void;
}

/** Makes the state of a new connection: both halves open, no handshake. */
export const makeState = (): ConnectionState => {
  let reading: Reading = "open";
  let writing: Writing = "open";
  let whyNotRead: TlsError | undefined;
  let whyNotWrite: TlsError | undefined;
  let handshaking = false;
  const idle = Effect.unsafeMakeLatch(true);
  const waiting: Array<() => void> = [];
  return {
    reading: () => reading,
    writing: () => writing,
    happened: (event, why) => {
      const before = { reading, writing };
      reading = readingSteps[event][reading] ?? reading;
      const step = writingSteps[event][writing];
      writing = step?.to ?? writing;
      if (reading === "failed" && before.reading !== "failed") whyNotRead = why;
      // The first reason stays, except that the peer's alert is a better one than its consequence.
      if (step && (before.writing === "open" || event === "peer_alert")) whyNotWrite = why;
      if (writing !== "open") idle.unsafeOpen();
      if (before.reading === "open" && reading !== "open") waiting.splice(0).forEach((told) => told());
      return step?.says;
    },
    readFault: () => reading === "open" || reading === "ended" ? undefined : whyNotRead ?? new Closed(),
    writeFault: () => writing === "open" ? undefined : whyNotWrite ?? new Closed(),
    handshaking: () => handshaking,
    mustWait: () => handshaking && writing === "open",
    beginHandshake: () => {
      handshaking = true;
      if (writing === "open") idle.unsafeClose();
    },
    endHandshake: () => {
      handshaking = false;
      idle.unsafeOpen();
    },
    idle: idle.await,
    onReadingEnd: (told) => {
      if (reading === "open") waiting.push(told);
      else told();
    },
  };
};
