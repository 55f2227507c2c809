/** @module */
import { type Extension, extension } from "../../wire/schema.ts";

/**
 * Offers or accepts the extended master secret, which is bound to its handshake (RFC 7627 §5.1). In both hellos,
 * empty.
 */
export const ExtendedMasterSecret: Extension<"extended_master_secret"> = extension(
  "extended_master_secret",
  23,
  "RFC 7627 §5.1",
  {},
);
