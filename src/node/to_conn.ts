/** Any Duplex, or a TLS connection, as a `Deno.Conn`. @module */
import { Effect } from "../deps.ts";
import { moving } from "../promises/moving.ts";
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
  const close = () => promised(stream.close);
  const closeWrite = () => promised(ended(duplex));
  const { read, write, readable, writable } = moving({
    // Node's Buffers are no plain arrays.
    take: async () => {
      const data = await promised(stream.read);
      return data && new Uint8Array(data);
    },
    write: (bytes) => promised(stream.write(bytes)),
    closeWrite,
    close,
    abort: () => Promise.resolve(void duplex.destroy()),
  });
  return {
    read,
    write,
    close: () => void close(),
    closeWrite,
    get readable() {
      return readable();
    },
    get writable() {
      return writable();
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
