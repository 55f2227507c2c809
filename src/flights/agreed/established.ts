/** What a finished handshake leaves for the next one, for exported keys, and for the user. @module */
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { Dialect, Version } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Negotiated } from "./negotiated.ts";

/** Exports `length` bytes of keys under a label (RFC 5705 §4, RFC 8446 §7.5). */
export type Exporter = (label: string, context: Bytes | undefined, length: number) => Bytes;

/** What every finished handshake leaves. */
interface Left {
  readonly negotiated: Negotiated;
  readonly dialect: Version;
  /** Exports keys; `undefined` in SSL 3.0, which has no PRF. */
  readonly exporter: Exporter | undefined;
  /** The channel binding `tls-server-end-point` (RFC 5929 §4); empty if there is none. */
  readonly serverEndPoint: Bytes;
  /** The peer's certificate chain as DER, leaf first. */
  readonly peerCertificates: ReadonlyArray<Bytes>;
  /** The session's key in the store, so that it can be invalidated (RFC 5246 §7.2.2). */
  readonly sessionKey: string | undefined;
}

/** What a finished handshake up to TLS 1.2 leaves: another handshake of the connection is bound to it. */
export interface Renegotiable extends Left {
  readonly era: "until12";
  readonly dialect: Dialect;
  /** The client_version of the connection's first ClientHello, which every later one repeats. */
  readonly clientVersion: ProtocolVersion;
  /** Whether encrypt-then-MAC was ever agreed on. It may not be lost after that (RFC 7366 §3.1). */
  readonly encryptThenMac: boolean;
  /** Whether this was a renegotiation. */
  readonly renegotiated: boolean;
  /** The verify_data of both Finished, for RFC 5746 and RFC 5929. */
  readonly verifyData: OfBoth<Bytes>;
}

/** What a finished handshake leaves. */
export type Established = Renegotiable;

/** What a handshake is given if it is a renegotiation. */
export interface Again {
  /** What the last handshake left. */
  readonly previous: Renegotiable;
  /** Whether a session may be resumed in it. */
  readonly resume: boolean;
}
