/** @module */
import { NamedGroup } from "../../names/named_group.ts";
import { type Extension, extension, type Vector, vector } from "../../wire/schema.ts";

/**
 * The client's groups for key exchange and, in TLS 1.2, for ECDSA certificates, the preferred first (RFC 8422 §5.1.1,
 * RFC 7919 §2).
 */
export const SupportedGroups: Extension<"supported_groups", { namedGroupList: Vector<NamedGroup, string> }> =
  extension("supported_groups", 10, "RFC 8422 §5.1.1", {
    namedGroupList: vector(NamedGroup, 2, 2 ** 16 - 1),
  });
