/** HTTP for the client program: one request over a connection, and where its answer goes. @module */
import * as Data from "npm:effect@^3.22.4/Data";
import * as Effect from "npm:effect@^3.22.4/Effect";
import type * as Scope from "npm:effect@^3.22.4/Scope";
import { type Connection, Errors } from "../../mod.ts";
import { type Given, UsageError } from "./flags.ts";
import { FileError, readBytes } from "./layers.ts";
import type { Report } from "./report.ts";

/** The flags of a request. */
export const httpFlags = {
  http: {
    takes: "PATH",
    help: "GET this path; its body alone is on stdout (an https: URL says the path, too)",
  },
  method: { takes: "METHOD", help: "the method of the request (GET; POST with --data)" },
  header: { takes: "NAME: VALUE", repeats: true, help: "a field of the request" },
  data: { takes: "TEXT|@FILE", help: "the body of the request: a text, a file, or stdin with @-" },
  output: { takes: "FILE", short: "o", help: "write the body to this file" },
} as const;

/** A request, as the flags describe it. */
export interface Asked {
  readonly url: string;
  readonly init: Omit<RequestInit, "body">;
  readonly body: Effect.Effect<Uint8Array<ArrayBuffer> | undefined, FileError>;
  readonly output: string | undefined;
}

/** The request that the flags describe, to a host and the path of a URL; `undefined` if there is none. Throws UsageError. */
export const askedOf = (given: Given, host: string, pathOfUrl: string | undefined): Asked | undefined => {
  const { flags: { http, method, data, output }, repeated: { header = [] } } = given;
  if (http !== undefined && pathOfUrl !== undefined) {
    throw new UsageError("--http: the URL says the path already");
  }
  const path = http ?? pathOfUrl;
  if (path === undefined) {
    const orphan = ["method", "header", "data", "output"].find((name) => given.flags[name] !== undefined);
    if (orphan !== undefined) throw new UsageError(`--${orphan} needs --http PATH, or an https: URL`);
    return undefined;
  }
  if (!path.startsWith("/")) {
    throw new UsageError(`--http: a path must begin with /: ${JSON.stringify(path)}`);
  }
  const url = `https://${host}${path}`;
  const init = { method: method ?? (data === undefined ? "GET" : "POST"), redirect: "manual" } as const;
  const headers = new Headers({ "user-agent": "effect-tls" });
  try {
    for (const field of header) {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(field) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--header: give NAME: VALUE`);
      headers.append(name, value);
    }
    new Request(url, init);
  } catch (e) {
    throw e instanceof UsageError ? e : new UsageError(e instanceof Error ? e.message : String(e));
  }
  return { url, init: { ...init, headers }, body: bodyOf(data), output };
};

const bodyOf = (data: string | undefined): Asked["body"] => {
  if (data === undefined) return Effect.succeed(undefined);
  if (!data.startsWith("@")) return Effect.succeed(new TextEncoder().encode(data));
  const read = data === "@-"
    ? Effect.promise(() => new Response(Deno.stdin.readable).bytes())
    : readBytes(data.slice(1));
  return Effect.map(read, (bytes) => new Uint8Array(bytes));
};

/** The server closed the connection normally, without an answer. */
export class NoAnswer extends Data.TaggedError("NoAnswer") {
  override get message() {
    return "the server closed the connection without an answer; if it asked to renegotiate: --renegotiation allow";
  }
}

/** The server answered that it does not do what was asked. */
export class HttpStatus
  extends Data.TaggedError("HttpStatus")<{ readonly status: number; readonly words: string }> {
  override get message() {
    return `the server answered ${`${this.status} ${this.words}`.trim()}`;
  }
}

/** What is told of an answer. */
export interface Told {
  readonly answered: (response: Response) => void;
  readonly data: (bytes: Uint8Array) => Effect.Effect<void, FileError>;
}

/**
 * Sends a request over a connection, and gives its answer to `told`. `within` gives up what takes too long. Fails with HttpStatus,
 * after the body, if the status says that it failed.
 */
export const exchange = <E>(
  connection: Connection,
  { url, init, body }: Asked,
  { answered, data }: Told,
  within: <A, X>(effect: Effect.Effect<A, X>) => Effect.Effect<A, X | E>,
) =>
  Effect.gen(function* () {
    // Loaded when it is needed: most connections of the program speak no HTTP.
    const { fetchOver } = yield* Effect.promise(() => import("../../src/http/mod.ts"));
    const controller = new AbortController();
    const fetch = yield* Effect.acquireRelease(
      Effect.sync(() => fetchOver(connection)),
      (fetch) =>
        Effect.promise(() => {
          controller.abort(); // what still comes is waited for otherwise
          return fetch.close();
        }),
    );
    const sent = yield* body;
    const response = yield* within(Effect.tryPromise({
      try: () => fetch(url, { ...init, ...sent && { body: sent }, signal: controller.signal }),
      catch: failure,
    }));
    answered(response);
    const reader = response.body?.getReader();
    while (reader) {
      const { done, value } = yield* within(Effect.tryPromise({ try: () => reader.read(), catch: failure }));
      if (done) break;
      yield* data(value);
    }
    if (response.status >= 400) {
      return yield* new HttpStatus({ status: response.status, words: response.statusText });
    }
  }).pipe(Effect.scoped);

/** The error that a request failed with: the typed one, if there is one. */
const failure = (error: unknown): unknown => {
  const cause = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause && cause.code === "UND_ERR_SOCKET"
    ? new NoAnswer()
    : cause;
};

/** Reports a body as text. */
export const texts = (report: Report, connection: number): Told["data"] => {
  const decoder = new TextDecoder();
  return (bytes) => Effect.sync(() => report.data(connection, decoder.decode(bytes, { stream: true })));
};

/** Writes a body as it comes: to a file; to a terminal without what would command it; or as it is. */
export const sink = (output: string | undefined): Effect.Effect<Told["data"], FileError, Scope.Scope> => {
  const failed = (e: unknown) => new FileError(e instanceof Error ? e.message : String(e));
  if (output !== undefined) {
    return Effect.map(
      Effect.acquireRelease(
        Effect.tryPromise({
          try: () => Deno.open(output, { write: true, create: true, truncate: true }),
          catch: failed,
        }),
        (file) => Effect.sync(() => file.close()),
      ),
      (file) => (bytes) => all(file, bytes, failed),
    );
  }
  if (!Deno.stdout.isTerminal()) return Effect.succeed((bytes) => all(Deno.stdout, bytes, failed));
  const decoder = new TextDecoder();
  return Effect.succeed((bytes) =>
    Effect.sync(() => {
      const text = decoder.decode(bytes, { stream: true }).split("\n").map((line) => Errors.printable(line));
      Deno.stdout.writeSync(new TextEncoder().encode(text.join("\n")));
    })
  );
};

const all = (
  to: { readonly write: (bytes: Uint8Array) => Promise<number> },
  bytes: Uint8Array,
  failed: (e: unknown) => FileError,
): Effect.Effect<void, FileError> =>
  Effect.tryPromise({
    try: async () => {
      for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
    },
    catch: failed,
  });
