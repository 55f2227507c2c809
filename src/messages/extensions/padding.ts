/** @module */
import { type Extension, extension, type Opaque, rest } from "../../wire/schema.ts";

/** Zero bytes that bring a ClientHello to a wanted length (RFC 7685 §3). */
export const Padding: Extension<"padding", { zeros: Opaque }> = extension("padding", 21, "RFC 7685 §3", {
  zeros: rest,
});
