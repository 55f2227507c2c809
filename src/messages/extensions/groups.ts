/** Extensions about groups: those that an end supports, how it writes points, and its public keys. @module */
import { Schema } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { ECPointFormat } from "../../names/protocol.ts";
import { type Extension, extension, type Opaque, opaque, type Vector, vector } from "../../wire/schema.ts";

/**
 * The client's groups for key exchange and, in TLS 1.2, for ECDSA certificates, the preferred first (RFC 8422 §5.1.1,
 * RFC 7919 §2). In EncryptedExtensions: the server's, for the client's next connections (RFC 8446 §4.2.7).
 */
export const SupportedGroups: Extension<"supported_groups", { namedGroupList: Vector<NamedGroup, string> }> =
  extension("supported_groups", 10, "RFC 8422 §5.1.1", {
    namedGroupList: vector(NamedGroup, 2, 2 ** 16 - 1),
  });

/** The point formats that the sender can parse; uncompressed must be among them (RFC 8422 §5.1.2). In both hellos. */
export const ECPointFormats: Extension<
  "ec_point_formats",
  { ecPointFormatList: Vector<ECPointFormat, string> }
> = extension("ec_point_formats", 11, "RFC 8422 §5.1.2", {
  ecPointFormatList: vector(ECPointFormat, 1, 2 ** 8 - 1),
});

/** `struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry` (RFC 8446 §4.2.8). */
export const KeyShareEntry: Schema.Struct<{ group: typeof NamedGroup; keyExchange: Opaque }> = Schema.Struct({
  group: NamedGroup,
  keyExchange: opaque(1, 2 ** 16 - 1),
});
/** One end's public key for a group, encoded as the group has it. */
export type KeyShareEntry = typeof KeyShareEntry.Type;

/**
 * In a ClientHello: public keys for some of the supported groups, the preferred first. An empty list asks the server
 * for a HelloRetryRequest (RFC 8446 §4.2.8).
 */
export const KeyShareClientHello: Extension<
  "key_share",
  { clientShares: Vector<KeyShareEntry, typeof KeyShareEntry.Encoded> }
> = extension("key_share", 51, "RFC 8446 §4.2.8", {
  clientShares: vector(KeyShareEntry, 0, 2 ** 16 - 1),
});

/** In a HelloRetryRequest: the group for which the server wants a key (RFC 8446 §4.2.8). */
export const KeyShareHelloRetryRequest: Extension<"key_share", { selectedGroup: typeof NamedGroup }> =
  extension("key_share", 51, "RFC 8446 §4.2.8", { selectedGroup: NamedGroup });

/** In a ServerHello: the server's public key, for the group of one of the client's (RFC 8446 §4.2.8). */
export const KeyShareServerHello: Extension<"key_share", { serverShare: typeof KeyShareEntry }> = extension(
  "key_share",
  51,
  "RFC 8446 §4.2.8",
  { serverShare: KeyShareEntry },
);
