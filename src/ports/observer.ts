/** The events that an observer of a connection receives. @module */
import type { AlertDescription, AlertLevel } from "../names/alert.ts";
import type { Bytes } from "../wire/bytes.ts";

/** Whether this end sent or received something. */
export type Direction = "sent" | "received";

/** An event on a connection: a handshake message, a change of keys or an alert. */
export type ConnectionEvent =
  | {
    readonly _tag: "message";
    readonly direction: Direction;
    /**
     * The number of the flight: 1 starts with the ClientHello, and each change of direction adds 1. A HelloRequest
     * has 0.
     */
    readonly flight: number;
    /** How many times the keys of this direction had changed before this message. */
    readonly epoch: number;
    /** The message as sent: header and body. */
    readonly raw: Bytes;
    /** The decoded message. Its class is its Schema. */
    readonly message: { readonly _tag: string };
  }
  | { readonly _tag: "changeCipherSpec"; readonly direction: Direction; readonly flight: number }
  | {
    readonly _tag: "alert";
    readonly direction: Direction;
    readonly level: AlertLevel;
    readonly description: AlertDescription;
  };

/** Stands for events that an event stream dropped because they were not read in time. */
export interface EventsLost {
  /** Marks an entry about lost events. */
  readonly _tag: "lost";
  /** How many events were lost between the last event and the next. */
  readonly count: number;
}

/** Called with each event as it happens. It must return quickly. If it throws, the log says so once. */
export type Observe = (event: ConnectionEvent) => void;
