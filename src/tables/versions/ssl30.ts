/** SSL 3.0 (RFC 6101). It is broken (RFC 7568), and spoken only if a policy names it. @module */
import { expand, type HashPair, keyedContent, keyedDigest } from "../../crypto/ssl30.ts";
import { form } from "../../grammar/form.ts";
import { either, noCertificate } from "../../grammar/places.ts";
import { Warning } from "../../grammar/send.ts";
import { ClientKeyExchangeRSASSL30 } from "../../messages/mod.ts";
import { AlertLevel, type AlertName } from "../../names/alert.ts";
import { ClientCertificateType, ProtocolVersion } from "../../names/protocol.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import { rulesUntil12 } from "../../record/phase.ts";
import type { RecordForm } from "../../record/protection/cipher.ts";
import { ssl30Form } from "../../record/protection/mac.ts";
import { ascii, concat, EMPTY } from "../../wire/bytes.ts";
import type { Dialect } from "./dialect.ts";
import { protections } from "./key_block.ts";
import { certificateRequestBefore12, signingBefore12 } from "./signing_before12.ts";
import { tlsCommon } from "./tls.ts";

const records: RecordForm = {
  version: ProtocolVersion.SSL_3_0,
  mac: ssl30Form,
  iv: "chained",
  padding: "ssl30",
};

const MASTER_SECRET_LENGTH = 48;
const senders = { client: ascii("CLNT"), server: ascii("SRVR") };

const hashPair = (crypto: CryptoService): HashPair => ({
  md5: crypto.hash("md5"),
  sha1: crypto.hash("sha1"),
});

/** The key derivation (RFC 6101 §5.6.9, §6.1, §6.2.2). There is no extended master secret: RFC 7627 §4 needs a PRF. */
const derive: Dialect["derive"] = (suite, random, crypto) => {
  const hashes = hashPair(crypto);
  const master = (premaster: Uint8Array) =>
    expand(hashes, premaster, concat(random.client, random.server), MASTER_SECRET_LENGTH);
  return {
    master,
    extendedMaster: master,
    keys: (secret, encryptThenMac) =>
      protections(
        suite,
        records,
        crypto,
        encryptThenMac,
        (length) => expand(hashes, secret, concat(random.server, random.client), length),
      ),
    verifyData: (secret, side, transcript) => keyedDigest(hashes, secret, transcript, senders[side]),
    exporter: undefined,
  };
};

/** The alerts of SSL 3.0 (RFC 6101 §5.4), and the names that later alerts get there, all of them fatal. */
const alerts: Partial<Record<AlertName, AlertName>> = {
  close_notify: "close_notify",
  unexpected_message: "unexpected_message",
  bad_record_mac: "bad_record_mac",
  decompression_failure: "decompression_failure",
  handshake_failure: "handshake_failure",
  no_certificate: "no_certificate",
  bad_certificate: "bad_certificate",
  unsupported_certificate: "unsupported_certificate",
  certificate_revoked: "certificate_revoked",
  certificate_expired: "certificate_expired",
  certificate_unknown: "certificate_unknown",
  access_denied: "certificate_unknown",
  bad_certificate_status_response: "bad_certificate",
  illegal_parameter: "illegal_parameter",
  decryption_failed: "bad_record_mac",
  record_overflow: "bad_record_mac",
  decode_error: "illegal_parameter",
  unknown_ca: "bad_certificate",
};

const alert: Dialect["alert"] = (level, description) => {
  // The close_notify that follows is enough.
  if (description === "user_canceled") return undefined;
  const known = alerts[description];
  return known === description
    ? { level, description }
    : { level: AlertLevel.fatal, description: known ?? "handshake_failure" };
};

const among = (...names: ReadonlyArray<string>) => {
  const set = new Set(names);
  return (extension: string): boolean => set.has(extension);
};

/**
 * SSL 3.0. Its only extension is renegotiation_info (RFC 5746), but its last servers answered others that a hello of TLS
 * carries. Extensions that change keys, or messages that SSL 3.0 does not have, are ignored.
 */
export const ssl30: Dialect = {
  era: "until12",
  version: ProtocolVersion.SSL_3_0,
  alert,
  noCertificate: true,
  isFatal: tlsCommon.isFatal,
  helloRequests: true,
  compresses: true,
  resumes: tlsCommon.resumes,
  records: rulesUntil12(ProtocolVersion.SSL_3_0),
  afterHandshake: tlsCommon.afterHandshake,
  says: among("renegotiation_info"),
  honours: {
    client: among("renegotiation_info", "supported_groups"),
    server: among(
      "renegotiation_info",
      "server_name",
      "status_request",
      "ec_point_formats",
      "max_fragment_length",
      "signed_certificate_timestamp",
      "application_layer_protocol_negotiation",
    ),
  },
  derive,
  signing: signingBefore12(
    (transcript, master, crypto) => keyedDigest(hashPair(crypto), master, transcript, EMPTY),
    // The signature scheme applies SHA-1 itself.
    (transcript, master, crypto) => keyedContent(crypto.hash("sha1"), master, transcript, EMPTY),
  ),
  defaultSchemes: [],
  clientKeyExchangeRSA: form(ClientKeyExchangeRSASSL30),
  certificateTypes: [ClientCertificateType.rsa_sign],
  certificateRequest: certificateRequestBefore12,
  clientCertificate: {
    // Some clients send an empty Certificate, as in TLS.
    place: either(tlsCommon.clientCertificate.place, noCertificate.map(() => [])),
    none: new Warning("no_certificate"),
  },
  survivesTruncation: false,
};
