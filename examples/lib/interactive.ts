/** The client program at a terminal: lines go out, and what comes is printed. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Stream from "npm:effect@^3.22.4/Stream";
import type { Connection, TlsError } from "../../mod.ts";
import { lines, say } from "./lines.ts";
import type { Report } from "./report.ts";

/** What a letter alone on a line does, as in OpenSSL's s_client. */
const commands: Readonly<Record<string, (connection: Connection) => Effect.Effect<unknown, TlsError>>> = {
  R: ({ renegotiate }) => renegotiate,
  k: ({ updateKeys }) => updateKeys(),
  K: ({ updateKeys }) => updateKeys({ request: true }),
};

/** The help that is shown first. */
export const keys = "type lines to send; alone on a line, R renegotiates, K changes both ends' keys, Q ends";

/**
 * Sends each line of the input, and prints what comes, until either end has nothing more to say. What a command cannot do is told,
 * and the connection goes on.
 */
export const interactive = (
  connection: Connection,
  input: ReadableStream<Uint8Array>,
  lineEnd: string,
  report: Report,
  number: number,
): Effect.Effect<void, TlsError> => {
  const typed = Stream.fromReadableStream(() => input, (error) => error).pipe(
    Stream.orDie,
    Stream.decodeText(),
    Stream.splitLines,
    Stream.takeUntil((line) => line === "Q"),
    Stream.runForEach((line) => {
      if (line === "Q") return Effect.void;
      const command = Object.hasOwn(commands, line) ? commands[line] : undefined;
      return command
        ? Effect.catchAll(command(connection), (error) => Effect.sync(() => report.failed(number, error)))
        : say(connection, `${line}${lineEnd}`);
    }),
    Effect.zipRight(connection.closeWrite),
  );
  const next = lines(connection, (text) => report.data(number, text));
  const heard = Effect.gen(function* () {
    for (let line = yield* next; line !== undefined; line = yield* next) report.data(number, line);
  });
  // The end of the peer ends it; after our own, what the peer still says is read.
  return Effect.raceFirst(heard, Effect.zipRight(typed, Effect.never));
};
