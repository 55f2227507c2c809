/** The extension compress_certificate, of a ClientHello and of a CertificateRequest (RFC 8879 §3). @module */
import { Effect } from "../../deps.ts";
import { CertificateCompression, type CertificateCompressor } from "../../ports/certificate_compression.ts";
import type { Policy } from "../../tables/policy.ts";

/** The algorithms that policy allows and this end has, the preferred first. */
export const compressors = (
  { certificateCompression }: Policy,
): Effect.Effect<ReadonlyArray<CertificateCompressor>> =>
  Effect.map(
    CertificateCompression,
    (all) =>
      certificateCompression.flatMap((algorithm) => all.find((one) => one.algorithm === algorithm) ?? []),
  );

/** The extension for these algorithms, the preferred first; none for no algorithm. */
export const compressCertificate = (compressors: ReadonlyArray<CertificateCompressor>) =>
  compressors.length === 0 ? [] : [
    { _tag: "compress_certificate", algorithms: compressors.map(({ algorithm }) => algorithm) } as const,
  ];
