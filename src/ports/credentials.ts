/** The port to our own certificates and keys. @module */
import { Context, type Effect } from "../deps.ts";
import type { PrivateKeyError } from "../faults/errors/crypto.ts";
import type { ClientCertificateType } from "../names/protocol.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Crypto, PublicKey } from "./crypto.ts";

/** A certificate chain and the operations of its private key. The key itself need not be in this process. */
export interface Credential {
  /** The certificates as DER, leaf first. */
  readonly chain: ReadonlyArray<Bytes>;
  /** The public key of the leaf certificate. */
  readonly publicKey: PublicKey;
  /**
   * Whether the leaf's keyUsage allows keyEncipherment (RSA key transport) and digitalSignature. Both are true for a
   * leaf without keyUsage.
   */
  readonly usage: { readonly keyEncipherment: boolean; readonly digitalSignature: boolean };
  /**
   * The signature schemes to use, the preferred first. Unless given: all that the key can make and the policy allows.
   * Before TLS 1.2 the scheme is fixed: `rsa_pkcs1_md5_sha1` for RSA, `ecdsa_sha1` for ECDSA.
   */
  readonly schemes?: ReadonlyArray<SignatureScheme> | undefined;
  /** Signs `data` (not its hash) with the given scheme. */
  readonly sign: (scheme: SignatureScheme, data: Bytes) => Effect.Effect<Bytes, PrivateKeyError, Crypto>;
  /** The raw RSA private-key operation. It is called for RSA keys only. */
  readonly decrypt: (ciphertext: Bytes) => Effect.Effect<Bytes, PrivateKeyError, Crypto>;
  /** An OCSP response about the leaf (DER OCSPResponse), for clients that ask for one (RFC 6066 §8). */
  readonly ocspResponse?: Bytes | undefined;
  /** The SCTs of the leaf, for clients that ask for them (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: ReadonlyArray<Bytes> | undefined;
}

/** What a handshake needs a credential for: the role of this end, and what the peer accepts. */
export type CredentialRequest =
  | {
    readonly role: "server";
    readonly serverName: string | undefined;
    /**
     * The schemes that the client can verify, in certificates too (RFC 5246 §7.4.1.4.1); `undefined` when it does not
     * say.
     */
    readonly schemes?: ReadonlyArray<SignatureScheme> | undefined;
    /**
     * The certificate authorities that the client names, as DER (RFC 8446 §4.2.4); none if it names none, and none before
     * TLS 1.3.
     */
    readonly authorities?: ReadonlyArray<Bytes> | undefined;
  }
  | {
    readonly role: "client";
    readonly types: ReadonlyArray<ClientCertificateType>;
    /** The schemes that the server can verify; `undefined` before TLS 1.2. */
    readonly schemes: ReadonlyArray<SignatureScheme> | undefined;
    /** The certificate authorities that the server accepts: distinguished names as DER. Empty when it names none. */
    readonly authorities: ReadonlyArray<Bytes>;
    /**
     * TLS 1.3: extensions that the certificate must have, if this end knows them (RFC 8446 §4.2.5); none if the server asks
     * for none.
     */
    readonly filters?: ReadonlyArray<CertificateFilter> | undefined;
  };

/** An extension that a client's certificate must have (RFC 8446 §4.2.5). */
export interface CertificateFilter {
  /** The OID of the extension, as DER with tag and length. */
  readonly certificateExtensionOid: Bytes;
  /** The values that it must allow, as DER; empty for any. */
  readonly certificateExtensionValues: Bytes;
}

/** The credentials of this end. */
export interface CredentialsService {
  /**
   * Identifies the current credentials, in any text; empty when there are none. A client resumes a session only under
   * the partition that the session was made under, so that a resumption never shows a different identity. It must
   * change whenever the result of `candidates` does.
   */
  readonly partition: string;
  /**
   * The credentials for a request, the best first. The handshake takes the first whose key suits the cipher suite,
   * schemes and groups.
   */
  readonly candidates: (request: CredentialRequest) => Effect.Effect<ReadonlyArray<Credential>>;
}

/** The credentials of this end, as a service. */
export class Credentials extends Context.Tag("effect-tls/1/Credentials")<Credentials, CredentialsService>() {}
