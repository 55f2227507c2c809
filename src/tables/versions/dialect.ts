/** What a protocol version changes, as a value that is looked up once. @module */
import type { Either } from "../../deps.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import type { IllegalParameter } from "../../faults/errors/connection.ts";
import type { Form } from "../../grammar/form.ts";
import type { Place } from "../../grammar/places.ts";
import type { FlightItem } from "../../grammar/send.ts";
import type { ServerDHParams, ServerECDHParams } from "../../messages/mod.ts";
import type { ClientCertificateType, HandshakeType } from "../../names/protocol.ts";
import type { OfBoth, Side } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import type { VersionInUse } from "../../record/handshake_stream.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Suite } from "../suites.ts";

/** What a suite and a version make of secrets: made once after ServerHello, all synchronous. */
export interface Derivation {
  /** The master secret from the randoms (RFC 5246 §8.1). */
  readonly master: (premaster: Bytes) => Bytes;
  /** The master secret from the transcript up to ClientKeyExchange (RFC 7627 §4). */
  readonly extendedMaster: (premaster: Bytes, transcript: Snapshot) => Bytes;
  /** What each end seals its records with (RFC 5246 §6.3). */
  readonly keys: (master: Bytes, encryptThenMac: boolean) => OfBoth<Protection>;
  /** `verify_data` of an end's Finished (RFC 5246 §7.4.9). */
  readonly verifyData: (master: Bytes, side: Side, transcript: Snapshot) => Bytes;
  /** The PRF under another label, for keys of another use (RFC 5705 §4); SSL 3.0 has none. */
  readonly exporter: ((master: Bytes, label: string, seed: Bytes, length: number) => Bytes) | undefined;
}

/** A message that may hold a signature, with or without the algorithm's name. */
export interface Signed {
  readonly _tag: string;
  readonly signature: Bytes;
  readonly algorithm?: SignatureScheme;
}

/** The forms of ServerKeyExchange, by what is exchanged. */
export interface ServerKeyExchangeForms<More> {
  readonly ecdhe: Form<{ readonly _tag: string; readonly params: typeof ServerECDHParams.Type } & More>;
  readonly dhe: Form<{ readonly _tag: string; readonly params: typeof ServerDHParams.Type } & More>;
}

/** Signatures in messages, in the form that a version has. */
export interface Signing {
  readonly serverKeyExchange: ServerKeyExchangeForms<Signed>;
  readonly certificateVerify: Form<Signed>;
  /** Under which schemes a key can sign here, of those that both ends allow; the best first. */
  readonly schemesOf: (
    key: PublicKey,
    common: ReadonlyArray<SignatureScheme>,
  ) => ReadonlyArray<SignatureScheme>;
  /** Under which scheme a signature of the peer's is to be verified, or why it may not be one. */
  readonly schemeOf: (
    message: Signed,
    key: PublicKey,
    offered: ReadonlyArray<SignatureScheme>,
  ) => Either.Either<SignatureScheme, IllegalParameter>;
  /** What is put to the key: the data, or its hashes where the scheme hashes nothing. */
  readonly content: (scheme: SignatureScheme, data: Bytes, crypto: CryptoService) => Bytes;
  /** The same of a CertificateVerify (RFC 5246 §7.4.8); SSL 3.0 mixes the master secret in. */
  readonly proof: (
    scheme: SignatureScheme,
    transcript: Snapshot,
    master: Bytes,
    crypto: CryptoService,
  ) => Bytes;
  /** A signature as the members of a message. */
  readonly members: (algorithm: SignatureScheme, signature: Bytes) => object;
  /** Bytes of a signed message that follow its parameters. */
  readonly trailer: (message: Signed) => number;
}

/** What a server asks of a client's certificate (RFC 5246 §7.4.4). */
export interface CertificateWish {
  readonly types: ReadonlyArray<ClientCertificateType>;
  /** `undefined` before TLS 1.2, where the types say it. */
  readonly schemes: ReadonlyArray<SignatureScheme> | undefined;
  /** Distinguished names as DER. */
  readonly authorities: ReadonlyArray<Bytes>;
}

/** A protocol version. */
export interface Dialect extends Pick<VersionInUse, "version" | "alert" | "noCertificate"> {
  /** Which messages may come after a handshake, to each side: they wish for another (RFC 5246 §7.4.1). */
  readonly afterHandshake: OfBoth<ReadonlyArray<HandshakeType>>;
  /** Which extensions a client says that speaks no higher version, by name. */
  readonly says: (extension: string) => boolean;
  /** Which of them mean something in an end's hello once this version is chosen; the others are passed over. */
  readonly honours: OfBoth<(extension: string) => boolean>;
  readonly derive: (suite: Suite, random: OfBoth<Bytes>, crypto: CryptoService) => Derivation;
  readonly signing: Signing;
  /** What a client can verify that does not say (RFC 5246 §7.4.1.4.1). */
  readonly defaultSchemes: ReadonlyArray<SignatureScheme>;
  /** RSA key transport, with and without a length (RFC 5246 §7.4.7.1). */
  readonly clientKeyExchangeRSA: Form<{ readonly _tag: string; readonly encryptedPreMasterSecret: Bytes }>;
  /** The kinds of client certificate that can be asked for. */
  readonly certificateTypes: ReadonlyArray<ClientCertificateType>;
  /** What a server asks of its clients. */
  readonly certificateRequest: {
    readonly place: Place<CertificateWish>;
    readonly make: (wish: CertificateWish) => FlightItem;
  };
  /** The client's certificate where one was asked for: its place, and how a client says that it has none. */
  readonly clientCertificate: {
    readonly place: Place<ReadonlyArray<Bytes>>;
    readonly none: FlightItem;
  };
  /** Whether a session can be resumed whose connection ended without close_notify (RFC 4346 §7.2.1). */
  readonly survivesTruncation: boolean;
}
