/** @module */
import { type Extension, extension, type Opaque, opaque } from "../../wire/schema.ts";

/**
 * Binds a renegotiation to the handshake before it; empty in a connection's first handshake (RFC 5746 §3.2). In both
 * hellos.
 */
export const RenegotiationInfo: Extension<"renegotiation_info", { renegotiatedConnection: Opaque }> =
  extension("renegotiation_info", 0xff01, "RFC 5746 §3.2", {
    renegotiatedConnection: opaque(0, 2 ** 8 - 1),
  });
