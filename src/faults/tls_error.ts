/** The union of every error that a connection can end in. @module */
import type * as Errors from "./tls_errors.ts";

type Classes = typeof Errors;

/** What can go wrong in a connection: in its handshakes, and in reading and writing. */
export type TlsError = InstanceType<Classes[keyof Classes]>;
