/** What a handshake leaves behind. @module */
import type { CipherSuite } from "../names/cipher_suite.ts";
import type { NamedGroup } from "../names/named_group.ts";
import type { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import type { OfBoth } from "../names/side.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Suite } from "../tables/suites.ts";
import type { Derivation, Dialect } from "../tables/versions/mod.ts";
import type { Bytes } from "../wire/bytes.ts";

/** What was agreed on, as a user sees it. */
export interface Negotiated {
  /** Which handshake of the connection this was: 1 is the first, and the keys' epoch of `Connection.readEpoch`. */
  readonly epoch: number;
  readonly version: ProtocolVersion;
  readonly cipherSuite: CipherSuite;
  readonly compressionMethod: CompressionMethod;
  /** As in the ServerHello: empty when the session can't be resumed but by a ticket; the client's own echoed after that. */
  readonly sessionId: Bytes;
  /** The server gave a ticket, or took one (RFC 5077). */
  readonly sessionTicket: boolean;
  readonly resumed: boolean;
  readonly clientRandom: Bytes;
  readonly serverRandom: Bytes;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  /** The group of the key exchange; `undefined` without one, and when resumed. */
  readonly group: NamedGroup | undefined;
  /** The scheme of the server's signature; `undefined` without one, and when resumed. */
  readonly signatureScheme: SignatureScheme | undefined;
  /** RFC 7627 */
  readonly extendedMasterSecret: boolean;
  /** RFC 7366; never with anything but a CBC suite. */
  readonly encryptThenMac: boolean;
  /** Bytes in a record at most (RFC 6066 §4). */
  readonly maxFragmentLength: number;
  /** What the server stapled to its certificate, as DER (RFC 6066 §8); not when resumed. */
  readonly ocspResponse: Bytes | undefined;
  /** The SCTs in the server's hello (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps: ReadonlyArray<Bytes>;
  /** RFC 5746 */
  readonly secureRenegotiation: boolean;
}

/** What a finished handshake leaves behind. */
export interface Established {
  readonly negotiated: Negotiated;
  readonly dialect: Dialect;
  readonly suite: Suite;
  /** What the connection's first ClientHello said, which every later one repeats. */
  readonly clientVersion: ProtocolVersion;
  /** Whether encrypt-then-MAC was ever agreed on, after which it may not be lost (RFC 7366 §3.1). */
  readonly encryptThenMac: boolean;
  /** Whether it was not the connection's first. */
  readonly renegotiated: boolean;
  readonly derivation: Derivation;
  readonly masterSecret: Bytes;
  /** `tls-server-end-point` (RFC 5929 §4); no bytes where it is undefined. */
  readonly serverEndPoint: Bytes;
  /** Both Finished, for RFC 5746 and RFC 5929. */
  readonly verifyData: OfBoth<Bytes>;
  /** The peer's chain as DER, leaf first. */
  readonly peerCertificates: ReadonlyArray<Bytes>;
  /** Where the session stands in the store, so that it can be invalidated (RFC 5246 §7.2.2). */
  readonly sessionKey: string | undefined;
}

/** Another handshake of a connection. */
export interface Again {
  /** What the last one left. */
  readonly previous: Established;
  /** Whether a session may be resumed in it. */
  readonly resume: boolean;
}
