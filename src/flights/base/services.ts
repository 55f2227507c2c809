/** What every flight needs, and the form that a part of a handshake has. @module */
import type { Effect } from "../../deps.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Credentials } from "../../ports/credentials.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { SessionStore } from "../../ports/sessions.ts";
import type { CertificateVerifier } from "../../ports/trust.ts";
import type { Handshakes } from "../../record/handshake_stream.ts";

/** The services that a side brings to its handshakes. */
export type SideServices = Crypto | CertificateVerifier | Credentials | SessionStore;

/** The services that a handshake is run with, in either role. */
export type HandshakeServices = Handshakes | SideServices;

/** A part of a handshake. */
export type Step<A> = Effect.Effect<A, TlsError, HandshakeServices>;

/** A part of a handshake as a generator, which `Effect.fnUntraced` takes. */
export type Steps<A> = Effect.fn.Return<A, TlsError, HandshakeServices>;
