/** Ends of ours that begin in the clear, and speak on over TLS by saying something and looking for an answer. @module */
import { assert, Effect } from "../deps.ts";
import type { Connection } from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { ascii } from "../../src/wire/bytes.ts";

/** A client of ours that asks for TLS, with a server on loopback that must show a certificate for localhost. */
export const begin = (protocol: StartTls.Protocol, port: number, before?: StartTls.StartTlsOptions) =>
  StartTls.connect(protocol, { hostname: "127.0.0.1", port, serverName: "localhost" }, before);

/** Says something over TLS, bytes as characters below 256, and reads until what has come since matches. */
export const say = (connection: Connection, said: string | Uint8Array, answer: RegExp) =>
  Effect.gen(function* () {
    yield* connection.write(typeof said === "string" ? ascii(said) : said);
    return yield* hear(connection, answer);
  });

/** Reads until what has come matches; bytes are characters below 256. */
export const hear = (connection: Connection, answer: RegExp) =>
  Effect.gen(function* () {
    let text = "";
    for (;;) {
      const found = answer.exec(text);
      if (found) return found;
      const data = yield* connection.read;
      if (!data) return assert.fail(`it ended without ${answer}: ${text}`);
      text += String.fromCharCode(...data);
    }
  });
