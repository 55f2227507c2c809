/**
 * ServerKeyExchange in all its forms: the parameters of an exchange, and how they are signed. Which one comes is
 * decided by the negotiation, so whoever expects it names the class (RFC 5246 §7.4.3, RFC 8422 §5.4).
 *
 * @module
 */
import { Schema } from "../deps.ts";
import { NamedGroup } from "../names/named_group.ts";
import { ECCurveType } from "../names/protocol.ts";
import { meta, type Opaque, opaque } from "../wire/schema.ts";
import { DigitallySigned, Signed } from "./digitally_signed.ts";

/**
 * `struct { ECParameters curve_params; ECPoint public; } ServerECDHParams` for a named curve, the only kind left
 * (RFC 8422 §5.4). A struct of its own, because its bytes are what is signed.
 */
export const ServerECDHParams: Schema.Struct<
  { curveType: typeof ECCurveType; namedCurve: typeof NamedGroup; public: Opaque }
> = Schema.Struct({
  curveType: ECCurveType,
  namedCurve: NamedGroup,
  public: opaque(1, 2 ** 8 - 1),
});

/** `struct { opaque dh_p; opaque dh_g; opaque dh_Ys; } ServerDHParams`, big-endian (RFC 5246 §7.4.3). */
export const ServerDHParams: Schema.Struct<{ dhP: Opaque; dhG: Opaque; dhYs: Opaque }> = Schema.Struct({
  dhP: opaque(1, 2 ** 16 - 1),
  dhG: opaque(1, 2 ** 16 - 1),
  dhYs: opaque(1, 2 ** 16 - 1),
});

const ecdhe: ReturnType<typeof meta> = meta(12, "RFC 8422 §5.4");
const dhe: ReturnType<typeof meta> = meta(12, "RFC 5246 §7.4.3");

/** ECDHE parameters, signed as TLS 1.2 does (RFC 8422 §5.4). */
export class ServerKeyExchangeECDHE extends Schema.TaggedClass<ServerKeyExchangeECDHE>(
  "ServerKeyExchangeECDHE",
)("ServerKeyExchange", { params: ServerECDHParams, ...DigitallySigned }, ecdhe) {}

/** ECDHE parameters, signed as before TLS 1.2 (RFC 4492 §5.4). */
export class ServerKeyExchangeECDHELegacy extends Schema.TaggedClass<ServerKeyExchangeECDHELegacy>(
  "ServerKeyExchangeECDHELegacy",
)("ServerKeyExchange", { params: ServerECDHParams, ...Signed }, ecdhe) {}

/** ECDH parameters that nobody signs (RFC 8422 §2.3). */
export class ServerKeyExchangeECDHAnon extends Schema.TaggedClass<ServerKeyExchangeECDHAnon>(
  "ServerKeyExchangeECDHAnon",
)("ServerKeyExchange", { params: ServerECDHParams }, ecdhe) {}

/** DHE parameters, signed as TLS 1.2 does (RFC 5246 §7.4.3). */
export class ServerKeyExchangeDHE extends Schema.TaggedClass<ServerKeyExchangeDHE>(
  "ServerKeyExchangeDHE",
)("ServerKeyExchange", { params: ServerDHParams, ...DigitallySigned }, dhe) {}

/** DHE parameters, signed as before TLS 1.2 (RFC 4346 §7.4.3). */
export class ServerKeyExchangeDHELegacy extends Schema.TaggedClass<ServerKeyExchangeDHELegacy>(
  "ServerKeyExchangeDHELegacy",
)("ServerKeyExchange", { params: ServerDHParams, ...Signed }, dhe) {}

/** DH parameters that nobody signs (RFC 5246 §7.4.3). */
export class ServerKeyExchangeDHAnon extends Schema.TaggedClass<ServerKeyExchangeDHAnon>(
  "ServerKeyExchangeDHAnon",
)("ServerKeyExchange", { params: ServerDHParams }, dhe) {}
