/** Every error class, the alert that each one sends, and `explain`, which describes an error to people. @module */
export * from "../faults/errors/connection.ts";
export * from "../faults/errors/admission.ts";
export * from "../faults/errors/bindings.ts";
export * from "../faults/errors/credentials.ts";
export * from "../faults/errors/crypto.ts";
export * from "../faults/errors/pem.ts";
export * from "../faults/errors/pre_shared_keys.ts";
export * from "../faults/errors/revocation.ts";
export * from "../faults/errors/sessions.ts";
export * from "../faults/errors/starttls.ts";
export * from "../faults/errors/tickets.ts";
export * from "../faults/errors/transport.ts";
export * from "../faults/errors/trust.ts";
export * from "../wire/errors.ts";
export * from "../faults/family.ts";
export * from "../faults/setup_error.ts";
export * from "../faults/meaning.ts";
export * from "../faults/tls_error.ts";
export * from "../faults/circumstances.ts";
export * from "../faults/explain.ts";
export * from "../wire/printable.ts";
export * from "../wire/words_of.ts";

import type { TlsError } from "../faults/tls_error.ts";

/**
 * The former name of `TlsError`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `TlsError`.
 */
export type HandshakeError = TlsError;

/**
 * Formerly the errors of an open connection; all errors are `TlsError` now.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `TlsError`.
 */
export type ConnectionError = TlsError;
