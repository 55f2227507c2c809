/** Compression of certificate chains: what comes back, what other tools make of it, and what a peer could send. @module */
import { assert, Effect, Either, FastCheck as fc, Layer } from "../../deps.ts";
import type { CertificateDecompressionFailure } from "../../../src/faults/errors/connection.ts";
import { explain } from "../../../src/faults/explain.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import { layerNative } from "../../../src/layers/compression/native.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { CompressedCertificate } from "../../../src/messages/mod.ts";
import { CertificateCompressionAlgorithm } from "../../../src/names/protocol.ts";
import {
  CertificateCompression,
  type CertificateCompressor,
  makeCompressor,
  zlib,
} from "../../../src/ports/certificate_compression.ts";
import { modern } from "../../../src/tables/policy.ts";
import { ascii, type Bytes, concat, EMPTY, sameBytes, toHex } from "../../../src/wire/bytes.ts";
import { codec, make } from "../../../src/wire/codec.ts";
import { parsePem } from "../../../src/x509/pem.ts";
import * as Golden from "../../golden/certificates.ts";
import { sync } from "../../support/effect.ts";
import { hex } from "../../support/keys.ts";
import * as z from "node:zlib";

const { random } = makeDeterministic("certificate compression");
const { brotli, zstd } = CertificateCompressionAlgorithm;
const { nameOf } = CertificateCompressionAlgorithm;

const native = Effect.runSync(Effect.provide(CertificateCompression, layerNative));
/** Each algorithm of each layer, by name. */
const every: ReadonlyArray<readonly [string, CertificateCompressor]> = [
  ["zlib without a platform", zlib],
  ...native.map((one) => [`the platform's ${nameOf(one.algorithm)}`, one] as const),
];

const packed = (by: CertificateCompressor, bytes: Bytes): Bytes => Effect.runSync(by.compress(bytes));
const opened = (by: CertificateCompressor, bytes: Bytes, length: number) =>
  Effect.runSync(Effect.either(by.decompress(bytes, length)));
const opens = (by: CertificateCompressor, bytes: Bytes, expected: Bytes, what = "bytes"): void => {
  const got = Either.getOrThrow(opened(by, bytes, expected.length));
  assert.ok(sameBytes(got, expected), `${what}: ${got.length} came, not the ${expected.length} that went in`);
};
const fails = (by: CertificateCompressor, bytes: Bytes, length: number, what?: string): void => {
  const { algorithm } = by;
  const failure: Either.Either<Bytes, CertificateDecompressionFailure> = opened(by, bytes, length);
  assert.ok(Either.isLeft(failure), what);
  const { _tag, ...members } = failure.left;
  assert.equal(_tag, "CertificateDecompressionFailure");
  assert.equal(failure.left.algorithm, algorithm, what);
  assert.deepEqual(Object.keys(members).toSorted(), ["algorithm", "length"]);
};

const chain = concat(
  ...[Golden.server("rsa").certificate, Golden.root].flatMap((pem) =>
    Either.getOrThrow(parsePem(pem)).map(({ bytes }) => bytes)
  ),
);
const text = ascii("so much of what is said was said before. ".repeat(2));

// -- the port --

sync(
  "without a layer there is zlib alone; the platform adds brotli and zstd, in the order of the policy",
  Effect.gen(function* () {
    assert.deepEqual(yield* CertificateCompression, [zlib]);
    assert.deepEqual(native.map(({ algorithm }) => algorithm), modern.certificateCompression);
    const mine = yield* Effect.provide(
      CertificateCompression,
      Layer.succeed(CertificateCompression, []),
    );
    assert.deepEqual(mine, []);
  }),
);

for (const lack of [["brotliDecompressSync"], ["zstdCompressSync"], undefined] as const) {
  Deno.test(`a platform without ${lack ?? "node:zlib"} has the other algorithms`, () => {
    const real = process.getBuiltinModule;
    const { default: _, ...all } = z as unknown as Readonly<Record<string, unknown>>;
    const less = lack && { ...all, [lack[0]]: undefined };
    try {
      process.getBuiltinModule = (() => less) as unknown as typeof real;
      const has = Effect.runSync(Effect.provide(CertificateCompression, layerNative));
      assert.deepEqual(
        has.map(({ algorithm }) => nameOf(algorithm)),
        lack === undefined ? ["zlib"] : ["brotli", "zstd", "zlib"].filter((one) => !lack[0].startsWith(one)),
      );
    } finally {
      process.getBuiltinModule = real;
    }
  });
}

const lies: ReadonlyArray<readonly [string, () => Bytes | undefined]> = [
  ["throws", () => {
    throw new Error("by the test");
  }],
  ["gives nothing", () => undefined],
  ["gives a byte less", () => new Uint8Array(9)],
  ["gives a byte more", () => new Uint8Array(11)],
];
for (const [what, decompress] of lies) {
  Deno.test(`an algorithm that ${what} fails as any other`, () =>
    fails(makeCompressor(zstd, { compress: (bytes) => bytes, decompress }), EMPTY, 10));
}

Deno.test("the failure is bad_certificate, and says of which algorithm and of how many bytes (RFC 8879 §4)", () => {
  const failure = opened(zlib, text, 1234);
  assert.ok(Either.isLeft(failure));
  assert.equal(alertOf(failure.left), "bad_certificate");
  const { what, rfc, hint } = explain(failure.left);
  assert.match(what, /zlib.*1234/);
  assert.equal(rfc, "RFC 8879 §4");
  assert.match(hint ?? "", /certificateCompression/);
});

for (const [name, by] of every) {
  // -- round trips --

  Deno.test(`${name}: whatever goes in comes back, and what it is made of may be overwritten`, () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat({ max: 40_000 }).map((length) => new Uint8Array(length)),
      fc.constantFrom(EMPTY, chain, text, random(20_000)),
    );
    fc.assert(
      fc.property(some, (bytes) => {
        const given = bytes.slice();
        const compressed = packed(by, given);
        given.fill(0);
        opens(by, compressed, bytes);
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`${name}: a chain becomes smaller, and stands in a CompressedCertificate (RFC 8879 §4)`, () => {
    const compressed = packed(by, chain);
    assert.ok(compressed.length < chain.length, `${compressed.length} of ${chain.length}`);
    const message = codec(CompressedCertificate).unsafeEncode(make(CompressedCertificate, {
      algorithm: by.algorithm,
      uncompressedLength: chain.length,
      compressedCertificateMessage: compressed,
    }));
    const lengths = [chain.length, compressed.length].map((n) => n.toString(16).padStart(6, "0")).join("");
    assert.equal(toHex(message), `000${by.algorithm}${lengths}${toHex(compressed)}`);
    const { uncompressedLength, compressedCertificateMessage } = Either.getOrThrow(
      codec(CompressedCertificate).decode(message),
    );
    const got = Either.getOrThrow(opened(by, compressedCertificateMessage, uncompressedLength));
    assert.equal(got.buffer.byteLength, got.length, "of memory of its own");
    assert.ok(sameBytes(got, chain));
  });

  // -- what a peer could send --

  Deno.test(`${name}: any other length than the right one fails`, () => {
    for (const bytes of [chain, text, new Uint8Array(100_000)]) {
      const compressed = packed(by, bytes);
      const { length } = bytes;
      for (const other of [0, 1, length - 1, length + 1, 2 * length, 2 ** 24 - 1]) {
        fails(by, compressed, other, `${other} of ${length}`);
      }
    }
    fails(by, packed(by, EMPTY), 1);
    fails(by, packed(by, ascii("x")), 0);
  });

  Deno.test(`${name}: what is cut off fails at every byte, also when all data is there already`, () => {
    for (const bytes of [chain, text, random(300), EMPTY]) {
      const compressed = packed(by, bytes);
      for (let at = 0; at < compressed.length; at++) {
        fails(by, compressed.subarray(0, at), bytes.length, `${at} of ${compressed.length}`);
      }
    }
  });

  Deno.test(`${name}: a byte that follows fails, and so does a second stream`, () => {
    for (const bytes of [chain, text]) {
      const compressed = packed(by, bytes);
      for (const more of [Uint8Array.of(0), Uint8Array.of(3), random(40)]) {
        fails(by, concat(compressed, more), bytes.length);
      }
      fails(by, concat(compressed, compressed), bytes.length);
    }
  });

  Deno.test(`${name}: garbage fails, or opens to just the length that was asked for`, () => {
    for (const garbage of [text, random(100), new Uint8Array(100), new Uint8Array(100).fill(0xff)]) {
      fails(by, garbage, 100);
    }
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 });
    const whole = packed(by, chain);
    fc.assert(
      fc.property(flips, (bits) => {
        const changed = whole.slice();
        for (const [at, bit] of bits) changed[at % whole.length]! ^= 1 << bit;
        const result = opened(by, changed, chain.length);
        if (Either.isRight(result)) assert.equal(result.right.length, chain.length);
        else assert.equal(result.left._tag, "CertificateDecompressionFailure");
      }),
      { numRuns: 200 },
    );
  });

  Deno.test(`${name}: a bomb of 1 GiB is not inflated to its end`, async () => {
    const bomb = await bombOf(by.algorithm);
    const start = performance.now();
    for (let i = 0; i < 5; i++) fails(by, bomb, 2 ** 16);
    // To inflate 5 GiB takes longer.
    const milliseconds = performance.now() - start;
    assert.ok(milliseconds < 3000, `${milliseconds} ms`);
  });
}

/** 1 GiB of zeros, by the platform, piece by piece. */
const bombOf = async (algorithm: CertificateCompressionAlgorithm): Promise<Bytes> => {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = z.constants;
  const stream = algorithm === brotli
    ? z.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 1, [BROTLI_PARAM_LGWIN]: 24 } })
    : algorithm === zstd
    ? z.createZstdCompress()
    : z.createDeflate();
  const parts: Array<Bytes> = [];
  stream.on("data", (part: Bytes) => parts.push(Uint8Array.from(part)));
  const end = new Promise((done) => stream.on("end", done));
  const zeros = new Uint8Array(2 ** 24);
  for (let i = 0; i < 64; i++) await new Promise((done) => stream.write(zeros, done));
  stream.end();
  await end;
  const bomb = concat(...parts);
  assert.ok(bomb.length < 2 ** 20);
  return bomb;
};

// -- other tools --

/** The text, as other programs compress it. */
const theirs: ReadonlyArray<readonly [CertificateCompressionAlgorithm, string, string]> = [
  [
    CertificateCompressionAlgorithm.zlib,
    "zlib 1.2.13",
    "78da2bce57c82d4dce50c84f5328cf482c51c82c56284ecc4c51284f84329252d3f28b52f5148a89550800aa8c1c85",
  ],
  [
    zstd,
    "zstd 1.5.4, with a checksum",
    "28b52ffd24526501002402736f206d756368206f66207768617420697320736169642077616265666f72652e20020098825c66650c" +
    "4ea475d4",
  ],
  [
    zstd,
    "zstd 1.5.4, without the length",
    "28b52ffd00586501002402736f206d756368206f66207768617420697320736169642077616265666f72652e20020098825c66650c",
  ],
];
for (const [algorithm, what, bytes] of theirs) {
  Deno.test(`what ${what} makes is read`, () => {
    const readers = every.filter(([, by]) => by.algorithm === algorithm);
    assert.ok(readers.length > 0);
    for (const [name, by] of readers) opens(by, hex(bytes), text, name);
  });
}

Deno.test("zlib with a platform and without reads what the other makes, and so does node:zlib as it comes", () => {
  const platform = native.find(({ algorithm }) => algorithm === zlib.algorithm) ?? assert.fail();
  for (const bytes of [chain, text, EMPTY]) {
    opens(zlib, packed(platform, bytes), bytes);
    opens(platform, packed(zlib, bytes), bytes);
    assert.ok(sameBytes(z.inflateSync(packed(zlib, bytes)), bytes));
    for (const options of [{ level: 0 }, { level: 1 }, { windowBits: 9 }, { strategy: 4 }]) {
      const made = Uint8Array.from(z.deflateSync(bytes, options));
      opens(zlib, made, bytes, JSON.stringify(options));
      opens(platform, made, bytes, JSON.stringify(options));
    }
  }
});

Deno.test("a zstd frame may ask for a window of 8 MiB, and for no larger one (RFC 8878 §3.1.1.1.2)", () => {
  const by = native.find(({ algorithm }) => algorithm === zstd) ?? assert.fail();
  const framed = (windowLog: number) =>
    Uint8Array.from(z.zstdCompressSync(chain, { params: { [z.constants.ZSTD_c_windowLog]: windowLog } }));
  opens(by, framed(23), chain);
  for (const windowLog of [24, 27, 31]) fails(by, framed(windowLog), chain.length, `2^${windowLog}`);
});

Deno.test("a brotli stream of any quality and window is read, but no large one, of more than RFC 7932 allows", () => {
  const by = native.find(({ algorithm }) => algorithm === brotli) ?? assert.fail();
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_LARGE_WINDOW } = z.constants;
  for (const quality of [0, 5, 11]) {
    for (let window = 10; window <= 24; window++) {
      const params = { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_LGWIN]: window };
      opens(by, Uint8Array.from(z.brotliCompressSync(chain, { params })), chain, `${quality}, ${window}`);
    }
  }
  const large = { [BROTLI_PARAM_LARGE_WINDOW]: 1, [BROTLI_PARAM_LGWIN]: 30 };
  fails(by, Uint8Array.from(z.brotliCompressSync(chain, { params: large })), chain.length);
});

for (const [name, by] of every) {
  Deno.test(`${name}: lengths around those of the platform's buffers come back`, () => {
    for (const length of [63, 64, 65, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537]) {
      const bytes = random(length);
      const compressed = packed(by, bytes);
      opens(by, compressed, bytes, `${length} bytes`);
      fails(by, compressed.subarray(0, -1), length);
      fails(by, concat(compressed, Uint8Array.of(0)), length);
    }
  });
}
