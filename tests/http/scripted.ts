/** A server that answers HTTP requests with the bytes that a test has written. @module */
import { assert } from "../deps.ts";
import { listenTls, type ListenTlsOptions, type TlsConn } from "../../src/deno/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { certificate: cert, privateKey: key } = Golden.server("p256");

/** What a server needs to listen here. */
export const local = { hostname: "127.0.0.1", port: 0, cert, key } as const;

/** A request as it came. */
export interface Got {
  readonly head: string;
  readonly body: string;
  readonly conn: TlsConn;
  /** The number of its connection, from 0. */
  readonly connection: number;
}

/** A server for one test. Whoever connects to it must have closed its connections when the test ends. */
export interface Scripted extends AsyncDisposable {
  readonly url: string;
  readonly requests: ReadonlyArray<Got>;
}

/** Answers each request with what `answer` gives; `undefined` leaves it to `answer`, which may write itself. */
export const scripted = (
  answer: (request: Got) => string | undefined | Promise<string | undefined>,
  options: Partial<ListenTlsOptions> = {},
): Scripted => {
  const listener = listenTls({ ...local, onError: () => {}, ...options });
  const requests: Array<Got> = [];
  const speak = async (conn: TlsConn, connection: number): Promise<void> => {
    let text = "";
    const more = async (): Promise<boolean> => {
      const bytes = new Uint8Array(65_536);
      const size = await conn.read(bytes);
      if (size !== null) text += textOf(bytes.subarray(0, size));
      return size !== null;
    };
    for (;;) {
      while (!text.includes("\r\n\r\n")) if (!await more()) return;
      const end = text.indexOf("\r\n\r\n") + 4;
      const head = text.slice(0, end);
      text = text.slice(end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      const isChunked = /^transfer-encoding: chunked/im.test(head);
      while (isChunked ? !/(^|\n)0\r\n\r\n$/.test(text) : text.length < length) if (!await more()) return;
      const request = { head, body: text, conn, connection };
      text = "";
      requests.push(request);
      const bytes = await answer(request);
      if (bytes !== undefined) await conn.write(bytesOf(bytes));
    }
  };
  const serving = (async () => {
    let connection = 0;
    for await (const conn of listener) speak(conn, connection++).catch(() => {}).finally(() => conn.close());
  })();
  return {
    url: `https://localhost:${listener.addr.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      assert.equal(await listener.shutdown({ within: 2_000 }), 0, "connections that were left open");
      await serving;
    },
  };
};
