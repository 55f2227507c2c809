/** @module */
import { ProtocolVersion } from "../../names/protocol.ts";
import { type Extension, extension, type Vector, vector } from "../../wire/schema.ts";

/**
 * In a ClientHello: the versions that the client offers, the preferred first. It overrides the ClientHello's own
 * version (RFC 8446 §4.2.1).
 */
export const SupportedVersions: Extension<
  "supported_versions",
  { versions: Vector<ProtocolVersion, string> }
> = extension("supported_versions", 43, "RFC 8446 §4.2.1", {
  versions: vector(ProtocolVersion, 2, 254),
});

/** In a ServerHello: the version that the server chose, TLS 1.3 or later (RFC 8446 §4.2.1). */
export const SelectedVersion: Extension<"supported_versions", { selectedVersion: typeof ProtocolVersion }> =
  extension("supported_versions", 43, "RFC 8446 §4.2.1", {
    selectedVersion: ProtocolVersion,
  });
