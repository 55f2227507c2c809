/** The parts of the platform's `node:zlib` that the layer uses. No other file asks for that module. @module */
import type { Bytes } from "../../wire/bytes.ts";

/** Parameters of an algorithm, by the numbers in `constants`. */
type Parameters = Readonly<Record<number, number>>;

/** Compresses all bytes at once. */
export type NativeCompress = (
  bytes: Bytes,
  options: {
    readonly level?: number;
    readonly params?: Parameters;
    readonly pledgedSrcSize?: number;
    readonly chunkSize?: number;
  },
) => Bytes;

/**
 * Decompresses all bytes at once. Throws as soon as there are more than `maxOutputLength`, at least 1. `bytesWritten` is
 * how many bytes of the input were used.
 */
export type NativeDecompress = (
  bytes: Bytes,
  options: {
    readonly maxOutputLength: number;
    readonly chunkSize: number;
    readonly info: true;
    readonly params?: Parameters;
  },
) => { readonly buffer: Bytes; readonly engine: { readonly bytesWritten: number } };

/** The parts of `node:zlib` that are used here. A platform may lack any but the first two. */
export interface NativeZlib {
  readonly deflateSync: NativeCompress;
  readonly inflateSync: NativeDecompress;
  readonly brotliCompressSync?: NativeCompress;
  readonly brotliDecompressSync?: NativeDecompress;
  readonly zstdCompressSync?: NativeCompress;
  readonly zstdDecompressSync?: NativeDecompress;
  readonly constants: Readonly<
    Record<"BROTLI_PARAM_SIZE_HINT" | "ZSTD_c_compressionLevel" | "ZSTD_d_windowLogMax", number>
  >;
}

/**
 * The module `node:zlib`; `undefined` on a platform without it. A static import would make every program need it.
 */
export const nativeZlib = (): NativeZlib | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => NativeZlib | undefined };
  };
  return process?.getBuiltinModule?.("node:zlib");
};
