/** Extensions about pre-shared keys, and the early data that is sent under one. @module */
import { Schema } from "../../deps.ts";
import { KdfIdentifier, ProtocolVersion, PskKeyExchangeMode } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";
import {
  type Extension,
  extension,
  type Opaque,
  opaque,
  type Uint,
  uint16,
  uint32,
  type Vector,
  vector,
} from "../../wire/schema.ts";

/** `struct { opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age; } PskIdentity` (RFC 8446 §4.2.11). */
export const PskIdentity: Schema.Struct<{ identity: Opaque; obfuscatedTicketAge: Uint }> = Schema.Struct({
  identity: opaque(1, 2 ** 16 - 1),
  /** Milliseconds since the ticket came, plus its `ticketAgeAdd`, modulo 2^32; 0 for a PSK that is no ticket. */
  obfuscatedTicketAge: uint32,
});
/** The name of a PSK, a ticket or any other, and its obfuscated age in milliseconds. */
export type PskIdentity = typeof PskIdentity.Type;

/**
 * In a ClientHello, as its last extension: the PSKs that the client offers, the preferred first, and for each a proof
 * that the client has it (RFC 8446 §4.2.11).
 */
export const OfferedPsks: Extension<
  "pre_shared_key",
  { identities: Vector<PskIdentity, typeof PskIdentity.Encoded>; binders: Vector<Bytes, string> }
> = extension("pre_shared_key", 41, "RFC 8446 §4.2.11", {
  identities: vector(PskIdentity, 7, 2 ** 16 - 1),
  binders: vector(opaque(32, 255), 33, 2 ** 16 - 1),
});

/** In a ServerHello: the PSK that the server chose, by its place in the client's list, from 0 (RFC 8446 §4.2.11). */
export const SelectedPsk: Extension<"pre_shared_key", { selectedIdentity: Uint }> = extension(
  "pre_shared_key",
  41,
  "RFC 8446 §4.2.11",
  { selectedIdentity: uint16 },
);

/** In a ClientHello: the ways in which the client would use a PSK (RFC 8446 §4.2.9). */
export const PskKeyExchangeModes: Extension<
  "psk_key_exchange_modes",
  { keModes: Vector<PskKeyExchangeMode, string> }
> = extension("psk_key_exchange_modes", 45, "RFC 8446 §4.2.9", {
  keModes: vector(PskKeyExchangeMode, 1, 2 ** 8 - 1),
});

/**
 * In a ClientHello: early data follows, under the first PSK offered. In EncryptedExtensions: the server accepts it.
 * Empty (RFC 8446 §4.2.10).
 */
export const EarlyData: Extension<"early_data"> = extension("early_data", 42, "RFC 8446 §4.2.10", {});

/** In a NewSessionTicket: how many bytes of early data may be sent with this ticket (RFC 8446 §4.2.10). */
export const MaxEarlyData: Extension<"early_data", { maxEarlyDataSize: Uint }> = extension(
  "early_data",
  42,
  "RFC 8446 §4.2.10",
  { maxEarlyDataSize: uint32 },
);

/**
 * `struct { opaque external_identity<1..2^16-1>; opaque context<0..2^16-1>; uint16 target_protocol; uint16 target_kdf;
 * } ImportedIdentity` (RFC 9258 §5.1): as bytes, the identity of a PSK that was imported for one version and one KDF.
 */
export const ImportedIdentity: Schema.Struct<{
  externalIdentity: Opaque;
  context: Opaque;
  targetProtocol: typeof ProtocolVersion;
  targetKdf: typeof KdfIdentifier;
}> = Schema.Struct({
  externalIdentity: opaque(1, 2 ** 16 - 1),
  context: opaque(0, 2 ** 16 - 1),
  targetProtocol: ProtocolVersion,
  targetKdf: KdfIdentifier,
});
/** The identity of an imported PSK: the external one's, a context, and what it is for. */
export type ImportedIdentity = typeof ImportedIdentity.Type;
