/** Ends of ours that begin in the clear, and speak on over TLS by saying something and looking for an answer. @module */
import { assert, Effect } from "../deps.ts";
import type { Connection, Errors } from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { listen, reverse } from "./ends.ts";

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

/** A server of ours on a port of the system's choice, whose connections begin in the clear; `handler` speaks over TLS. */
export const listening = (protocol: StartTls.Protocol, handler = reverse) =>
  listen("rsa", {
    before: (stream) => Effect.map(StartTls.server(protocol, stream), (ready) => ready.stream),
    onFailure: () => Effect.void, // the test hears of it from the peer
  }, handler);

/** What is answered to lines, the first that matches; `undefined` ends the connection. */
export type Answers = ReadonlyArray<readonly [line: RegExp, answer: (line: string) => string | undefined]>;

/** Answers lines by a table. */
export const answering =
  (answers: Answers) => (connection: Connection): Effect.Effect<void, Errors.TlsError> =>
    Effect.gen(function* () {
      let text = "";
      for (let data = yield* connection.read; data; data = yield* connection.read) {
        text += textOf(data);
        for (let at = text.indexOf("\r\n"); at >= 0; at = text.indexOf("\r\n")) {
          const line = text.slice(0, at);
          text = text.slice(at + 2);
          const [, answer] = answers.find(([pattern]) => pattern.test(line)) ?? [];
          const said = answer?.(line);
          if (said === undefined) return;
          if (said !== "") yield* connection.write(bytesOf(`${said}\r\n`));
        }
      }
    });
