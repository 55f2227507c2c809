/** What a server chooses to make a full handshake with: pure, a value or the reason why not. @module */
import { Either } from "../../deps.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Credential } from "../../ports/credentials.ts";
import { exchanges } from "../../tables/exchanges/mod.ts";
import { authenticationOf, signedWith } from "../../tables/key_kinds.ts";
import type { Suite } from "../../tables/suites.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import { type Checked, possibleSuites, refused, type Wish } from "../hellos/wish.ts";

/** What a server chose for a full handshake. */
export interface Choice {
  readonly suite: Suite;
  /** The credential; `undefined` if the suite is anonymous. */
  readonly credential: Credential | undefined;
  /** The signature schemes that both ends and this credential have, the best first. */
  readonly schemes: ReadonlyArray<SignatureScheme>;
}

/** The best suite, in our order, for which there is a credential that the client can verify. */
export const chooseSuite = (
  { policy, clientAuth }: ServerSettings,
  wish: Wish,
  candidates: ReadonlyArray<Credential>,
): Checked<Choice> => {
  const possible = possibleSuites(policy, wish.hello, wish.dialect.version);
  for (const suite of possible) {
    const exchange = exchanges[suite.exchange];
    if (exchange.uses && !wish.groups.some(exchange.uses)) continue;
    if (suite.authentication === "anonymous") {
      // An anonymous server may not ask for a certificate (RFC 5246 §7.4.4).
      if (clientAuth === "require") continue;
      return Either.right({ suite, credential: undefined, schemes: [] });
    }
    for (const credential of candidates) {
      const { publicKey, usage } = credential;
      const { certifies } = authenticationOf(publicKey);
      const schemes = signedWith(credential, wish.dialect.signing.schemesOf(publicKey, wish.schemes));
      const fits = certifies === suite.authentication && usage[exchange.usage] &&
        (exchange.usage === "digitalSignature" ? schemes.length > 0 : publicKey._tag === "rsa") &&
        (publicKey._tag !== "ecdsa" || wish.groups.includes(publicKey.group));
      if (fits) return Either.right({ suite, credential, schemes });
    }
  }
  if (candidates.length === 0) return refused("no_credential", "there is no certificate to show");
  if (wish.noCommonField && possible.some(({ exchange }) => exchange === "dhe")) {
    return refused("no_common_group", "the client names finite fields, and none of ours");
  }
  return refused(
    "no_common_cipher_suite",
    "no suite that both ends allow fits our certificate and the client's groups and signature schemes",
  );
};
