/** Errors for people: what happened, which alert says so, where it is written, and what to do about it. @module */
import type { AlertName } from "../names/alert.ts";
import { printable } from "../wire/printable.ts";
import type { Circumstances } from "./circumstances.ts";
import { hintOf } from "./faults.ts";
import { alertOf, rfcOf } from "./meaning.ts";
import type { TlsError } from "./tls_error.ts";

/** An error, told. */
export interface Explanation {
  /** The tag of the error. */
  readonly _tag: TlsError["_tag"];
  /** What happened, in a sentence. */
  readonly what: string;
  /** The alert that went to the peer, if there was one to send. */
  readonly alert: AlertName | undefined;
  /** The section of an RFC that was broken, if one was. */
  readonly rfc: string | undefined;
  /** What to do about it, if there is advice. */
  readonly hint: string | undefined;
}

/** Tells an error; total, as the union is. */
export const explain = (e: TlsError, circumstances: Circumstances = {}): Explanation => ({
  _tag: e._tag,
  what: e.message,
  alert: alertOf(e),
  rfc: rfcOf(e),
  hint: hintOf(e, circumstances),
});

/** An explanation as one readable block of lines, in each of which what a peer may have said is escaped. */
export const render = ({ _tag, what, alert, rfc, hint }: Explanation): string =>
  [
    `${_tag}: ${what}`,
    ...(alert ? [`  alert  ${alert} (sent)`] : []),
    ...(rfc ? [`  see    ${rfc}`] : []),
    ...(hint ? [`  hint   ${hint}`] : []),
  ].map(printable).join("\n");
