/** @module */
import type { Bytes } from "../../wire/bytes.ts";
import { type Extension, extension, label, type Opaque, type Vector, vector } from "../../wire/schema.ts";

/** `opaque ProtocolName<1..2^8-1>` (RFC 7301 §3.1): bytes that are readable in JSON where they are text. */
export const ProtocolName: Opaque = label(1, 2 ** 8 - 1);

/**
 * The application protocols that a client offers, the preferred first, or the one that the server chose
 * (RFC 7301 §3.1). In a ClientHello, and in ServerHello or EncryptedExtensions.
 */
export const ApplicationLayerProtocolNegotiation: Extension<
  "application_layer_protocol_negotiation",
  { protocolNameList: Vector<Bytes, string> }
> = extension(
  "application_layer_protocol_negotiation",
  16,
  "RFC 7301 §3.1",
  { protocolNameList: vector(ProtocolName, 2, 2 ** 16 - 1) },
);
