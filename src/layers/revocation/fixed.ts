/** A RevocationSource of given CRLs. @module */
import { Effect, Either } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import type { RevocationRequest } from "../../ports/revocation.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { readCrls } from "../../x509/crl/pool.ts";
import { decodeDer } from "../../x509/der/der.ts";
import { name } from "../../x509/names/distinguished_name.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";

/** CRLs that were parsed, with a revision that tells them from others. */
interface CrlsService {
  readonly crls: (about: RevocationRequest) => Effect.Effect<ReadonlyArray<Bytes>>;
  readonly revision: () => string;
}

/** Gives the CRLs of a certificate's issuer, those that are about several issuers, and certificates that stood beside them. */
export const serviceOfCrls = (
  given: string | Bytes | ReadonlyArray<string | Bytes>,
): Effect.Effect<CrlsService, PemError | InvalidOption> =>
  Either.map(readCrls(given, "crls"), ({ crls, issuers }) => {
    const revision = partitionOf("crls", ...crls.map(({ raw }) => toHex(sha256(raw))).toSorted());
    const indirect = crls.filter(({ issuingDistributionPoint }) => issuingDistributionPoint?.indirectCRL);
    return {
      revision: () => revision,
      crls: ({ issuer }) =>
        Effect.sync(() => {
          const key = Either.getOrUndefined(decodeDer("issuer", name, issuer))?.key;
          const own = crls.filter((crl) => crl.issuer.key === key && !indirect.includes(crl));
          return [...own, ...indirect, ...issuers].map(({ raw }) => raw);
        }),
    };
  });
