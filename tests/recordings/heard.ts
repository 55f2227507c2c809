/** What was heard of a connection, and the reading that is the same in every version. @module */
import { assert, Either } from "../deps.ts";
import type { Psk } from "../../src/flights/hellos/psk.ts";
import { ClientHello, ClientHelloSSL30 } from "../../src/messages/mod.ts";
import type { Side } from "../../src/names/side.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";

/** What was heard of one connection. */
export interface Heard {
  /** Version, suite and compression of each handshake. */
  readonly handshakes: Array<string>;
  /** Each message by its sender and name, and each ChangeCipherSpec up to TLS 1.2. */
  readonly messages: Array<string>;
  /** Finished that hold. */
  finished: number;
  readonly data: Record<Side, string>;
  /** Why nothing more can be read. */
  leftOut: string | undefined;
  /** TLS 1.3: each CertificateVerify that holds, by its sender and scheme. */
  readonly proofs: Array<string>;
  /** TLS 1.3: binders that hold, and those of keys that nobody knows. */
  readonly binders: { held: number; unknown: number };
  /** TLS 1.3: the key of each ticket, where it can be known. */
  readonly psks: Array<Psk>;
  /** TLS 1.3: the application protocol. */
  protocol: string | undefined;
}

/** Of a connection of which nothing was heard yet. */
export const nothingHeard = (): Heard => ({
  handshakes: [],
  messages: [],
  finished: 0,
  data: { client: "", server: "" },
  leftOut: undefined,
  proofs: [],
  binders: { held: 0, unknown: 0 },
  psks: [],
  protocol: undefined,
});

/** Why nothing is read after a change of keys. */
export const SEALED = "nobody knows the master secret";

/** Fails unless two byte strings are the same. */
export const sameBytes = (ours: Bytes, theirs: Bytes, what?: string): void =>
  assert.equal(toHex(ours), toHex(theirs), what);

/** What was decoded; throws why it was not. */
export const decoded = <A>(of: Either.Either<A, Error>): A => {
  if (Either.isLeft(of)) throw of.left;
  return of.right;
};

/** A ClientHello as a server reads it, whose extensions SSL 3.0 need not be any; encoded again, it is the same bytes. */
export const clientHello = (body: Bytes): ClientHello => {
  const read = codec(ClientHello).decode(body);
  if (Either.isRight(read)) {
    sameBytes(codec(ClientHello).unsafeEncode(read.right), body);
    return read.right;
  }
  const old = decoded(codec(ClientHelloSSL30).decode(body));
  sameBytes(codec(ClientHelloSSL30).unsafeEncode(old), body);
  return old as unknown as ClientHello;
};
