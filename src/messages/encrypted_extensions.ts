/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";
import { EncryptedExtensionsExtensions } from "./extensions/carriers.ts";

/**
 * The server's answers to the client's extensions, as far as they need not be in the clear. The first encrypted
 * message of TLS 1.3 (RFC 8446 §4.3.1).
 */
export class EncryptedExtensions extends Schema.TaggedClass<EncryptedExtensions>()("EncryptedExtensions", {
  extensions: EncryptedExtensionsExtensions,
}, meta(8, "RFC 8446 §4.3.1")) {}
