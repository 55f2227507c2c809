/** Pre-shared keys in a ClientHello of TLS 1.3, and the binders that prove that the client has them (RFC 8446 §4.2.11). @module */
import { keySchedule, type PskOrigin } from "../../crypto/key_schedule.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { Either } from "../../deps.ts";
import { encodedMessage } from "../../grammar/message_kind.ts";
import { ClientHello, type ClientHelloExtension, findExtension } from "../../messages/mod.ts";
import type { CryptoService, HashName } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import { suites13 } from "../../tables/suites13.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { EncodeError } from "../../wire/errors.ts";

/** A pre-shared key. */
export interface Psk {
  readonly identity: Bytes;
  readonly secret: Bytes;
  /** The hash that it is for: with a suite of another hash it cannot be used. */
  readonly hash: HashName;
  readonly origin: PskOrigin;
  /** The session, if the key is that of a ticket. */
  readonly session: Session | undefined;
}

/** A pre-shared key that a client offers. */
export interface OfferedPsk extends Psk {
  /** The ticket's age when the first hello was made, in milliseconds; 0 for a key that is no ticket's. */
  readonly age: number;
}

/** The hash of a session of TLS 1.3; `undefined` if it has no such suite. */
export const hashOf = (session: Pick<Session, "cipherSuite">): HashName | undefined =>
  suites13.get(session.cipherSuite)?.hash;

/** The extension, with binders of zeros. */
export const preSharedKey = (
  psks: ReadonlyArray<OfferedPsk>,
  crypto: CryptoService,
): ReadonlyArray<ClientHelloExtension> =>
  psks.length === 0 ? [] : [{
    _tag: "pre_shared_key",
    identities: psks.map(({ identity, age, session }) => ({
      identity,
      obfuscatedTicketAge: session ? (age + session.ticketAgeAdd) % 2 ** 32 : 0,
    })),
    binders: psks.map(({ hash }) => new Uint8Array(crypto.hash(hash).length)),
  }];

/**
 * A ClientHello up to its binders, which are its end: the last member of its last extension. So their lengths say where
 * they begin.
 */
const truncated = (raw: Bytes, binders: ReadonlyArray<Bytes>): Bytes =>
  raw.subarray(0, raw.length - binders.reduce((sum, binder) => sum + 1 + binder.length, 2));

/** The binder of a key for a ClientHello, given its bytes and the transcript before it. */
export const binderOf = (
  { hash: name, origin, secret }: Psk,
  crypto: CryptoService,
  before: Snapshot,
  raw: Bytes,
  binders: ReadonlyArray<Bytes>,
): Bytes => {
  const hash = crypto.hash(name);
  return keySchedule(hash, secret).binder(origin, before.digest(hash, truncated(raw, binders)));
};

/** A ClientHello with the binders of its keys. Fails with EncodeError if there are more keys than it has room for. */
export const bound = (
  hello: ClientHello,
  psks: ReadonlyArray<OfferedPsk>,
  before: Snapshot,
  crypto: CryptoService,
): Either.Either<ClientHello, EncodeError> => {
  const offered = findExtension(hello.extensions, "pre_shared_key");
  if (!offered) return Either.right(hello);
  return Either.map(encodedMessage(hello), (raw) => {
    const binders = psks.map((psk) => binderOf(psk, crypto, before, raw, offered.binders));
    return make(ClientHello, {
      ...hello,
      extensions: [...hello.extensions!.slice(0, -1), { ...offered, binders }],
    });
  });
};
