/** Options of certificates made in memory, and passphrases. @module */
import type { Effect } from "../../deps.ts";

/** A kind of key that is made in memory. RSA keys have 2048 bits. */
export type NewKey = "ecdsa_p256" | "ecdsa_p384" | "ecdsa_p521" | "ed25519" | "ed448" | "rsa";

/** Options of a self-signed certificate. All have defaults. */
export interface SelfSignedOptions {
  /** The host names and IP addresses of the certificate; `localhost`, `127.0.0.1` and `::1` unless given. */
  readonly names?: ReadonlyArray<string> | undefined;
  /**
   * The kind of key; ECDSA on P-256 unless given. An RSA key takes a moment to make, and also allows RSA key
   * transport.
   */
  readonly key?: NewKey | undefined;
  /** How many days the certificate is valid from now on; 365 unless given. */
  readonly days?: number | undefined;
  /** What the certificate may be used for; `serverAuth` unless given. */
  readonly purposes?: ReadonlyArray<"serverAuth" | "clientAuth"> | undefined;
}

/** Options of a certificate that an authority issues. All have defaults. */
export interface IssueOptions extends SelfSignedOptions {
  /** The common name of the subject; the first of `names` unless given. */
  readonly commonName?: string | undefined;
}

/** Options of a certificate authority. All have defaults. */
export interface AuthorityOptions extends Pick<SelfSignedOptions, "key" | "days"> {
  /** The common name of the authority; `Test Authority`, or `Test Intermediate`, unless given. */
  readonly commonName?: string | undefined;
}

/** The passphrase of an encrypted private key: the text, or an Effect that runs when there is a key to decrypt. */
export type Passphrase<E = never> = string | Effect.Effect<string, E>;
