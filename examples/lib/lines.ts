/** Application data as lines of text. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import type { Connection, TlsError } from "../../mod.ts";

const MAX_LINE = 2 ** 16;

/**
 * Reads lines from a connection, one at a time; `undefined` at the end. Each line keeps its line end. If the
 * connection breaks off, `cut` gets the part of a line that had arrived: to be shown, but not acted on.
 */
export const lines = (
  connection: Connection,
  cut?: (text: string) => void,
): Effect.Effect<string | undefined, TlsError> => {
  const decoder = new TextDecoder();
  let text = "";
  let ended = false;
  const next: Effect.Effect<string | undefined, TlsError> = Effect.suspend(() => {
    const at = text.indexOf("\n");
    // A line without an end is returned in pieces, so that a peer cannot fill the memory.
    if (at >= 0 || ended || text.length > MAX_LINE) {
      const length = at >= 0 ? at + 1 : text.length;
      const line = text.slice(0, length);
      text = text.slice(length);
      return Effect.succeed(line || undefined);
    }
    const read = Effect.tapError(connection.read, () =>
      Effect.sync(() => {
        text += decoder.decode();
        if (text) cut?.(text);
        text = "";
      }));
    return Effect.flatMap(read, (bytes) => {
      text += bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
      ended = bytes === undefined;
      return next;
    });
  });
  return next;
};

const encoder = new TextEncoder();

/** Sends text as UTF-8. */
export const say = (connection: Connection, text: string): Effect.Effect<void, TlsError> =>
  connection.write(encoder.encode(text));
