/** @module */
import { Schema } from "../../deps.ts";
import { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import { meta, opaque, uint24 } from "../../wire/schema.ts";

/** A Certificate of TLS 1.3, compressed: its body, without the header (RFC 8879 §4). */
export class CompressedCertificate extends Schema.TaggedClass<CompressedCertificate>()(
  "CompressedCertificate",
  {
    algorithm: CertificateCompressionAlgorithm,
    /** The length of the body in bytes, once it is decompressed. */
    uncompressedLength: uint24,
    compressedCertificateMessage: opaque(1, 2 ** 24 - 1),
  },
  meta(25, "RFC 8879 §4"),
) {}
