/** What a handshake leaves behind. @module */
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { Suite } from "../../tables/suites.ts";
import type { Derivation, Dialect } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Negotiated } from "./negotiated.ts";

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
