/** Any Duplex, or a TLS connection, as a `Deno.Conn`. @module */
import { Effect } from "../deps.ts";
import { promised } from "../promises/run.ts";
import type { Connection } from "../public/connections.ts";
import { InvalidOption, TransportError } from "../public/errors.ts";
import { Duplex } from "./deps.ts";
import { fromDuplex } from "./from_duplex.ts";
import type { Beneath } from "./tls_duplex.ts";
import { toDuplex } from "./to_duplex.ts";

/**
 * A Duplex, or a TLS connection, as a `Deno.Conn`, for a driver that was written for Deno. The `Deno.Conn` owns what it was
 * made of. Its promises reject with typed errors: of a Duplex with TransportError, whose cause is the error of the Duplex.
 * Throws InvalidOption for what is neither.
 */
export const toConn = (of: Duplex | Connection): Deno.Conn => {
  const duplex = duplexOf(of);
  const known: Beneath = duplex as Beneath;
  const stream = fromDuplex(duplex);
  /** What came and did not fit into the last reader's array. */
  let rest: Uint8Array | undefined;
  /** Readers take turns, so that none gets bytes from behind those of another. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <A>(read: () => Promise<A>): Promise<A> => {
    const mine = turn.then(read);
    turn = mine.catch(() => {});
    return mine;
  };
  const take = async (): Promise<Uint8Array | undefined> => {
    const kept = rest;
    rest = undefined;
    return kept ?? await promised(stream.read);
  };
  const write = async (bytes: Uint8Array): Promise<number> => {
    await promised(stream.write(bytes));
    return bytes.length;
  };
  const close = () => promised(stream.close);
  const closeWrite = () => promised(ended(duplex));
  let readable: Deno.Conn["readable"] | undefined;
  let writable: Deno.Conn["writable"] | undefined;
  return {
    read: (into) =>
      inTurn(async () => {
        if (into.length === 0) return 0;
        const data = await take();
        if (data === undefined) return null;
        const fits = data.subarray(0, into.length);
        into.set(fits);
        if (fits.length < data.length) rest = data.subarray(fits.length);
        return fits.length;
      }),
    write,
    close: () => void close(),
    closeWrite,
    get readable() {
      return readable ??= new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: async (controller) => {
          const data = await inTurn(take);
          if (data) controller.enqueue(new Uint8Array(data));
          else controller.close();
        },
        cancel: close,
      }, { highWaterMark: 0 });
    },
    get writable() {
      return writable ??= new WritableStream<Uint8Array>({
        write: async (bytes) => void await write(bytes),
        close: closeWrite,
        abort: () => void duplex.destroy(),
      });
    },
    localAddr: addressOf(known.localAddress, known.localPort),
    remoteAddr: addressOf(known.remoteAddress, known.remotePort),
    ref: () => void known.ref?.(),
    unref: () => void known.unref?.(),
    [Symbol.dispose]: () => void close(),
  };
};

const duplexOf = (of: Duplex | Connection): Duplex => {
  if (of instanceof Duplex) return of;
  if (of && Effect.isEffect(of.read)) return toDuplex(of, { allowHalfOpen: true });
  throw new InvalidOption({ option: "toConn", expected: "a Duplex or a Connection", got: "something else" });
};

/** Ends the writing half, once everything is written. */
const ended = (duplex: Duplex): Effect.Effect<void, TransportError> =>
  Effect.async((resume) => {
    duplex.end((error?: Error | null) =>
      resume(error ? Effect.fail(new TransportError({ operation: "write", cause: error })) : Effect.void)
    );
  });

const addressOf = (hostname = "", port = 0): Deno.NetAddr => ({ transport: "tcp", hostname, port });
