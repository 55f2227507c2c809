/** Reads a ClientHello, after which SSL 3.0 allows bytes without a meaning. @module */
import { Either } from "../../deps.ts";
import { kindOf, type MessageKind } from "../../grammar/message_kind.ts";
import { ofKind, type Place, type Received } from "../../grammar/places.ts";
import { ClientHello, ClientHelloSSL30 } from "../../messages/mod.ts";
import { ProtocolVersion } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";

const { decode } = kindOf(ClientHello);
const { decode: decodeSSL30 } = kindOf(ClientHelloSSL30);

const isSSL30 = (body: Bytes): boolean => ((body[0] ?? 0) << 8 | (body[1] ?? 0)) === ProtocolVersion.SSL_3_0;

/**
 * Reads a ClientHello. In SSL 3.0 the bytes after the compression methods need not be extensions: they are ignored then, but
 * hashed (RFC 6101 §5.6.1.2). From TLS 1.0 on, such bytes are a decode_error.
 */
const read: MessageKind<ClientHello>["decode"] = (body) =>
  Either.orElse(decode(body), (error) =>
    isSSL30(body)
      ? Either.map(
        decodeSSL30(body),
        ({ _tag, ignored: _, ...members }) => make(ClientHello, { ...members, extensions: undefined }),
      )
      : Either.left(error));

/** The place of a ClientHello, with its bytes, which the binders of TLS 1.3 are computed over. */
export const clientHelloPlace: Place<Received<ClientHello>> = ofKind({
  ...kindOf(ClientHello),
  decode: read,
});
