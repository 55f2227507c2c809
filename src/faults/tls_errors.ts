/** The classes of every error that a connection can end in: `faults.ts` has a row for each of them. @module */
export * from "./errors/connection.ts";
export { PrivateKeyError } from "./errors/crypto.ts";
export { TransportError } from "./errors/transport.ts";
export { CertificateError } from "./errors/trust.ts";
export { DecodeError, EncodeError } from "../wire/errors.ts";
