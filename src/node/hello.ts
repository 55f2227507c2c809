/** What a client asks for, read before the server begins. @module */
import { Effect, Either } from "../deps.ts";
import { ClientHello } from "../messages/mod.ts";
import { NameType } from "../names/mod.ts";
import { buffered, type ByteStream, prepend } from "../public/byte_stream.ts";
import { decode } from "../public/codec.ts";
import type { TransportError } from "../public/errors.ts";
import type { Limits } from "../public/policy.ts";
import { Buffer } from "./deps.ts";

/** What a client asks for. */
export interface Asked {
  /** The host name; empty if it names none. */
  readonly servername: string;
  /** The application protocols; none if it offers none. */
  readonly protocols: ReadonlyArray<string>;
}

/** The most records that a ClientHello may come in. */
const MOST_RECORDS = 64;

/**
 * Reads a ClientHello and gives the stream as it was. What cannot be read is not judged here: the server meets the same bytes
 * and says what is wrong with them.
 */
export const asked = (
  stream: ByteStream,
  limits: Limits,
): Effect.Effect<{ readonly asked: Asked; readonly stream: ByteStream }, TransportError> => {
  const from = buffered(stream);
  const seen: Array<Uint8Array> = [];
  const take = (length: number) =>
    Effect.tap(from.readExactly(length), (bytes) => Effect.sync(() => seen.push(bytes)));
  const message = Effect.gen(function* () {
    let body = Buffer.alloc(0);
    for (let i = 0; i < MOST_RECORDS; i++) {
      const header = Buffer.from(yield* take(5));
      const length = header.readUInt16BE(3);
      if (header[0] !== 22 || length === 0 || length > 2 ** 14) return undefined;
      body = Buffer.concat([body, yield* take(length)]);
      if (body.length < 4) continue;
      const wanted = 4 + body.readUIntBE(1, 3);
      if (body[0] !== 1 || wanted > limits.handshakeMessage) return undefined;
      if (body.length >= wanted) return Uint8Array.from(body.subarray(4, wanted));
    }
    return undefined;
  });
  return message.pipe(
    Effect.catchTags({ StreamEnded: () => Effect.succeed(undefined), InvalidOption: Effect.die }),
    Effect.map((bytes) => ({
      asked: bytes ? askedIn(bytes) : nothing,
      stream: prepend(Buffer.concat(seen), from.rest),
    })),
  );
};

const nothing: Asked = { servername: "", protocols: [] };

const askedIn = (bytes: Uint8Array): Asked => {
  const hello = Either.getOrUndefined(decode(ClientHello, bytes));
  let { servername, protocols } = nothing;
  for (const one of hello?.extensions ?? []) {
    if (one._tag === "server_name") {
      const names = one.serverNameList.flatMap(({ nameType, name }) =>
        nameType === NameType.host_name && typeof name === "string" ? [name] : []
      );
      servername = names[0] ?? "";
    } else if (one._tag === "application_layer_protocol_negotiation") {
      protocols = one.protocolNameList.map((name) => Buffer.from(name).toString());
    }
  }
  return { servername, protocols };
};
