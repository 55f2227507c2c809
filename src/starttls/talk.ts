/** A conversation in the clear: what every protocol needs to speak, with bounds on all that the peer says. @module */
import { Effect } from "../deps.ts";
import { buffered, type ByteStream } from "../public/byte_stream.ts";
import { StartTlsEnded, StartTlsInjection, StartTlsTooLong, StartTlsUnexpected } from "../public/errors.ts";
import type { StartTlsError } from "./errors.ts";

/** The most bytes of one line, and of all that a peer may say before TLS. Real servers stay below 2 KiB. */
const LIMITS = { line: 8_192, all: 65_536 } as const;

/** A part of a conversation. */
export type Said<A> = Effect.Effect<A, StartTlsError>;

/** The protocol of a conversation, as every error names it. */
export interface Subject {
  readonly protocol: string;
  readonly rfc: string | undefined;
}

/** A conversation with a peer, in the clear. What is awaited is named, for errors. */
export interface Talk extends Subject {
  /** Reads a line, without its end. */
  readonly line: (expected: string) => Said<string>;
  /** Reads exactly so many bytes. */
  readonly bytes: (length: number, expected: string) => Said<Uint8Array>;
  /** Sends text, as UTF-8, or bytes. */
  readonly say: (what: string | Uint8Array) => Said<void>;
  /** Fails, because the peer said something else. */
  readonly unexpected: (expected: string, got: string | Uint8Array) => StartTlsUnexpected;
  /** Fails with `StartTlsInjection` if more has come than was read. */
  readonly nothingMore: Said<void>;
  /** The stream from here on, for TLS. */
  readonly rest: ByteStream;
  /** What is awaited now. */
  readonly awaited: () => string;
}

/** Begins a conversation over a stream. */
export const talkOver = (below: ByteStream, { protocol, rfc }: Subject): Talk => {
  const subject: Subject = { protocol, rfc };
  const reader = buffered(below);
  let left: number = LIMITS.all;
  let awaited = "the beginning";
  const reading = <A>(
    expected: string,
    limit: number,
    read: Effect.Effect<A, Effect.Effect.Error<ReturnType<typeof reader.readLine>>>,
  ): Said<A> =>
    Effect.suspend(() => {
      awaited = expected;
      return read;
    }).pipe(
      Effect.catchTags({
        StreamEnded: () => new StartTlsEnded({ ...subject, expected }),
        LineTooLong: () => new StartTlsTooLong({ ...subject, expected, limit }),
      }),
    );
  return {
    ...subject,
    line: (expected) =>
      Effect.suspend(() => {
        // Nothing is left after a flood of lines, although another one might be empty.
        if (left <= 0) return new StartTlsTooLong({ ...subject, expected, limit: LIMITS.all });
        const limit = left < LIMITS.line ? LIMITS.all : LIMITS.line;
        return reading(expected, limit, reader.readLine(Math.min(LIMITS.line, left)));
      }).pipe(Effect.tap((line) => Effect.sync(() => void (left -= line.length + 2)))),
    bytes: (length, expected) =>
      Effect.suspend(() => {
        left -= length;
        return left < 0
          ? new StartTlsTooLong({ ...subject, expected, limit: LIMITS.all })
          : reading(expected, length, reader.readExactly(length));
      }),
    say: (what) => reader.rest.write(typeof what === "string" ? new TextEncoder().encode(what) : what),
    unexpected: (expected, got) =>
      new StartTlsUnexpected({ ...subject, expected, got: typeof got === "string" ? got : hex(got) }),
    nothingMore: Effect.flatMap(
      reader.unread,
      (bytes) => bytes > 0 ? new StartTlsInjection({ ...subject, bytes }) : Effect.void,
    ),
    rest: reader.rest,
    awaited: () => awaited,
  };
};

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
