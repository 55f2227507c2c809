/** The server's role: from the first byte in the clear to the first of TLS. @module */
import { Effect } from "../deps.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import type { StartTlsError } from "./errors.ts";
import { converse, type Protocol, type Ready, type StartTlsOptions } from "./options.ts";

/**
 * Waits until a client asks for TLS, in the words of the protocol, and gives the stream that `Server.over` then takes. Every other
 * command is answered with a no, and forgotten, but for those that ask what this server can do. Bytes that a client sends
 * behind its request are `StartTlsInjection`. After every failure, and when it is interrupted, the stream is closed.
 *
 * Over TLS the protocol begins anew, as RFC 3207 §4.2 says: the client's name and all else are to be asked again. Say no second
 * greeting, but for ManageSieve, whose capabilities come next (RFC 5804 §2.2). In MySQL the client answers the challenge in `greeting`,
 * with packet number 2. There a client does not wait for a go-ahead, so that what comes behind its request is TLS itself.
 */
export const server = (
  protocol: Protocol,
  stream: ByteStream,
  options?: StartTlsOptions,
): Effect.Effect<Ready, StartTlsError> =>
  converse(
    protocol,
    stream,
    { wanted: options, usualTimeout: "20 seconds" },
    (dialogues, talk, names) =>
      Effect.gen(function* () {
        const { greeting, goAhead } = yield* dialogues.server(talk, names);
        if (goAhead.length > 0) yield* Effect.zipRight(talk.nothingMore, talk.say(goAhead));
        return { stream: talk.rest, greeting };
      }),
  );
