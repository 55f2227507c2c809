/** The handshakes of one side, as a connection runs them. @module */
import { type Effect, Either, Schema } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established, Established13, Renegotiable } from "../../flights/agreed/established.ts";
import type { Change } from "../../flights/tls13/after.ts";
import type { Side } from "../../names/side.ts";
import { clientAuthOption, decodeOption, flag, shown } from "../../options.ts";
import type { Observe } from "../../ports/observer.ts";
import type { Handshakes } from "../../record/handshake_stream.ts";
import type { Policy } from "../../tables/policy.ts";
import { PolicyOption } from "../../tables/policy_option.ts";
import type { Renegotiation } from "../connection.ts";

const renegotiation: Schema.Schema<Renegotiation> = Schema.Struct({
  policy: Schema.optional(PolicyOption),
  clientAuth: Schema.optional(clientAuthOption),
  resume: Schema.optional(flag),
});

const decode = decodeOption(renegotiation, "changes");

const keyUpdate: Schema.Schema<{ readonly request?: boolean | undefined }> = Schema.Struct({
  request: Schema.optional(flag),
});

/** Decodes the options of `updateKeys`. Fails with InvalidOption for what is not of its type. */
export const decodeKeyUpdate = decodeOption(keyUpdate, "options");

/**
 * Decodes the settings of a renegotiation. Fails with InvalidOption for one that is not of its type, or not this end's;
 * `option` is what the caller gave.
 */
export const decodeRenegotiation = (
  role: Side,
  changes: Renegotiation,
  option = "changes.clientAuth",
): Either.Either<Renegotiation, InvalidOption> =>
  Either.filterOrLeft(
    decode(changes),
    ({ clientAuth }) => role === "server" || clientAuth === undefined,
    ({ clientAuth }) =>
      new InvalidOption({
        option,
        expected: "nothing at a client",
        got: shown(clientAuth),
        fault: "only a server asks for a certificate",
      }),
  );

/** A renegotiation that this end wants, after the handshake before it; in TLS 1.3, a certificate of the client's. */
export interface Wanted {
  readonly previous: Established;
  readonly changes: Renegotiation;
  /** What is established when the answer has come, which later messages may have changed. */
  readonly current: () => Established;
}

/** The handshakes of one side. */
export interface Program<R> {
  readonly role: Side;
  readonly policy: Policy;
  readonly observe: Observe | undefined;
  /** Sends our opening message, if there is one, and gives the rest of the handshake, which begins with the peer's answer. */
  readonly open: (wanted: Wanted | undefined) => Effect.Effect<
    Effect.Effect<Established, TlsError, R | Handshakes>,
    TlsError,
    R | Handshakes
  >;
  /** Server: the handshake that begins with a ClientHello on an established connection. */
  readonly asked?: (previous: Renegotiable) => Effect.Effect<Established, TlsError, R | Handshakes>;
  /** TLS 1.3: the rest of a handshake that is not finished yet, because early data was accepted. */
  readonly rest: (
    left: Established13,
  ) => Effect.Effect<Established, TlsError, R | Handshakes> | undefined;
  /** TLS 1.3: handles a message that may come after the handshake, and gives what it changes (RFC 8446 §4.6). */
  readonly met: (left: Established13) => Effect.Effect<Change, TlsError, R | Handshakes>;
  /** TLS 1.3: changes our keys, and the peer's as well if `request` asks for that (RFC 8446 §4.6.3). */
  readonly updateKeys: (
    left: Established13,
    request: boolean,
  ) => Effect.Effect<void, TlsError, R | Handshakes>;
  /** Invalidates the session after a fatal alert (RFC 5246 §7.2.2). */
  readonly forget: (last: Established | undefined) => Effect.Effect<void, never, R>;
}
