/** Any Duplex, or a TLS connection, as a `Deno.Conn`. */
import { Duplex, duplexPair } from "node:stream";
import net from "node:net";
import { once } from "node:events";
import { assert, Effect } from "../deps.ts";
import { toConn } from "../../src/node/mod.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { live } from "../support/effect.ts";
import { handshake } from "../support/handshake.ts";
import { bytesOf, textOf } from "../support/text.ts";

/** Pairs of what it can be made of. */
const pairs = {
  Duplexes: Effect.sync(() => duplexPair()),
  connections: Effect.map(handshake(), ({ client, server }) => [client, server] as const),
};

/** Closes, and waits until the Duplexes below are closed. */
const closed = async (
  below: ReadonlyArray<Duplex | Connection>,
  conns: ReadonlyArray<Deno.Conn>,
): Promise<void> => {
  const all = below.flatMap((one) => one instanceof Duplex && !one.closed ? [once(one, "close")] : []);
  conns.forEach((one) => one.close());
  await Promise.all(all);
};

for (const [of, pair] of Object.entries(pairs)) {
  live(
    `${of}: what one end writes the other reads, in pieces of any size, and each end's closeWrite is the other's end`,
    Effect.gen(function* () {
      const both: ReadonlyArray<Duplex | Connection> = yield* pair;
      const [a, b] = both.map(toConn);
      yield* Effect.promise(async () => {
        assert.equal(await a!.write(bytesOf("hello, world")), 12);
        const ended = a!.closeWrite(); // a Duplex of a pair has ended when the other has read its end
        const into = new Uint8Array(5);
        const read: Array<string> = [];
        for (let n = await b!.read(into); n !== null; n = await b!.read(into)) {
          read.push(textOf(into.slice(0, n))!);
        }
        await ended;
        assert.equal(read.join(""), "hello, world");
        assert.ok(read.every((one) => one.length <= 5));
        const piped = new Blob(["and back"]).stream().pipeTo(b!.writable);
        assert.equal(await new Response(a!.readable).text(), "and back");
        await piped;
        await closed(both, [a!, b!]);
      });
    }),
  );

  live(
    `${of}: close ends a read that waits, and is the other's end`,
    Effect.gen(function* () {
      const both: ReadonlyArray<Duplex | Connection> = yield* pair;
      const [a, b] = both.map(toConn);
      yield* Effect.promise(async () => {
        const [mine, theirs] = [a!.read(new Uint8Array(1)), b!.read(new Uint8Array(1))];
        a!.close();
        assert.deepEqual(await Promise.all([mine, theirs]), [null, null]);
        await closed(both, [b!]);
      });
    }),
  );
}

Deno.test("of a net.Socket it tells the addresses, and rejects with TransportError and the socket's own error", async () => {
  const server = net.createServer((socket) => socket.once("data", () => socket.resetAndDestroy())).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  const conn = toConn(socket);
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port });
  await conn.write(bytesOf("reset me"));
  await assert.rejects(conn.read(new Uint8Array(1)), { _tag: "TransportError" });
  conn.close();
  server.close();
  await once(server, "close");
});

Deno.test("what is neither a Duplex nor a connection is InvalidOption", () => {
  for (const wrong of [undefined, null, 5, {}]) {
    assert.throws(() => toConn(wrong as never), { _tag: "InvalidOption" });
  }
});
