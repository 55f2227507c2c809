/** Every error, its alert, and how to tell people. @module */
export * from "../errors.ts";
export * from "../explain.ts";
export { printable } from "../wire/printable.ts";
export { InvalidKeyShare } from "../services/crypto.ts";
export { SessionStoreError } from "../services/session_store.ts";
export { CredentialMismatch } from "../layers/credentials.ts";
export { CredentialFileError } from "../layers/credentials_files.ts";
export { PemError } from "../layers/pem.ts";
export { TicketKeysError } from "../layers/session_tickets.ts";
export { InvalidPin } from "../layers/verifier.ts";
export { SystemRootsError } from "../layers/verifier_system.ts";
export { BindingUnavailable } from "../flights/bindings.ts";
export type { ChannelBindingType } from "../flights/bindings.ts";
