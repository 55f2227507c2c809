/**
 * Reads what answers a ClientHello: three messages of one number. A HelloRetryRequest is told by its random, a ServerHello of
 * TLS 1.3 by its supported_versions.
 *
 * @module
 */
import { Either } from "../../deps.ts";
import { kindOf, type MessageKind } from "../../grammar/message_kind.ts";
import { either, ofKind, type Place } from "../../grammar/places.ts";
import {
  findExtension,
  HelloRetryRequest,
  isHelloRetryRequest,
  ServerHello,
  ServerHello13,
} from "../../messages/mod.ts";

/** A ServerHello of either era. */
export type AnyServerHello = ServerHello | ServerHello13;

const until12 = kindOf(ServerHello);
const since13 = kindOf(ServerHello13);

/** Reads a ServerHello that may be of TLS 1.3. */
const read: MessageKind<AnyServerHello>["decode"] = (body) =>
  Either.flatMap(
    until12.decode(body),
    (server): ReturnType<MessageKind<AnyServerHello>["decode"]> =>
      findExtension(server.extensions, "supported_versions") ? since13.decode(body) : Either.right(server),
  );

const anyServerHello: MessageKind<AnyServerHello> = {
  ...until12,
  decode: read,
  encode: (message) => (message instanceof ServerHello13 ? since13 : until12).encode(message as never),
};

/** The place of a ServerHello up to TLS 1.2. */
export const serverHelloPlace: Place<ServerHello> = ofKind(
  until12,
  (body) => !isHelloRetryRequest(body),
).map(({ message }) => message);

/** The place of a ServerHello where TLS 1.3 was offered. */
export const anyServerHelloPlace: Place<AnyServerHello> = ofKind(
  anyServerHello,
  (body) => !isHelloRetryRequest(body),
).map(({ message }) => message);

/** The place of a HelloRetryRequest (RFC 8446 §4.1.4). */
export const helloRetryRequestPlace: Place<HelloRetryRequest> = ofKind(
  kindOf(HelloRetryRequest),
  isHelloRetryRequest,
).map(({ message }) => message);

/** The place of what answers the first ClientHello where TLS 1.3 was offered. */
export const firstAnswerPlace: Place<HelloRetryRequest | AnyServerHello> = either(
  helloRetryRequestPlace,
  anyServerHelloPlace,
);
