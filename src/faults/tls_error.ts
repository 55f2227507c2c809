/** The union of all errors of a connection. @module */
import type * as Errors from "./tls_errors.ts";

type Classes = typeof Errors;

/** Every error that a connection can fail with: in its handshakes, and in reading and writing. */
export type TlsError = InstanceType<Classes[keyof Classes]>;
