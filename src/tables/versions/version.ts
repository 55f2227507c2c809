/** What every protocol version has, as a value that is looked up once. @module */
import type { CipherSuite } from "../../names/cipher_suite.ts";
import type { ClientCertificateType, HandshakeType, PskKeyExchangeMode } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import type { VersionInUse } from "../../record/handshake_stream.ts";

/** The signature schemes of a version. */
export interface Schemes {
  /** The schemes that a key can sign with in this version, the best first, of those that both ends allow. */
  readonly schemesOf: (
    key: PublicKey,
    common: ReadonlyArray<SignatureScheme>,
  ) => ReadonlyArray<SignatureScheme>;
  /** Whether a scheme names the curve of its key (RFC 8446 §4.2.3). Otherwise a policy's groups are for keys as well. */
  readonly nameCurves: boolean;
}

/** A protocol version. */
export interface Version extends VersionInUse {
  /** The family of handshakes that the version belongs to: the two have flights of their own. */
  readonly era: "until12" | "tls13";
  /** The messages that may come to each side after a handshake (RFC 5246 §7.4.1, RFC 8446 §4.6). */
  readonly afterHandshake: OfBoth<ReadonlyArray<HandshakeType>>;
  /** Whether a client that offers this version sends an extension, by name. */
  readonly says: (extension: string) => boolean;
  /** Whether an extension has a meaning in an end's hello once this version is chosen; otherwise it is ignored. */
  readonly honours: OfBoth<(extension: string) => boolean>;
  readonly signing: Schemes;
  /** The types of client certificate that a server can ask for. */
  readonly certificateTypes: ReadonlyArray<ClientCertificateType>;
  /** Whether a ClientHello that offers this version may offer compression. */
  readonly compresses: boolean;
  /** Whether a policy has a suite for a session of this version, and allows what else a resumption needs. */
  readonly resumes: (
    session: Pick<Session, "cipherSuite" | "masterSecret">,
    policy: {
      readonly cipherSuites: ReadonlyArray<CipherSuite>;
      readonly pskKeyExchangeModes: ReadonlyArray<PskKeyExchangeMode>;
    },
  ) => boolean;
  /** Whether a session can still be resumed if its connection ended without close_notify (RFC 4346 §7.2.1). */
  readonly survivesTruncation: boolean;
}
