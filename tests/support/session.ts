/** A session that no handshake made. @module */
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import { Session } from "../../src/ports/sessions.ts";
import { EMPTY } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";

/** One of TLS 1.2 with an ECDSA server, to which nobody showed anything. */
export const sessionWith = (change: Partial<Session> = {}): Session =>
  make(Session, {
    id: EMPTY,
    version: ProtocolVersion.TLS_1_2,
    cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    compressionMethod: CompressionMethod.null,
    masterSecret: new Uint8Array(48),
    extendedMasterSecret: 1,
    maxFragmentLength: 0,
    serverName: "localhost",
    partition: new Uint8Array(32),
    credentials: EMPTY,
    ownCertificate: EMPTY,
    peerCertificates: [],
    serverEndPoint: EMPTY,
    group: NamedGroup.x25519,
    primeBits: 0,
    ownScheme: SignatureScheme.of(0),
    peerScheme: SignatureScheme.ecdsa_secp256r1_sha256,
    createdAt: 0,
    trustedUntil: 0,
    ticket: EMPTY,
    ticketExpiresAt: 0,
    ticketIssuedAfter: 0,
    ticketAgeAdd: 0,
    maxEarlyData: 0,
    alpn: new Uint8Array(0),
    ...change,
  });
