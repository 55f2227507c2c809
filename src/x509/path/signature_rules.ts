/** The rules for the algorithms of signatures. @module */
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Allowances } from "../../ports/trust.ts";
import type { SignatureAlgorithm } from "../keys/algorithms.ts";
import type { Broken } from "./rule.ts";

/** The rules for the algorithm of a signature, in certificates and OCSP responses. */
export const signatureRules: ReadonlyArray<{
  readonly rfc: string;
  readonly broken: (algorithm: SignatureAlgorithm, allowances: Allowances) => Broken | undefined;
}> = [
  {
    rfc: "RFC 5280 §4.1.1.2",
    broken: ({ scheme, oid }) =>
      scheme === undefined ? ["unsupported", `its signature algorithm ${oid} is unknown`] : undefined,
  },
  {
    rfc: "RFC 9155 §2",
    broken: ({ scheme }, { sha1 = false }) =>
      scheme !== undefined && (md5Schemes.has(scheme) || !sha1 && sha1Schemes.has(scheme))
        ? [
          "invalid",
          `its signature ${SignatureScheme.nameOf(scheme)} uses a broken hash function`,
          md5Schemes.has(scheme) ? undefined : { sha1: true },
        ]
        : undefined,
  },
];

const md5Schemes: ReadonlySet<SignatureScheme> = new Set([SignatureScheme.rsa_pkcs1_md5]);
const sha1Schemes: ReadonlySet<SignatureScheme> = new Set([
  SignatureScheme.rsa_pkcs1_sha1,
  SignatureScheme.ecdsa_sha1,
]);
