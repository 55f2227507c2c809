/** @module */
import { type Extension, extension } from "../../wire/schema.ts";

/** Offers or accepts encrypt-then-MAC for CBC suites (RFC 7366 §2). In both hellos, empty. */
export const EncryptThenMac: Extension<"encrypt_then_mac"> = extension(
  "encrypt_then_mac",
  22,
  "RFC 7366 §2",
  {},
);
