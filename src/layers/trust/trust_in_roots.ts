/** The service that trusts roots, with CRLs and without. @module */
import { Clock, Effect, Either, Option } from "../../deps.ts";
import { askingFor } from "../../connection/bounds/bounded_revocation.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import { given } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import { RevocationSource, type RevocationSourceService } from "../../ports/revocation.ts";
import type { CertificateVerifierService, TrustOptions } from "../../ports/trust.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate/certificate.ts";
import type { Revocation } from "../../x509/crl/judge.ts";
import { type Given, NOTHING, poolOf, readCrls } from "../../x509/crl/pool.ts";
import { logsById } from "../../x509/ct/logs.ts";
import { judged } from "../../x509/judge.ts";
import { type BySubject, bySubject } from "../../x509/path/path.ts";
import { prices, Work } from "../../x509/path/work.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";
import { decodeTrustOptions } from "./options.ts";
import { keyOf, Verdicts } from "./verdicts.ts";

/** How many verdicts are remembered unless options say otherwise. */
const REMEMBERED = 100;

/** Trust in roots (DER), with the RevocationSource that there is. Fails with InvalidOption, or PemError for CRLs that are none. */
export const rootsWithSource = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
): Effect.Effect<CertificateVerifierService, PemError | InvalidOption> =>
  Effect.flatMap(
    Effect.serviceOption(RevocationSource),
    (source) => trustInRoots(roots, allowances, Option.getOrUndefined(source)),
  );

/** Trust in roots (DER). Fails with InvalidOption, or PemError for CRLs that are none. */
export const trustInRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
  source?: RevocationSourceService,
): Either.Either<CertificateVerifierService, PemError | InvalidOption> =>
  Either.flatMap(decodeTrustOptions(given(allowances)), (decoded) =>
    Either.map(
      decoded.crls === undefined ? Either.right(NOTHING) : readCrls(decoded.crls, "allowances.crls"),
      (crls) => serviceOf(roots, decoded, crls, source),
    ));

const serviceOf = (
  roots: ReadonlyArray<Bytes>,
  { crls, ...allowances }: TrustOptions,
  read: Given,
  source: RevocationSourceService | undefined,
): CertificateVerifierService => {
  let anchors: BySubject | undefined;
  const logs = logsById(allowances.ctLogs ?? [], sha256);
  const remembered = new Verdicts(allowances.rememberedVerdicts ?? REMEMBERED);
  const readable = () => roots.flatMap((der) => Either.match(parseCertificate(der), eitherToList));
  const { crlCheck: check = crls !== undefined || source ? "chain" : undefined } = allowances;
  const ask = source && askingFor(source);
  const revocation: Revocation | undefined = check &&
    { given: read, pool: poolOf(read.crls), check, ask: ask?.crls };
  const hashes = (all: ReadonlyArray<Bytes>) => all.map((der) => toHex(sha256(der))).sort();
  const partition = (revision: string) =>
    partitionOf(
      "roots",
      JSON.stringify(allowances, (_, value) => typeof value === "function" ? "a function" : value),
      ...hashes(roots),
      ...(revocation ? ["crls", ...hashes(read.crls.map(({ raw }) => raw)), "revision", revision] : []),
    );
  /** Hashing the roots takes a while, and revisions change rarely. */
  let last = { revision: "", partition: partition("") };
  return {
    // Only a server that asks for certificates needs these.
    get authorities() {
      return readable().map(({ subject }) => subject.raw);
    },
    // Sessions that were made before CRLs changed are not resumed.
    get partition() {
      const revision = ask?.revision() ?? "";
      if (revision !== last.revision) last = { revision, partition: partition(revision) };
      return last.partition;
    },
    verify: Effect.fnUntraced(function* (what) {
      const work = new Work();
      const time = Math.floor((yield* Clock.currentTimeMillis) / 1000);
      work.draw(prices.hashed * what.chain.reduce((sum, { length }) => sum + length, 0));
      const revision = ask ? ask.revision() : "";
      const key = revision === undefined ? undefined : revision + keyOf(what, yield* Crypto);
      const before = key === undefined ? undefined : remembered.get(key, time);
      if (before) return before;
      const trusted = { anchors: anchors ??= bySubject(readable()), logs, revocation };
      const verdict = yield* judged(what, trusted, { ...allowances, time }, work);
      if (key !== undefined) remembered.put(key, verdict, time);
      return verdict;
    }),
  };
};

const eitherToList = { onLeft: () => [], onRight: (certificate: Certificate) => [certificate] };
