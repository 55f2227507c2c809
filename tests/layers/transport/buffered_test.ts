/** Byte streams that are read by lines and by lengths, and the bytes that are given back to one. @module */
import { assert, Effect, Fiber } from "../../deps.ts";
import { buffered, prepend } from "../../../src/layers/transport/buffered.ts";
import { TransportError } from "../../../src/faults/errors/transport.ts";
import { makePair } from "../../../src/layers/transport/byte_stream.ts";
import type { ByteStream } from "../../../src/ports/byte_stream.ts";
import { ascii, type Bytes, concat, utf8 } from "../../../src/wire/bytes.ts";
import { failsWith, live, sync, untilWaiting } from "../../support/effect.ts";
import { textOf } from "../../support/text.ts";

/** A stream that gives these chunks, and ends. */
const giving = (...chunks: ReadonlyArray<Bytes>): ByteStream => {
  const left = [...chunks];
  return {
    read: Effect.sync(() => left.shift()),
    write: () => Effect.void,
    close: Effect.sync(() => void (left.length = 0)),
  };
};

/** What a stream gives until its end. */
const whole = (stream: ByteStream) =>
  Effect.gen(function* () {
    const parts: Array<Bytes> = [];
    for (let part = yield* stream.read; part; part = yield* stream.read) parts.push(part);
    return concat(...parts);
  });

const said = "220 näher\r\n\n\rx\r\r\n1234rest";
for (let at = 0; at <= utf8(said).length; at++) {
  sync(
    `lines, a length and the rest are the same when the bytes are cut at ${at}`,
    Effect.gen(function* () {
      const bytes = utf8(said);
      const reader = buffered(giving(bytes.slice(0, at), bytes.slice(at)));
      assert.equal(yield* reader.readLine(10), "220 näher");
      assert.equal(yield* reader.readLine(0), "");
      assert.equal(yield* reader.readLine(3), "\rx\r");
      assert.equal(textOf(yield* reader.readExactly(4)), "1234");
      assert.equal((yield* reader.readExactly(0)).length, 0);
      assert.equal(textOf(yield* whole(reader.rest)), "rest");
      assert.equal(yield* reader.rest.read, undefined);
    }),
  );
}

sync(
  "bytes that come one by one make the same lines",
  Effect.gen(function* () {
    const lines = Array.from({ length: 50 }, (_, i) => "x".repeat(i));
    const reader = buffered(giving(...[...ascii(lines.join("\r\n") + "\r\n")].map((b) => Uint8Array.of(b))));
    for (const line of lines) assert.equal(yield* reader.readLine(50), line);
    assert.equal(yield* reader.unread, 0);
  }),
);

for (const end of ["\n", "\r\n"]) {
  sync(
    `a line with ${JSON.stringify(end)} may have as many bytes as the limit says, and not one more`,
    Effect.gen(function* () {
      assert.equal(yield* buffered(giving(ascii(`12345${end}`))).readLine(5), "12345");
      const reader = buffered(giving(ascii(`12345${end}`)));
      const { limit } = yield* failsWith(reader.readLine(4), "LineTooLong");
      assert.equal(limit, 4);
      // It is still there.
      assert.equal(yield* reader.readLine(5), "12345");
    }),
  );
}

sync(
  "a line that does not end is refused at the limit, however much would follow",
  Effect.gen(function* () {
    let read = 0;
    const flood: ByteStream = { ...giving(), read: Effect.sync(() => (read++, ascii("xxxxxxxx"))) };
    yield* failsWith(buffered(flood).readLine(1000), "LineTooLong");
    assert.equal(read, 126);
  }),
);

sync(
  "a stream that ends inside of what was wanted says so, and what had come can still be read",
  Effect.gen(function* () {
    const reader = buffered(giving(ascii("ha"), ascii("lf")));
    const ended = yield* failsWith(reader.readLine(80), "StreamEnded");
    assert.equal(ended.message, "the stream ended after 4 bytes, before the end of a line had come");
    assert.equal((yield* failsWith(reader.readExactly(5), "StreamEnded")).wanted, "5 bytes");
    assert.equal(yield* reader.unread, 4);
    assert.equal(textOf(yield* reader.readExactly(3)), "hal");
    assert.equal(textOf(yield* whole(reader.rest)), "f");
  }),
);

sync(
  "a length or a limit that is no whole number is an InvalidOption, and nothing is read",
  Effect.gen(function* () {
    const reader = buffered(giving(ascii("line\n")));
    for (const no of [NaN, -1, 1.5, Infinity, "4" as unknown as number]) {
      assert.equal((yield* failsWith(reader.readExactly(no), "InvalidOption")).option, "length");
      assert.equal((yield* failsWith(reader.readLine(no), "InvalidOption")).option, "limit");
    }
    assert.equal(yield* reader.unread, 0);
  }),
);

live(
  "an interrupted read loses no byte, also of what had come before",
  Effect.gen(function* () {
    const [a, b] = yield* makePair();
    const reader = buffered(b);
    for (const part of ["22", "0 re", "ady\r"]) {
      const reading = yield* Effect.fork(reader.readLine(80));
      yield* untilWaiting(reading);
      yield* a.write(ascii(part));
      yield* untilWaiting(reading);
      yield* Fiber.interrupt(reading);
    }
    yield* a.write(ascii("\nmore"));
    assert.equal(yield* reader.readLine(80), "220 ready");
    assert.equal(textOf(yield* reader.readExactly(4)), "more");
  }),
);

sync(
  "a stream that fails fails the read, and what had come stays",
  Effect.gen(function* () {
    let first = true;
    const broken = new TransportError({ operation: "read", cause: "Connection reset by peer" });
    const reader = buffered({
      ...giving(),
      read: Effect.suspend(() => first ? (first = false, Effect.succeed(ascii("ab"))) : Effect.fail(broken)),
    });
    yield* failsWith(reader.readLine(80), "TransportError");
    assert.equal(textOf(yield* reader.readExactly(2)), "ab");
  }),
);

sync(
  "what a stream begins with comes first, belongs to the stream, and is written by nobody",
  Effect.gen(function* () {
    const bytes = ascii("first ");
    const stream = prepend(bytes, giving(ascii("second")));
    bytes.fill(0);
    assert.equal(textOf(yield* whole(stream)), "first second");
  }),
);
