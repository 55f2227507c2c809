/** Every error, its alert, and how to tell people. @module */
export * from "../faults/errors.ts";
export * from "../faults/explain.ts";
export { printable } from "../wire/printable.ts";
export { InvalidKeyShare } from "../ports/crypto.ts";
export { SessionStoreError } from "../ports/sessions.ts";
export { CredentialMismatch } from "../layers/credentials/credentials.ts";
export { CredentialFileError } from "../layers/credentials/files.ts";
export { PemError } from "../x509/pem.ts";
export { TicketKeysError } from "../layers/tickets/rotating.ts";
export { InvalidPin } from "../layers/trust/layers.ts";
export { SystemRootsError } from "../layers/trust/system.ts";
export { BindingUnavailable } from "../flights/bindings.ts";
export type { ChannelBindingType } from "../flights/bindings.ts";
