/** The ClientHello, with the session that it offers to resume (RFC 5246 §7.4.1.2). @module */
import { Effect, Either, Option } from "../deps.ts";
import { Refused } from "../faults/errors/connection.ts";
import { ClientHello, type ClientHelloExtension } from "../messages/mod.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import {
  CertificateStatusType,
  CompressionMethod,
  ECPointFormat,
  NameType,
  ProtocolVersion,
  versionText,
} from "../names/protocol.ts";
import { Credentials } from "../ports/credentials.ts";
import { Crypto } from "../ports/crypto.ts";
import { partitionHash } from "../ports/partition.ts";
import { type Session, SessionStore } from "../ports/sessions.ts";
import { CertificateVerifier } from "../ports/trust.ts";
import { canCompress } from "../record/protection/compression.ts";
import type { Policy } from "../tables/policy.ts";
import { suites } from "../tables/suites.ts";
import { dialects, highest, spoken } from "../tables/versions/mod.ts";
import { type Bytes, EMPTY, utf8 } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { parseIp } from "../x509/names/ip_address.ts";
import { fragmentCode } from "./agreed/agreed.ts";
import type { Again, Renegotiable } from "./agreed/established.ts";
import { clientInfo } from "./agreed/renegotiation.ts";
import type { ClientSettings } from "./base/client_settings.ts";
import { type Held, toOffer } from "./sessions/client_sessions.ts";
import { resumesAtAll } from "./sessions/session_rules.ts";

/** A ClientHello, and what must be remembered until it is answered. */
export interface SentHello {
  readonly settings: ClientSettings;
  readonly hello: ClientHello;
  /** The highest version that is offered. */
  readonly best: ProtocolVersion;
  /** The session that is offered, by `hello.sessionId`, which is made up if the session has a ticket. */
  readonly session: Option.Option<Session>;
  readonly held: Held;
  /** The hash of the trust settings, as a session keeps it. */
  readonly partition: Bytes;
  readonly credentials: Bytes;
  readonly previous: Renegotiable | undefined;
}

/** The name for the extension server_name: without a final dot; `undefined` for an IP address (RFC 6066 §3). */
export const sniOf = (name: string | undefined): string | undefined =>
  name === undefined || parseIp(name) ? undefined : name.replace(/\.$/, "") || undefined;

/** The versions that a client offers; in a renegotiation, the connection's own (RFC 5246 §7.4.1.2). */
export const versionsOf = (policy: Policy, previous: Renegotiable | undefined) =>
  previous ? [previous.dialect.version] : spoken(policy);

/** Makes a ClientHello. Nothing is sent yet. */
export const offer = Effect.fnUntraced(
  function* (
    settings: ClientSettings,
    again?: Again,
  ): Effect.fn.Return<SentHello, Refused, Crypto | CertificateVerifier | Credentials | SessionStore> {
    const { policy, sessionKey } = settings;
    const previous = again?.previous;
    const crypto = yield* Crypto;
    const partition = partitionHash(crypto, (yield* CertificateVerifier).partition);
    const credentials = partitionHash(crypto, (yield* Credentials).partition);
    const versions = versionsOf(policy, previous);
    const held = yield* toOffer(settings, again, versions, partition, credentials);
    const session = Option.map(Option.fromNullable(held.offered), ({ shown }) => shown);
    if (versions.length === 0) {
      return yield* new Refused({
        reason: "no_common_version",
        detail: "our policy names no version that can be spoken",
      });
    }
    const best = highest(versions);
    const cipherSuites = policy.cipherSuites.filter((id) => (suites.get(id)?.since ?? Infinity) <= best);
    if (cipherSuites.length === 0) {
      return yield* new Refused({
        reason: "no_common_cipher_suite",
        detail: `our policy names no suite that ${versionText(best)} has`,
      });
    }
    // A server of SSL 3.0 may ignore extensions; the SCSV tells it the same (RFC 5746 §3.4).
    const scsv = !previous && versions.includes(ProtocolVersion.SSL_3_0);
    const { enabled } = yield* SessionStore;
    const asks = policy.sessionTickets && enabled && resumesAtAll(policy) && sessionKey !== undefined;
    const wanted = [
      ...renegotiationInfo(previous, scsv),
      // Not the last one, because some old servers cannot read a hello whose last extension is empty.
      ...(asks ? [sessionTicket(session)] : []),
      ...extensions(settings),
      ...(previous ? [] : applicationProtocols(settings)),
    ].filter(({ _tag }) => versions.some((version) => dialects.get(version)?.says(_tag)));
    const hello = make(ClientHello, {
      clientVersion: previous?.clientVersion ?? best,
      random: crypto.random(32),
      sessionId: Option.match(session, {
        onNone: () => EMPTY,
        // An ID that we make up: the server echoes it if it takes the ticket (RFC 5077 §3.4).
        onSome: (s) => s.ticket.length > 0 ? crypto.random(32) : s.id,
      }),
      cipherSuites: [
        ...cipherSuites,
        ...(scsv ? [CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV] : []),
        ...(settings.fallback && !previous ? [CipherSuite.TLS_FALLBACK_SCSV] : []),
      ],
      compressionMethods: [
        ...new Set([...policy.compressionMethods.filter(canCompress), CompressionMethod.null]),
      ],
      // No extension block if there are none, because the oldest servers cannot read an empty one.
      extensions: wanted.length > 0 ? wanted : undefined,
    });
    return { settings, hello: padded(hello), best, session, held, partition, credentials, previous };
  },
);

/** The lengths of a hello that some servers cannot read, and the length that RFC 7685 §4 pads them to. */
const AWKWARD = { from: 256, below: 512 };

/** Pads a hello of an awkward length (RFC 7685 §4). */
const padded = (hello: ClientHello): ClientHello => {
  const { extensions } = hello;
  // `send` reports a value that does not fit its member.
  const length = Either.match(codec(ClientHello).encode(hello), {
    onLeft: () => 0,
    onRight: (body) => 4 + body.length,
  });
  if (!extensions || length < AWKWARD.from || length >= AWKWARD.below) return hello;
  const zeros = new Uint8Array(Math.max(AWKWARD.below - length - 4, 1));
  return make(ClientHello, { ...hello, extensions: [...extensions, { _tag: "padding", zeros }] });
};

/** A request for an OCSP response from any responder that the server knows (RFC 6066 §8). */
const anyResponder = {
  statusType: CertificateStatusType.ocsp,
  responderIdList: [],
  requestExtensions: EMPTY,
} as const;

/** The extension session_ticket: with a ticket, or empty to ask for one (RFC 5077 §3.2). */
const sessionTicket = (session: Option.Option<Session>): ClientHelloExtension => ({
  _tag: "session_ticket",
  ticket: Option.match(session, { onNone: () => EMPTY, onSome: (s) => s.ticket }),
});

/**
 * The extension renegotiation_info, never together with the SCSV (RFC 5746 §3.4). A connection that began without it sends
 * it as well: a server that knows it then notices that an attacker removed it (RFC 5746 §4.2).
 */
const renegotiationInfo = (
  previous: Renegotiable | undefined,
  scsv: boolean,
): ReadonlyArray<ClientHelloExtension> =>
  scsv ? [] : [{ _tag: "renegotiation_info", renegotiatedConnection: clientInfo(previous) }];

/** The extension for ALPN, only in the first handshake: what that agreed on holds (RFC 7301 §3.1). */
const applicationProtocols = ({ alpn }: ClientSettings): ReadonlyArray<ClientHelloExtension> =>
  alpn.length === 0 ? [] : [{
    _tag: "application_layer_protocol_negotiation",
    protocolNameList: alpn.map((name) => utf8(name)),
  }];

const extensions = ({ policy, serverName }: ClientSettings): ReadonlyArray<ClientHelloExtension> => {
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
    ...(policy.requestOcsp ? [{ _tag: "status_request", request: anyResponder } as const] : []),
    ...(policy.requestScts ? [{ _tag: "signed_certificate_timestamp" } as const] : []),
    // A list that may not be empty is left out.
    ...(policy.groups.length === 0 ? [] : [
      { _tag: "supported_groups", namedGroupList: policy.groups },
      { _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] },
    ] as const),
    ...(policy.signatureSchemes.length === 0 ? [] : [
      { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes } as const,
    ]),
  ];
};
