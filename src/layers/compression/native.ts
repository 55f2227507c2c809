/** Compression of certificate chains by the platform's `node:zlib`. @module */
import { Layer } from "../../deps.ts";
import { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import {
  CertificateCompression,
  type CertificateCompressor,
  makeCompressor,
  zlib,
} from "../../ports/certificate_compression.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { type NativeDecompress, type NativeZlib, nativeZlib } from "./platform.ts";

/**
 * The algorithms of the platform, the one with the smallest chains first: brotli, zstd and zlib in Deno and in Node 22.15
 * or later. A platform without `node:zlib` has `zlib` alone, as without this layer.
 */
export const layerNative: Layer.Layer<never> = Layer.sync(
  CertificateCompression,
  (): ReadonlyArray<CertificateCompressor> => {
    const native = nativeZlib();
    return native ? compressorsOf(native) : [zlib];
  },
) as Layer.Layer<never>;

const compressorsOf = (native: NativeZlib): ReadonlyArray<CertificateCompressor> => {
  const { constants: { BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel, ZSTD_d_windowLogMax } } = native;
  const { brotliCompressSync, brotliDecompressSync, zstdCompressSync, zstdDecompressSync } = native;
  const all: Array<CertificateCompressor> = [];
  if (brotliCompressSync && brotliDecompressSync) {
    all.push(makeCompressor(CertificateCompressionAlgorithm.brotli, {
      compress: (bytes) =>
        plain(brotliCompressSync(bytes, { params: { [BROTLI_PARAM_SIZE_HINT]: bytes.length } })),
      decompress: (bytes, length) =>
        isLargeWindow(bytes) ? undefined : exactly(brotliDecompressSync)(bytes, length),
    }));
  }
  if (zstdCompressSync && zstdDecompressSync) {
    all.push(makeCompressor(CertificateCompressionAlgorithm.zstd, {
      compress: (bytes) =>
        plain(zstdCompressSync(bytes, {
          params: { [ZSTD_c_compressionLevel]: ZSTD_LEVEL },
          pledgedSrcSize: bytes.length, // else its window is that of the level, not of the chain
          chunkSize: chunkFor(2 * bytes.length), // one that fills up is followed by an empty frame
        })),
      decompress: exactly(zstdDecompressSync, { [ZSTD_d_windowLogMax]: ZSTD_WINDOW }),
    }));
  }
  all.push(makeCompressor(CertificateCompressionAlgorithm.zlib, {
    compress: (bytes) => plain(native.deflateSync(bytes, { level: 9 })),
    decompress: exactly(native.inflateSync),
  }));
  return all;
};

/** zstd's best level that needs no extraordinary memory. */
const ZSTD_LEVEL = 19;

/** The largest window that a zstd frame may ask for, as a power of two: the 8 MiB of RFC 8878 §3.1.1.1.2. */
const ZSTD_WINDOW = 23;

/**
 * Whether a brotli stream begins as one with a "large window", of up to 1 GiB. It is no stream of RFC 7932, whose windows
 * end at 16 MiB, but some platforms read it, and fill the window before anything comes out.
 */
const isLargeWindow = ([first = 0]: Bytes): boolean => (first & 0x7f) === 0x11;

/**
 * Decompresses a whole stream to exactly `length` bytes, or gives `undefined`, or throws.
 *
 * The platform tells neither that a stream is cut off nor that bytes follow its end. So one more byte is given to it: a
 * stream that ends where the input did leaves just that one.
 */
const exactly =
  (decompress: NativeDecompress, params: Readonly<Record<number, number>> = {}) =>
  (bytes: Bytes, length: number): Bytes | undefined => {
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    const { buffer, engine } = decompress(longer, {
      maxOutputLength: Math.max(1, length),
      chunkSize: chunkFor(length), // never full, so that nothing is read after the end
      info: true,
      params,
    });
    return engine.bytesWritten === bytes.length && buffer.length === length ? plain(buffer) : undefined;
  };

/** The length of a chunk that `length` bytes do not fill. */
const chunkFor = (length: number): number => Math.max(64, length + 1);

/** A Buffer as a plain Uint8Array, of memory of its own. */
const plain = (bytes: Bytes): Bytes => Uint8Array.prototype.slice.call(bytes);
