/** What a client asks for is read before the server begins, and the stream is then as it was. */
import { assert, Effect } from "../deps.ts";
import { asked } from "../../src/node/hello.ts";
import { limits } from "../../src/tables/limits.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { live } from "../support/effect.ts";
import { scripted } from "../support/replay.ts";
import { bytesOf } from "../support/text.ts";
import { ends } from "../support/handshake.ts";
import * as Client from "../../src/client.ts";

/** The first bytes of a client that asks for localhost and two protocols. */
const hello = Effect.gen(function* () {
  const { stream, said } = scripted([]);
  yield* Effect.exit(
    Client.over(stream, { serverName: "localhost", alpn: ["h2", "é"] }).pipe(Effect.provide(ends({}).client)),
  );
  return said[0]!;
}).pipe(Effect.scoped);

/** What is asked for in some pieces, and all that the stream gives afterwards. */
const readOf = Effect.fnUntraced(function* (pieces: ReadonlyArray<Bytes>) {
  const { asked: found, stream } = yield* asked(scripted(pieces).stream, limits);
  const rest: Array<Bytes> = [];
  for (let bytes = yield* stream.read; bytes !== undefined; bytes = yield* stream.read) rest.push(bytes);
  return { found, rest: concat(...rest) };
});

const wanted = { servername: "localhost", protocols: ["h2", "é"] };
const nothing = { servername: "", protocols: [] };

live(
  "however a ClientHello is cut, its name and protocols are found, and no byte is lost or added",
  Effect.gen(function* () {
    const bytes = concat(yield* hello, bytesOf("and what follows"));
    for (let at = 0; at < bytes.length; at++) {
      const { found, rest } = yield* readOf(
        [bytes.subarray(0, at), bytes.subarray(at)].filter((p) => p.length > 0),
      );
      assert.deepEqual([found, rest], [wanted, bytes], `cut at ${at}`);
    }
    const { found } = yield* readOf([...bytes].map((byte) => Uint8Array.of(byte)));
    assert.deepEqual(found, wanted);
  }),
);

live(
  "a stream that ends in a ClientHello asks for nothing, and gives what had come",
  Effect.gen(function* () {
    const bytes = yield* hello;
    for (let length = 0; length < bytes.length; length++) {
      const { found, rest } = yield* readOf(length > 0 ? [bytes.subarray(0, length)] : []);
      assert.deepEqual([found, rest], [nothing, bytes.subarray(0, length)]);
    }
  }),
);

live(
  "a ClientHello in many records is read as one, up to 64 of them",
  Effect.gen(function* () {
    const record = (part: Bytes) => concat(Uint8Array.of(22, 3, 1, 0, part.length), part);
    const message = (yield* hello).subarray(5);
    for (const [size, found] of [[Math.ceil(message.length / 64), wanted], [1, nothing]] as const) {
      const parts = Array.from(
        { length: Math.ceil(message.length / size) },
        (_, i) => record(message.subarray(i * size, (i + 1) * size)),
      );
      const all = concat(...parts);
      assert.deepEqual(yield* readOf([all]), { found, rest: all });
    }
  }),
);

live(
  "what is no ClientHello asks for nothing, and is left for the server to judge",
  Effect.gen(function* () {
    const bytes = yield* hello;
    const changed = (at: number, to: number) => bytes.map((byte, i) => i === at ? to : byte);
    const strange = [
      bytesOf("GET / HTTP/1.0\r\n\r\n"),
      changed(0, 23), // no handshake
      changed(5, 2), // a ServerHello
      changed(3, 255), // a record that is too long
      changed(6, 255), // a message that is too long
      Uint8Array.of(22, 3, 1, 0, 0),
    ];
    for (const one of strange) {
      assert.deepEqual(yield* readOf([one]), { found: nothing, rest: one });
    }
  }),
);
