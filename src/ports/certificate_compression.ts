/** The port to the algorithms that compress certificate chains (RFC 8879). @module */
import { Context, Effect } from "../deps.ts";
import { CertificateDecompressionFailure } from "../faults/errors/connection.ts";
import { CertificateCompressionAlgorithm } from "../names/protocol.ts";
import type { Bytes } from "../wire/bytes.ts";
import { deflated, inflated } from "../zlib.ts";

/** An algorithm that compresses certificate chains, both ways. */
export interface CertificateCompressor {
  /** The algorithm's number. */
  readonly algorithm: CertificateCompressionAlgorithm;
  /** Compresses the body of a Certificate message. The handshake keeps the result for the next connection. */
  readonly compress: (bytes: Bytes) => Effect.Effect<Bytes>;
  /**
   * Decompresses what a peer sent to exactly `length` bytes, the length that the peer names and a limit allows. Fails
   * with CertificateDecompressionFailure for anything else: for more bytes or fewer, for bytes that follow, and for
   * what the algorithm cannot read. It must stop where `length` bytes are exceeded, with no more memory
   * than those and the window that the algorithm works in.
   */
  readonly decompress: (
    bytes: Bytes,
    length: number,
  ) => Effect.Effect<Bytes, CertificateDecompressionFailure>;
}

/**
 * The algorithms of this end, the preferred first; `zlib` alone unless a layer says otherwise. The policy chooses among
 * them (`Policy.certificateCompression`). An algorithm may be code of your own: the handshake gives it a deadline.
 */
export class CertificateCompression
  extends Context.Reference<CertificateCompression>()("effect-tls/1/CertificateCompression", {
    defaultValue: (): ReadonlyArray<CertificateCompressor> => [zlib],
  }) {}

/**
 * Makes a CertificateCompressor of two functions. `decompress` gives `undefined` for what does not decompress to exactly
 * `length` bytes; what it throws, or gives at another length, counts as that.
 */
export const makeCompressor = (
  algorithm: CertificateCompressionAlgorithm,
  { compress, decompress }: {
    readonly compress: (bytes: Bytes) => Bytes;
    readonly decompress: (bytes: Bytes, length: number) => Bytes | undefined;
  },
): CertificateCompressor => ({
  algorithm,
  compress: (bytes) => Effect.sync(() => compress(bytes)),
  decompress: (bytes, length) => {
    const failure = () => new CertificateDecompressionFailure({ algorithm, length });
    return Effect.filterOrFail(
      Effect.try({ try: () => decompress(bytes, length), catch: failure }),
      (made): made is Bytes => made?.length === length,
      failure,
    );
  },
});

/** The algorithm zlib, which needs no platform. */
export const zlib: CertificateCompressor = makeCompressor(CertificateCompressionAlgorithm.zlib, {
  compress: deflated,
  decompress: inflated,
});
