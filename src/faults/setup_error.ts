/** The union of the errors outside of a connection: of layers that are built, of stores, of exported keys. @module */
import type { AdmissionRefused } from "./errors/admission.ts";
import type { BindingUnavailable } from "./errors/bindings.ts";
import type { CredentialFileError, CredentialMismatch } from "./errors/credentials.ts";
import type { InvalidKeyShare } from "./errors/crypto.ts";
import type { PemError } from "./errors/pem.ts";
import type { PreSharedKeysError } from "./errors/pre_shared_keys.ts";
import type { CrlFileError } from "./errors/revocation.ts";
import type { SessionStoreError } from "./errors/sessions.ts";
import type * as StartTls from "./errors/starttls.ts";
import type { TicketKeysError } from "./errors/tickets.ts";
import type { LineTooLong, StreamEnded } from "./errors/transport.ts";
import type { InvalidPin, SystemRootsError } from "./errors/trust.ts";

/**
 * What can go wrong outside of a connection: a layer cannot be built, a store fails, keys cannot be exported, a stream ends
 * before TLS begins.
 */
export type SetupError =
  | AdmissionRefused
  | BindingUnavailable
  | CredentialFileError
  | CredentialMismatch
  | CrlFileError
  | InvalidKeyShare
  | InvalidPin
  | LineTooLong
  | PemError
  | PreSharedKeysError
  | SessionStoreError
  | InstanceType<(typeof StartTls)[keyof typeof StartTls]>
  | StreamEnded
  | SystemRootsError
  | TicketKeysError;
