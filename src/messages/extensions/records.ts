/** Extensions about records: how long they may be, and how they are protected. @module */
import { MaxFragmentLength } from "../../names/protocol.ts";
import { type Extension, extension, type Uint, uint16 } from "../../wire/schema.ts";

/**
 * A client's request for shorter records, which a server accepts by echoing it (RFC 6066 §4). In a ClientHello, and in ServerHello or
 * EncryptedExtensions.
 */
export const MaxFragmentLengthExtension: Extension<
  "max_fragment_length",
  { maxFragmentLength: typeof MaxFragmentLength }
> = extension("max_fragment_length", 1, "RFC 6066 §4", {
  maxFragmentLength: MaxFragmentLength,
});

/**
 * The longest plaintext that the sender wants in one record, in bytes. In TLS 1.3 it counts the byte of the content
 * type and the padding, too. In a ClientHello, and in ServerHello or EncryptedExtensions (RFC 8449 §4).
 */
export const RecordSizeLimit: Extension<"record_size_limit", { recordSizeLimit: Uint }> = extension(
  "record_size_limit",
  28,
  "RFC 8449 §4",
  { recordSizeLimit: uint16 },
);

/** Offers or accepts encrypt-then-MAC for CBC suites (RFC 7366 §2). In both hellos, empty. */
export const EncryptThenMac: Extension<"encrypt_then_mac"> = extension(
  "encrypt_then_mac",
  22,
  "RFC 7366 §2",
  {},
);
