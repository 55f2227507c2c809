/** The algorithms for certificates that a runner expects, which are none: they take two bytes away, or add some. @module */
import { Layer } from "../../src/deps.ts";
import { CertificateCompressionAlgorithm } from "../../src/names/protocol.ts";
import {
  CertificateCompression,
  type CertificateCompressor,
  makeCompressor,
} from "../../src/ports/certificate_compression.ts";
import { type Bytes, concat, sameBytes } from "../../src/wire/bytes.ts";
import { type Config, Unimplemented } from "./flags.ts";

/** An algorithm that adds a prefix. */
const adding = (number: number, prefix: Bytes): CertificateCompressor =>
  makeCompressor(CertificateCompressionAlgorithm.of(number), {
    compress: (bytes) => concat(prefix, bytes),
    decompress: (bytes) =>
      sameBytes(bytes.subarray(0, prefix.length), prefix) ? bytes.subarray(prefix.length) : undefined,
  });

/** The first bytes of every Certificate of a handshake. */
const begins = new Uint8Array(2);

const algorithms: ReadonlyArray<CertificateCompressor> = [
  adding(0xff02, Uint8Array.of(1, 2, 3, 4)),
  makeCompressor(CertificateCompressionAlgorithm.of(0xff01), {
    compress: (bytes) => bytes.subarray(begins.length),
    decompress: (bytes) => concat(begins, bytes),
  }),
  // Whatever its first byte is.
  makeCompressor(CertificateCompressionAlgorithm.of(0xff03), {
    compress: (bytes) => concat(Uint8Array.of(0), bytes),
    decompress: (bytes) => bytes.subarray(1),
  }),
];

/** The algorithms that flags name, the best first. */
export const compressorsOf = (config: Config): ReadonlyArray<CertificateCompressor> => {
  const one = config["install-one-cert-compression-alg"];
  if (one === undefined) return config["install-cert-compression-algs"] ? algorithms : [];
  const found = algorithms.find(({ algorithm }) => algorithm === one);
  if (!found) throw new Unimplemented(`the algorithm ${one}`);
  return [found];
};

/** These algorithms as a layer. */
export const compressionOf = (config: Config): Layer.Layer<CertificateCompression> =>
  Layer.succeed(CertificateCompression, compressorsOf(config));
