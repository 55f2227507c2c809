/** The smaller enumerations of the protocol: versions, content types, handshake types and others. @module */
import { type Enumerated, enumerated } from "../wire/schema.ts";

const protocolVersions = {
  SSL_3_0: 0x0300,
  TLS_1_0: 0x0301,
  TLS_1_1: 0x0302,
  TLS_1_2: 0x0303,
  TLS_1_3: 0x0304,
} as const;
/** `struct { uint8 major; uint8 minor; } ProtocolVersion` (RFC 5246 §6.2.1), as one number. */
export const ProtocolVersion: Enumerated<"ProtocolVersion", typeof protocolVersions> = enumerated(
  "ProtocolVersion",
  2,
  protocolVersions,
);
/** A protocol version's number, registered or not. */
export type ProtocolVersion = typeof ProtocolVersion.Type;

/** A version as people write it: `TLS 1.2`. An unknown version is in hexadecimal. */
export const versionText = (version: number): string => {
  const name = ProtocolVersion.nameOf(version);
  return name.startsWith("0x") ? name : name.replace("_", " ").replace("_", ".");
};

const contentTypes = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
  heartbeat: 24,
  tls12_cid: 25,
  ACK: 26,
} as const;
/** `enum { … } ContentType` (RFC 5246 §6.2.1), IANA "TLS ContentType". */
export const ContentType: Enumerated<"ContentType", typeof contentTypes> = enumerated(
  "ContentType",
  1,
  contentTypes,
);
/** A record's content type. */
export type ContentType = typeof ContentType.Type;

const handshakeTypes = {
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
} as const;
/** The type of the registry `HandshakeType`: its members are properties. */
export interface HandshakeTypeRegistry extends Enumerated<"HandshakeType", typeof handshakeTypes> {}
/** `enum { … } HandshakeType` (RFC 5246 §7.4), IANA "TLS HandshakeType". */
export const HandshakeType: HandshakeTypeRegistry = enumerated("HandshakeType", 1, handshakeTypes);
/** A handshake message's type. */
export type HandshakeType = typeof HandshakeType.Type;

const compressionMethods = { null: 0, DEFLATE: 1, LZS: 64 } as const;
/** `enum { null(0), (255) } CompressionMethod` (RFC 5246 §7.4.1.2; RFC 3749 §2, RFC 3943). */
export const CompressionMethod: Enumerated<"CompressionMethod", typeof compressionMethods> = enumerated(
  "CompressionMethod",
  1,
  compressionMethods,
);
/** A compression method's number. */
export type CompressionMethod = typeof CompressionMethod.Type;

const pointFormats = {
  uncompressed: 0,
  ansiX962_compressed_prime: 1,
  ansiX962_compressed_char2: 2,
} as const;
/** `enum { … } ECPointFormat` (RFC 8422 §5.1.2). */
export const ECPointFormat: Enumerated<"ECPointFormat", typeof pointFormats> = enumerated(
  "ECPointFormat",
  1,
  pointFormats,
);
/** The number of a point format: how an elliptic curve point is encoded. */
export type ECPointFormat = typeof ECPointFormat.Type;

const curveTypes = {
  explicit_prime: 1,
  explicit_char2: 2,
  named_curve: 3,
} as const;
/** `enum { … } ECCurveType` (RFC 8422 §5.4). */
export const ECCurveType: Enumerated<"ECCurveType", typeof curveTypes> = enumerated(
  "ECCurveType",
  1,
  curveTypes,
);
/** The number of a curve type: how ECParameters give the curve. */
export type ECCurveType = typeof ECCurveType.Type;

const certificateTypes = {
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
} as const;
/** The type of the registry `ClientCertificateType`: its members are properties. */
export interface ClientCertificateTypeRegistry
  extends Enumerated<"ClientCertificateType", typeof certificateTypes> {}
/** `enum { … } ClientCertificateType` (RFC 5246 §7.4.4, RFC 8422 §5.5, RFC 9189). */
export const ClientCertificateType: ClientCertificateTypeRegistry = enumerated(
  "ClientCertificateType",
  1,
  certificateTypes,
);
/** The number of a certificate type that a server accepts from a client. */
export type ClientCertificateType = typeof ClientCertificateType.Type;

const nameTypes = { host_name: 0 } as const;
/** `enum { host_name(0), (255) } NameType` (RFC 6066 §3). */
export const NameType: Enumerated<"NameType", typeof nameTypes> = enumerated("NameType", 1, nameTypes);

const statusTypes = { ocsp: 1, ocsp_multi: 2 } as const;
/** `enum { ocsp(1), (255) } CertificateStatusType` (RFC 6066 §8, RFC 6961 §2.2). */
export const CertificateStatusType: Enumerated<"CertificateStatusType", typeof statusTypes> = enumerated(
  "CertificateStatusType",
  1,
  statusTypes,
);

const fragmentLengths = {
  "2_9": 1,
  "2_10": 2,
  "2_11": 3,
  "2_12": 4,
} as const;
/** `enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4), (255) } MaxFragmentLength` (RFC 6066 §4). */
export const MaxFragmentLength: Enumerated<"MaxFragmentLength", typeof fragmentLengths> = enumerated(
  "MaxFragmentLength",
  1,
  fragmentLengths,
);
/** The code of a maximum fragment length. */
export type MaxFragmentLength = typeof MaxFragmentLength.Type;

const pskKeyExchangeModes = { psk_ke: 0, psk_dhe_ke: 1 } as const;
/** `enum { psk_ke(0), psk_dhe_ke(1), (255) } PskKeyExchangeMode` (RFC 8446 §4.2.9). */
export const PskKeyExchangeMode: Enumerated<"PskKeyExchangeMode", typeof pskKeyExchangeModes> = enumerated(
  "PskKeyExchangeMode",
  1,
  pskKeyExchangeModes,
);
/** The number of a way to use a pre-shared key: alone, or together with (EC)DHE. */
export type PskKeyExchangeMode = typeof PskKeyExchangeMode.Type;

const keyUpdateRequests = { update_not_requested: 0, update_requested: 1 } as const;
/** `enum { update_not_requested(0), update_requested(1), (255) } KeyUpdateRequest` (RFC 8446 §4.6.3). */
export const KeyUpdateRequest: Enumerated<"KeyUpdateRequest", typeof keyUpdateRequests> = enumerated(
  "KeyUpdateRequest",
  1,
  keyUpdateRequests,
);
/** Whether the sender of a KeyUpdate wants one in return, as a number. */
export type KeyUpdateRequest = typeof KeyUpdateRequest.Type;

const compressionAlgorithms = { zlib: 1, brotli: 2, zstd: 3 } as const;
/** `enum { zlib(1), brotli(2), zstd(3), (65535) } CertificateCompressionAlgorithm` (RFC 8879 §3). */
export const CertificateCompressionAlgorithm: Enumerated<
  "CertificateCompressionAlgorithm",
  typeof compressionAlgorithms
> = enumerated("CertificateCompressionAlgorithm", 2, compressionAlgorithms);
/** The number of an algorithm that compresses certificate chains. */
export type CertificateCompressionAlgorithm = typeof CertificateCompressionAlgorithm.Type;

const kdfIdentifiers = { HKDF_SHA256: 1, HKDF_SHA384: 2 } as const;
/** IANA "TLS KDF Identifiers" (RFC 9258 §10): the KDF that an imported PSK is for. */
export const KdfIdentifier: Enumerated<"KdfIdentifier", typeof kdfIdentifiers> = enumerated(
  "KdfIdentifier",
  2,
  kdfIdentifiers,
);
/** The number of a KDF. */
export type KdfIdentifier = typeof KdfIdentifier.Type;
