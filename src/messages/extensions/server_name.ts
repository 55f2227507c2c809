/** @module */
import type { Schema } from "../../deps.ts";
import { NameType } from "../../names/protocol.ts";
import {
  type Extension,
  extension,
  type Member,
  type Opaque,
  opaque,
  text,
  type Variant,
  variant,
  type Vector,
  vector,
} from "../../wire/schema.ts";

/** `struct { NameType name_type; select (name_type) { case host_name: HostName; } name; } ServerName` (RFC 6066 §3). */
export const ServerName: Variant<
  "nameType",
  Member<"NameType">,
  { host_name: { name: Schema.Schema<string> } },
  { name: Opaque }
> = variant("nameType", NameType, { host_name: { name: text(1, 2 ** 16 - 1) } }, {
  name: opaque(0, 2 ** 16 - 1),
});

/** In a ClientHello: the names of the server that the client wants to reach (RFC 6066 §3). */
export const ServerNameList: Extension<
  "server_name",
  { serverNameList: Vector<typeof ServerName.Type, typeof ServerName.Encoded> }
> = extension("server_name", 0, "RFC 6066 §3", {
  serverNameList: vector(ServerName, 1, 2 ** 16 - 1),
});

/** In ServerHello or EncryptedExtensions: the server used the client's server_name. Empty (RFC 6066 §3). */
export const ServerNameAcknowledged: Extension<"server_name"> = extension(
  "server_name",
  0,
  "RFC 6066 §3",
  {},
);
