/** A key exchange, as a value that is looked up once. @module */
import type { Effect } from "../../deps.ts";
import type { DecryptError, IllegalParameter, Refused } from "../../faults/errors/connection.ts";
import type { PrivateKeyError } from "../../faults/errors/crypto.ts";
import type { Place, Received } from "../../grammar/places.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { Credential } from "../../ports/credentials.ts";
import type { Crypto, PublicKey } from "../../ports/crypto.ts";
import type { Message } from "../../record/handshake_stream.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Dialect, ServerKeyExchangeForms } from "../versions/mod.ts";

/** How a key exchange can fail. */
export type ExchangeError = IllegalParameter | DecryptError | PrivateKeyError | Refused;

/** A part of a key exchange, as a generator for `Effect.fnUntraced`. */
export type ExchangeSteps<A> = Effect.fn.Return<A, ExchangeError, Crypto>;

/** A received ServerKeyExchange with parameters `P`, signed or not. */
export type Parameters<P> = Received<{ readonly _tag: string; readonly params: P }>;

/** What both ends know before they exchange keys. */
export interface Terms {
  readonly dialect: Dialect;
  readonly vouching: Vouching;
  readonly random: OfBoth<Bytes>;
  /** The highest version that the client offered. */
  readonly clientVersion: ProtocolVersion;
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
  /** The least bits of a finite field's prime. */
  readonly minimumDhPrimeBits: number;
}

/** How a server vouches for the parameters of a key exchange: by a signature, or not at all. */
export interface Vouching {
  /** The forms of ServerKeyExchange. */
  readonly forms: (dialect: Dialect) => ServerKeyExchangeForms<object>;
  /** Server: the members of the message beside the parameters, given the parameters as bytes. */
  readonly vouch: (
    terms: Terms,
    params: Bytes,
    credential: Credential | undefined,
  ) => Effect.Effect<
    { readonly members: object; readonly scheme: SignatureScheme | undefined },
    PrivateKeyError,
    Crypto
  >;
  /** Client: verifies a message with the server's key, and gives the signature scheme if there is one. */
  readonly check: (
    terms: Terms,
    received: Received<Message>,
    peerKey: PublicKey | undefined,
  ) => Effect.Effect<SignatureScheme | undefined, IllegalParameter | DecryptError, Crypto>;
}

/** The client's share of a key exchange. */
export interface ClientShare {
  readonly message: Message;
  readonly premaster: Bytes;
  /** The group, if the exchange has one. */
  readonly group?: NamedGroup | undefined;
  /** The length of a prime that the server chose, in bits. */
  readonly primeBits?: number | undefined;
  readonly scheme?: SignatureScheme | undefined;
}

/** The server's share of a key exchange, and the place where the client's share gives the premaster secret. */
export interface ServerShare {
  readonly messages: ReadonlyArray<Message>;
  readonly premaster: Place<Effect.Effect<Bytes, ExchangeError, Crypto>>;
  readonly group?: NamedGroup | undefined;
  readonly scheme?: SignatureScheme | undefined;
}

/**
 * A key exchange. Its places give functions, not messages: what can be done with the message. So no flight knows which
 * exchange it runs, and no type parameter ties a message to its use.
 */
export interface KeyExchange {
  /** The keyUsage that the server's certificate must have (RFC 5246 §7.4.2). */
  readonly usage: "digitalSignature" | "keyEncipherment";
  /** Whether the exchange can use a group; both ends must have such a group. `undefined` for an exchange without groups. */
  readonly uses: ((group: NamedGroup) => boolean) | undefined;
  /** Client: the place of ServerKeyExchange. Its value makes the client's share, given the server's key if it has one. */
  readonly clientShare: (
    terms: Terms,
  ) => Place<(peerKey: PublicKey | undefined) => Effect.Effect<ClientShare, ExchangeError, Crypto>>;
  /** Server: the place of ClientKeyExchange, for the order of messages. `serverShare` gives the place that is read. */
  readonly clientKeyExchange: (dialect: Dialect) => Place<unknown>;
  /** Server: makes the server's share. `groups` and `schemes` of the terms are those of both ends, the best first. */
  readonly serverShare: (
    terms: Terms,
    credential: Credential | undefined,
  ) => Effect.Effect<ServerShare, ExchangeError, Crypto>;
}
