/** Application data: through the record layer, and over loopback. @module */
import {
  CertificateVerifier,
  Client,
  type Connection,
  Credentials,
  Crypto,
  Names,
  Server,
  SessionStore,
  Transport,
} from "../mod.ts";
import { Effect, Layer } from "../src/deps.ts";
import { aeadProtection, nonceForms } from "../src/record/protection/aead.ts";
import { phases } from "../src/record/phase.ts";
import { Records } from "../src/record/records.ts";
import { limits } from "../src/tables/limits.ts";
import type { Bytes } from "../src/wire/bytes.ts";
import * as Golden from "../tests/golden/certificates.ts";

/** One record of application data through the record layer, compared with the cipher alone. */
export const bulk = (crypto: Crypto.CryptoService, name: Crypto.AeadName, size: number) => {
  const key = new Uint8Array(name === "aes_128_gcm" ? 16 : 32).fill(1);
  const cipher = crypto.aead(name, key);
  const iv = new Uint8Array(nonceForms[name].fixed);
  const data = new Uint8Array(size).fill(7);
  const nonce = new Uint8Array(12);
  const additional = new Uint8Array(13);
  const end = () => {
    const records = new Records(limits);
    const protection = () => aeadProtection(Names.ProtocolVersion.TLS_1_2, crypto.aead(name, key), iv, name);
    records.changeWrite(protection());
    records.changeRead(protection(), phases.changed);
    records.takeOutbox();
    return records;
  };
  const sender = end();
  const receiver = end();
  // Application data is allowed only after a Finished.
  sender.write(Names.ContentType.handshake, Uint8Array.of(20, 0, 0, 0));
  receiver.feed(sender.takeOutbox());
  receiver.next();
  const ours = () => {
    sender.write(Names.ContentType.application_data, data);
    receiver.feed(sender.takeOutbox());
    if (receiver.next()?._tag !== "ApplicationData") throw new Error("no data");
  };
  const alone = () => {
    if (!cipher.open(nonce, additional, cipher.seal(nonce, additional, data))) throw new Error("no data");
  };
  return { ours, alone };
};

const common = Layer.mergeAll(Transport.layerTcp, Crypto.layerNative, SessionStore.layerNone);
/** The layers of a server, and those of a client that trusts it. */
export const ends = {
  server: Layer.mergeAll(
    common,
    CertificateVerifier.layerNone,
    Layer.orDie(Credentials.fromPem(Golden.server("p256"))),
  ),
  client: Layer.mergeAll(common, Layer.orDie(CertificateVerifier.layerRoots(Golden.root)), Credentials.none),
};

/**
 * Starts a server on loopback that runs `handler` for each connection. Gives its port and a function that stops it.
 */
export const listening = async (handler: (connection: Connection) => Effect.Effect<void, unknown>) => {
  const opened = Promise.withResolvers<number>();
  const controller = new AbortController();
  const ended = Effect.runPromiseExit(
    Effect.scoped(Effect.gen(function* () {
      const { address } = yield* Server.listen({ hostname: "127.0.0.1", port: 0 }, handler);
      opened.resolve(address.port);
      return yield* Effect.never;
    })).pipe(Effect.provide(ends.server)),
    { signal: controller.signal },
  );
  return {
    port: await opened.promise,
    stop: async () => {
      controller.abort();
      await ended;
    },
  };
};

const PIECE = new Uint8Array(2 ** 18).fill(7);

/** The milliseconds to send `bytes` bytes from our server to our client. */
export const transfer = async (bytes: number): Promise<number> => {
  const pieces = bytes / PIECE.length;
  const server = await listening((connection) => Effect.repeatN(connection.write(PIECE), pieces - 1));
  const took = await Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const connection = yield* Client.connect({
        hostname: "127.0.0.1",
        port: server.port,
        serverName: "localhost",
      });
      const begun = performance.now();
      let got = 0;
      for (let data: Bytes | undefined; (data = yield* connection.read);) got += data.length;
      if (got !== bytes) throw new Error(`${got} bytes came, not ${bytes}`);
      return performance.now() - begun;
    })).pipe(Effect.provide(ends.client)),
  );
  await server.stop();
  return took;
};

/** The milliseconds to send the bytes over plain TCP. */
export const plainTransfer = async (bytes: number): Promise<number> => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sent = listener.accept().then(async (conn) => {
    for (let left = bytes; left > 0;) {
      for (let at = 0; at < PIECE.length;) at += await conn.write(PIECE.subarray(at));
      left -= PIECE.length;
    }
    conn.close();
  });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const begun = performance.now();
  const into = new Uint8Array(2 ** 14 + 2048);
  let got = 0;
  for (let n: number | null; (n = await conn.read(into)) !== null;) got += n;
  if (got !== bytes) throw new Error(`${got} bytes came, not ${bytes}`);
  const took = performance.now() - begun;
  await sent;
  conn.close();
  listener.close();
  return took;
};
