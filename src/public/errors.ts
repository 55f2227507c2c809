/** Every error, its alert, and how to tell people. @module */
export * from "../faults/errors.ts";
export * from "../faults/explain.ts";
export { printable } from "../wire/printable.ts";
export { InvalidKeyShare } from "../ports/crypto.ts";
export { SessionStoreError } from "../ports/sessions.ts";
export { CredentialMismatch } from "../layers/credentials.ts";
export { CredentialFileError } from "../layers/credentials_files.ts";
export { PemError } from "../layers/pem.ts";
export { TicketKeysError } from "../layers/session_tickets.ts";
export { InvalidPin } from "../layers/verifier.ts";
export { SystemRootsError } from "../layers/verifier_system.ts";
export { BindingUnavailable } from "../flights/bindings.ts";
export type { ChannelBindingType } from "../flights/bindings.ts";
