/** `fetch` over connections of this library. @module */
import { begun, living, now, promised } from "../promises/run.ts";
import type { Connection } from "../public/connections.ts";
import { wordsOf } from "../public/errors.ts";
import { watched } from "./breaks.ts";
import { type Dispatcher, fetch as undiciFetch } from "./deps.ts";
import { agentOver, dispatcher } from "./dispatcher.ts";
import { decode, type FetchOptions } from "./options.ts";
import { type Sendable, sendable } from "./request.ts";
import { responseOf } from "./response.ts";
import { givenUpBy } from "./spared.ts";

/** A `fetch` that has connections of its own. */
export interface Fetch extends AsyncDisposable {
  /** Sends a request, as the global `fetch` does. Rejects with a TypeError whose `cause` is the typed error. */
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Lets the requests under way end, closes all connections, and takes no more requests. Answers whose body nobody has begun to
   * read are given up.
   */
  readonly close: () => Promise<void>;
}

/**
 * Makes a `fetch` that speaks TLS as this library does: with servers that the runtime refuses, or that only one knows by
 * its key. Redirects, decompression, streams, signals and kept connections are those of the web's `fetch`; HTTP is 1.1.
 * A body that is known, or comes at once, is sent with its length and sent again after a redirect that asks for it; a longer
 * one streams. Throws InvalidOption, and what is wrong with pins, certificates and keys; with their files, the first request does. Needs `--allow-net` and
 * `--allow-env`, and by default `--allow-sys` for the roots.
 *
 * ```ts
 * import { makeFetch } from "./src/http/mod.ts";
 *
 * export const status = async (pin: string) => {
 *   await using fetch = makeFetch({ policy: "legacy", trust: { pins: [pin] } });
 *   return await (await fetch("https://printer.local/status")).text();
 * };
 * ```
 */
export const makeFetch = (options: FetchOptions = {}): Fetch => {
  const decoded = now(decode(options));
  const make = () => begun(living(dispatcher(decoded))).done;
  // What is wrong with the options themselves is thrown here; files are read meanwhile.
  let made: ReturnType<typeof make> | undefined = make();
  made.catch(() => {}); // the first request tells it
  const ready = async () => {
    try {
      return (await (made ??= make())).value;
    } catch (e) {
      made = undefined; // files may have been mended when the next request comes
      throw e;
    }
  };
  return fetchBy(ready, async () => {
    const { value, close } = await made?.catch(() => undefined) ?? {};
    await value?.close();
    if (close) await promised(close);
  });
};

/**
 * A `fetch` over one connection that is open, over whatever stream: the URLs name the host, and all requests go to the connection's
 * peer, one after the other. The connection belongs to it, and closes with it. A request after the connection has ended
 * rejects.
 *
 * ```ts
 * import { startTls } from "./src/deno/mod.ts";
 * import { fetchOver } from "./src/http/mod.ts";
 *
 * export const statusOver = async (conn: Deno.Conn) => {
 *   const { connection } = await startTls(conn, { hostname: "printer.local", policy: "legacy" });
 *   await using fetch = fetchOver(connection);
 *   return await (await fetch("https://printer.local/status")).text();
 * };
 * ```
 */
export const fetchOver = (connection: Connection): Fetch => {
  const agent = agentOver(connection);
  return fetchBy(() => Promise.resolve(agent), () => agent.close().then(() => promised(connection.close)));
};

/** A `fetch` by a dispatcher, and how that ends once all answers have been read. */
const fetchBy = (ready: () => Promise<Dispatcher>, end: () => Promise<void>): Fetch => {
  /** The bodies that are not at their end. */
  const bodies = new Set<ReadableStream>();
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const failed = failure(request);
    let sent: Sendable | undefined;
    try {
      if (closing) throw new Error("this fetch was closed");
      const { dispatcher, onBreak } = watched((await ready()).compose(givenUpBy(request.signal)));
      sent = await sendable(request, init?.body);
      const answer = await undiciFetch(request.url, { ...sent.init, dispatcher } as Init);
      return responseOf(answer, (broken) => onBreak((error) => broken(failed(error))), bodies);
    } catch (e) {
      sent?.drop(e);
      throw failed(e);
    }
  };
  const ended = async () => {
    // Nobody has begun to read these: what is on its way to them would be waited for without end.
    for (const body of bodies) if (!body.locked) body.cancel().catch(() => {}); // it has broken off itself
    await end();
  };
  let closing: Promise<void> | undefined;
  const close = () => closing ??= ended();
  return Object.assign(fetch, { close, [Symbol.asyncDispose]: close });
};

/** The runtime's types for a request are written otherwise than undici's. */
type Init = NonNullable<Parameters<typeof undiciFetch>[1]>;

/** What a request is told when it fails: why it was given up, or else whom it was for, and the typed error. */
const failure = ({ url, signal }: Request) => (error: unknown): unknown => {
  if (signal.aborted) return signal.reason;
  const cause = rootOf(error);
  return new TypeError(`${new URL(url).origin}: ${wordsOf(cause)}`, { cause });
};

/** The error within the TypeErrors that undici makes of it. */
const rootOf = (error: unknown): unknown =>
  error instanceof TypeError && error.cause instanceof Error ? rootOf(error.cause) : error;
