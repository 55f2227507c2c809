/** Describes errors to people: what happened, the alert, the RFC, and advice. @module */
import type { AlertName } from "../names/alert.ts";
import { printable } from "../wire/printable.ts";
import type { Circumstances } from "./circumstances.ts";
import { hintOf, isTlsError } from "./faults.ts";
import { setupHints } from "./hints.ts";
import { forReaders } from "./means.ts";
import { alertOf, rfcOf } from "./meaning.ts";
import type { SetupError } from "./setup_error.ts";
import type { TlsError } from "./tls_error.ts";

/** The description of an error. */
export interface Explanation {
  /** The tag of the error. */
  readonly _tag: (TlsError | SetupError)["_tag"];
  /** What happened, in one sentence. */
  readonly what: string;
  /** The alert that tells the peer of such an error, if there is one. It is not sent once the connection has ended. */
  readonly alert: AlertName | undefined;
  /** The section of an RFC that was broken, if there was one. */
  readonly rfc: string | undefined;
  /** What to do about the error, if there is advice. */
  readonly hint: string | undefined;
}

/** Describes an error, of a connection or outside of one. The hint is better if the circumstances are given. */
export const explain = (e: TlsError | SetupError, circumstances?: Circumstances): Explanation =>
  isTlsError(e)
    ? {
      _tag: e._tag,
      what: e.message,
      alert: alertOf(e),
      rfc: rfcOf(e, circumstances),
      hint: hintOf(e, circumstances ?? {}),
    }
    : {
      _tag: e._tag,
      what: e.message,
      alert: undefined,
      rfc: (e as { readonly rfc?: string }).rfc, // those of STARTTLS name the section of their protocol
      hint: forReaders(setupHints.get(e._tag) ?? "", circumstances?.readers) || undefined,
    };

/** Describes an error in one sentence: what happened, the alert, the RFC, and what to do. */
export const sentence = ({ what, alert, rfc, hint }: Explanation): string => {
  const facts = [...(alert ? [`alert ${alert}`] : []), ...(rfc ? [rfc] : [])].join(", ");
  return printable(`${what}${facts && ` (${facts})`}${hint ? `; ${hint}` : ""}`);
};

/** Formats an explanation as a few lines of text. Unprintable characters, which a peer may have sent, are escaped. */
export const render = ({ _tag, what, alert, rfc, hint }: Explanation): string =>
  [
    `${_tag}: ${what}`,
    ...(alert ? [`  alert  ${alert}`] : []),
    ...(rfc ? [`  see    ${rfc}`] : []),
    ...(hint ? [`  hint   ${hint}`] : []),
  ].map(printable).join("\n");
