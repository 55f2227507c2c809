/** A TCP proxy that changes what passes, or cuts it off, record by record. @module */
import { Effect, type Scope } from "../deps.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { concat } from "../../src/wire/bytes.ts";

/** Who wrote a record. */
export type From = "client" | "server";

/** What becomes of a record, the `index`th of its side from 0; `undefined` ends the connection there. */
export type Change = (from: From, record: Bytes, index: number) => Bytes | undefined;

/** Listens, and passes each connection on to a port; gives the port where it listens. */
export const proxy = (target: number, change: Change): Effect.Effect<number, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const open = new Set<Deno.Conn>();
        const running = (async () => {
          const pairs: Array<Promise<unknown>> = [];
          for await (const client of listener) {
            open.add(client);
            const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
            open.add(server);
            pairs.push(pass("client", client, server, change), pass("server", server, client, change));
          }
          await Promise.all(pairs);
        })();
        return { listener, open, running };
      }),
      ({ listener, open, running }) =>
        Effect.promise(() => {
          listener.close();
          open.forEach(close);
          return running;
        }),
    ),
    ({ listener }) => listener.addr.port,
  );

/** Passes one direction on, until either end or a change ends it. */
const pass = async (from: From, source: Deno.Conn, sink: Deno.Conn, change: Change): Promise<void> => {
  try {
    let index = 0;
    for await (const record of records(source)) {
      const changed = change(from, record, index++);
      if (changed === undefined) break;
      for (let at = 0; at < changed.length;) at += await sink.write(changed.subarray(at));
    }
  } catch {
    // One end has gone away, which is what the tests here are about: the other is told by the end of its stream.
  }
  close(source);
  close(sink);
};

/** Whole records; what is left at the end is given as it is. */
async function* records(source: Deno.Conn): AsyncGenerator<Bytes> {
  let kept: Bytes = new Uint8Array(0);
  const chunk = new Uint8Array(2 ** 14);
  for (let n = await source.read(chunk); n !== null; n = await source.read(chunk)) {
    kept = concat(kept, chunk.subarray(0, n));
    for (let end = endOf(kept); end <= kept.length; end = endOf(kept)) {
      yield kept.subarray(0, end);
      kept = kept.subarray(end);
    }
  }
  if (kept.length > 0) yield kept;
}

/** Where the first record ends, beyond the bytes when that is not yet known. */
const endOf = (bytes: Bytes): number => bytes.length < 5 ? Infinity : 5 + (bytes[3]! << 8 | bytes[4]!);

const close = (conn: Deno.Conn): void => {
  try {
    conn.close();
  } catch {
    // It was closed before.
  }
};
