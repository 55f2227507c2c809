/** What a key exchange puts into the flights, as a value that is looked up once. @module */
import type { Effect } from "../deps.ts";
import type { Dialect, OfBoth } from "../dialects/mod.ts";
import type { DecryptError, IllegalParameter, PrivateKeyError } from "../errors.ts";
import type { Place } from "../grammar/places.ts";
import type { NamedGroup } from "../names/named_group.ts";
import type { ProtocolVersion } from "../names/protocol.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Message } from "../record/handshakes.ts";
import type { Credential } from "../services/credentials.ts";
import type { Crypto, PublicKey } from "../services/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";

/** What can go wrong in an exchange. */
export type ExchangeError = IllegalParameter | DecryptError | PrivateKeyError;

/** What both ends know when they exchange keys. */
export interface Terms {
  readonly dialect: Dialect;
  readonly random: OfBoth<Bytes>;
  /** What the client offered: its version, groups and schemes. */
  readonly clientVersion: ProtocolVersion;
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
}

/** A client's answer, and the secret in it. */
export interface Answer {
  readonly message: Message;
  readonly premaster: Bytes;
  /** What was used, where the exchange has such a thing. */
  readonly group?: NamedGroup;
  readonly scheme?: SignatureScheme;
}

/** A server's offer, and the place where the client's answer gives the secret. */
export interface Offered {
  readonly messages: ReadonlyArray<Message>;
  readonly premaster: Place<Effect.Effect<Bytes, ExchangeError, Crypto>>;
  readonly group?: NamedGroup;
  readonly scheme?: SignatureScheme;
}

/**
 * A key exchange. A place gives not the message but what can be done with it, so that no flight knows which exchange
 * it runs, and no type parameter is needed to tie a message to its use.
 */
export interface KeyExchange {
  /** What the server certificate's keyUsage must allow (RFC 5246 §7.4.2). */
  readonly usage: "digitalSignature" | "keyEncipherment";
  /** Whether a group must be in common. */
  readonly needsGroup: boolean;
  /** Client: the place of ServerKeyExchange, which gives how to answer it. */
  readonly answer: (
    terms: Terms,
  ) => Place<(peerKey: PublicKey) => Effect.Effect<Answer, ExchangeError, Crypto>>;
  /** Server: our ServerKeyExchange, if any. `groups` and `schemes` are those that both ends can use, the best first. */
  readonly offer: (terms: Terms, credential: Credential) => Effect.Effect<Offered, ExchangeError, Crypto>;
}
