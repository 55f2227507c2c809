/** How the programs request and report renegotiations. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import type { Connection } from "../../mod.ts";
import { peerOf, type Report } from "./report.ts";

type Changes = Parameters<Connection["renegotiateWith"]>[0];

/** Reports each handshake that was not yet reported, whichever end requested it. */
export const renegotiations = (connection: Connection, report: Report, number: number) => {
  let told = Effect.runSync(connection.negotiated);
  return Effect.gen(function* () {
    const negotiated = yield* connection.negotiated;
    // After early data, the first handshake ends later than the connection begins.
    const isSame = negotiated.clientRandom.every((byte, i) => byte === told.clientRandom[i]);
    if (negotiated === told || isSame) return;
    told = negotiated;
    report.renegotiated(number, negotiated, yield* peerOf(connection));
  });
};

/**
 * The same connection, except that it requests another handshake when its first data has been read. If `clientAuth`
 * is `require`, a client that declines gets nothing more. Otherwise a refusal is reported, and data goes on.
 */
export const renegotiating = (
  connection: Connection,
  changes: Changes,
  report: Report,
  number: number,
): Connection => {
  let asked = false;
  const read: Connection["read"] = Effect.flatMap(connection.read, (data) => {
    if (asked || data === undefined) return Effect.succeed(data);
    asked = true;
    return connection.renegotiateWith(changes).pipe(
      Effect.as<typeof data | undefined>(data),
      Effect.catchTag("RenegotiationRefused", (refused) =>
        Effect.sync(() => {
          if (changes?.clientAuth !== "require") {
            report.declined(number, refused);
            return data;
          }
          report.failed(number, refused);
          return undefined; // as if it had asked for nothing
        })),
    );
  });
  // Not a copy, because copying would open the connection's web streams.
  return Object.create(connection, { read: { value: read } });
};
