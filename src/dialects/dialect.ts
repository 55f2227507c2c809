/** What a protocol version changes, as a value that is looked up once. @module */
import type { Either, Schema } from "../deps.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import type { IllegalParameter } from "../errors.ts";
import type {
  CertificateRequest,
  CertificateVerify,
  ClientKeyExchangeRSA,
  Finished,
  ServerKeyExchangeECDHE,
} from "../messages/mod.ts";
import type { ProtocolVersion } from "../names/protocol.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Protection } from "../record/protection.ts";
import type { CryptoService, PublicKey } from "../services/crypto.ts";
import type { Suite } from "../suites.ts";
import type { Bytes } from "../wire/bytes.ts";

/** One end of a connection. */
export type Side = "client" | "server";

/** Something of each end. */
export type OfBoth<A> = { readonly [S in Side]: A };

/** What a suite and a version make of secrets: made once after ServerHello, all synchronous. */
export interface Derivation {
  /** The master secret from the randoms (RFC 5246 §8.1). */
  readonly master: (premaster: Bytes) => Bytes;
  /** The master secret from the transcript up to ClientKeyExchange (RFC 7627 §4). */
  readonly extendedMaster: (premaster: Bytes, said: Snapshot) => Bytes;
  /** What each end seals its records with (RFC 5246 §6.3). */
  readonly keys: (master: Bytes) => OfBoth<Protection>;
  /** `verify_data` of an end's Finished (RFC 5246 §7.4.9). */
  readonly verifyData: (master: Bytes, side: Side, said: Snapshot) => Bytes;
}

/** A signature in a message, in the form that this version has. */
export interface Signing {
  /** Under which scheme a signature of the peer's is to be verified, or why it may not be one. */
  readonly schemeOf: (
    message: { readonly _tag: string; readonly algorithm: SignatureScheme },
    key: PublicKey,
    offered: ReadonlyArray<SignatureScheme>,
  ) => Either.Either<SignatureScheme, IllegalParameter>;
  /** Bytes of a signed message that follow its parameters. */
  readonly trailer: (message: { readonly signature: Bytes }) => number;
}

/** A protocol version. */
export interface Dialect {
  readonly version: ProtocolVersion;
  readonly derive: (suite: Suite, random: OfBoth<Bytes>, crypto: CryptoService) => Derivation;
  readonly signing: Signing;
  /** What a signature is without the extension that names it (RFC 5246 §7.4.1.4.1). */
  readonly defaultSchemes: ReadonlyArray<SignatureScheme>;
  /** The forms that messages have. */
  readonly messages: {
    readonly finished: MessageClass<Finished>;
    readonly serverKeyExchangeECDHE: MessageClass<ServerKeyExchangeECDHE>;
    readonly clientKeyExchangeRSA: MessageClass<ClientKeyExchangeRSA>;
    readonly certificateRequest: MessageClass<CertificateRequest>;
    readonly certificateVerify: MessageClass<CertificateVerify>;
  };
}

/** A message class: its Schema, and its constructor from fields that are trusted. */
// deno-lint-ignore no-explicit-any -- the encoded side and the constructor's fields are the class's own
export type MessageClass<A> = Schema.Schema<A, any> & (new (fields: any, trusted: boolean) => A);
