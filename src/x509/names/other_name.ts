/** The one form of otherName that is compared: an internationalized mailbox (RFC 9598 §3). @module */
import { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { any, decodeDer, explicit, tagged } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { objectIdentifier } from "../der/types.ts";

/** `AnotherName`, with its tag of GeneralName (RFC 5280 §4.2.1.6). */
const otherName = tagged(0xa0, (r) => ({ type: objectIdentifier.read(r), value: explicit(0, any).read(r) }));

const UTF8_STRING = 0x0c;

/**
 * The address in an otherName of the form SmtpUTF8Mailbox, given as DER; empty when that is malformed, `undefined` for
 * another form.
 */
export const smtpUtf8Mailbox = (der: Bytes): string | undefined => {
  const read = Either.getOrUndefined(decodeDer("otherName", otherName, der));
  if (!read || read.type !== oids["id-on-SmtpUTF8Mailbox"]) return undefined;
  try {
    return read.value.tag === UTF8_STRING ? decoder.decode(read.value.content) : "";
  } catch {
    return ""; // it is not UTF-8
  }
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
