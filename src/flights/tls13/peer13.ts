/** What an end of TLS 1.3 makes of the certificate that the other shows, and of its proof (RFC 8446 §4.4). @module */
import { Effect } from "../../deps.ts";
import { DecodeError } from "../../wire/errors.ts";
import {
  DecryptError,
  IllegalParameter,
  Refused,
  type UnsupportedExtension,
} from "../../faults/errors/connection.ts";
import { proof, receive, type Received } from "../../grammar/places.ts";
import { type Certificate13, CertificateVerify, type ClientHelloExtension } from "../../messages/mod.ts";
import type { Side } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import { CertificateVerifier, type Verdict } from "../../ports/trust.ts";
import type { Policy } from "../../tables/policy.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, sameBytes } from "../../wire/bytes.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Steps } from "../base/services.ts";
import { judged, leafKey } from "../peer.ts";
import { solicited } from "./extensions.ts";
import type { Hashed } from "./authentication.ts";

const { signing } = tls13;

/** The shape of the proof that its sender has the key. */
export const proofShape = { proof: proof(CertificateVerify) };

/** The chain of a Certificate, leaf first. */
export const chainOf = ({ certificateList }: Certificate13): ReadonlyArray<Bytes> =>
  certificateList.map(({ certData }) => certData);

/** Checks that a Certificate answers our request, or the handshake, whose context is empty (RFC 8446 §4.4.2). */
export const hasContext = (
  { certificateRequestContext: got }: Certificate13,
  due: Bytes,
): Effect.Effect<void, DecodeError | IllegalParameter> => {
  if (sameBytes(got, due)) return Effect.void;
  const reason = due.length === 0 ? "is not empty in a handshake" : "is not that of the request";
  return Effect.fail(
    due.length === 0
      ? new DecodeError({ subject: "Certificate", path: "certificateRequestContext", offset: 0, reason })
      : new IllegalParameter({
        subject: "Certificate",
        field: "certificateRequestContext",
        reason,
        rfc: "RFC 8446 §4.4.2",
      }),
  );
};

/** What our CertificateRequest asks to have said of a certificate: nothing. */
export const REQUESTED: ReadonlyArray<ClientHelloExtension> = [];

/** Checks that all that is said of the certificates was asked for (RFC 8446 §4.4.2). */
export const solicitedEntries = (
  { certificateList }: Certificate13,
  asked: ReadonlyArray<ClientHelloExtension>,
): Effect.Effect<void, IllegalParameter | UnsupportedExtension> =>
  Effect.forEach(certificateList, ({ extensions }) => solicited("Certificate", asked, extensions), {
    discard: true,
  });

/** The key of the peer's leaf, once its CertificateVerify proves that the peer has it. */
export const proven = Effect.fnUntraced(function* (
  { hash }: Hashed,
  side: Side,
  chain: ReadonlyArray<Bytes>,
  { message: { algorithm, signature }, before }: Received<CertificateVerify>,
  { signatureSchemes, corruptCertificateAlert }: Policy,
): Steps<PublicKey> {
  const { key, usages } = yield* leafKey(chain, { corruptCertificateAlert });
  if (usages && !usages.has("digitalSignature")) {
    return yield* new IllegalParameter({
      subject: "Certificate",
      field: "certificateList.0",
      reason: "its keyUsage does not allow digitalSignature",
      rfc: "RFC 8446 §4.4.2.2",
    });
  }
  yield* signing.fits(algorithm, key, signatureSchemes);
  const content = signing.content(side, before, hash);
  if (!(yield* (yield* Crypto).verify(key, algorithm, content, signature))) {
    return yield* new DecryptError({ what: "CertificateVerify" });
  }
  return key;
});

/** A client's chain that is trusted, and the scheme that it signed with; an empty chain if it shows none and none is required. */
export interface ClientChain {
  readonly chain: ReadonlyArray<Bytes>;
  readonly verdict: Verdict | undefined;
  readonly scheme: SignatureScheme | undefined;
}

/** Refuses a client that shows no certificate where one is required. */
export const unlessRequired = (
  { clientAuth }: Pick<ServerSettings, "clientAuth">,
): Effect.Effect<ClientChain, Refused> =>
  clientAuth !== "require"
    ? Effect.succeed({ chain: [], verdict: undefined, scheme: undefined })
    : Effect.fail(
      new Refused({
        reason: "client_certificate_required",
        detail: "the client shows no certificate, and this server requires one",
      }),
    );

/** Receives the proof that a client has the key of its chain, and judges the chain. */
export const clientProof = Effect.fnUntraced(
  function* (at: Hashed, chain: ReadonlyArray<Bytes>, policy: Policy): Steps<ClientChain> {
    const { proof } = yield* receive(proofShape);
    yield* proven(at, "client", chain, proof, policy);
    const { verify } = yield* CertificateVerifier;
    const verdict = yield* judged(verify({ chain, name: undefined, purpose: "clientAuth" }), policy);
    return { chain, verdict, scheme: proof.message.algorithm };
  },
);

/** What a certificate is sent with in the handshake. */
export const NO_CONTEXT: Bytes = EMPTY;
