/** The client's role: from the first byte in the clear to the first of TLS. @module */
import { Effect } from "../deps.ts";
import { type ClientRequirements, connect as connectTls, type ConnectOptions } from "../client.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import type { Connection } from "../public/connections.ts";
import { type TlsError, TransportError } from "../public/errors.ts";
import { Transport } from "../public/transport.ts";
import type { StartTlsError } from "./errors.ts";
import { converse, decode, type Protocol, type Ready, type StartTlsOptions } from "./options.ts";

/**
 * Asks a server to begin TLS, in the words of the protocol, and gives the stream that `Client.over` then takes. It never goes on
 * in the clear: a server that does not offer TLS is `StartTlsNotOffered`, one that says no is `StartTlsRefused`, and bytes behind
 * its go-ahead are `StartTlsInjection`. After every failure, and when it is interrupted, the stream is closed.
 *
 * Over TLS nothing counts that was said before it, so ask again for what the server can do:
 *
 * - SMTP and LMTP: the server says no second greeting. Begin with EHLO or LHLO (RFC 3207 §4.2).
 * - IMAP, POP3, NNTP: no second greeting. Ask with CAPABILITY, CAPA, CAPABILITIES. Of IMAP, the tags `a1` and `a2` are used.
 * - ManageSieve: the server says its capabilities by itself; read them first (RFC 5804 §2.2).
 * - FTP: begin with PBSZ 0 and PROT P for the data connections (RFC 4217 §4), then USER. Many servers want each data connection
 *   to resume the session of this one: give `Client.over` the same `sessionKey` for all of them.
 * - XMPP: open the stream anew, with a header of its own (RFC 6120 §5.4.3.3).
 * - IRC: begin with CAP LS, or with NICK and USER.
 * - LDAP: begin with a bind; its message must not have the number 1.
 * - PostgreSQL: begin with the StartupMessage.
 * - MySQL: begin with the HandshakeResponse, as packet number 2, which answers the challenge in `greeting`.
 */
export const client = (
  protocol: Protocol,
  stream: ByteStream,
  options?: StartTlsOptions,
): Effect.Effect<Ready, StartTlsError> =>
  converse(
    protocol,
    stream,
    { wanted: options, usualTimeout: "30 seconds" },
    (dialogues, talk, names) =>
      Effect.zipLeft(dialogues.client(talk, names), talk.nothingMore).pipe(
        Effect.map((greeting) => ({ stream: talk.rest, greeting })),
      ),
  );

/** A connection that began in the clear. */
export interface Begun {
  /** The connection. */
  readonly connection: Connection;
  /** What the server said first, in the clear; see `Ready`. */
  readonly greeting: Uint8Array | undefined;
}

/**
 * Opens a stream through the Transport, asks the server to begin TLS as `client` does, and runs TLS as `Client.connect` does, with
 * its options. Unless `domain` is given, XMPP asks for the name that the certificate must be valid for.
 */
export const connect = (
  protocol: Protocol,
  options: ConnectOptions,
  before?: StartTlsOptions,
): Effect.Effect<Begun, TlsError | StartTlsError, Transport | ClientRequirements> =>
  Effect.gen(function* () {
    const { options: given } = yield* decode(protocol, before);
    const { open, listen } = yield* Transport;
    let greeting: Uint8Array | undefined;
    let failure: StartTlsError | undefined;
    // `Client.connect` has decoded its options when it opens the stream.
    const opening: typeof open = (address) =>
      Effect.flatMap(open(address), (stream) => {
        const { domain = options.serverName ?? options.hostname } = given;
        return client(protocol, stream, protocol === "xmpp" ? { ...given, domain } : given);
      }).pipe(
        Effect.map((ready) => {
          greeting = ready.greeting;
          return ready.stream;
        }),
        Effect.mapError((error) => {
          failure = error;
          return new TransportError({ operation: "open", cause: error, address });
        }),
      );
    return yield* connectTls(options).pipe(
      Effect.provideService(Transport, { open: opening, listen }),
      Effect.mapBoth({
        onSuccess: (connection) => ({ connection, greeting }),
        onFailure: (error) => failure ?? error,
      }),
    );
  });
