/** What an end says about the certificates that it accepts (RFC 8446 §4.2.3, §4.2.4). @module */
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Policy } from "../../tables/policy.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The extension signature_algorithms_cert, if a policy asks for other schemes in certificates. */
export const certificateSchemes = (
  { certificateSchemes }: Policy,
): ReadonlyArray<{
  readonly _tag: "signature_algorithms_cert";
  readonly supportedSignatureAlgorithms: ReadonlyArray<SignatureScheme>;
}> =>
  certificateSchemes.length === 0
    ? []
    : [{ _tag: "signature_algorithms_cert", supportedSignatureAlgorithms: certificateSchemes }];

/** The longest list that leaves room for all else, in bytes. */
const MOST = 2 ** 15;

/** The extension certificate_authorities. A list that is too long is left out: then any certificate will do. */
export const certificateAuthorities = (
  authorities: ReadonlyArray<Bytes>,
): ReadonlyArray<{
  readonly _tag: "certificate_authorities";
  readonly authorities: ReadonlyArray<Bytes>;
}> => {
  const length = authorities.reduce((sum, der) => sum + 2 + der.length, 0);
  return authorities.length > 0 && length < MOST ? [{ _tag: "certificate_authorities", authorities }] : [];
};
