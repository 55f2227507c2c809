/** Extensions of a hello that belong to one era alone, by name. @module */

/** Extensions that mean something in TLS 1.3 alone (RFC 8446 §4.2, RFC 8879 §3). */
const only13: ReadonlySet<string> = new Set([
  "supported_versions",
  "key_share",
  "pre_shared_key",
  "psk_key_exchange_modes",
  "early_data",
  "cookie",
  "certificate_authorities",
  "post_handshake_auth",
  "compress_certificate",
]);

/** Extensions that mean nothing in TLS 1.3: it has what they agree on, or does without (RFC 8446 §D, RFC 8449 §5). */
const only12: ReadonlySet<string> = new Set([
  "ec_point_formats",
  "encrypt_then_mac",
  "extended_master_secret",
  "session_ticket",
  "renegotiation_info",
  "max_fragment_length",
]);

/** Whether an extension means something up to TLS 1.2. */
export const isUntil12 = (extension: string): boolean => !only13.has(extension);

/** Whether an extension means something in TLS 1.3. */
export const is13 = (extension: string): boolean => !only12.has(extension);
