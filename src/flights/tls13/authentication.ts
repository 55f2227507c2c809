/** How an end of TLS 1.3 shows its certificate and proves that it has the key, and how the other end judges it (RFC 8446 §4.4). @module */
import { Effect } from "../../deps.ts";
import { DecodeError } from "../../wire/errors.ts";
import { DecryptError, IllegalParameter, Refused } from "../../faults/errors/connection.ts";
import {
  absent,
  finished,
  maybe,
  one,
  type Place,
  proof,
  receive,
  type Received,
} from "../../grammar/places.ts";
import { send } from "../../grammar/send.ts";
import {
  Certificate13,
  type CertificateEntry,
  CertificateRequest13,
  CertificateVerify,
  type ClientHelloExtension,
  findExtension,
  Finished,
} from "../../messages/mod.ts";
import { CertificateStatusType } from "../../names/protocol.ts";
import type { Side } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Traffic } from "../../crypto/key_schedule.ts";
import type { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import { type Credential, Credentials } from "../../ports/credentials.ts";
import { Crypto, type Hash, type PublicKey } from "../../ports/crypto.ts";
import { CertificateVerifier } from "../../ports/trust.ts";
import { signedWith } from "../../tables/key_kinds.ts";
import type { Policy } from "../../tables/policy.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, sameBytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Step, Steps } from "../base/services.ts";
import { compressCertificate, compressors } from "../hellos/compression.ts";
import { judged, leafKey } from "../peer.ts";
import { compressed } from "./compression.ts";

const { signing } = tls13;

/** A hash, under which this end and the peer authenticate. */
interface Hashed {
  readonly hash: Hash;
}

// ---- shapes ----

/** The shape of the proof that its sender has the key. */
export const proofShape = { proof: proof(CertificateVerify) };

const request: Place<CertificateRequest13 | undefined> = maybe(one(CertificateRequest13)).map((asked) =>
  asked._tag === "Some" ? asked.value : undefined
);
const noRequest: Place<CertificateRequest13 | undefined> = absent;

/** The shape of a server's request for a certificate; with a pre-shared key it may not ask (RFC 8446 §4.3.2). */
export const requestShape = (may: boolean) => ({ request: may ? request : noRequest });

/** The shape of an end's Finished. */
export const finishShape = ({ hash }: Hashed, traffic: () => Traffic) => ({
  finished: finished(Finished, (transcript) => traffic().finished(transcript.digest(hash)), hash.length),
});

// ---- what we show ----

/** Sends our Finished. */
export const finish = ({ hash }: Hashed, traffic: Traffic): Step<void> =>
  Effect.flatMap(
    send(),
    (transcript) =>
      Effect.asVoid(send(make(Finished, { verifyData: traffic.finished(transcript.digest(hash)) }))),
  );

/** A credential to show, and the scheme to sign with. */
export interface Chosen13 {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

/** What the peer asked to be done with our chain. */
export interface Wanted {
  /** What goes with the leaf. */
  readonly ocsp: boolean;
  readonly scts: boolean;
  /** The algorithms by which the peer can decompress it. */
  readonly compression: ReadonlyArray<CertificateCompressionAlgorithm>;
}

/** What a peer asks for by the extensions of its ClientHello or CertificateRequest. */
export const wantedBy = (
  extensions: ReadonlyArray<ClientHelloExtension> | CertificateRequest13["extensions"],
): Wanted => {
  const all: ReadonlyArray<ClientHelloExtension | CertificateRequest13["extensions"][number]> = extensions;
  return {
    ocsp: all.some(({ _tag }) => _tag === "status_request"),
    scts: all.some(({ _tag }) => _tag === "signed_certificate_timestamp"),
    compression: all.flatMap((e) => e._tag === "compress_certificate" ? e.algorithms : []),
  };
};

const entriesOf = (
  { chain, ocspResponse, signedCertificateTimestamps: sctList = [] }: Credential,
  { ocsp, scts }: Wanted,
): ReadonlyArray<CertificateEntry> =>
  chain.map((certData, i): CertificateEntry => ({
    certData,
    extensions: i > 0 ? [] : [
      ...(ocsp && ocspResponse
        ? [
          {
            _tag: "status_request",
            status: { statusType: CertificateStatusType.ocsp, response: ocspResponse },
          } as const,
        ]
        : []),
      ...(scts && sctList.length > 0 ? [{ _tag: "signed_certificate_timestamp", sctList } as const] : []),
    ],
  }));

/** Sends our certificate chain, and the proof that we have its key. */
export const show = Effect.fnUntraced(function* (
  { hash }: Hashed,
  side: Side,
  certificateRequestContext: Bytes,
  { credential, scheme }: Chosen13,
  wanted: Wanted,
  policy: Policy,
): Steps<void> {
  const certificateList = entriesOf(credential, wanted);
  const message = make(Certificate13, { certificateRequestContext, certificateList });
  const transcript = yield* send(yield* compressed(message, credential, wanted.compression, policy));
  const signature = yield* credential.sign(scheme, signing.content(side, transcript, hash));
  yield* send(make(CertificateVerify, { algorithm: scheme, signature }));
});

/** What a server asks of a client's certificate (RFC 8446 §4.3.2). */
export const certificateRequest = (policy: Policy, context: Bytes): Step<CertificateRequest13> =>
  Effect.map(Effect.zip(CertificateVerifier, compressors(policy)), ([{ authorities = [] }, compression]) => {
    // If the list is too long for the message, none is sent: then any certificate will do.
    const fits = authorities.length > 0 &&
      authorities.reduce((sum, der) => sum + 2 + der.length, 0) < 2 ** 15;
    return make(CertificateRequest13, {
      certificateRequestContext: context,
      extensions: [
        { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes },
        ...(fits ? [{ _tag: "certificate_authorities", authorities } as const] : []),
        ...compressCertificate(compression),
      ],
    });
  });

/** A client's answer to a request: its certificate, or none. Gives what it showed. */
export const answerRequest = Effect.fnUntraced(function* (
  at: Hashed,
  { certificateRequestContext, extensions }: CertificateRequest13,
  policy: Policy,
): Steps<Chosen13 | undefined> {
  const schemes = findExtension(extensions, "signature_algorithms")?.supportedSignatureAlgorithms;
  if (schemes === undefined) {
    return yield* new Refused({
      reason: "missing_extension",
      detail: "the CertificateRequest has no signature_algorithms",
    });
  }
  const chosen = yield* clientCredential(schemes, extensions, policy);
  if (chosen) {
    yield* show(at, "client", certificateRequestContext, chosen, wantedBy(extensions), policy);
  } else yield* send(make(Certificate13, { certificateRequestContext, certificateList: [] }));
  return chosen;
});

/** The first of our credentials that a request allows. */
const clientCredential = Effect.fnUntraced(function* (
  schemes: ReadonlyArray<SignatureScheme>,
  extensions: CertificateRequest13["extensions"],
  policy: Policy,
): Steps<Chosen13 | undefined> {
  const certificateSchemes =
    findExtension(extensions, "signature_algorithms_cert")?.supportedSignatureAlgorithms ?? schemes;
  const candidates = yield* (yield* Credentials).candidates({
    role: "client",
    types: tls13.certificateTypes,
    schemes: [...new Set([...schemes, ...certificateSchemes])],
    authorities: findExtension(extensions, "certificate_authorities")?.authorities ?? [],
  });
  return firstOf(candidates, policy.signatureSchemes.filter((scheme) => schemes.includes(scheme)));
});

/** The first credential that can sign with one of these schemes, and the best scheme for it. */
export const firstOf = (
  candidates: ReadonlyArray<Credential>,
  common: ReadonlyArray<SignatureScheme>,
): Chosen13 | undefined => {
  for (const credential of candidates) {
    if (!credential.usage.digitalSignature) continue;
    const [scheme] = signedWith(credential, signing.schemesOf(credential.publicKey, common));
    if (scheme !== undefined) return { credential, scheme };
  }
  return undefined;
};

// ---- what the peer shows ----

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
  readonly scheme: SignatureScheme | undefined;
}

/** Refuses a client that shows no certificate where one is required. */
export const unlessRequired = (
  { clientAuth }: Pick<ServerSettings, "clientAuth">,
): Effect.Effect<ClientChain, Refused> =>
  clientAuth !== "require" ? Effect.succeed({ chain: [], scheme: undefined }) : Effect.fail(
    new Refused({
      reason: "client_certificate_required",
      detail: "the client shows no certificate, and ours is a server that requires one",
    }),
  );

/** Receives the proof that a client has the key of its chain, and judges the chain. */
export const clientProof = Effect.fnUntraced(
  function* (at: Hashed, chain: ReadonlyArray<Bytes>, policy: Policy): Steps<ClientChain> {
    const { proof } = yield* receive(proofShape);
    yield* proven(at, "client", chain, proof, policy);
    const { verify } = yield* CertificateVerifier;
    yield* judged(verify({ chain, name: undefined, purpose: "clientAuth" }), policy);
    return { chain, scheme: proof.message.algorithm };
  },
);

/** What a certificate is sent with in the handshake. */
export const NO_CONTEXT: Bytes = EMPTY;
