/** TLS 1.3 (RFC 8446): what it changes outside of its flights, how it signs, and how it protects records. @module */
import { Either } from "../../deps.ts";
import type { Traffic } from "../../crypto/key_schedule.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import { AlertDescription } from "../../names/alert.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { HandshakeType, ProtocolVersion } from "../../names/protocol.ts";
import type { Side } from "../../names/side.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { type CryptoService, type Hash, type PublicKey, tagLength } from "../../ports/crypto.ts";
import { rules13 } from "../../record/phase.ts";
import { aead13Protection } from "../../record/protection/aead13.ts";
import type { Protection } from "../../record/protection/protection.ts";
import { ascii, type Bytes, concat } from "../../wire/bytes.ts";
import { authenticationOf } from "../key_kinds.ts";
import { type Suite13, suites13 } from "../suites13.ts";
import { is13 } from "./extensions.ts";
import { tlsCommon } from "./tls.ts";
import type { Schemes, Version } from "./version.ts";

const S = SignatureScheme;

/** The curve that an ECDSA scheme names beside its hash (RFC 8446 §4.2.3). */
const curves: ReadonlyMap<SignatureScheme, NamedGroup> = new Map([
  [S.ecdsa_secp256r1_sha256, NamedGroup.secp256r1],
  [S.ecdsa_secp384r1_sha384, NamedGroup.secp384r1],
  [S.ecdsa_secp521r1_sha512, NamedGroup.secp521r1],
]);

/** Schemes that sign certificates, and no handshake (RFC 8446 §4.2.3). */
const certificatesOnly: ReadonlySet<SignatureScheme> = new Set([
  S.rsa_pkcs1_sha1,
  S.rsa_pkcs1_sha256,
  S.rsa_pkcs1_sha384,
  S.rsa_pkcs1_sha512,
  S.ecdsa_sha1,
]);

const makes = (key: PublicKey, scheme: SignatureScheme): boolean =>
  !certificatesOnly.has(scheme) && authenticationOf(key).makes(scheme, key) &&
  (key._tag !== "ecdsa" || curves.get(scheme) === key.group);

/** The signatures of TLS 1.3 (RFC 8446 §4.2.3, §4.4.3). */
export interface Signing13 extends Schemes {
  /** Whether a CertificateVerify of the peer's may use a scheme: one that was offered, and that its key makes. */
  readonly fits: (
    scheme: SignatureScheme,
    key: PublicKey,
    offered: ReadonlyArray<SignatureScheme>,
  ) => Either.Either<void, IllegalParameter>;
  /** The bytes that a CertificateVerify signs: whose it is, and the transcript's hash. */
  readonly content: (side: Side, transcript: Snapshot, hash: Hash) => Bytes;
}

const SPACES = new Uint8Array(64).fill(0x20);
const contexts = {
  client: concat(SPACES, ascii("TLS 1.3, client CertificateVerify"), Uint8Array.of(0)),
  server: concat(SPACES, ascii("TLS 1.3, server CertificateVerify"), Uint8Array.of(0)),
};

const signing: Signing13 = {
  nameCurves: true,
  schemesOf: (key, common) => common.filter((scheme) => makes(key, scheme)),
  fits: (scheme, key, offered) => {
    const reason = !offered.includes(scheme)
      ? "was not offered"
      : !makes(key, scheme)
      ? `is not for a key of ${key._tag}`
      : undefined;
    return reason === undefined ? Either.void : Either.left(
      new IllegalParameter({
        subject: "CertificateVerify",
        field: "algorithm",
        reason: `${SignatureScheme.nameOf(scheme)} ${reason}`,
        rfc: "RFC 8446 §4.4.3",
      }),
    );
  },
  content: (side, transcript, hash) => concat(contexts[side], transcript.digest(hash)),
};

/** TLS 1.3 as a value. Its handshakes have no variants that a table could hold. */
export interface Dialect13 extends Version {
  readonly era: "tls13";
  readonly signing: Signing13;
}

/** TLS 1.3. */
export const tls13: Dialect13 = {
  era: "tls13",
  version: ProtocolVersion.TLS_1_3,
  // It has no renegotiation that could be refused.
  alert: (level, description) => ({
    level,
    description: description === "no_renegotiation" ? "unexpected_message" : description,
  }),
  noCertificate: false,
  // The level says nothing any more (RFC 8446 §6).
  isFatal: (_, description) => description !== AlertDescription.user_canceled,
  helloRequests: false,
  records: rules13,
  afterHandshake: {
    client: [HandshakeType.new_session_ticket, HandshakeType.key_update, HandshakeType.certificate_request],
    server: [HandshakeType.key_update],
  },
  says: is13,
  honours: { client: is13, server: is13 },
  signing,
  certificateTypes: tlsCommon.certificateTypes,
  // Null alone, even if an older version is offered as well (RFC 8446 §4.1.2).
  compresses: false,
  // Another suite of the same hash will do (RFC 8446 §4.6.1), and a mode is needed (§4.2.9).
  resumes: ({ cipherSuite }, { cipherSuites, pskKeyExchangeModes }) => {
    const hash = suites13.get(cipherSuite)?.hash;
    return hash !== undefined && pskKeyExchangeModes.length > 0 &&
      cipherSuites.some((id) => suites13.get(id)?.hash === hash);
  },
  survivesTruncation: true,
};

/** The protection of one direction under a traffic secret (RFC 8446 §5.2, §7.3). */
export const protection13 = (
  { aead, key: keyLength, records }: Suite13,
  crypto: CryptoService,
  traffic: Traffic,
): Protection => {
  const { key, iv } = traffic.keys(keyLength);
  return aead13Protection(crypto.aead(aead, key), { iv, tag: tagLength[aead], records });
};
