/** Holds a leaf to what logs have promised of it (RFC 6962 §5.2). Nothing is fetched. @module */
import { Effect } from "../../deps.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { Crypto, type CryptoService } from "../../ports/crypto.ts";
import type { TimestampOfLog, Verification } from "../../ports/trust.ts";
import { toHex } from "../../wire/bytes.ts";
import type { Certificate } from "../certificate/certificate.ts";
import type { Criteria, Path } from "../path/criteria.ts";
import { overspent } from "../path/path.ts";
import { prices, signaturePrice, type Work } from "../path/work.ts";
import type { Log } from "./logs.ts";
import { embedded, type Entry, inStaple, precertificate, readTimestamp, signedBy } from "./sct.ts";

/** How far clocks may differ, in milliseconds. */
const SKEW = 300_000;

/** The most timestamps that are looked at; certificates have two or three. */
const MOST = 16;

/** The schemes that logs sign with (RFC 6962 §2.1.4). */
const schemes: ReadonlySet<SignatureScheme> = new Set([
  SignatureScheme.ecdsa_secp256r1_sha256,
  SignatureScheme.rsa_pkcs1_sha256,
]);

/**
 * The timestamps of a trusted leaf that hold, if the options name logs. Fails when there are fewer of them than the options
 * demand, with the reasons why others do not count.
 */
export const judgeTimestamps = Effect.fnUntraced(
  function* (
    path: Path,
    { ocspResponse, signedCertificateTimestamps = [] }: Verification,
    { ctLogs, minimumTimestamps = 2, purpose, time }: Criteria,
    logs: ReadonlyMap<string, Log>,
    work: Work,
  ): Effect.fn.Return<ReadonlyArray<TimestampOfLog>, CertificateError, Crypto> {
    const leaf = path[0]!;
    if (!ctLogs || purpose !== "serverAuth") return [];
    const crypto = yield* Crypto;
    work.draw(prices.byte * (leaf.tbs.length + (ocspResponse?.length ?? 0)));
    // Made once: a list may hold thousands, and each would be a copy of the certificate.
    const before = ofPrecertificate(path, crypto);
    const ofCertificate: Entry = { _tag: "certificate", der: leaf.raw };
    const given = [
      ...embedded(leaf).map((
        bytes,
      ) => ({ bytes, source: "certificate", entry: before } as const)),
      ...(ocspResponse ? inStaple(ocspResponse) : [])
        .map((bytes) => ({ bytes, source: "ocsp", entry: ofCertificate } as const)),
      ...signedCertificateTimestamps.map((
        bytes,
      ) => ({ bytes, source: "tls", entry: ofCertificate } as const)),
    ];
    const found = new Map<string, TimestampOfLog>();
    const operators = new Set<string>();
    const refused: Array<string> = [];
    for (const { bytes, source, entry } of given.slice(0, MOST)) {
      const sct = readTimestamp(bytes);
      const logId = sct && toHex(sct.logId);
      const log = logId === undefined ? undefined : logs.get(logId);
      const at = sct
        ? Number(new DataView(sct.timestamp.buffer, sct.timestamp.byteOffset).getBigUint64(0))
        : 0;
      const why = !sct || sct.sctVersion !== 0 || !entry
        ? "is malformed"
        : !log || logId === undefined
        ? "is of an unknown log"
        : at > time * 1000 + SKEW
        ? "is from the future"
        : at >= log.until
        ? "was made after its log was retired"
        : !schemes.has(sct.algorithm) ||
            !(yield* holds(sct.algorithm, sct.signature, signedBy(sct, entry), log, work))
        ? "has a wrong signature"
        : undefined;
      if (work.spent) return yield* overspent(leaf);
      if (why !== undefined) {
        refused.push(`one ${source === "tls" ? "in the handshake" : `in the ${source}`} ${why}`);
      } else if (logId !== undefined && log) {
        found.set(logId, { logId, description: log.description, timestamp: at, source });
        operators.add(log.operator ?? logId);
      }
      yield* work.pause;
    }
    const counted = [...found.values()];
    return counted.length >= minimumTimestamps && operators.size >= Math.min(2, minimumTimestamps)
      ? counted
      : yield* tooFew(leaf, minimumTimestamps, counted.length, operators.size, refused);
  },
);

const tooFew = (
  { subject }: Certificate,
  wanted: number,
  found: number,
  operators: number,
  refused: ReadonlyArray<string>,
): CertificateError =>
  new CertificateError({
    reason: "too_few_timestamps",
    index: 0,
    subject: subject.text,
    detail: `it has ${found} of ${wanted} signed certificate timestamps` +
      (found >= wanted ? `, of ${operators} operator` : "") +
      (refused.length > 0 ? `: ${refused.join(", ")}` : ""),
    rfc: "RFC 6962 §5.2",
  });

/** What a log saw of a leaf that holds timestamps; `undefined` for a leaf that is itself trusted, which has no issuer. */
const ofPrecertificate = ([leaf, issuer]: Path, { hash }: CryptoService): Entry | undefined =>
  leaf && issuer && {
    _tag: "precertificate",
    tbs: precertificate(leaf),
    issuerKeyHash: hash("sha256").digest([issuer.spki]),
  };

const holds = Effect.fnUntraced(function* (
  scheme: SignatureScheme,
  signature: Uint8Array,
  signed: Uint8Array,
  { key }: Log,
  work: Work,
): Effect.fn.Return<boolean, never, Crypto> {
  const price = signaturePrice(key, signed.length);
  if (!work.draw(price)) return false;
  const valid = yield* (yield* Crypto).verify(key, scheme, signed, signature);
  if (!valid) work.draw(price * prices.failure);
  return valid;
});
