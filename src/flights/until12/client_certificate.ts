/**
 * A client's certificate in both roles (RFC 5246 §7.4.4, §7.4.6): what a server asks for, what the client shows, and
 * what the server makes of it.
 *
 * @module
 */
import { Effect } from "../../deps.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { Refused } from "../../faults/errors/connection.ts";
import { send } from "../../grammar/send.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Credential } from "../../ports/credentials.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import { CertificateVerifier, type Verdict } from "../../ports/trust.ts";
import { isAskedFor, signedWith } from "../../tables/key_kinds.ts";
import type { Policy } from "../../tables/policy.ts";
import type { CertificateWish, Dialect } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Step, Steps } from "../base/services.ts";
import { clientCredential } from "../client_credential.ts";
import { fitsWish, judged, leafKey } from "../peer.ts";

/** Chooses a credential that the request allows, and a scheme to sign with; `undefined` if there is none. */
export const choose = Effect.fnUntraced(
  function* (
    wish: CertificateWish,
    { signing }: Dialect,
    policy: Policy,
  ): Steps<Chosen | undefined> {
    const common = policy.signatureSchemes.filter((s) => wish.schemes?.includes(s) ?? true);
    const pick = (candidates: ReadonlyArray<Credential>): Chosen | undefined => {
      for (const credential of candidates) {
        const [scheme] = signedWith(credential, signing.schemesOf(credential.publicKey, common));
        if (scheme !== undefined && isAskedFor(credential.publicKey, wish.types)) {
          return { credential, scheme };
        }
      }
      return undefined;
    };
    return yield* clientCredential({ role: "client", ...wish }, pick, policy);
  },
);

/** A credential to show, and the scheme to sign with. */
export interface Chosen {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

/** Sends CertificateVerify, which signs the transcript (RFC 5246 §7.4.8). */
export const certificateVerify = Effect.fnUntraced(
  function* (
    { credential, scheme }: Chosen,
    transcript: Snapshot,
    master: Bytes,
    { signing }: Dialect,
  ): Steps<Snapshot> {
    const content = signing.proof(scheme, transcript, master, yield* Crypto);
    const signature = yield* credential.sign(scheme, content);
    return yield* send(signing.certificateVerify.make(signing.members(scheme, signature)));
  },
);

/** What a server asks of a client's certificate. */
export const certificateWish = (policy: Policy, dialect: Dialect): Step<CertificateWish> =>
  Effect.map(CertificateVerifier, ({ authorities = [] }) => ({
    types: dialect.certificateTypes,
    schemes: policy.signatureSchemes,
    // If the list is too long for the message, none is sent: then any certificate will do (RFC 5246 §7.4.4).
    authorities: authorities.reduce((sum, der) => sum + 2 + der.length, 0) < 2 ** 16 ? authorities : [],
  }));

/** A client that showed a certificate that is trusted. */
export interface ClientShown {
  readonly key: PublicKey;
  readonly verdict: Verdict | undefined;
}

/** What a client shows, once that is trusted; `undefined` if there is nothing and nothing is required. */
export const clientKey = Effect.fnUntraced(
  function* (
    { policy, clientAuth }: ServerSettings,
    request: CertificateWish,
    chain: ReadonlyArray<Bytes>,
  ): Steps<ClientShown | undefined> {
    if (chain.length === 0) {
      if (clientAuth !== "require") return undefined;
      return yield* new Refused({
        reason: "no_client_certificate",
        detail: "the client shows no certificate, and this server requires one",
      });
    }
    const key = yield* fitsWish(yield* leafKey(chain, policy), request, policy.groups);
    const verifier = yield* CertificateVerifier;
    const asked = verifier.verify({ chain, name: undefined, purpose: "clientAuth" });
    return { key, verdict: yield* judged(asked, policy) };
  },
);
