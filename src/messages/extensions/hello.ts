/** Extensions of the hellos themselves: the version, padding, and what a retry repeats. @module */
import { ProtocolVersion } from "../../names/protocol.ts";
import {
  type Extension,
  extension,
  type Opaque,
  opaque,
  rest,
  type Vector,
  vector,
} from "../../wire/schema.ts";

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

/** In a ServerHello or a HelloRetryRequest: the version that the server chose, TLS 1.3 or later (RFC 8446 §4.2.1). */
export const SelectedVersion: Extension<"supported_versions", { selectedVersion: typeof ProtocolVersion }> =
  extension("supported_versions", 43, "RFC 8446 §4.2.1", {
    selectedVersion: ProtocolVersion,
  });

/**
 * Bytes that a server wants to see again: in a HelloRetryRequest, and in the ClientHello that answers it
 * (RFC 8446 §4.2.2).
 */
export const Cookie: Extension<"cookie", { cookie: Opaque }> = extension("cookie", 44, "RFC 8446 §4.2.2", {
  cookie: opaque(1, 2 ** 16 - 1),
});

/** Zero bytes that bring a ClientHello to a wanted length (RFC 7685 §3). */
export const Padding: Extension<"padding", { zeros: Opaque }> = extension("padding", 21, "RFC 7685 §3", {
  zeros: rest,
});
