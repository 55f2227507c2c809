/**
 * Whether a session may be resumed, all in one place: what both ends demand of it (`stands`), which one a client offers
 * (`mayOffer`), which one a server resumes (`resumable`), and whether the server resumed it correctly (`resumedAsMade`). All
 * are pure. A resumption has neither certificates nor signatures, so it is judged nowhere else.
 *
 * @module
 */
import { Either } from "../../deps.ts";
import { IllegalParameter, Refused } from "../../faults/errors/connection.ts";
import { CompressionMethod, type ProtocolVersion } from "../../names/protocol.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Credential } from "../../ports/credentials.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import { canCompress } from "../../record/protection/compression.ts";
import { signedWith } from "../../tables/key_kinds.ts";
import type { Policy } from "../../tables/policy.ts";
import type { Suite } from "../../tables/suites.ts";
import { versions } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, sameBytes } from "../../wire/bytes.ts";
import { parseCertificate } from "../../x509/certificate/certificate.ts";
import { readLeaf } from "../../x509/certificate/leaf.ts";
import { type Agreed, fragmentCode } from "../agreed/agreed.ts";
import type { Renegotiable } from "../agreed/established.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import { possibleSuites, type Wish } from "../hellos/wish.ts";

/** What an end knows of itself when a session is to be resumed. */
export interface Standing {
  readonly policy: Policy;
  /** The hash of the trust settings, as a session keeps it. */
  readonly partition: Bytes;
  /** Our own credentials that a full handshake could show. */
  readonly own: ReadonlyArray<Credential>;
  readonly crypto: CryptoService;
  /** The time in seconds since the epoch. */
  readonly now: number;
}

/** How far clocks may differ, in seconds. A session from further in the future was made by a clock that was wrong. */
const CLOCK_SKEW = 300;

// ---- both ends ----

/**
 * Whether a full handshake could make this session now: under the same trust settings, with a leaf that we still show,
 * within its lifetime, and with nothing that our policy refuses by now.
 */
export const stands = (s: Session, by: Standing): boolean =>
  sameBytes(s.partition, by.partition) && lives(s, by) && allowed(s, by.policy) && isOurs(s, by) &&
  isStillTheirs(s, by);

/** Whether a policy resumes sessions at all. Sessions are dated in whole seconds. */
export const resumesAtAll = ({ limits }: Policy): boolean => limits.sessionLifetime >= 1000;

/** The compression methods of a ClientHello that offers these versions. */
export const offeredCompression = (
  policy: Policy,
  offered: ReadonlyArray<ProtocolVersion>,
): ReadonlyArray<CompressionMethod> => {
  const compress = offered.every((version) => versions.get(version)?.compresses);
  return [
    ...new Set([...(compress ? policy.compressionMethods.filter(canCompress) : []), CompressionMethod.null]),
  ];
};

const lives = ({ createdAt }: Session, { policy, now }: Standing): boolean =>
  now < createdAt + policy.limits.sessionLifetime / 1000 && createdAt <= now + CLOCK_SKEW;

/** Whether policy allows the suite, the compression and the group; of a finite field that the server chose, its bits. */
const allowed = (s: Session, policy: Policy): boolean =>
  (versions.get(s.version)?.resumes(s, policy) ?? false) &&
  (s.compressionMethod === CompressionMethod.null ||
    policy.compressionMethods.includes(s.compressionMethod)) &&
  (s.primeBits > 0
    ? s.primeBits >= policy.minimumDhPrimeBits
    : s.group === 0 || policy.groups.includes(s.group));

/** Whether we showed no certificate, or one that we still have, and signed with a scheme that we still use. */
const isOurs = (s: Session, { own, policy, crypto }: Standing): boolean => {
  if (s.ownCertificate.length === 0) return true;
  const credential = own.find(({ chain }) => sameBytes(leafHash(chain[0], crypto), s.ownCertificate));
  return credential !== undefined &&
    isUsable(s, credential.publicKey, s.ownScheme, policy, (schemes) => signedWith(credential, schemes));
};

/** Whether the peer showed no certificate, or one that is still valid, with a key and a scheme that policy allows. */
const isStillTheirs = (s: Session, { policy, now }: Standing): boolean => {
  const [der] = s.peerCertificates;
  if (der === undefined) return true;
  const leaf = Either.getOrUndefined(readLeaf(der));
  return leaf !== undefined && lasts(der, s, now) && leaf.publicKey._tag !== "unsupported" &&
    isUsable(s, leaf.publicKey, s.peerScheme, policy);
};

/**
 * Whether the verdict on the peer's certificates still holds. Where the verifier told no end of it, the leaf must not have
 * expired since; one that had expired already, and was trusted, is not judged by its time.
 */
const lasts = (leaf: Bytes, { createdAt, trustedUntil }: Session, now: number): boolean => {
  if (trustedUntil > 0) return now <= trustedUntil;
  const { notAfter = Infinity } = Either.getOrUndefined(parseCertificate(leaf)) ?? {};
  return now <= notAfter || createdAt > notAfter;
};

/** Whether policy allows the curve of a key, and the scheme that it signed with, if it signed. */
const isUsable = (
  { version }: Session,
  key: PublicKey,
  scheme: SignatureScheme,
  { groups, signatureSchemes }: Policy,
  some = (schemes: ReadonlyArray<SignatureScheme>) => schemes,
): boolean => {
  const signing = versions.get(version)?.signing;
  return signing !== undefined &&
    (key._tag !== "ecdsa" || groups.includes(key.group) || signing.nameCurves) &&
    (scheme === 0 || some(signing.schemesOf(key, signatureSchemes)).includes(scheme));
};

const leafHashes = new WeakMap<Bytes, Bytes>();

/** The hash of a leaf, as a session keeps it; empty for no leaf. The same bytes object is hashed once. */
export const leafHash = (leaf: Bytes | undefined, { hash }: CryptoService): Bytes => {
  if (leaf === undefined) return EMPTY;
  const known = leafHashes.get(leaf);
  if (known) return known;
  const digest = hash("sha256").digest([leaf]);
  leafHashes.set(leaf, digest);
  return digest;
};

// ---- what a client offers ----

/** Whether a client may offer a session: only to the same server, as the same client (RFC 5246 §F.1.4, RFC 7627 §5.3). */
export const mayOffer = (
  s: Session,
  { policy, serverName }: ClientSettings,
  by: Standing & { readonly credentials: Bytes; readonly previous: Renegotiable | undefined },
): boolean =>
  s.id.length + s.ticket.length > 0 &&
  s.serverName === (serverName ?? "") &&
  // A server that did not agree to a maximum fragment length is asked again, and may resume all the same.
  (s.maxFragmentLength === 0 || s.maxFragmentLength === fragmentCode(policy)) &&
  (s.extendedMasterSecret === 1 ||
    (policy.resumeWithoutExtendedMasterSecret && !policy.requireExtendedMasterSecret &&
      !by.previous?.negotiated.extendedMasterSecret)) &&
  sameBytes(s.credentials, by.credentials) &&
  stands(s, by);

// ---- what a server takes ----

/**
 * The suite to resume a session with; `undefined` for a full handshake (RFC 5246 §7.4.1.3, RFC 7627 §5.3). A refusal if the
 * session had the extended master secret and the hello does not: that is the sign of an attack.
 */
export const resumable = (
  { policy, clientAuth }: ServerSettings,
  wish: Wish,
  session: Session,
  by: Standing,
): Either.Either<Suite | undefined, Refused> => {
  const bound = session.extendedMasterSecret === 1;
  if (bound && !wish.extendedMasterSecret) {
    return Either.left(
      new Refused({
        reason: "session_lost_extended_master_secret",
        detail: "the client resumes a session that had extended_master_secret without it",
      }),
    );
  }
  const suite = possibleSuites(policy, wish.hello, wish.dialect.version)
    .find((s) => s.id === session.cipherSuite);
  const same = session.version === wish.dialect.version &&
    wish.hello.compressionMethods.includes(session.compressionMethod) &&
    session.serverName === (wish.serverName ?? "") &&
    session.maxFragmentLength === (wish.maxFragmentLength ?? 0) &&
    (clientAuth !== "require" || session.peerCertificates.length > 0) &&
    (bound || (!wish.extendedMasterSecret && policy.resumeWithoutExtendedMasterSecret));
  return Either.right(same && suite && stands(session, by) ? suite : undefined);
};

/** Whether a server may resume a session of TLS 1.3, whose suite has been found (RFC 8446 §4.2.11, §4.6.1). */
export const resumable13 = (
  { clientAuth }: ServerSettings,
  { serverName }: { readonly serverName: string | undefined },
  session: Session,
  by: Standing,
): boolean =>
  session.serverName === (serverName ?? "") &&
  (clientAuth !== "require" || session.peerCertificates.length > 0) &&
  stands(session, by);

// ---- what a client makes of it ----

/** Checks that a server resumes a session as it was made. */
export const resumedAsMade = (
  of: Session,
  { dialect, suite, server, extendedMasterSecret, maxFragmentLength }: Pick<
    Agreed,
    "dialect" | "suite" | "server" | "extendedMasterSecret" | "maxFragmentLength"
  >,
): Either.Either<void, IllegalParameter | Refused> => {
  const differs = of.version !== dialect.version
    ? { field: "serverVersion", rfc: "RFC 5246 §7.4.1.3" }
    : of.cipherSuite !== suite.id
    ? { field: "cipherSuite", rfc: "RFC 5246 §7.4.1.3" }
    : of.compressionMethod !== server.compressionMethod
    ? { field: "compressionMethod", rfc: "RFC 5246 §7.4.1.3" }
    : of.maxFragmentLength !== (maxFragmentLength ?? 0)
    ? { field: "extensions.max_fragment_length", rfc: "RFC 6066 §4" }
    : undefined;
  if (differs) {
    const reason = "is not that of the session it resumes";
    return Either.left(new IllegalParameter({ subject: "ServerHello", reason, ...differs }));
  }
  if ((of.extendedMasterSecret === 1) !== extendedMasterSecret) {
    return Either.left(
      new Refused({
        reason: "session_lost_extended_master_secret",
        detail: "the server resumes a session and differs from it in extended_master_secret",
      }),
    );
  }
  return Either.void;
};
