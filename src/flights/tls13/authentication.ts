/** How an end of TLS 1.3 shows its certificate and proves that it has the key, and how the other end judges it (RFC 8446 §4.4). @module */
import { Effect } from "../../deps.ts";
import { Refused } from "../../faults/errors/connection.ts";
import { absent, finished, maybe, one, type Place } from "../../grammar/places.ts";
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
import type { Credential } from "../../ports/credentials.ts";
import type { Hash } from "../../ports/crypto.ts";
import { CertificateVerifier } from "../../ports/trust.ts";
import { Handshakes, type HandshakeStream } from "../../record/handshake_stream.ts";
import { signedWith } from "../../tables/key_kinds.ts";
import type { Policy } from "../../tables/policy.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Step, Steps } from "../base/services.ts";
import { clientCredential } from "../client_credential.ts";
import { certificateAuthorities, certificateSchemes } from "../hellos/certificates.ts";
import { compressCertificate, compressors } from "../hellos/compression.ts";
import { compressed } from "./compression.ts";

const { signing } = tls13;

/** A hash, under which this end and the peer authenticate. */
export interface Hashed {
  readonly hash: Hash;
}

// ---- shapes ----

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

/** Our Finished, over what was said so far. */
export const finishedOf = (to: HandshakeStream, { hash }: Hashed, traffic: Traffic): Finished =>
  make(Finished, { verifyData: traffic.finished(to.transcript().digest(hash)) });

/** Sends our Finished. */
export const finish = (hashed: Hashed, traffic: Traffic): Step<void> =>
  Effect.flatMap(Handshakes, (to) => Effect.asVoid(send(finishedOf(to, hashed, traffic))));

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
  Effect.map(
    Effect.zip(CertificateVerifier, compressors(policy)),
    ([{ authorities = [] }, compression]) =>
      make(CertificateRequest13, {
        certificateRequestContext: context,
        extensions: [
          { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes },
          ...certificateSchemes(policy),
          ...certificateAuthorities(authorities),
          ...compressCertificate(compression),
        ],
      }),
  );

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
  const inCertificates =
    findExtension(extensions, "signature_algorithms_cert")?.supportedSignatureAlgorithms ?? schemes;
  const wanted = {
    role: "client",
    types: tls13.certificateTypes,
    schemes: [...new Set([...schemes, ...inCertificates])],
    authorities: findExtension(extensions, "certificate_authorities")?.authorities ?? [],
    filters: findExtension(extensions, "oid_filters")?.filters ?? [],
  } as const;
  const common = policy.signatureSchemes.filter((scheme) => schemes.includes(scheme));
  const chosen = yield* clientCredential(wanted, (candidates) => firstOf(candidates, common), policy);
  if (chosen) {
    yield* show(at, "client", certificateRequestContext, chosen, wantedBy(extensions), policy);
  } else yield* send(make(Certificate13, { certificateRequestContext, certificateList: [] }));
  return chosen;
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
