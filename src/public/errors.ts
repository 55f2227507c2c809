/** Every error, its alert, and how to tell people. @module */
import type { TlsError } from "../faults/faults.ts";

export {
  BadRecordMac,
  CertificateError,
  Closed,
  DecodeError,
  DecompressionFailure,
  DecryptError,
  EncodeError,
  HandshakeTimeout,
  IllegalParameter,
  InvalidOption,
  LimitExceeded,
  type LimitName,
  NotTls,
  PeerAlert,
  PrivateKeyError,
  RecordOverflow,
  RecordVersion,
  Refused,
  RenegotiationRefused,
  TransportError,
  Truncated,
  UnexpectedMessage,
  UnsupportedExtension,
} from "../faults/errors.ts";
export { alertOf, type Family, familyOf, isFatal, rfcOf, type TlsError } from "../faults/faults.ts";
export { type Circumstances, explain, type Explanation, render } from "../faults/explain.ts";
export type { RefusalReason } from "../faults/refusals.ts";
export { printable } from "../wire/printable.ts";
export { InvalidKeyShare } from "../ports/crypto.ts";
export { SessionStoreError } from "../ports/sessions.ts";
export { CredentialMismatch } from "../layers/credentials/credentials.ts";
export { CredentialFileError } from "../layers/credentials/files.ts";
export { PemError } from "../x509/pem.ts";
export { TicketKeysError } from "../layers/tickets/rotating.ts";
export { InvalidPin } from "../layers/trust/layers.ts";
export { SystemRootsError } from "../layers/trust/system.ts";
export { BindingUnavailable, type ChannelBindingType } from "../flights/bindings.ts";

/** The former name of `TlsError`. @deprecated since 0.2.0, and gone in 0.4.0: use `TlsError`. */
export type HandshakeError = TlsError;

/** The former name of a part of `TlsError`. @deprecated since 0.2.0, and gone in 0.4.0: use `TlsError`. */
export type ConnectionError = TlsError;
