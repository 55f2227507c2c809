/** What a finished handshake leaves for the next one, for exported keys, and for the user. @module */
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { Dialect, Version } from "../../tables/versions/mod.ts";
import type { Past } from "../../crypto/transcript.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import type { Hash } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import type { Verdict } from "../../ports/trust.ts";
import type { Step } from "../base/services.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { ApplicationKeys } from "./application_keys.ts";
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
  /** What the verifier found of that chain; `undefined` if it told nothing, and in a resumption, where it is not asked. */
  readonly peerVerdict: Verdict | undefined;
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

/** What a finished handshake of TLS 1.3 leaves: what later messages, tickets and keys are made of. */
export interface Established13 extends Left {
  readonly era: "tls13";
  readonly suite: Suite13;
  readonly hash: Hash;
  readonly keys: ApplicationKeys;
  /** The resumption master secret (RFC 8446 §4.6.1). */
  readonly resumption: Bytes;
  /** The whole transcript as a hash, if a certificate may be asked for later (RFC 8446 §4.6.2). */
  readonly past: Past | undefined;
  /** Client: the place for the next ticket, by its index. A new ticket replaces the one that was used. */
  readonly nextPlace: number;
  /** Exports keys that early data can be used with already (RFC 8446 §7.5); `undefined` if none was accepted. */
  readonly earlyExporter: Exporter | undefined;
  /**
   * Server: the rest of the handshake, if early data was accepted: whoever sent it has proved nothing until this ends
   * (RFC 8446 §8). `undefined` once the handshake is finished.
   */
  readonly rest: Step<Established13> | undefined;
  /** What the sessions of this connection are made with. */
  readonly terms: SessionTerms;
}

/** What a session of TLS 1.3 keeps of its handshake, beside the keys. */
export interface SessionTerms extends
  Pick<
    Session,
    | "serverName"
    | "partition"
    | "credentials"
    | "ownCertificate"
    | "ownScheme"
    | "peerScheme"
    | "trustedUntil"
  > {
  /** The time of the full handshake, in seconds since the epoch. */
  readonly createdAt: number;
}

/** What a finished handshake leaves. */
export type Established = Renegotiable | Established13;

/** What a handshake is given if it is a renegotiation. */
export interface Again {
  /** What the last handshake left. */
  readonly previous: Renegotiable;
  /** Whether a session may be resumed in it. */
  readonly resume: boolean;
}
