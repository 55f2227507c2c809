/** What an observer of a connection is told. @module */
import type { AlertDescription, AlertLevel } from "../names/alert.ts";
import type { Bytes } from "../wire/bytes.ts";

/** Which way something went, seen from this end. */
export type Direction = "sent" | "received";

/** A handshake message, a change of keys or an alert, as it passes. */
export type ConnectionEvent =
  | {
    readonly _tag: "message";
    readonly direction: Direction;
    /** Counted from 1 at the ClientHello, up at each change of direction; 0 is a HelloRequest. */
    readonly flight: number;
    /** How often this direction's keys had changed. */
    readonly epoch: number;
    /** Header and body. */
    readonly raw: Bytes;
    /** An instance of a message class: the class is its Schema. */
    readonly message: { readonly _tag: string };
  }
  | { readonly _tag: "changeCipherSpec"; readonly direction: Direction; readonly flight: number }
  | {
    readonly _tag: "alert";
    readonly direction: Direction;
    readonly level: AlertLevel;
    readonly description: AlertDescription;
  };

/** Events that a stream of events lost, because nobody read it in time. */
export interface EventsLost {
  /** Tells lost events from the others. */
  readonly _tag: "lost";
  /** How many events passed between the last one and the next. */
  readonly count: number;
}

/** Hears of each event as it happens. It must be quick; one that throws is told of once in the log. */
export type Observe = (event: ConnectionEvent) => void;
