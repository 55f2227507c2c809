/** The port to our own certificates and keys. @module */
import { Context, type Effect } from "../deps.ts";
import type { PrivateKeyError } from "../faults/errors/crypto.ts";
import type { ClientCertificateType } from "../names/protocol.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Crypto, PublicKey } from "./crypto.ts";

/** A certificate chain and what its private key can do; the key itself need not be in this process. */
export interface Credential {
  /** DER, leaf first. */
  readonly chain: ReadonlyArray<Bytes>;
  /** The leaf's key. */
  readonly publicKey: PublicKey;
  /** The leaf's keyUsage allows keyEncipherment (RSA key transport) and digitalSignature; true when it has none. */
  readonly usage: { readonly keyEncipherment: boolean; readonly digitalSignature: boolean };
  /**
   * The schemes that it signs with, the preferred first; all that its key can make and policy allows unless given. Before
   * TLS 1.2 there is no choice: `rsa_pkcs1_md5_sha1` for RSA, `ecdsa_sha1` for ECDSA.
   */
  readonly schemes?: ReadonlyArray<SignatureScheme> | undefined;
  /** Signs `data`, not its hash, as the scheme says. */
  readonly sign: (scheme: SignatureScheme, data: Bytes) => Effect.Effect<Bytes, PrivateKeyError, Crypto>;
  /** The raw RSA operation; never called for other keys. */
  readonly decrypt: (ciphertext: Bytes) => Effect.Effect<Bytes, PrivateKeyError, Crypto>;
  /** A DER OCSPResponse about the leaf, for clients that ask (RFC 6066 §8). */
  readonly ocspResponse?: Bytes | undefined;
  /** What certificate logs signed about the leaf, for clients that ask (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: ReadonlyArray<Bytes> | undefined;
}

/** What a credential is wanted for. */
export type CredentialRequest =
  | {
    readonly role: "server";
    readonly serverName: string | undefined;
    /** What the client verifies, certificates included (RFC 5246 §7.4.1.4.1); `undefined`: it does not say. */
    readonly schemes?: ReadonlyArray<SignatureScheme> | undefined;
  }
  | {
    readonly role: "client";
    readonly types: ReadonlyArray<ClientCertificateType>;
    /** `undefined` before TLS 1.2. */
    readonly schemes: ReadonlyArray<SignatureScheme> | undefined;
    /** Distinguished names as DER. */
    readonly authorities: ReadonlyArray<Bytes>;
  };

/** Our credentials. */
export interface CredentialsService {
  /**
   * Names the credentials as they are now, in any text: a client offers a session under the partition alone that it was
   * made under, so that nobody is taken for somebody else. Whoever changes what `candidates` gives changes it as well.
   * Empty: there are none.
   */
  readonly partition: string;
  /** Those that may serve, the best first; the handshake takes the first that fits suite, schemes and groups. */
  readonly candidates: (request: CredentialRequest) => Effect.Effect<ReadonlyArray<Credential>>;
}

/** Our credentials, as a service. */
export class Credentials extends Context.Tag("effect-tls/1/Credentials")<Credentials, CredentialsService>() {}
