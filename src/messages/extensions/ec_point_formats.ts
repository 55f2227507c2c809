/** @module */
import { ECPointFormat } from "../../names/protocol.ts";
import { type Extension, extension, type Vector, vector } from "../../wire/schema.ts";

/** The point formats that the sender can parse; uncompressed must be among them (RFC 8422 §5.1.2). In both hellos. */
export const ECPointFormats: Extension<
  "ec_point_formats",
  { ecPointFormatList: Vector<ECPointFormat, string> }
> = extension("ec_point_formats", 11, "RFC 8422 §5.1.2", {
  ecPointFormatList: vector(ECPointFormat, 1, 2 ** 8 - 1),
});
