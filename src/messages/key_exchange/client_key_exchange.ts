/**
 * All forms of ClientKeyExchange; the cipher suite and the version decide which one is sent (RFC 5246 §7.4.7).
 *
 * @module
 */
import { Schema } from "../../deps.ts";
import { meta, opaque, rest } from "../../wire/schema.ts";

/** The premaster secret, encrypted with the server's RSA key (RFC 5246 §7.4.7.1). */
export class ClientKeyExchangeRSA
  extends Schema.TaggedClass<ClientKeyExchangeRSA>("ClientKeyExchangeRSA")("ClientKeyExchange", {
    encryptedPreMasterSecret: opaque(0, 2 ** 16 - 1),
  }, meta(16, "RFC 5246 §7.4.7.1")) {}

/**
 * The premaster secret, encrypted with the server's RSA key, as SSL 3.0 sends it: without a length
 * (RFC 6101 §5.6.7.1; see RFC 5246 §7.4.7.1).
 */
export class ClientKeyExchangeRSASSL30 extends Schema.TaggedClass<ClientKeyExchangeRSASSL30>(
  "ClientKeyExchangeRSASSL30",
)("ClientKeyExchange", { encryptedPreMasterSecret: rest }, meta(16, "RFC 6101 §5.6.7.1")) {}

/** The client's Diffie-Hellman public value (RFC 5246 §7.4.7.2). */
export class ClientKeyExchangeDHE
  extends Schema.TaggedClass<ClientKeyExchangeDHE>("ClientKeyExchangeDHE")("ClientKeyExchange", {
    dhYc: opaque(1, 2 ** 16 - 1),
  }, meta(16, "RFC 5246 §7.4.7.2")) {}

/** The client's ECDHE public key, a point (RFC 8422 §5.7). */
export class ClientKeyExchangeECDHE
  extends Schema.TaggedClass<ClientKeyExchangeECDHE>("ClientKeyExchangeECDHE")("ClientKeyExchange", {
    ecdhYc: opaque(1, 2 ** 8 - 1),
  }, meta(16, "RFC 8422 §5.7")) {}
