/** The classes of all errors of a connection. Each has a row in `faults.ts`. @module */
export * from "./errors/connection.ts";
export { PrivateKeyError } from "./errors/crypto.ts";
export { TransportError } from "./errors/transport.ts";
export { CertificateError } from "./errors/trust.ts";
export { DecodeError, EncodeError } from "../wire/errors.ts";
