/** @module */
import { MaxFragmentLength } from "../../names/protocol.ts";
import { type Extension, extension } from "../../wire/schema.ts";

/** Shorter records, asked for and repeated in the answer (RFC 6066 §4). */
export const MaxFragmentLengthExtension: Extension<
  "max_fragment_length",
  { maxFragmentLength: typeof MaxFragmentLength }
> = extension("max_fragment_length", 1, "RFC 6066 §4", {
  maxFragmentLength: MaxFragmentLength,
});
