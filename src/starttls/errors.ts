/** The union of the errors of STARTTLS. @module */
import type {
  InvalidOption,
  StartTlsEnded,
  StartTlsInjection,
  StartTlsNotOffered,
  StartTlsRefused,
  StartTlsTimeout,
  StartTlsTooLong,
  StartTlsUnexpected,
  TransportError,
} from "../public/errors.ts";

/** What can go wrong before TLS begins. The stream is closed then. The classes are those of `Errors`. */
export type StartTlsError =
  | StartTlsEnded
  | StartTlsInjection
  | StartTlsNotOffered
  | StartTlsRefused
  | StartTlsTimeout
  | StartTlsTooLong
  | StartTlsUnexpected
  | TransportError
  | InvalidOption;
