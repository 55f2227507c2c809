/** Extensions about what others say of a certificate: OCSP responses and SCTs. @module */
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

/** In a ClientHello: the client asks for a stapled OCSP response (RFC 6066 §8, RFC 8446 §4.4.2.1). */
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

/** In a CertificateRequest of TLS 1.3: the server asks for a stapled OCSP response. The body is empty (RFC 8446 §4.4.2.1). */
export const ClientStatusRequest: Extension<"status_request"> = extension(
  "status_request",
  5,
  "RFC 8446 §4.4.2.1",
  {},
);

/**
 * With a certificate in TLS 1.3: the OCSP response for it, as a CertificateStatus of TLS 1.2 has it
 * (RFC 8446 §4.4.2.1).
 */
export const StapledStatus: Extension<
  "status_request",
  {
    status: Variant<
      "statusType",
      Member<"CertificateStatusType">,
      { ocsp: { response: Opaque } },
      { response: Opaque }
    >;
  }
> = extension("status_request", 5, "RFC 8446 §4.4.2.1", {
  status: variant("statusType", CertificateStatusType, { ocsp: { response: opaque(1, 2 ** 24 - 1) } }, {
    response: rest,
  }),
});

/**
 * In a ClientHello, or in a CertificateRequest of TLS 1.3: the sender asks for SCTs. The body is empty
 * (RFC 6962 §3.3.1, RFC 8446 §4.2).
 */
export const SignedCertificateTimestampRequest: Extension<"signed_certificate_timestamp"> = extension(
  "signed_certificate_timestamp",
  18,
  "RFC 6962 §3.3.1",
  {},
);

/**
 * In a ServerHello, or with a certificate in TLS 1.3: the SCTs of the certificate,
 * `SerializedSCT sct_list<1..2^16-1>` (RFC 6962 §3.3, RFC 8446 §4.4.2.1).
 */
export const SignedCertificateTimestampList: Extension<
  "signed_certificate_timestamp",
  { sctList: Vector<Bytes, string> }
> = extension("signed_certificate_timestamp", 18, "RFC 6962 §3.3", {
  sctList: vector(opaque(1, 2 ** 16 - 1), 1, 2 ** 16 - 1),
});
