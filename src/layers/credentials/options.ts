/** How certificates are made in memory, and how an encrypted key is opened. @module */
import type { Effect } from "../../deps.ts";
import type { freshKey } from "./keys.ts";

/** What to make; everything has a default. */
export interface SelfSignedOptions {
  /** Host names and IP addresses; `localhost`, `127.0.0.1` and `::1` unless given. */
  readonly names?: ReadonlyArray<string> | undefined;
  /** ECDSA on P-256 unless given. RSA takes a moment, and serves key transport too. */
  readonly key?: keyof typeof freshKey | undefined;
  /** How long it is valid from now on; a year unless given. */
  readonly days?: number | undefined;
  /** A server's unless given. */
  readonly purposes?: ReadonlyArray<"serverAuth" | "clientAuth"> | undefined;
}

/** What an authority is asked to make. */
export interface IssueOptions extends SelfSignedOptions {
  /** The subject's common name; the first of `names` unless given. */
  readonly commonName?: string | undefined;
}

/** What to make an authority of; everything has a default. */
export interface AuthorityOptions extends Pick<SelfSignedOptions, "key" | "days"> {
  /** The common name of the subject. */
  readonly commonName?: string | undefined;
}

/** What opens an encrypted private key: the text itself, or what asks for it when there is a key to open. */
export type Passphrase<E = never> = string | Effect.Effect<string, E>;
