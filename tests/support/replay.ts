/** One side against arrays: what the other side says is given beforehand. @module */
import { modern12 } from "./policies.ts";
import { Effect } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { ContentType } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import * as Server from "../../src/server.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { alertOfRecord, ends, recordsOf, type Setup } from "./handshake.ts";

/** A stream that says these chunks and then ends; what is written is kept. */
export const scripted = (input: ReadonlyArray<Bytes>) => {
  const left = [...input];
  const said: Array<Bytes> = [];
  const state = { closed: 0 };
  const stream: ByteStream = {
    read: Effect.sync(() => left.shift()),
    write: (bytes) => Effect.sync(() => void said.push(bytes)),
    close: Effect.sync(() => void state.closed++),
  };
  return { stream, said, state };
};

/** How a replay ended: the error or `established`, the alerts, and what was said. */
export const replay = (
  role: "client" | "server",
  input: ReadonlyArray<Bytes>,
  setup: Setup = {},
) => {
  const { stream, said, state } = scripted(input);
  const { client, server } = ends(setup);
  const run = role === "client"
    ? Client.over(stream, { policy: modern12, serverName: "localhost", ...setup.client }).pipe(
      Effect.provide(client),
    )
    : Server.over(stream, { policy: modern12, ...setup.server }).pipe(Effect.provide(server));
  // The connection is looked at before its scope closes and says goodbye.
  return Effect.scoped(
    Effect.map(Effect.either(run), (end) => {
      const records = recordsOf(concat(...said));
      return {
        end: end._tag === "Left" ? end.left._tag : "established",
        error: end._tag === "Left" ? end.left : undefined,
        /** As \`alertOfRecord\` tells them. */
        alerts: records.filter(([type]) => type === ContentType.alert).map(alertOfRecord),
        said: concat(...said),
        closed: state.closed,
      };
    }),
  );
};

/** A record in the clear. */
export const plainRecord = (type: number, body: Bytes, version = 0x0303): Bytes =>
  concat(Uint8Array.of(type, version >> 8, version, body.length >> 8, body.length), body);

/** A handshake message with its header. */
export const handshakeMessage = (type: number, body: Bytes): Bytes =>
  concat(Uint8Array.of(type, body.length >> 16, body.length >> 8, body.length), body);
