/** Certificates that are compressed on the wire (RFC 8879). @module */
import { Effect } from "../../deps.ts";
import { IllegalParameter, LimitExceeded } from "../../faults/errors/connection.ts";
import { kindOf } from "../../grammar/message_kind.ts";
import { either, one, type Place } from "../../grammar/places.ts";
import { Certificate13, CompressedCertificate } from "../../messages/mod.ts";
import { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import type { Credential } from "../../ports/credentials.ts";
import type { Policy } from "../../tables/policy.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { codec, make } from "../../wire/codec.ts";
import type { Step, Steps } from "../base/services.ts";
import { compressors } from "../hellos/compression.ts";

/** A chain as it came. */
export type CertificateSent = Certificate13 | CompressedCertificate;

const plain: Place<CertificateSent> = one(Certificate13);
const compressible: Place<CertificateSent> = either(one(Certificate13), one(CompressedCertificate));

/** The shape of a certificate chain, which may be compressed only if we offered that. */
export const certificateShape = (mayCompress: boolean) => ({
  certificate: mayCompress ? compressible : plain,
});

const certificates = codec(Certificate13);
const { decode } = kindOf(Certificate13);

/** The chain that came, decompressed to the length that it names, within the limit. */
export const decompressed = Effect.fnUntraced(
  function* (sent: CertificateSent, policy: Policy): Steps<Certificate13> {
    if (sent instanceof Certificate13) return sent;
    const { algorithm, compressedCertificateMessage, uncompressedLength: length } = sent;
    const by = (yield* compressors(policy)).find((one) => one.algorithm === algorithm);
    if (!by) {
      return yield* new IllegalParameter({
        subject: "CompressedCertificate",
        field: "algorithm",
        reason: `${CertificateCompressionAlgorithm.nameOf(algorithm)} was not offered`,
        rfc: "RFC 8879 §4",
      });
    }
    const allowed = policy.limits.certificateMessage;
    if (length > allowed) {
      return yield* new LimitExceeded({ limit: "certificateMessage", allowed, got: length });
    }
    const body = yield* by.decompress(compressedCertificateMessage, length);
    return yield* decode(body);
  },
);

/** Compressed chains by credential: a server shows the same one again and again. */
const known = new WeakMap<
  Credential,
  Map<string, { readonly plain: Bytes; readonly sent: CompressedCertificate }>
>();

/** A chain as it is sent: compressed by the best of our algorithms that the peer has, if that is shorter. */
export const compressed = (
  message: Certificate13,
  credential: Credential,
  offered: ReadonlyArray<CertificateCompressionAlgorithm>,
  policy: Policy,
): Step<CertificateSent> => Effect.gen(() => compressing(message, credential, offered, policy));

function* compressing(
  message: Certificate13,
  credential: Credential,
  offered: ReadonlyArray<CertificateCompressionAlgorithm>,
  policy: Policy,
): Steps<CertificateSent> {
  const by = (yield* compressors(policy)).find(({ algorithm }) => offered.includes(algorithm));
  if (!by) return message;
  const body = certificates.unsafeEncode(message);
  const of = known.get(credential) ?? new Map();
  known.set(credential, of);
  // What is stapled may change while the credential does not.
  const name = `${by.algorithm} ${body.length}`;
  const before = of.get(name);
  if (before && sameBytes(before.plain, body)) return before.sent;
  const bytes = yield* by.compress(body);
  if (bytes.length + OVERHEAD >= body.length) return message;
  const sent = make(CompressedCertificate, {
    algorithm: by.algorithm,
    uncompressedLength: body.length,
    compressedCertificateMessage: bytes,
  });
  of.set(name, { plain: body, sent });
  return sent;
}

/** What CompressedCertificate adds in bytes: the algorithm and two lengths. */
const OVERHEAD = 8;
