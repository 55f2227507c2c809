/** The port to a rule of one's own by which records of TLS 1.3 are padded (RFC 8446 §5.4). @module */
import { Context } from "../deps.ts";

/**
 * Gives how many zeros follow so many bytes of content, of `room` that there are still in the record. It is called for each
 * record that is sent, must be pure and quick, and should not depend on the content's length alone where that tells too much.
 */
export type Padding = (length: number, room: number) => number;

/**
 * The rule; `undefined` unless a layer sets one, and then in the place of `Policy.recordPadding`. What it gives beyond the room,
 * or below 0, is cut to that; if it throws, or gives no whole number, there is a warning, and the record is filled up.
 */
export class RecordPadding extends Context.Reference<RecordPadding>()("effect-tls/1/RecordPadding", {
  defaultValue: (): Padding | undefined => undefined,
}) {}
