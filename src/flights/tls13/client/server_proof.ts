/** What a server of TLS 1.3 shows a client, and proves to have the key of (RFC 8446 §4.4). @module */
import { Effect } from "../../../deps.ts";
import { IllegalParameter } from "../../../faults/errors/connection.ts";
import { receive } from "../../../grammar/places.ts";
import {
  type CertificateRequest13,
  type EncryptedExtensions,
  findExtension,
  mayStandIn,
} from "../../../messages/mod.ts";
import { CertificateVerifier, type Verdict } from "../../../ports/trust.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import type { Steps } from "../../base/services.ts";
import { unansweredOf } from "../../base/unanswered.ts";
import type { SentHello } from "../../client_hello.ts";
import { judged } from "../../peer.ts";
import type { Agreed13 } from "../agreed.ts";
import { type Chosen13, requestShape } from "../authentication.ts";
import { certificateShape, decompressed } from "../compression.ts";
import { chainOf, hasContext, NO_CONTEXT, proofShape, proven, solicitedEntries } from "../peer13.ts";

/** What the server showed, and whether it asks for a certificate of ours. */
export interface Shown {
  readonly chain: ReadonlyArray<Bytes>;
  readonly verdict: Verdict | undefined;
  readonly request: CertificateRequest13 | undefined;
  readonly scheme: Chosen13["scheme"] | undefined;
  readonly ocspResponse: Bytes | undefined;
  readonly signedCertificateTimestamps: ReadonlyArray<Bytes>;
}

/** The shape of the server's certificate and its proof. */
export const serverProofShape = (mayCompress: boolean) => ({
  ...requestShape(true),
  ...certificateShape(mayCompress),
  ...proofShape,
});

/** Receives the server's certificate, which is verified before anything of ours is sent. */
export const serverProof = Effect.fnUntraced(function* (
  offer: SentHello,
  at: Agreed13,
  encrypted: EncryptedExtensions["extensions"],
): Steps<Shown> {
  const { settings: { policy, serverName }, hello: { extensions = [] } } = offer;
  const mayCompress = findExtension(extensions, "compress_certificate") !== undefined;
  const { request, certificate: sent, proof } = yield* receive(serverProofShape(mayCompress));
  const certificate = yield* decompressed(sent, policy);
  if (request) yield* hasNoContext(request);
  yield* hasContext(certificate, NO_CONTEXT);
  yield* solicitedEntries(certificate, extensions);
  const chain = chainOf(certificate);
  yield* proven(at, "server", chain, proof, policy);
  const stapled = certificate.certificateList[0]?.extensions;
  const ocspResponse = findExtension(stapled, "status_request")?.status.response;
  const signedCertificateTimestamps = findExtension(stapled, "signed_certificate_timestamp")?.sctList ?? [];
  const { verify } = yield* CertificateVerifier;
  const asked = verify({
    chain,
    name: serverName,
    purpose: "serverAuth",
    ocspResponse,
    signedCertificateTimestamps,
    unanswered: unansweredOf(extensions, [...encrypted, ...(stapled ?? [])], isAnswered),
  });
  const verdict = yield* judged(asked, policy);
  const scheme = proof.message.algorithm;
  return { chain, verdict, request, scheme, ocspResponse, signedCertificateTimestamps };
});

/** Whether a server of TLS 1.3 can answer an extension in what it sends with or before its certificate. */
const isAnswered = (type: number): boolean =>
  mayStandIn(type, "EncryptedExtensions") || mayStandIn(type, "Certificate");

const hasNoContext = ({ certificateRequestContext }: CertificateRequest13) =>
  certificateRequestContext.length === 0 ? Effect.void : Effect.fail(
    new IllegalParameter({
      subject: "CertificateRequest",
      field: "certificateRequestContext",
      reason: "is not empty in a handshake",
      rfc: "RFC 8446 §4.3.2",
    }),
  );

/** A server that uses a pre-shared key shows nothing: whom it stands for is known since the key was made. */
export const knownBefore = ({ psk }: Agreed13): Shown => ({
  chain: psk?.session?.peerCertificates ?? [],
  verdict: undefined,
  request: undefined,
  scheme: undefined,
  ocspResponse: undefined,
  signedCertificateTimestamps: [],
});
