/** Message classes as the grammar knows them. @module */
import { Either, type Schema } from "../deps.ts";
import { isHelloRetryRequest } from "../messages/mod.ts";
import { HandshakeType } from "../names/protocol.ts";
import { messageName } from "../record/due.ts";
import type { Coming, Message } from "../record/handshake_stream.ts";
import type { Bytes } from "../wire/bytes.ts";
import { codec } from "../wire/codec.ts";
import { type DecodeError, EncodeError } from "../wire/errors.ts";
import { declarationOf, longest } from "../wire/layout.ts";

/** A message class, compiled: its type, its bounds, its decoder and encoder. */
export interface MessageKind<A> {
  readonly name: string;
  readonly type: HandshakeType;
  /** The most bytes that a body of this form can have. */
  readonly most: number;
  readonly decode: (body: Bytes) => Either.Either<A, DecodeError>;
  /** The message as bytes, header and body. Throws EncodeError. */
  readonly encode: (message: A) => Bytes;
}

/** The header of a handshake message in bytes: its type and its length (RFC 5246 §7.4). */
const HEADER = 4;

const kinds = new WeakMap<object, MessageKind<never>>();

/** The kind of a message class, compiled once. */
export const kindOf = <A, I>(schema: Schema.Schema<A, I>): MessageKind<A> => {
  const known = kinds.get(schema);
  if (known) return known as unknown as MessageKind<A>;
  const { tag, meta, layout } = declarationOf(schema);
  const { decode, unsafeEncode } = codec(schema);
  const kind: MessageKind<A> = {
    name: tag,
    type: HandshakeType.of(meta.type),
    most: longest(layout),
    decode,
    encode: (message) => {
      const raw = unsafeEncode(message, HEADER);
      const n = raw.length - HEADER;
      raw[0] = meta.type;
      raw[1] = n >> 16;
      raw[2] = n >> 8;
      raw[3] = n;
      return raw;
    },
  };
  kinds.set(schema, kind as unknown as MessageKind<never>);
  return kind;
};

/** A message as bytes, header and body. Throws EncodeError. */
export const encodeMessage = (message: Message): Bytes =>
  // An instance's constructor is its class, and a message class is its schema.
  kindOf(message.constructor as unknown as Schema.Schema<Message>).encode(message);

/** A message as bytes, header and body. Fails with EncodeError. */
export const encodedMessage = (message: Message): Either.Either<Bytes, EncodeError> =>
  Either.try({
    try: () => encodeMessage(message),
    catch: (thrown) => {
      if (thrown instanceof EncodeError) return thrown;
      throw thrown;
    },
  });

/**
 * The name of what came: a message's as its class has it (`ServerHelloDone`), `ChangeCipherSpec`, `NoCertificate`. A
 * HelloRetryRequest has the number of a ServerHello, so its body names it.
 */
export const nameOfComing = (coming: Coming): string => {
  if (coming._tag !== "Handshake") return coming._tag;
  return coming.type === HandshakeType.server_hello && isHelloRetryRequest(coming.body)
    ? "HelloRetryRequest"
    : messageName(coming.type);
};
