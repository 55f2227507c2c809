/** What a side brings to its connection. @module */
import { type Effect, Either, Schema } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established } from "../../flights/agreed/established.ts";
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

/** What an end asks of a renegotiation, or what of it is not of its type, or not that end's to ask. */
export const decodeRenegotiation = (
  role: Side,
  changes: Renegotiation,
): Either.Either<Renegotiation, InvalidOption> =>
  Either.filterOrLeft(
    decode(changes),
    ({ clientAuth }) => role === "server" || clientAuth === undefined,
    ({ clientAuth }) =>
      new InvalidOption({
        option: "changes.clientAuth",
        expected: "nothing at a client",
        got: shown(clientAuth),
        fault: "only a server asks for a certificate",
      }),
  );

/** A renegotiation that this end wants, after the handshake before it. */
export interface Wanted {
  readonly previous: Established;
  readonly changes: Renegotiation;
}

/** A side's handshakes. */
export interface Program<R> {
  readonly role: Side;
  readonly policy: Policy;
  readonly observe: Observe | undefined;
  /** Says our opening message, where there is one, and gives what follows when the peer has answered. */
  readonly open: (wanted: Wanted | undefined) => Effect.Effect<
    Effect.Effect<Established, TlsError, R | Handshakes>,
    TlsError,
    R | Handshakes
  >;
  /** Server: the client wants another, and its ClientHello is that one's first message. */
  readonly asked?: (previous: Established) => Effect.Effect<Established, TlsError, R | Handshakes>;
  /** Invalidates the session after a fatal alert (RFC 5246 §7.2.2). */
  readonly forget: (last: Established | undefined) => Effect.Effect<void, never, R>;
}
