/** What a handshake agreed on, as a user sees it. @module */
import type { CipherSuite } from "../../names/cipher_suite.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import type { CompressionMethod, ProtocolVersion } from "../../names/protocol.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** What a handshake agreed on. */
export interface Negotiated {
  /** The number of the handshake on its connection, from 1. `Connection.readWithEpoch` gives it with each piece of data. */
  readonly epoch: number;
  /** The protocol version. */
  readonly version: ProtocolVersion;
  /** The cipher suite. */
  readonly cipherSuite: CipherSuite;
  /** The compression method; `null` is none. */
  readonly compressionMethod: CompressionMethod;
  /**
   * The session ID of the ServerHello. Empty if only a ticket resumes the session; after a resumption by ticket, the ID that
   * the client made up.
   */
  readonly sessionId: Bytes;
  /** Whether the server gave a session ticket, or took one (RFC 5077). */
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
  /** The group of the key exchange; `undefined` if it has none, and in a resumption up to TLS 1.2. */
  readonly group: NamedGroup | undefined;
  /** The scheme of the server's signature; `undefined` if there was none, and in a resumption. */
  readonly signatureScheme: SignatureScheme | undefined;
  /** Whether the master secret is bound to its handshake (RFC 7627). */
  readonly extendedMasterSecret: boolean;
  /** Whether records are encrypted first and then MACed (RFC 7366); only with a CBC suite. */
  readonly encryptThenMac: boolean;
  /** The most bytes of content in a record (RFC 6066 §4). */
  readonly maxFragmentLength: number;
  /** The OCSP response that the server stapled, as DER (RFC 6066 §8); `undefined` in a resumption. */
  readonly ocspResponse: Bytes | undefined;
  /** The signed certificate timestamps in the server's hello (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps: ReadonlyArray<Bytes>;
  /** TLS 1.3: where the pre-shared key came from, if the handshake used one; `undefined` if it did not. */
  readonly psk: "ticket" | "external" | "imported" | undefined;
  /** TLS 1.3: whether the server wanted another ClientHello first (RFC 8446 §4.1.4). */
  readonly helloRetried: boolean;
  /** TLS 1.3: whether the server accepted the client's early data; `undefined` if none was offered (RFC 8446 §2.3). */
  readonly earlyData: boolean | undefined;
  /** Whether both ends know secure renegotiation (RFC 5746). TLS 1.3 has none, and so nothing to attack: true. */
  readonly secureRenegotiation: boolean;
}
