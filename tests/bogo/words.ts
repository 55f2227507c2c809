/** What errors are called that are several here and one to a runner: told by the error alone. @module */
import type { ShimError } from "./connection.ts";

/** The common name of an error; `undefined`: its own message says enough. */
export const wordOf = (error: ShimError): string | undefined => {
  switch (error._tag) {
    case "RecordVersion":
      return "wrong version";
    case "NotTls":
      return error.looksLike === "nothing known" ? "wrong version" : undefined;
    case "DecodeError":
      return error.subject === "HelloRequest" ? "no HelloRequest" : undefined;
    case "UnexpectedMessage":
      return error.expected.join() === "ApplicationData" ? "no HelloRequest" : undefined;
    case "LimitExceeded":
      return error.limit === "renegotiations" ? "no renegotiation" : undefined;
    case "Refused":
      return error.reason === "renegotiation_closed" ? "no renegotiation" : undefined;
    default:
      return undefined;
  }
};
