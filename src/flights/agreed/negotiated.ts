/** What a handshake agreed on, as a user sees it. @module */
import type { CipherSuite } from "../../names/cipher_suite.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import type { CompressionMethod, ProtocolVersion } from "../../names/protocol.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** What was agreed on, as a user sees it. */
export interface Negotiated {
  /** Which handshake of the connection this was: 1 is the first, and the keys' epoch of `Connection.readWithEpoch`. */
  readonly epoch: number;
  /** The protocol version. */
  readonly version: ProtocolVersion;
  /** The cipher suite. */
  readonly cipherSuite: CipherSuite;
  /** The compression method; `null` is none. */
  readonly compressionMethod: CompressionMethod;
  /** As in the ServerHello: empty when the session can't be resumed but by a ticket; the client's own echoed after that. */
  readonly sessionId: Bytes;
  /** The server gave a ticket, or took one (RFC 5077). */
  readonly sessionTicket: boolean;
  /** Whether the handshake resumed a session. */
  readonly resumed: boolean;
  /** The random of the ClientHello, 32 bytes. */
  readonly clientRandom: Bytes;
  /** The random of the ServerHello, 32 bytes. */
  readonly serverRandom: Bytes;
  /** The host name that the client asked for (SNI, RFC 6066 §3); `undefined` if it named none. */
  readonly serverName: string | undefined;
  /** The application protocol (RFC 7301); `undefined` if none was agreed on. */
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
