/** What a key exchange puts into the flights, as a value that is looked up once. @module */
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

/** What can go wrong in an exchange. */
export type ExchangeError = IllegalParameter | DecryptError | PrivateKeyError | Refused;

/** A part of an exchange as a generator, which `Effect.fnUntraced` takes. */
export type ExchangeSteps<A> = Effect.fn.Return<A, ExchangeError, Crypto>;

/** A ServerKeyExchange with such parameters, whatever vouches for them. */
export type Parameters<P> = Received<{ readonly _tag: string; readonly params: P }>;

/** What both ends know when they exchange keys. */
export interface Terms {
  readonly dialect: Dialect;
  readonly vouching: Vouching;
  readonly random: OfBoth<Bytes>;
  /** What the client offered: its version, groups and schemes. */
  readonly clientVersion: ProtocolVersion;
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
  /** Bits that a finite field's prime must have. */
  readonly minimumDhPrimeBits: number;
}

/** How a server vouches for the parameters of an exchange: by a signature, or not at all. */
export interface Vouching {
  /** The forms that ServerKeyExchange has then. */
  readonly forms: (dialect: Dialect) => ServerKeyExchangeForms<object>;
  /** Server: what stands in the message besides the parameters, given these as bytes. */
  readonly vouch: (
    terms: Terms,
    params: Bytes,
    credential: Credential | undefined,
  ) => Effect.Effect<
    { readonly members: object; readonly scheme: SignatureScheme | undefined },
    PrivateKeyError,
    Crypto
  >;
  /** Client: holds a message against the peer's key; gives the scheme, where there is one. */
  readonly check: (
    terms: Terms,
    received: Received<Message>,
    peerKey: PublicKey | undefined,
  ) => Effect.Effect<SignatureScheme | undefined, IllegalParameter | DecryptError, Crypto>;
}

/** A client's answer, and the secret in it. */
export interface ClientShare {
  readonly message: Message;
  readonly premaster: Bytes;
  /** What was used, where the exchange has such a thing. */
  readonly group?: NamedGroup | undefined;
  /** Of a prime that the server chose. */
  readonly primeBits?: number | undefined;
  readonly scheme?: SignatureScheme | undefined;
}

/** A server's offer, and the place where the client's answer gives the secret. */
export interface ServerShare {
  readonly messages: ReadonlyArray<Message>;
  readonly premaster: Place<Effect.Effect<Bytes, ExchangeError, Crypto>>;
  readonly group?: NamedGroup | undefined;
  readonly scheme?: SignatureScheme | undefined;
}

/**
 * A key exchange. A place gives not the message but what can be done with it, so that no flight knows which exchange
 * it runs, and no type parameter is needed to tie a message to its use.
 */
export interface KeyExchange {
  /** What the server certificate's keyUsage must allow (RFC 5246 §7.4.2). */
  readonly usage: "digitalSignature" | "keyEncipherment";
  /** Which groups it can use, of which one must be in common; `undefined`: it has no groups. */
  readonly uses: ((group: NamedGroup) => boolean) | undefined;
  /** Client: the place of ServerKeyExchange, which gives how to answer it; no key comes from an anonymous server. */
  readonly clientShare: (
    terms: Terms,
  ) => Place<(peerKey: PublicKey | undefined) => Effect.Effect<ClientShare, ExchangeError, Crypto>>;
  /** Server: the place of the client's answer, for whoever asks for the order alone; `serverShare` has it with its meaning. */
  readonly clientKeyExchange: (dialect: Dialect) => Place<unknown>;
  /** Server: our ServerKeyExchange, if any. `groups` and `schemes` are those that both ends can use, the best first. */
  readonly serverShare: (
    terms: Terms,
    credential: Credential | undefined,
  ) => Effect.Effect<ServerShare, ExchangeError, Crypto>;
}
