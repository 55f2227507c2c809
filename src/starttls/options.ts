/** What both roles are told, checked at the door, and how they begin and end. @module */
import { Duration, Effect, Either, Schema } from "../deps.ts";
import { decodeOption, duration, given, word } from "../options.ts";
import { type ByteStream, heldStream } from "../public/byte_stream.ts";
import { type InvalidOption, StartTlsTimeout } from "../public/errors.ts";
import type { Dialogues, Names } from "./dialogue.ts";
import type { StartTlsError } from "./errors.ts";
import { protocols } from "./protocols.ts";
import { type Said, type Talk, talkOver } from "./talk.ts";

/** A protocol that begins in the clear and goes on over TLS. */
export type Protocol = keyof typeof protocols;

/** The usual port of each protocol, where it begins in the clear. */
export const ports: Readonly<Record<Protocol, number>> = Object.fromEntries(
  Object.entries(protocols).map(([name, { port }]) => [name, port]),
) as Record<Protocol, number>;

/** What is said before TLS, and how long it may take. */
export interface StartTlsOptions {
  /** The name that this end gives itself: a client of SMTP and LMTP in its hello, a server in its greeting; `localhost` unless given. */
  readonly ownName?: string | undefined;
  /** XMPP: the domain of the service, which may be another name than that of its host. A server takes `ownName` unless given. */
  readonly domain?: string | undefined;
  /**
   * How long it may take until TLS can begin; unless given, 30 seconds for a client, and 20 for a server, which is less than
   * `Server.listen` allows.
   */
  readonly timeout?: Duration.DurationInput | undefined;
}

/** A stream on which TLS can begin: give it to `Client.over` or `Server.over`. */
export interface Ready {
  /** The stream. It closes the one below. */
  readonly stream: ByteStream;
  /**
   * What the server said first, in the clear: the lines of a greeting, or MySQL's packet with the challenge that its driver needs.
   * Anybody on the way could have written it. `undefined` where the client speaks first.
   */
  readonly greeting: Uint8Array | undefined;
}

/** A name that is printed into a line, and into XML, as it is. */
const name = Schema.String.pipe(
  Schema.filter((text) => /^[^\s\p{C}<>&'"]{1,255}$/u.test(text), {
    description: "a name of 1 to 255 characters, without spaces and none of <>&'\"",
  }),
);
const options: Schema.Schema<StartTlsOptions> = Schema.Struct({
  ownName: Schema.optional(name),
  domain: Schema.optional(name),
  timeout: Schema.optional(duration()),
});
const decodeOptions = decodeOption(options);
const decodeProtocol = decodeOption(word(...Object.keys(protocols) as Array<Protocol>), "protocol");

/** A protocol and its options, decoded. */
interface Decoded {
  readonly protocol: Protocol;
  readonly options: StartTlsOptions;
}

/** Decodes the name of a protocol and its options. */
export const decode = (
  protocol: Protocol,
  options: StartTlsOptions | undefined,
): Either.Either<Decoded, InvalidOption> =>
  Either.all({ protocol: decodeProtocol(protocol), options: decodeOptions(given(options)) });

/** The options of an end, and how long it waits unless they say. */
interface Wanted {
  readonly wanted: StartTlsOptions | undefined;
  readonly usualTimeout: Duration.DurationInput;
}

/**
 * Speaks a dialogue over a stream, within the time. If it fails or is interrupted, the stream is closed: nothing goes on in the
 * clear.
 */
export const converse = <A>(
  wantedProtocol: Protocol,
  stream: ByteStream,
  { wanted, usualTimeout }: Wanted,
  dialogue: (protocol: Dialogues, talk: Talk, names: Names) => Said<A>,
): Effect.Effect<A, StartTlsError> => {
  const held = heldStream(stream);
  return Effect.gen(function* () {
    const { protocol, options } = yield* decode(wantedProtocol, wanted);
    const { ownName = "localhost", domain, timeout = usualTimeout } = options;
    const { rfc } = protocols[protocol];
    const talk = talkOver(held, { protocol, rfc });
    return yield* dialogue(protocols[protocol], talk, { ownName, domain }).pipe(
      Effect.disconnect, // a stream that cannot be interrupted does not hold up the deadline
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new StartTlsTimeout({
            protocol,
            rfc,
            expected: talk.awaited(),
            milliseconds: Duration.toMillis(timeout),
          }),
      }),
    );
  }).pipe(Effect.onError(() => held.close));
};
