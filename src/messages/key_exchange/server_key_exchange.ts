/**
 * All forms of ServerKeyExchange: the parameters of a key exchange, and their signature. The negotiation decides
 * which form is sent, so the code that expects one names its class (RFC 5246 §7.4.3, RFC 8422 §5.4).
 *
 * @module
 */
import { Schema } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { ECCurveType } from "../../names/protocol.ts";
import { meta, type Opaque, opaque } from "../../wire/schema.ts";
import { DigitallySigned, Signed } from "../digitally_signed.ts";

/**
 * `struct { ECParameters curve_params; ECPoint public; } ServerECDHParams` for a named curve, the only kind still in
 * use (RFC 8422 §5.4). It is a struct of its own because exactly its bytes are signed.
 */
export const ServerECDHParams: Schema.Struct<
  { curveType: typeof ECCurveType; namedCurve: typeof NamedGroup; public: Opaque }
> = Schema.Struct({
  curveType: ECCurveType,
  namedCurve: NamedGroup,
  public: opaque(1, 2 ** 8 - 1),
});

/**
 * `struct { opaque dh_p; opaque dh_g; opaque dh_Ys; } ServerDHParams` (RFC 5246 §7.4.3). The numbers are big-endian.
 */
export const ServerDHParams: Schema.Struct<{ dhP: Opaque; dhG: Opaque; dhYs: Opaque }> = Schema.Struct({
  dhP: opaque(1, 2 ** 16 - 1),
  dhG: opaque(1, 2 ** 16 - 1),
  dhYs: opaque(1, 2 ** 16 - 1),
});

const ecdhe: ReturnType<typeof meta> = meta(12, "RFC 8422 §5.4");
const dhe: ReturnType<typeof meta> = meta(12, "RFC 5246 §7.4.3");

/** ECDHE parameters with a signature of TLS 1.2 (RFC 8422 §5.4). */
export class ServerKeyExchangeECDHE extends Schema.TaggedClass<ServerKeyExchangeECDHE>(
  "ServerKeyExchangeECDHE",
)("ServerKeyExchange", { params: ServerECDHParams, ...DigitallySigned }, ecdhe) {}

/** ECDHE parameters with a signature from before TLS 1.2 (RFC 4492 §5.4). */
export class ServerKeyExchangeECDHELegacy extends Schema.TaggedClass<ServerKeyExchangeECDHELegacy>(
  "ServerKeyExchangeECDHELegacy",
)("ServerKeyExchange", { params: ServerECDHParams, ...Signed }, ecdhe) {}

/** Unsigned ECDH parameters, of an anonymous key exchange (RFC 8422 §2.3). */
export class ServerKeyExchangeECDHAnon extends Schema.TaggedClass<ServerKeyExchangeECDHAnon>(
  "ServerKeyExchangeECDHAnon",
)("ServerKeyExchange", { params: ServerECDHParams }, ecdhe) {}

/** DHE parameters with a signature of TLS 1.2 (RFC 5246 §7.4.3). */
export class ServerKeyExchangeDHE extends Schema.TaggedClass<ServerKeyExchangeDHE>(
  "ServerKeyExchangeDHE",
)("ServerKeyExchange", { params: ServerDHParams, ...DigitallySigned }, dhe) {}

/** DHE parameters with a signature from before TLS 1.2 (RFC 4346 §7.4.3). */
export class ServerKeyExchangeDHELegacy extends Schema.TaggedClass<ServerKeyExchangeDHELegacy>(
  "ServerKeyExchangeDHELegacy",
)("ServerKeyExchange", { params: ServerDHParams, ...Signed }, dhe) {}

/** Unsigned DH parameters, of an anonymous key exchange (RFC 5246 §7.4.3). */
export class ServerKeyExchangeDHAnon extends Schema.TaggedClass<ServerKeyExchangeDHAnon>(
  "ServerKeyExchangeDHAnon",
)("ServerKeyExchange", { params: ServerDHParams }, dhe) {}
