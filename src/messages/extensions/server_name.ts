/** @module */
import { NameType } from "../../names/protocol.ts";
import { extension, opaque, text, variant, vector } from "../../wire/schema.ts";

/** `struct { NameType name_type; select (name_type) { case host_name: HostName; } name; } ServerName` (RFC 6066 §3). */
export const ServerName = variant("nameType", NameType, { host_name: { name: text(1, 2 ** 16 - 1) } }, {
  name: opaque(0, 2 ** 16 - 1),
});

/** In a ClientHello: the names of the server that is wanted (RFC 6066 §3). */
export const ServerNameList = extension("server_name", 0, "RFC 6066 §3", {
  serverNameList: vector(ServerName, 1, 2 ** 16 - 1),
});

/** In a ServerHello: the name was used; the body is empty (RFC 6066 §3). */
export const ServerNameAcknowledged = extension("server_name", 0, "RFC 6066 §3", {});
