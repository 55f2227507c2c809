/** Trust in root certificates: path validation by RFC 5280. @module */
import { Clock, Effect, Either, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import { given } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import {
  CertificateVerifier,
  type CertificateVerifierService,
  type TrustOptions,
} from "../../ports/trust.ts";
import { type Bytes, isBytes, toHex } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate/certificate.ts";
import { judged } from "../../x509/judge.ts";
import { logsById } from "../../x509/ct/logs.ts";
import { type BySubject, bySubject } from "../../x509/path/path.ts";
import { prices, Work } from "../../x509/path/work.ts";
import { rootsIn } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";
import { decodeTrustOptions } from "./options.ts";
import { keyOf, Verdicts } from "./verdicts.ts";

/**
 * Trusts the certificates below these roots, unless a stapled OCSP response says otherwise. Nothing is fetched. Roots
 * are text (PEM), or the bytes of a file: PEM, DER or PKCS#7. A root may also be the peer's own certificate, such as a
 * self-signed one. A certificate that cannot be read is left out, with a warning in the log. Fails with InvalidOption,
 * and with PemError when a text or file has no certificate that can be read.
 */
export const layerRoots = (
  pem: string | Bytes | ReadonlyArray<string | Bytes>,
  allowances?: TrustOptions,
): Layer.Layer<CertificateVerifier, PemError | InvalidOption> =>
  Layer.effect(
    CertificateVerifier,
    Effect.zipWith(
      Effect.forEach(isBytes(pem) || typeof pem === "string" ? [pem] : pem, readRoots),
      decodeTrustOptions(given(allowances)),
      (roots, decoded) => rootsService(roots.flat(), decoded),
    ),
  );

const readRoots = (content: string | Bytes): Effect.Effect<ReadonlyArray<Bytes>, PemError> =>
  Effect.flatMap(rootsIn(content), ({ certificates, leftOut }) =>
    Effect.as(
      Effect.forEach(leftOut, ({ message }) => Effect.logWarning(`roots: ${message}; it is left out`)),
      certificates.map(({ raw }) => raw),
    ));

/**
 * Trusts the certificates below these roots (DER). The roots are parsed when the first peer is judged; an invalid one
 * is ignored. Throws InvalidOption when `allowances` has the wrong type.
 */
export const makeRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
): CertificateVerifierService =>
  rootsService(roots, Either.getOrThrowWith(decodeTrustOptions(given(allowances)), (e) => e));

/** How many verdicts are remembered unless options say otherwise. */
const REMEMBERED = 100;

const rootsService = (roots: ReadonlyArray<Bytes>, allowances: TrustOptions): CertificateVerifierService => {
  let anchors: BySubject | undefined;
  const logs = logsById(allowances.ctLogs ?? [], sha256);
  const remembered = new Verdicts(allowances.rememberedVerdicts ?? REMEMBERED);
  const readable = () => roots.flatMap((der) => Either.match(parseCertificate(der), eitherToList));
  return {
    // Only a server that asks for certificates needs these.
    get authorities() {
      return readable().map(({ subject }) => subject.raw);
    },
    partition: partitionOf(
      "roots",
      JSON.stringify(allowances, (_, value) => typeof value === "function" ? "a function" : value),
      ...roots.map((der) => toHex(sha256(der))).sort(),
    ),
    verify: Effect.fnUntraced(function* (what) {
      const work = new Work();
      const time = Math.floor((yield* Clock.currentTimeMillis) / 1000);
      work.draw(prices.hashed * what.chain.reduce((sum, { length }) => sum + length, 0));
      const key = keyOf(what, yield* Crypto);
      const before = remembered.get(key, time);
      if (before) return before;
      const trusted = { anchors: anchors ??= bySubject(readable()), logs };
      const verdict = yield* judged(what, trusted, { ...allowances, time }, work);
      remembered.put(key, verdict, time);
      return verdict;
    }),
  };
};

const eitherToList = { onLeft: () => [], onRight: (certificate: Certificate) => [certificate] };
