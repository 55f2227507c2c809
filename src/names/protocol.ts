/** The small enumerations of the protocol itself: versions, content types, message types and the rest. @module */
import { enumerated } from "../wire/schema.ts";

/** `struct { uint8 major; uint8 minor; } ProtocolVersion` (RFC 5246 §6.2.1), as one number. */
export const ProtocolVersion = enumerated("ProtocolVersion", 2, {
  SSL_3_0: 0x0300,
  TLS_1_0: 0x0301,
  TLS_1_1: 0x0302,
  TLS_1_2: 0x0303,
  TLS_1_3: 0x0304,
});
/** A protocol version's number, ours or not. */
export type ProtocolVersion = typeof ProtocolVersion.Type;

/** How people write a version: `TLS 1.2`; hexadecimal when it is none. */
export const versionText = (version: number): string => {
  const name = ProtocolVersion.nameOf(version);
  return name.startsWith("0x") ? name : name.replace("_", " ").replace("_", ".");
};

/** `enum { … } ContentType` (RFC 5246 §6.2.1), IANA "TLS ContentType". */
export const ContentType = enumerated("ContentType", 1, {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
  heartbeat: 24,
  tls12_cid: 25,
  ACK: 26,
});
/** A record's content type. */
export type ContentType = typeof ContentType.Type;

/** `enum { … } HandshakeType` (RFC 5246 §7.4), IANA "TLS HandshakeType". */
export const HandshakeType = enumerated("HandshakeType", 1, {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  hello_verify_request: 3,
  new_session_ticket: 4,
  end_of_early_data: 5,
  hello_retry_request: 6,
  encrypted_extensions: 8,
  request_connection_id: 9,
  new_connection_id: 10,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  client_certificate_request: 17,
  finished: 20,
  certificate_url: 21,
  certificate_status: 22,
  supplemental_data: 23,
  key_update: 24,
  compressed_certificate: 25,
  ekt_key: 26,
  message_hash: 254,
});
/** A handshake message's type. */
export type HandshakeType = typeof HandshakeType.Type;

/** `enum { null(0), (255) } CompressionMethod` (RFC 5246 §7.4.1.2; RFC 3749 §2, RFC 3943). */
export const CompressionMethod = enumerated("CompressionMethod", 1, { null: 0, DEFLATE: 1, LZS: 64 });
/** A compression method's number. */
export type CompressionMethod = typeof CompressionMethod.Type;

/** `enum { … } ECPointFormat` (RFC 8422 §5.1.2). */
export const ECPointFormat = enumerated("ECPointFormat", 1, {
  uncompressed: 0,
  ansiX962_compressed_prime: 1,
  ansiX962_compressed_char2: 2,
});
/** How a point is written. */
export type ECPointFormat = typeof ECPointFormat.Type;

/** `enum { … } ECCurveType` (RFC 8422 §5.4). */
export const ECCurveType = enumerated("ECCurveType", 1, {
  explicit_prime: 1,
  explicit_char2: 2,
  named_curve: 3,
});
/** How a curve is named. */
export type ECCurveType = typeof ECCurveType.Type;

/** `enum { … } ClientCertificateType` (RFC 5246 §7.4.4, RFC 8422 §5.5, RFC 9189). */
export const ClientCertificateType = enumerated("ClientCertificateType", 1, {
  rsa_sign: 1,
  dss_sign: 2,
  rsa_fixed_dh: 3,
  dss_fixed_dh: 4,
  rsa_ephemeral_dh: 5,
  dss_ephemeral_dh: 6,
  fortezza_dms: 20,
  gost_sign256: 22,
  gost_sign512: 23,
  ecdsa_sign: 64,
  rsa_fixed_ecdh: 65,
  ecdsa_fixed_ecdh: 66,
});
/** The kind of certificate a server asks a client for. */
export type ClientCertificateType = typeof ClientCertificateType.Type;

/** `enum { host_name(0), (255) } NameType` (RFC 6066 §3). */
export const NameType = enumerated("NameType", 1, { host_name: 0 });

/** `enum { ocsp(1), (255) } CertificateStatusType` (RFC 6066 §8, RFC 6961 §2.2). */
export const CertificateStatusType = enumerated("CertificateStatusType", 1, { ocsp: 1, ocsp_multi: 2 });

/** `enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4), (255) } MaxFragmentLength` (RFC 6066 §4). */
export const MaxFragmentLength = enumerated("MaxFragmentLength", 1, {
  "2_9": 1,
  "2_10": 2,
  "2_11": 3,
  "2_12": 4,
});
/** The code of a fragment length. */
export type MaxFragmentLength = typeof MaxFragmentLength.Type;
