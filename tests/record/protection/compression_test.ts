/** Compressed records: what comes back, what node:zlib says to them, and what a peer could send instead. @module */
import { rulesUntil12 } from "../../../src/record/phase.ts";
import { assert, FastCheck as fc } from "../../deps.ts";
import { DecompressionFailure } from "../../../src/faults/errors/connection.ts";
import { explain } from "../../../src/faults/explain.ts";
import { isRecordError } from "../../../src/faults/faults.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { CompressionMethod, ContentType, ProtocolVersion } from "../../../src/names/protocol.ts";
import { compressed, compressions } from "../../../src/record/protection/compression.ts";
import { MAX_PLAINTEXT, plaintext, type Protection } from "../../../src/record/protection/protection.ts";
import { CHANGE_CIPHER_SPEC } from "../../../src/record/arrival.ts";
import { phases } from "../../../src/record/phase.ts";
import { Records } from "../../../src/record/records.ts";
import { ascii, type Bytes, concat, EMPTY, sameBytes, toHex } from "../../../src/wire/bytes.ts";
import { constants, createDeflate, deflateRawSync, deflateSync, gzipSync, inflateSync } from "node:zlib";

const { DEFLATE } = CompressionMethod;
const DATA = ContentType.application_data;
const { Z_FULL_FLUSH, Z_SYNC_FLUSH } = constants;
const { random } = makeDeterministic("compression");

const { compressor, decompressor } = compressions.get(DEFLATE)!;
/** Both ends of one direction. */
const pair = () => ({ compress: compressor(), decompress: decompressor() });

const zeros = (length: number): Bytes => new Uint8Array(length);
const repetitive = (length: number): Bytes =>
  ascii("so much of what is said was said before. ".repeat(Math.ceil(length / 41))).subarray(0, length);
/** What no Huffman code makes shorter, least of all the fixed one, where bytes from 144 take nine bits. */
const high = (length: number): Bytes => random(length).map((byte) => 144 + byte % 112);
/** zlib's, as it stands on the wire: a stream's beginning up to a flush. */
const flushed = (data: Bytes): Bytes => Uint8Array.from(deflateSync(data, { finishFlush: Z_SYNC_FLUSH }));

const same = (got: Bytes, expected: Bytes, what = "bytes"): void =>
  assert.ok(sameBytes(got, expected), `${what}: ${got.length} came, not the ${expected.length} that went in`);
const fails = (open: () => unknown, message?: string): void =>
  assert.throws(open, (e) => e instanceof DecompressionFailure && isRecordError(e), message);

/** Fragments as a connection has them: of any length, and more or less like each other. */
const fragment: fc.Arbitrary<Bytes> = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc.nat({ max: MAX_PLAINTEXT }).map(repetitive),
  fc.nat({ max: MAX_PLAINTEXT }).map((length) => makeDeterministic(`${length}`).random(length)),
  fc.constantFrom(EMPTY, zeros(1), zeros(MAX_PLAINTEXT), random(MAX_PLAINTEXT)),
);
const fragments = fc.array(fragment, { minLength: 1, maxLength: 12 });

// ---- round trips ----

Deno.test("whatever the records, they come back one by one, and none grows by more than 1024 bytes", () => {
  fc.assert(
    fc.property(fragments, (all) => {
      const { compress, decompress } = pair();
      for (const one of all) {
        const packed = compress(one);
        assert.ok(packed.length <= one.length + 1024);
        same(decompress(packed), one);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("records of 0, 1, 2^14 - 1 and 2^14 bytes come back, of noise and of one byte over and over", () => {
  const { compress, decompress } = pair();
  for (let round = 0; round < 3; round++) {
    for (const length of [0, 0, 1, 1, 2, 257, 258, 259, MAX_PLAINTEXT - 1, MAX_PLAINTEXT, 0]) {
      for (const one of [zeros(length), repetitive(length), random(length), high(length)]) {
        same(decompress(compress(one)), one, `${length} bytes`);
      }
    }
  }
});

Deno.test("what can't be compressed grows by 32 bytes at the most, wherever in the window it lies", () => {
  const compress = compressor();
  for (let round = 0; round < 40; round++) {
    // Runs and odd lengths in between move it about, and leave a block's tables ready for something else.
    compress(round % 3 === 0 ? zeros(MAX_PLAINTEXT - round) : repetitive(17 * round));
    for (const noise of [random(MAX_PLAINTEXT), high(MAX_PLAINTEXT), random(1000 + round), high(round)]) {
      const growth = compress(noise).length - noise.length;
      assert.ok(growth <= 32, `${noise.length} bytes grow by ${growth}`);
    }
  }
});

Deno.test("what a record is made of may be overwritten once it is compressed, and so may what it opened to", () => {
  const { compress, decompress } = pair();
  const buffer = repetitive(3000);
  for (let i = 0; i < 3; i++) {
    buffer.set(repetitive(3000));
    const packed = compress(buffer).slice();
    buffer.fill(0);
    const opened = decompress(packed);
    packed.fill(0);
    same(opened, repetitive(3000));
    opened.fill(0);
  }
});

Deno.test("the window spans records: what was said before takes a few bytes only", () => {
  const compress = compressor();
  const noise = random(5000);
  assert.ok(compress(noise).length > 5000);
  assert.ok(compress(repetitive(200)).length < 80);
  assert.ok(compress(noise).length < 100);
});

Deno.test("a zlib header opens the first record, and a flush ends every one (RFC 3749 §2, RFC 1950 §2.2)", () => {
  const compress = compressor();
  const [first, ...later] = [ascii("one"), ascii("two"), random(MAX_PLAINTEXT)].map((one) => compress(one));
  const [cmf, flg] = first as Bytes & readonly [number, number];
  assert.equal(cmf, 0x78); // DEFLATE, a window of 32 KiB
  assert.equal((cmf << 8 | flg) % 31, 0);
  assert.equal(flg & 0x20, 0); // no dictionary
  for (const one of [first!, ...later]) assert.equal(toHex(one.slice(-4)), "0000ffff");
});

// ---- somebody else's zlib ----

Deno.test("node:zlib inflates all that a direction sends", () => {
  fc.assert(
    fc.property(fragments, (all) => {
      const compress = compressor();
      const sent = concat(...all.map((one) => compress(one)));
      const got = inflateSync(sent, { finishFlush: Z_SYNC_FLUSH });
      same(Uint8Array.from(got), concat(...all));
    }),
    { numRuns: 40 },
  );
});

Deno.test("what node:zlib flushes is read record by record, at every level and in every size of window", async () => {
  const all = [repetitive(900), EMPTY, zeros(MAX_PLAINTEXT), random(MAX_PLAINTEXT), EMPTY, repetitive(900)];
  for (const flush of [Z_SYNC_FLUSH, Z_FULL_FLUSH]) {
    for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { windowBits: 9 }, { memLevel: 1 }]) {
      const decompress = decompressor();
      const parts: Array<Uint8Array> = [];
      const theirs = createDeflate(options).on("data", (part: Uint8Array) => parts.push(part));
      for (const one of all) {
        if (one.length > 0) theirs.write(one);
        await new Promise<void>((done) => theirs.flush(flush, done));
        same(decompress(concat(...parts.splice(0))), one, JSON.stringify({ flush, ...options }));
      }
      theirs.destroy();
    }
  }
});

// ---- what does not decompress ----

Deno.test("2^14 bytes may come out of a record, and one more is a failure", () => {
  for (const long of [zeros, repetitive, random].map((data) => data(MAX_PLAINTEXT + 1))) {
    const most = long.subarray(1);
    same(decompressor()(flushed(most)), most);
    fails(() => decompressor()(flushed(long)));
  }
});

Deno.test("a bomb of 16 KiB fails: there is room for 2^14 bytes to come out of it, and not for 17 million", () => {
  const bomb = flushed(zeros(17_000_000));
  assert.ok(bomb.length < MAX_PLAINTEXT + 1024);
  fails(() => decompressor()(bomb));
});

Deno.test("a bomb fails in a stream that was good so far, too", () => {
  const { compress, decompress } = pair();
  same(decompress(compress(ascii("hello"))), ascii("hello"));
  // As the compressor takes whatever it is given, it makes the bomb.
  fails(() => decompress(compress(zeros(MAX_PLAINTEXT * 4))));
});

const garbage: ReadonlyArray<readonly [string, Bytes]> = [
  ["noise", random(100)],
  ["plain text", ascii("GET / HTTP/1.1\r\n\r\n")],
  ["a zlib header and noise", concat(Uint8Array.of(0x78, 0x9c), Uint8Array.of(0xff, 0xff, 0xff))],
  ["half a zlib header", Uint8Array.of(0x78)],
  ["a header whose check does not hold", Uint8Array.of(0x78, 0x9d)],
  ["a header that asks for a dictionary", Uint8Array.of(0x78, 0xbb, 0, 0, 0, 1)],
  ["a header of another method", Uint8Array.of(0x79, 0x9b)],
  ["DEFLATE without the format of zlib", Uint8Array.from(deflateRawSync(repetitive(100)))],
  ["gzip", Uint8Array.from(gzipSync(repetitive(100)))],
  ["a stored block whose length's complement is wrong", Uint8Array.of(0x78, 0x9c, 0, 1, 0, 0, 0, 65)],
  ["a block of the reserved type", Uint8Array.of(0x78, 0x9c, 0x07)],
  ["a distance to before the beginning", Uint8Array.of(0x78, 0x9c, 0x03, 0x02, 0, 0, 0)],
  ["a stream that ends with a wrong checksum", changed(Uint8Array.from(deflateSync(ascii("the end"))), -1)],
  ["a byte after the end of the stream", concat(Uint8Array.from(deflateSync(ascii("x"))), zeros(1))],
  ["two streams in a record", concat(flushed(ascii("one")), flushed(ascii("two")))],
];

/** With one bit of the byte there turned. */
function changed(bytes: Bytes, at: number): Bytes {
  const out = bytes.slice();
  out[at < 0 ? out.length + at : at]! ^= 1;
  return out;
}

for (const [what, record] of garbage) {
  Deno.test(`${what} does not decompress`, () => fails(() => decompressor()(record)));
}

Deno.test("whatever bytes a peer sends, they open to 2^14 bytes at the most or fail, and fail typed", () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { maxLength: 4 });
  const tried = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }).map((rest) => concat(Uint8Array.of(0x78, 0x9c), rest)),
    fc.tuple(fragment, flips, fc.nat()).map(([one, bits, cut]) => {
      const record = flushed(one);
      for (const [at, bit] of bits) record[at % record.length]! ^= 1 << bit;
      return cut % 2 === 0 ? record : record.subarray(0, cut % record.length);
    }),
  );
  fc.assert(
    fc.property(fc.array(tried, { minLength: 1, maxLength: 3 }), (records) => {
      const decompress = decompressor();
      try {
        for (const record of records) assert.ok(decompress(record).length <= MAX_PLAINTEXT);
      } catch (e) {
        if (!(e instanceof DecompressionFailure)) throw e;
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a record that is cut within a block fails, at whatever byte; the flush after it holds nothing", () => {
  for (const whole of [ascii("what is said once"), repetitive(2000), random(700), high(4000)]) {
    const { compress, decompress } = pair();
    compress(ascii("before"));
    const record = compress(whole);
    const end = record.length;
    for (let length = Math.max(1, end - 400); length < end; length++) {
      const decompress = decompressor();
      decompress(flushed(ascii("before")));
      let opened: Bytes;
      try {
        opened = decompress(record.subarray(0, length));
      } catch (e) {
        assert.ok(e instanceof DecompressionFailure);
        continue;
      }
      assert.ok(length >= end - 5, `${length} of ${end}`);
      same(opened, whole);
    }
    decompress(flushed(ascii("before")));
    same(decompress(record), whole);
  }
});

Deno.test("after the end of the stream nothing may come but nothing", () => {
  const decompress = decompressor();
  same(decompress(Uint8Array.from(deflateSync(ascii("the end")))), ascii("the end"));
  same(decompress(EMPTY), EMPTY);
  fails(() => decompress(zeros(1)));
  fails(() => decompress(flushed(ascii("once more"))));
});

Deno.test("a failure is told to the peer as decompression_failure, and nobody is told more", () => {
  const told = garbage.map(([, record]) => {
    try {
      return decompressor()(record);
    } catch (e) {
      assert.ok(e instanceof DecompressionFailure);
      assert.deepEqual(Object.keys(e).filter((key) => key !== "_tag"), []);
      return e;
    }
  });
  assert.equal(new Set(told.map((e) => e instanceof Error && e.message)).size, 1);
  const failure = new DecompressionFailure();
  assert.equal(alertOf(failure), "decompression_failure");
  const { rfc, hint } = explain(failure);
  assert.equal(rfc, "RFC 5246 §6.2.2");
  assert.match(hint ?? "", /compression/);
});

// ---- around a protection ----

/** A protection that keeps what it seals, and whose every member is its own. */
const watched = () => {
  const sealed: Array<Bytes> = [];
  const protection: Protection = {
    limit: MAX_PLAINTEXT + 99,
    predictableIv: true,
    shortBlocks: true,
    seal: (type, one) => {
      sealed.push(one.slice());
      return [Uint8Array.of(type), one];
    },
    open: (_, one) => ({ type: ContentType.of(one[0]!), fragment: one.subarray(1) }),
  };
  return { protection, sealed };
};

Deno.test("null and DEFLATE are known; null is the protection itself", () => {
  assert.deepEqual([...compressions.keys()], [CompressionMethod.null, DEFLATE]);
  const { protection } = watched();
  assert.equal(compressed(protection, CompressionMethod.null), protection);
  assert.throws(() => compressed(protection, CompressionMethod.LZS), TypeError);
});

Deno.test("a record is compressed and then sealed, opened and then decompressed; all else passes through", () => {
  const { protection, sealed } = watched();
  const own = compressed(protection, DEFLATE);
  assert.equal(own.limit, MAX_PLAINTEXT + 99 + 1024);
  assert.equal(own.predictableIv, true);
  assert.equal(own.shortBlocks, true);
  const parts = own.seal(ContentType.alert, repetitive(1000));
  assert.deepEqual(sealed, [compressor()(repetitive(1000)).slice()]);
  const { type, fragment } = compressed(protection, DEFLATE).open(DATA, concat(...parts));
  assert.equal(type, ContentType.alert);
  same(fragment, repetitive(1000));
});

Deno.test("each change of keys begins a stream of its own, in each direction", () => {
  const { protection } = watched();
  const seal = (of: Protection) => concat(...of.seal(DATA, repetitive(1000)));
  const one = compressed(protection, DEFLATE);
  const first = seal(one);
  assert.ok(seal(one).length < first.length);
  const other = compressed(protection, DEFLATE);
  same(seal(other), first);
  // The two windows of one end know nothing of each other.
  same(other.open(DATA, first).fragment, repetitive(1000));
  // Nor does a stream begin in the middle.
  fails(() => compressed(protection, DEFLATE).open(DATA, seal(one)));
});

Deno.test("a fragment that opens to more than 2^14 + 1024 bytes is an overflow (RFC 5246 §7.2.2)", () => {
  const { protection } = watched();
  const open = (length: number) => compressed(protection, DEFLATE).open(DATA, zeros(1 + length));
  assert.throws(() => open(MAX_PLAINTEXT + 1025), { _tag: "RecordOverflow", limit: MAX_PLAINTEXT + 1024 });
  fails(() => open(MAX_PLAINTEXT + 1024));
});

const limits = {
  handshakeMessage: 65536,
  certificateMessage: 262144,
  emptyRecords: 32,
  shortBlockData: 2 ** 20,
  recordsPerKey: 2 ** 24,
  skippedEarlyData: 2 ** 15,
};
/** A Finished, which is what comes first under new keys. */
const finished = concat(Uint8Array.of(20, 0, 0, 12), zeros(12));

/** Two ends that have changed to compressed records, `change` as often as wanted. */
const ends = (maxFragment = 2 ** 14) => {
  const [from, to] = [new Records(limits), new Records(limits)];
  for (const end of [from, to]) {
    end.agree(rulesUntil12(ProtocolVersion.TLS_1_2), { read: maxFragment, write: maxFragment });
  }
  const change = () => {
    from.write(ContentType.change_cipher_spec, CHANGE_CIPHER_SPEC);
    from.changeWrite(compressed(plaintext, DEFLATE));
    from.write(ContentType.handshake, finished);
    to.feed(from.takeOutbox());
    assert.equal(to.next()?._tag, "ChangeCipherSpec");
    to.changeRead(compressed(plaintext, DEFLATE), phases.changed);
    assert.equal(to.next()?._tag, "Handshake");
  };
  change();
  /** The records' bytes, and the lengths of what came out of them. */
  const send = (data: Bytes) => {
    from.write(DATA, data);
    const wire = from.takeOutbox();
    to.feed(wire);
    const got: Array<Bytes> = [];
    for (let a = to.next(); a; a = to.next()) if (a._tag === "ApplicationData") got.push(a.data);
    same(concat(...got), data);
    return { wire, lengths: got.map((one) => one.length) };
  };
  return { from, to, change, send };
};

Deno.test("through two ends' records all arrives as it was sent, before and after a change of keys", () => {
  const { change, send } = ends();
  for (let round = 0; round < 3; round++) {
    for (const length of [1, 100, MAX_PLAINTEXT, 3 * MAX_PLAINTEXT + 7]) {
      const { wire, lengths } = send(repetitive(length));
      if (length > 100) assert.ok(wire.length < length / 10);
      assert.equal(lengths.length, Math.ceil(length / MAX_PLAINTEXT));
      send(random(length));
    }
    change();
  }
});

Deno.test("a full record of noise is longer than 2^14 bytes on the wire, and is taken", () => {
  const { send } = ends();
  const { wire } = send(random(MAX_PLAINTEXT));
  assert.ok(wire.length > 5 + MAX_PLAINTEXT);
});

Deno.test("a smaller fragment length is one of what comes out, as what goes in is cut (RFC 6066 §4)", () => {
  const { send, to } = ends(512);
  assert.deepEqual(send(random(1025)).lengths, [512, 512, 1]);
  assert.deepEqual(send(zeros(1024)).lengths, [512, 512]);
  // Zeros are what the last record was, so that this one is no longer than it.
  const record = flushed(zeros(513)).subarray(2);
  to.feed(concat(Uint8Array.of(DATA, 3, 3, record.length >> 8, record.length), record));
  assert.throws(() => to.next(), { _tag: "RecordOverflow", length: 513, limit: 512 });
});

Deno.test("a bomb that arrives as a record ends in decompression_failure", () => {
  const { to } = ends();
  const record = flushed(zeros(16_000_000)).subarray(2);
  to.feed(concat(Uint8Array.of(DATA, 3, 3, record.length >> 8, record.length), record));
  fails(() => to.next());
});
