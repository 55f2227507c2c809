/** @module */
import { CertificateStatusType } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";
import {
  type Extension,
  extension,
  type Member,
  type Opaque,
  opaque,
  rest,
  type Variant,
  variant,
  type Vector,
  vector,
} from "../../wire/schema.ts";

/** In a ClientHello: the client asks for a stapled OCSP response (RFC 6066 §8). */
export const CertificateStatusRequest: Extension<
  "status_request",
  {
    request: Variant<
      "statusType",
      Member<"CertificateStatusType">,
      { ocsp: { responderIdList: Vector<Bytes, string>; requestExtensions: Opaque } },
      { request: Opaque }
    >;
  }
> = extension("status_request", 5, "RFC 6066 §8", {
  request: variant("statusType", CertificateStatusType, {
    ocsp: {
      responderIdList: vector(opaque(1, 2 ** 16 - 1), 0, 2 ** 16 - 1),
      requestExtensions: opaque(0, 2 ** 16 - 1),
    },
  }, { request: rest }),
});

/** In a ServerHello: a CertificateStatus may follow. The body is empty (RFC 6066 §8). */
export const StatusRequestAcknowledged: Extension<"status_request"> = extension(
  "status_request",
  5,
  "RFC 6066 §8",
  {},
);
