/** Algorithms of a user's own that compress certificates: they can neither delay a handshake for long nor end it. @module */
import { Effect, Exit, Option } from "../../deps.ts";
import { CertificateDecompressionFailure } from "../../faults/errors/connection.ts";
import type { CertificateCompressor } from "../../ports/certificate_compression.ts";
import { isBytes } from "../../wire/bytes.ts";
import { answered } from "./answered.ts";
import { settled } from "./deadline.ts";

/** An algorithm with a deadline in milliseconds. What it cannot compress in that time is sent as it is. */
export const boundedCompressor = (
  { algorithm, compress, decompress }: CertificateCompressor,
  milliseconds: number,
): CertificateCompressor => ({
  algorithm,
  compress: (bytes) =>
    Effect.map(
      answered("certificate compression", milliseconds, () => compress(bytes)),
      (given) => Option.getOrElse(Option.filter(given, isBytes), () => bytes),
    ),
  decompress: (bytes, length) =>
    Effect.flatMap(
      settled(milliseconds, Effect.suspend(() => decompress(bytes, length))),
      (exit) =>
        exit && Exit.isSuccess(exit) && isBytes(exit.value) && exit.value.length === length
          ? Effect.succeed(exit.value)
          : new CertificateDecompressionFailure({ algorithm, length }),
    ),
});
