/** @module */
import { MaxFragmentLength } from "../../names/protocol.ts";
import { type Extension, extension } from "../../wire/schema.ts";

/** A client's request for shorter records, which a server accepts by echoing it (RFC 6066 §4). In both hellos. */
export const MaxFragmentLengthExtension: Extension<
  "max_fragment_length",
  { maxFragmentLength: typeof MaxFragmentLength }
> = extension("max_fragment_length", 1, "RFC 6066 §4", {
  maxFragmentLength: MaxFragmentLength,
});
