/** The port to external pre-shared keys: keys that both ends have before they connect (RFC 8446 §2.2). @module */
import { Context, type Effect, type Option } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";

/**
 * A key that both ends have before they connect, and its name. It takes the place of certificates: whoever has it can be
 * either end. A key of low entropy, such as a password, can be guessed from one recorded or attempted handshake, offline
 * (RFC 8446 §2.2); 16 random bytes cannot.
 */
export interface ExternalPsk {
  /** The name of the key, 1 to 65,535 bytes. A client sends it unencrypted. */
  readonly identity: Bytes;
  /** The key itself, 1 to 65,535 bytes. */
  readonly key: Bytes;
  /** The hash that the key is for, SHA-256 unless given. A key is for one hash only (RFC 8446 §4.2.11). */
  readonly hash?: PskHash | undefined;
  /**
   * Given if keys are made of this one, which is itself never used in a handshake (RFC 9258). Both ends must do so. The
   * `context` is the same at both ends, and with the identity at most 65,527 bytes. It can say who is client and who is server, so that no end takes
   * its own message for the other's (RFC 9258 §A).
   */
  readonly imported?: { readonly context: Bytes } | undefined;
}

/** A hash that a PSK can be for. */
export type PskHash = "sha256" | "sha384";

/** What a client knows when it chooses the keys that it offers. */
export interface PskRequest {
  /** The host name that the client asks for. */
  readonly serverName: string | undefined;
  /** The server's hint (RFC 4279 §5.2); `undefined` in TLS 1.3, which has none. */
  readonly hint: Bytes | undefined;
}

/**
 * The external PSKs of this end. The service may be code of your own: the handshake gives both functions a deadline, and
 * a key that is none, an exception or an answer that does not come in time counts as no key.
 */
export interface PreSharedKeysService {
  /** The keys that a client offers, the preferred first. */
  readonly choose: (request: PskRequest) => Effect.Effect<ReadonlyArray<ExternalPsk>>;
  /**
   * The key with an identity that a client named; for an imported key, by its own identity. A stranger names what he
   * likes, so the time that this takes should not tell which identities exist.
   */
  readonly lookup: (identity: Bytes) => Effect.Effect<Option.Option<ExternalPsk>>;
}

/** The service that has the external PSKs. Without a layer it is `undefined`, and none are offered or taken. */
export class PreSharedKeys extends Context.Reference<PreSharedKeys>()("effect-tls/1/PreSharedKeys", {
  defaultValue: (): PreSharedKeysService | undefined => undefined,
}) {}
