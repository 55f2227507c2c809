/** Which of its credentials a client shows to a server that asks for one. @module */
import { Effect } from "../deps.ts";
import { type Credential, type CredentialRequest, Credentials } from "../ports/credentials.ts";
import type { Policy } from "../tables/policy.ts";
import type { Steps } from "./base/services.ts";

/** What a server asks of a client's credential. */
type Request = Extract<CredentialRequest, { readonly role: "client" }>;

/**
 * What `pick` makes of the credentials that a request allows. If it allows none, and only because of the authorities that it
 * names, the policy says whether one is shown all the same.
 */
export const clientCredential = Effect.fnUntraced(function* <A>(
  request: Request,
  pick: (candidates: ReadonlyArray<Credential>) => A | undefined,
  { unlistedCertificate }: Policy,
): Steps<A | undefined> {
  const { candidates } = yield* Credentials;
  const listed = pick(yield* candidates(request));
  if (listed || request.authorities.length === 0) return listed;
  const unlisted = pick(yield* candidates({ ...request, authorities: [] }));
  if (!unlisted || unlistedCertificate === "show") return unlisted;
  yield* Effect.logWarning(
    "our certificate is not shown: none of the authorities that the server names has certified it " +
      '(unlistedCertificate: "show" in the Policy shows it all the same)',
  );
  return undefined;
});
