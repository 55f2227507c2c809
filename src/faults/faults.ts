/**
 * All errors of a connection in one table: the family of each, the level that raises it, its alert, the RFC and a
 * hint. The unions of errors, and every question about an error, are read from this table.
 *
 * To add an error, write its class in `errors/connection.ts` and its row here. A class without a row does not
 * compile.
 *
 * @module
 */
import { AlertDescription, type AlertName } from "../names/alert.ts";
import { type Cited, eras } from "./cited.ts";
import { certificateAlerts, isRefusalAlert } from "./certificate_alerts.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Family } from "./family.ts";
import { certificateHint, either, type Older, olderThan, onTheWay, peerSaid } from "./hints.ts";
import { forReaders } from "./means.ts";
import { refusalOf } from "./refusals.ts";
import { alertSections, decryptSections, refusedBy } from "./sections.ts";
import type { TlsError } from "./tls_error.ts";
import type * as Errors from "./tls_errors.ts";

/** The tag of an error: the name of its class. */
type Tag = keyof typeof Errors;
type ErrorOf<T extends Tag> = InstanceType<(typeof Errors)[T]>;

/** A value, or a function that computes it from an error. */
type Of<E, A> = A | ((e: E) => A);

/** Evaluates a member of an error's row. */
export const told = <E, A extends Cited | undefined>(of: Of<E, A>, e: E): A =>
  typeof of === "function" ? of(e) : of;

/** A row of the table of errors. */
interface Fault<E> {
  readonly family: Family;
  /**
   * The lowest level that raises the error: records throw it, the wire fails with it, or the flights and the levels
   * above them do.
   */
  readonly from: "records" | "wire" | "flights";
  /**
   * The alert to send; `undefined` when nobody is left to receive one, or the connection goes on. `user_canceled` is
   * sent as a warning (RFC 5246 §7.2.2), all others are fatal.
   */
  readonly alert: Of<E, AlertName | undefined>;
  /** The section of an RFC that was broken; `undefined` when none was. */
  readonly rfc: Of<E, Cited | undefined>;
  /** What to do about the error. */
  readonly hint?: string | ((e: E, known: Circumstances) => string | undefined);
}

/** The alert for each limit. */
const limitAlerts: Record<Errors.LimitName, AlertName> = {
  handshakeMessage: "illegal_parameter",
  certificateMessage: "illegal_parameter",
  warningAlerts: "unexpected_message",
  emptyRecords: "unexpected_message",
  helloRequests: "unexpected_message",
  postHandshakeMessages: "unexpected_message",
  renegotiations: "no_renegotiation",
  renegotiationBuffer: "internal_error",
  // The peer did nothing wrong: the key is used up.
  shortBlockData: "internal_error",
  skippedEarlyData: "unexpected_message",
};

const limitHints: Partial<Record<Errors.LimitName, string>> = {
  renegotiationBuffer: "keep reading during a renegotiation, or raise the limit (Policy.limits)",
  postHandshakeMessages:
    "so many messages came without data in between; a peer that changes its keys that often needs a higher limit (Policy.limits)",
  renegotiations: "a peer that keeps renegotiating may want to exhaust this end (Policy.limits)",
};

const looksLike: Record<Errors.NotTls["looksLike"], string> = {
  "HTTP": "this is a plain HTTP port, or a plain HTTP client",
  "SSLv2": "the peer sent its hello in the format of SSL 2.0, which is obsolete",
  "text": "this port speaks text first: it may want STARTTLS ({starttls})",
  "nothing known": "is this a TLS port?",
};

const transportHints: Record<Errors.TransportError["operation"], Of<Older, string | undefined>> = {
  open: "is the name right, and is anything listening there?",
  listen: "another program may be using the port, or it may need administrator rights",
  accept: undefined,
  read: onTheWay,
  write: onTheWay,
};

/** The row of each error, by its tag. */
const faults = {
  DecodeError: {
    family: "decode",
    from: "records",
    alert: "decode_error",
    rfc: eras("7.2.2", "6.2"),
  },
  NotTls: {
    family: "decode",
    from: "records",
    alert: (e) => e.looksLike === "SSLv2" ? "protocol_version" : "unexpected_message",
    rfc: eras("6.2.1", "5.1"),
    hint: (e) => looksLike[e.looksLike],
  },
  UnexpectedMessage: {
    family: "protocol",
    from: "records",
    alert: "unexpected_message",
    rfc: eras("7.3", "4"),
  },
  IllegalParameter: {
    family: "protocol",
    from: "records",
    alert: "illegal_parameter",
    rfc: (e) => e.rfc,
  },
  RecordOverflow: {
    family: "protocol",
    from: "records",
    alert: "record_overflow",
    rfc: eras("6.2", "5.2"),
  },
  RecordVersion: {
    family: "protocol",
    from: "records",
    alert: "protocol_version",
    rfc: eras("6.2.1", "5.1"),
  },
  LimitExceeded: {
    family: "protocol",
    from: "records",
    alert: (e) => limitAlerts[e.limit],
    rfc: undefined,
    hint: (e) => limitHints[e.limit],
  },
  DecompressionFailure: {
    family: "protocol",
    from: "records",
    alert: "decompression_failure",
    rfc: "RFC 5246 §6.2.2",
    hint: "the two ends may implement compression differently: try without it ({noCompression})",
  },
  BadRecordMac: {
    family: "crypto",
    from: "records",
    alert: "bad_record_mac",
    rfc: eras("6.2.3.3", "5.2"),
    hint: "the bytes were changed on the way, or the two ends have different keys",
  },
  PeerAlert: {
    family: "peer alert",
    from: "wire",
    alert: undefined,
    rfc: (e) => alertSections[AlertDescription.nameOf(e.description)] ?? eras("7.2.2", "6.2"),
    hint: (e, known) => peerSaid(AlertDescription.nameOf(e.description), known),
  },
  TransportError: {
    family: "transport",
    from: "wire",
    alert: undefined,
    rfc: undefined,
    hint: (e, { policy, version }) =>
      version === undefined ? told(transportHints[e.operation], olderThan(policy)) : undefined,
  },
  Truncated: {
    family: "end",
    from: "wire",
    alert: undefined,
    rfc: eras("7.2.1", "6.1"),
    hint: (e, { policy }) =>
      e.handshaking ? either("the peer may not speak TLS here", olderThan(policy)) : undefined,
  },
  Closed: {
    family: "end",
    from: "wire",
    alert: undefined,
    rfc: undefined,
  },
  EncodeError: {
    family: "local",
    from: "flights",
    alert: "internal_error",
    rfc: undefined,
  },
  UnsupportedExtension: {
    family: "protocol",
    from: "flights",
    alert: "unsupported_extension",
    rfc: eras("7.4.1.4", "4.2"),
  },
  Refused: {
    family: "refused",
    from: "flights",
    alert: (e) => refusalOf(e.reason).alert,
    rfc: (e) => refusalOf(e.reason).rfc,
    hint: (e, { policy }) => {
      const { hint, mayBeOld } = refusalOf(e.reason);
      return mayBeOld ? either(olderThan(policy), hint) : hint;
    },
  },
  CertificateError: {
    family: "certificate",
    from: "flights",
    alert: (e) => e.alert !== undefined && isRefusalAlert(e.alert) ? e.alert : certificateAlerts[e.reason],
    rfc: (e) => e.rfc,
    hint: certificateHint,
  },
  CertificateDecompressionFailure: {
    family: "protocol",
    from: "flights",
    alert: "bad_certificate",
    rfc: "RFC 8879 §4",
    hint:
      "the two ends may implement the algorithm differently: try without it (Policy.certificateCompression)",
  },
  DecryptError: {
    family: "crypto",
    from: "flights",
    alert: "decrypt_error",
    rfc: (e) => decryptSections[e.what],
  },
  PrivateKeyError: {
    family: "local",
    from: "flights",
    alert: "internal_error",
    rfc: undefined,
  },
  HandshakeTimeout: {
    family: "timeout",
    from: "flights",
    alert: "user_canceled",
    rfc: undefined,
    hint: "the peer accepts connections but does not answer: is it a TLS port?",
  },
  InvalidOption: {
    family: "local",
    from: "flights",
    alert: undefined,
    rfc: undefined,
  },
  RenegotiationRefused: {
    family: "refused",
    from: "flights",
    alert: undefined,
    rfc: (e) => refusedBy[e.by].rfc,
    hint: (e) => refusedBy[e.by].hint,
  },
} satisfies { readonly [T in Tag]: Fault<ErrorOf<T>> };

type TagFrom<From> = { readonly [T in Tag]: (typeof faults)[T]["from"] extends From ? T : never }[Tag];

/** The errors of records and their contents. */
export type RecordError = ErrorOf<TagFrom<"records">>;

/** The errors between the byte stream and the flights. */
export type WireError = ErrorOf<TagFrom<"records" | "wire">>;

/** The row of an error that is none of these. A user's own service can fail with one, whatever its type says. */
const unknown: Fault<TlsError> = {
  family: "local",
  from: "flights",
  alert: "internal_error",
  rfc: undefined,
};

/** The row of an error. */
export const faultOf = (e: TlsError): Fault<TlsError> =>
  isTlsError(e) ? faults[e._tag] as Fault<TlsError> : unknown;

/** Whether an error is one that a connection can end in. */
export const isTlsError = (e: { readonly _tag: string }): e is TlsError => Object.hasOwn(faults, e._tag);

/** Whether a thrown value is an error that records throw. Anything else is a bug of this library. */
export const isRecordError = (e: unknown): e is RecordError =>
  e instanceof Error && "_tag" in e && Object.hasOwn(faults, e._tag as Tag) &&
  faults[e._tag as Tag].from === "records";

/** What to do about an error; `undefined` when there is no advice. */
export const hintOf = (e: TlsError, known: Circumstances): string | undefined => {
  const { hint } = faultOf(e);
  const said = typeof hint === "function" ? hint(e, known) : hint;
  return said && forReaders(said, known.readers);
};
