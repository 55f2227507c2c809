/** @module */
import { CertificateStatusType } from "../../names/protocol.ts";
import { extension, opaque, rest, variant, vector } from "../../wire/schema.ts";

/** In a ClientHello: please staple an OCSP response (RFC 6066 §8). */
export const CertificateStatusRequest = extension("status_request", 5, "RFC 6066 §8", {
  request: variant("statusType", CertificateStatusType, {
    ocsp: {
      responderIdList: vector(opaque(1, 2 ** 16 - 1), 0, 2 ** 16 - 1),
      requestExtensions: opaque(0, 2 ** 16 - 1),
    },
  }, { request: rest }),
});

/** In a ServerHello: a CertificateStatus may follow; the body is empty (RFC 6066 §8). */
export const StatusRequestAcknowledged = extension("status_request", 5, "RFC 6066 §8", {});
