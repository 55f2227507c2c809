/** Describes errors to people: what happened, the alert, the RFC, and advice. @module */
import type { AlertName } from "../names/alert.ts";
import { printable } from "../wire/printable.ts";
import type { Circumstances } from "./circumstances.ts";
import { hintOf } from "./faults.ts";
import { alertOf, rfcOf } from "./meaning.ts";
import type { TlsError } from "./tls_error.ts";

/** The description of an error. */
export interface Explanation {
  /** The tag of the error. */
  readonly _tag: TlsError["_tag"];
  /** What happened, in one sentence. */
  readonly what: string;
  /** The alert that was sent to the peer, if there was one. */
  readonly alert: AlertName | undefined;
  /** The section of an RFC that was broken, if there was one. */
  readonly rfc: string | undefined;
  /** What to do about the error, if there is advice. */
  readonly hint: string | undefined;
}

/** Describes an error, any of `TlsError`. */
export const explain = (e: TlsError, circumstances: Circumstances = {}): Explanation => ({
  _tag: e._tag,
  what: e.message,
  alert: alertOf(e),
  rfc: rfcOf(e),
  hint: hintOf(e, circumstances),
});

/** Formats an explanation as a few lines of text. Unprintable characters, which a peer may have sent, are escaped. */
export const render = ({ _tag, what, alert, rfc, hint }: Explanation): string =>
  [
    `${_tag}: ${what}`,
    ...(alert ? [`  alert  ${alert} (sent)`] : []),
    ...(rfc ? [`  see    ${rfc}`] : []),
    ...(hint ? [`  hint   ${hint}`] : []),
  ].map(printable).join("\n");
