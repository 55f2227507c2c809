/** Which of our credentials suit a request. @module */
import { Either } from "../../deps.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Credential, CredentialRequest } from "../../ports/credentials.ts";
import { authenticationOf, isAskedFor } from "../../tables/key_kinds.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { type Certificate, isSelfIssued, parseCertificate } from "../../x509/certificate/certificate.ts";
import { satisfies } from "../../x509/certificate/filters.ts";
import { decodeDer } from "../../x509/der/der.ts";
import { name as distinguishedName, sameName } from "../../x509/names/distinguished_name.ts";
import { matchesName } from "../../x509/path/host_name.ts";

/** A credential, and what its chain says. */
export interface Known {
  readonly credential: Credential;
  /** The certificates of the chain that could be parsed. */
  readonly certificates: ReadonlyArray<Certificate>;
}

/** A credential with its chain parsed. */
export const knownOf = (credential: Credential): Known => ({
  credential,
  certificates: readable(credential.chain),
});

const readable = (chain: ReadonlyArray<Bytes>): ReadonlyArray<Certificate> =>
  chain.flatMap((der) => Either.match(parseCertificate(der), { onLeft: () => [], onRight: (c) => [c] }));

/** The credentials for a request, the best first. */
export const chosen = (
  known: ReadonlyArray<Known>,
  request: CredentialRequest,
): ReadonlyArray<Credential> =>
  (request.role === "server"
    ? preferred(
      forSchemes(forName(known, request.serverName), request.schemes),
      below(request.authorities ?? []),
    )
    : forAuthorities(
      forSchemes(known.filter((one) => canAnswer(one, request)), request.schemes),
      request.authorities,
    )).map(({ credential }) => credential);

/** Those that satisfy a condition, and then the others. */
const preferred = (known: ReadonlyArray<Known>, is: (one: Known) => boolean): ReadonlyArray<Known> => [
  ...known.filter(is),
  ...known.filter((one) => !is(one)),
];

/**
 * Sorts credentials: first those whose chain is signed with schemes that the peer can verify (RFC 5246 §7.4.2,
 * §7.4.6), then the others, because many peers can verify more than they say (RFC 8446 §4.4.2.2). A root's own
 * signature is never verified, so it does not count.
 */
const forSchemes = (
  known: ReadonlyArray<Known>,
  schemes: ReadonlyArray<SignatureScheme> | undefined,
): ReadonlyArray<Known> => {
  if (!schemes) return known;
  return preferred(known, ({ certificates }) =>
    certificates.every((one) =>
      isSelfIssued(one) ||
      one.signatureAlgorithm.scheme !== undefined && schemes.includes(one.signatureAlgorithm.scheme)
    ));
};

/** The credentials for the server name that the client asks for; all of them if none fits. */
const forName = (known: ReadonlyArray<Known>, name: string | undefined): ReadonlyArray<Known> => {
  const named = name === undefined
    ? []
    : known.filter(({ certificates: [leaf] }) => leaf && matchesName(leaf, name));
  return named.length ? named : known;
};

const canAnswer = (
  { certificates: [leaf], credential: { publicKey, usage } }: Known,
  { filters = [], types, schemes }: CredentialRequest & { readonly role: "client" },
): boolean => {
  const { makes } = authenticationOf(publicKey);
  return usage.digitalSignature && isAskedFor(publicKey, types) &&
    (schemes === undefined || schemes.some((scheme) => makes(scheme, publicKey))) &&
    filters.every((filter) => !leaf || satisfies(leaf, filter));
};

/** Whether a chain is below one of these authorities, names as DER; a name that cannot be read is none. */
const below = (authorities: ReadonlyArray<Bytes>): (one: Known) => boolean => {
  const names = authorities.flatMap((der) =>
    Either.match(decodeDer("DistinguishedName", distinguishedName, der), {
      onLeft: () => [],
      onRight: (name) => [name],
    })
  );
  return ({ certificates }) =>
    certificates.some(({ issuer }) => names.some((name) => sameName(name, issuer)));
};

/**
 * Sorts credentials: first those below an authority that the server names (RFC 5246 §7.4.4), then those whose chain
 * ends before a root, which may be. If the server names none, returns all.
 */
const forAuthorities = (
  known: ReadonlyArray<Known>,
  authorities: ReadonlyArray<Bytes>,
): ReadonlyArray<Known> => {
  if (authorities.length === 0) return known;
  const isBelow = below(authorities);
  return preferred(known.filter((one) => isBelow(one) || !one.certificates.some(isSelfIssued)), isBelow);
};
