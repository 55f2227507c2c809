/** What a protocol version changes, up to TLS 1.2, as a value that is looked up once. @module */
import type { Either } from "../../deps.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import type { IllegalParameter } from "../../faults/errors/connection.ts";
import type { Form } from "../../grammar/form.ts";
import type { Place } from "../../grammar/places.ts";
import type { FlightItem } from "../../grammar/send.ts";
import type { ServerDHParams, ServerECDHParams } from "../../messages/mod.ts";
import type { ClientCertificateType } from "../../names/protocol.ts";
import type { OfBoth, Side } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Suite } from "../suites.ts";
import type { Schemes, Version } from "./version.ts";

/** The key derivation of a suite and a version. It is made once, after ServerHello, and synchronous. */
export interface Derivation {
  /** The master secret from the premaster secret and the randoms (RFC 5246 §8.1). */
  readonly master: (premaster: Bytes) => Bytes;
  /** The extended master secret, from the transcript up to ClientKeyExchange (RFC 7627 §4). */
  readonly extendedMaster: (premaster: Bytes, transcript: Snapshot) => Bytes;
  /** The protection of the records of each end (RFC 5246 §6.3). */
  readonly keys: (master: Bytes, encryptThenMac: boolean) => OfBoth<Protection>;
  /** The verify_data of an end's Finished (RFC 5246 §7.4.9). */
  readonly verifyData: (master: Bytes, side: Side, transcript: Snapshot) => Bytes;
  /** The PRF under a label of the user's, for exported keys (RFC 5705 §4); `undefined` in SSL 3.0. */
  readonly exporter: ((master: Bytes, label: string, seed: Bytes, length: number) => Bytes) | undefined;
}

/** A message that holds a signature, with or without the name of its algorithm. */
export interface Signed {
  readonly _tag: string;
  readonly signature: Bytes;
  readonly algorithm?: SignatureScheme;
}

/** The forms of ServerKeyExchange, by key exchange. */
export interface ServerKeyExchangeForms<More> {
  readonly ecdhe: Form<{ readonly _tag: string; readonly params: typeof ServerECDHParams.Type } & More>;
  readonly dhe: Form<{ readonly _tag: string; readonly params: typeof ServerDHParams.Type } & More>;
}

/** The signatures of a version: which schemes, over which bytes, in which form. */
export interface Signing extends Schemes {
  readonly serverKeyExchange: ServerKeyExchangeForms<Signed>;
  readonly certificateVerify: Form<Signed>;
  /** The scheme to verify a signature of the peer's with, or the error if it may not be used. */
  readonly schemeOf: (
    message: Signed,
    key: PublicKey,
    offered: ReadonlyArray<SignatureScheme>,
  ) => Either.Either<SignatureScheme, IllegalParameter>;
  /** The bytes that are given to a key to sign: the data, or its hashes if the scheme applies none. */
  readonly content: (scheme: SignatureScheme, data: Bytes, crypto: CryptoService) => Bytes;
  /** The bytes that a CertificateVerify signs (RFC 5246 §7.4.8). SSL 3.0 mixes in the master secret. */
  readonly proof: (
    scheme: SignatureScheme,
    transcript: Snapshot,
    master: Bytes,
    crypto: CryptoService,
  ) => Bytes;
  /** The members of a message that hold a signature. */
  readonly members: (algorithm: SignatureScheme, signature: Bytes) => object;
  /** The number of bytes in a signed message after its parameters. */
  readonly trailer: (message: Signed) => number;
}

/** What a server asks of a client's certificate, as CertificateRequest says it (RFC 5246 §7.4.4). */
export interface CertificateWish {
  readonly types: ReadonlyArray<ClientCertificateType>;
  /** The signature schemes; `undefined` before TLS 1.2, where the certificate types imply them. */
  readonly schemes: ReadonlyArray<SignatureScheme> | undefined;
  /** The distinguished names of accepted authorities, as DER; any if empty. */
  readonly authorities: ReadonlyArray<Bytes>;
}

/** What a protocol version changes, up to TLS 1.2. */
export interface Dialect extends Version {
  readonly era: "until12";
  readonly derive: (suite: Suite, random: OfBoth<Bytes>, crypto: CryptoService) => Derivation;
  readonly signing: Signing;
  /** The signature schemes of a client that sends no signature_algorithms (RFC 5246 §7.4.1.4.1). */
  readonly defaultSchemes: ReadonlyArray<SignatureScheme>;
  /** The form of ClientKeyExchange for RSA key transport, with a length or without (RFC 5246 §7.4.7.1). */
  readonly clientKeyExchangeRSA: Form<{ readonly _tag: string; readonly encryptedPreMasterSecret: Bytes }>;
  /** The place and the maker of CertificateRequest. */
  readonly certificateRequest: {
    readonly place: Place<CertificateWish>;
    readonly make: (wish: CertificateWish) => FlightItem;
  };
  /** The client's certificate, if one was asked for: its place, and what a client sends that has none. */
  readonly clientCertificate: {
    readonly place: Place<ReadonlyArray<Bytes>>;
    readonly none: FlightItem;
  };
}
