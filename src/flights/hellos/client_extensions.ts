/** The extensions of a ClientHello, by what a client wants. @module */
import { Option } from "../../deps.ts";
import type { ClientHelloExtension } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import {
  CertificateStatusType,
  ECPointFormat,
  NameType,
  type ProtocolVersion,
} from "../../names/protocol.ts";
import type { CertificateCompressor } from "../../ports/certificate_compression.ts";
import type { Session } from "../../ports/sessions.ts";
import { type Bytes, EMPTY, utf8 } from "../../wire/bytes.ts";
import { parseIp } from "../../x509/names/ip_address.ts";
import { fragmentCode } from "../agreed/agreed.ts";
import type { Renegotiable } from "../agreed/established.ts";
import { clientInfo } from "../agreed/renegotiation.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import { certificateAuthorities, certificateSchemes } from "./certificates.ts";
import { compressCertificate } from "./compression.ts";
import { keyShare, type OfferedShare } from "./key_share.ts";

/** The name for the extension server_name: without a final dot; `undefined` for an IP address (RFC 6066 §3). */
export const sniOf = (name: string | undefined): string | undefined =>
  name === undefined || parseIp(name) ? undefined : name.replace(/\.$/, "") || undefined;

/** A request for an OCSP response from any responder that the server knows (RFC 6066 §8). */
const anyResponder = {
  statusType: CertificateStatusType.ocsp,
  responderIdList: [],
  requestExtensions: EMPTY,
} as const;

/** The extension session_ticket: with a ticket, or empty to ask for one (RFC 5077 §3.2). */
export const sessionTicket = (session: Option.Option<Session>): ClientHelloExtension => ({
  _tag: "session_ticket",
  ticket: Option.match(session, { onNone: () => EMPTY, onSome: (s) => s.ticket }),
});

/**
 * The extension renegotiation_info, never together with the SCSV (RFC 5746 §3.4). A connection that began without it sends
 * it as well: a server that knows it then notices that an attacker removed it (RFC 5746 §4.2).
 */
export const renegotiationInfo = (
  previous: Renegotiable | undefined,
  scsv: boolean,
): ReadonlyArray<ClientHelloExtension> =>
  scsv ? [] : [{ _tag: "renegotiation_info", renegotiatedConnection: clientInfo(previous) }];

/** The extension for ALPN, only in the first handshake: what that agreed on holds (RFC 7301 §3.1). */
export const applicationProtocols = ({ alpn }: ClientSettings): ReadonlyArray<ClientHelloExtension> =>
  alpn.length === 0 ? [] : [{
    _tag: "application_layer_protocol_negotiation",
    protocolNameList: alpn.map((name) => utf8(name)),
  }];

/** The extensions that belong to TLS 1.3 alone. `authorities` are those that we trust. */
export const extensions13 = (
  { policy }: ClientSettings,
  authorities: ReadonlyArray<Bytes>,
  versions: ReadonlyArray<ProtocolVersion>,
  shares: ReadonlyArray<OfferedShare>,
  compression: ReadonlyArray<CertificateCompressor>,
  earlyData: boolean,
): ReadonlyArray<ClientHelloExtension> => [
  ...compressCertificate(compression),
  { _tag: "supported_versions", versions: versions.toSorted((a, b) => b - a) },
  // Neither goes without the other (RFC 8446 §9.2).
  ...(shares.length === 0 ? [] : [keyShare(shares)]),
  ...(policy.pskKeyExchangeModes.length === 0
    ? []
    : [{ _tag: "psk_key_exchange_modes", keModes: policy.pskKeyExchangeModes } as const]),
  // A server that may ask for a renegotiation may ask for a certificate in this way.
  ...(policy.renegotiation === "allow" ? [{ _tag: "post_handshake_auth" } as const] : []),
  ...(policy.sendAuthorities ? certificateAuthorities(authorities) : []),
  ...(earlyData ? [{ _tag: "early_data" } as const] : []),
];

/** The extensions that do not depend on what happened before, in either era. */
export const extensions = (
  { policy, serverName }: ClientSettings,
  groups: ReadonlyArray<NamedGroup>,
): ReadonlyArray<ClientHelloExtension> => {
  const sni = sniOf(serverName);
  const maxFragmentLength = fragmentCode(policy);
  return [
    ...(sni === undefined ? [] : [
      {
        _tag: "server_name",
        serverNameList: [{ nameType: NameType.host_name, name: sni }],
      } as const,
    ]),
    { _tag: "extended_master_secret" },
    ...(policy.encryptThenMac ? [{ _tag: "encrypt_then_mac" } as const] : []),
    ...(maxFragmentLength === undefined ? [] : [{ _tag: "max_fragment_length", maxFragmentLength } as const]),
    ...(policy.recordSizeLimit === undefined
      ? []
      : [{ _tag: "record_size_limit", recordSizeLimit: policy.recordSizeLimit } as const]),
    ...(policy.requestOcsp ? [{ _tag: "status_request", request: anyResponder } as const] : []),
    ...(policy.requestScts ? [{ _tag: "signed_certificate_timestamp" } as const] : []),
    // A list that may not be empty is left out.
    ...(groups.length === 0 ? [] : [
      { _tag: "supported_groups", namedGroupList: groups },
      { _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] },
    ] as const),
    ...(policy.signatureSchemes.length === 0 ? [] : [
      { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes } as const,
    ]),
    ...certificateSchemes(policy),
  ];
};
