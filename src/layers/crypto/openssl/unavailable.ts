/** The error of OpenSSL's layer. @module */
import { Data } from "../../../deps.ts";

/** OpenSSL's libcrypto cannot be used. */
export class OpenSslUnavailable extends Data.TaggedError("OpenSslUnavailable")<{
  /** Each library that was tried, and what was wrong. */
  readonly tried: ReadonlyArray<string>;
}> {
  /** What happened, and what to do. */
  override get message(): string {
    return `no OpenSSL 3 could be opened: ${
      this.tried.join("; ")
    }; allow one to be opened by --allow-ffi=PATH, and ` +
      "give its path as library if it is elsewhere";
  }
}
