/** What a client offers (RFC 5246 §7.4.1.2), and the session that it would like to resume. @module */
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
import { type Dialect, dialects, highest, spoken } from "../tables/versions/mod.ts";
import { type Bytes, EMPTY } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { parseIp } from "../x509/names/ip_address.ts";
import { fragmentCode } from "./agreed/agreed.ts";
import type { Again, Established } from "./agreed/established.ts";
import { clientInfo } from "./agreed/renegotiation.ts";
import type { ClientSettings } from "./base/client_settings.ts";
import { type Held, toOffer } from "./sessions/client_sessions.ts";
import { resumesAtAll } from "./sessions/session_rules.ts";

/** A ClientHello that was sent. */
export interface SentHello {
  readonly settings: ClientSettings;
  readonly hello: ClientHello;
  /** The highest version offered. */
  readonly dialect: Dialect;
  /** What is offered for resumption: by `hello.sessionId`, which is made up where the session has a ticket. */
  readonly session: Option.Option<Session>;
  readonly held: Held;
  /** The trust settings, and the credentials, as a session keeps them. */
  readonly partition: Bytes;
  readonly credentials: Bytes;
  readonly previous: Established | undefined;
}

/** The host name as a server wants to hear it, if it is one: no IP address, no final dot (RFC 6066 §3). */
export const sniOf = (name: string | undefined): string | undefined =>
  name === undefined || parseIp(name) ? undefined : name.replace(/\.$/, "") || undefined;

/** The versions that a client can speak: in a renegotiation the one that is spoken (RFC 5246 §7.4.1.2). */
export const versionsOf = (policy: Policy, previous: Established | undefined) =>
  previous ? [previous.dialect.version] : spoken(policy.versions);

/** Makes the offer; nothing is sent yet. */
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
    const dialect = versions.length > 0 ? dialects.get(highest(versions)) : undefined;
    if (dialect === undefined) {
      return yield* new Refused({
        reason: "no_common_version",
        detail: "our policy names no version that can be spoken",
      });
    }
    const cipherSuites = policy.cipherSuites.filter((id) =>
      (suites.get(id)?.since ?? Infinity) <= dialect.version
    );
    if (cipherSuites.length === 0) {
      return yield* new Refused({
        reason: "no_common_cipher_suite",
        detail: `our policy names no suite that ${versionText(dialect.version)} has`,
      });
    }
    // A server of SSL 3.0 need not look at extensions, and reads the same in the suites (RFC 5746 §3.4).
    const scsv = !previous && versions.includes(ProtocolVersion.SSL_3_0);
    const { enabled } = yield* SessionStore;
    const asks = policy.sessionTickets && enabled && resumesAtAll(policy) && sessionKey !== undefined;
    const wanted = [
      ...renegotiationInfo(previous, scsv),
      // Not the last: some old servers do not read a hello whose last extension is empty.
      ...(asks ? [sessionTicket(session)] : []),
      ...extensions(settings),
      ...(previous ? [] : applicationProtocols(settings)),
    ].filter(({ _tag }) => dialect.says(_tag));
    const hello = make(ClientHello, {
      clientVersion: previous?.clientVersion ?? dialect.version,
      random: crypto.random(32),
      sessionId: Option.match(session, {
        onNone: () => EMPTY,
        // An ID of our own making, by whose echo we know that the ticket was taken (RFC 5077 §3.4).
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
      // Nothing rather than an empty block, which the oldest servers do not read.
      extensions: wanted.length > 0 ? wanted : undefined,
    });
    return { settings, hello: padded(hello), dialect, session, held, partition, credentials, previous };
  },
);

/** The lengths that some servers do not read, and what RFC 7685 §4 brings them to. */
const AWKWARD = { from: 256, below: 512 };

/** A hello of an awkward length, made longer (RFC 7685 §4). */
const padded = (hello: ClientHello): ClientHello => {
  const { extensions } = hello;
  // What does not fit its member is for `send` to tell.
  const length = Either.match(codec(ClientHello).encode(hello), {
    onLeft: () => 0,
    onRight: (body) => 4 + body.length,
  });
  if (!extensions || length < AWKWARD.from || length >= AWKWARD.below) return hello;
  const zeros = new Uint8Array(Math.max(AWKWARD.below - length - 4, 1));
  return make(ClientHello, { ...hello, extensions: [...extensions, { _tag: "padding", zeros }] });
};

const text = new TextEncoder();

/** Any OCSP responder that the server knows (RFC 6066 §8). */
const anyResponder = {
  statusType: CertificateStatusType.ocsp,
  responderIdList: [],
  requestExtensions: EMPTY,
} as const;

/** A ticket, or nothing to ask for one (RFC 5077 §3.2). */
const sessionTicket = (session: Option.Option<Session>): ClientHelloExtension => ({
  _tag: "session_ticket",
  ticket: Option.match(session, { onNone: () => EMPTY, onSome: (s) => s.ticket }),
});

/**
 * Never beside the SCSV (RFC 5746 §3.4). Where the connection began without it, it is said all the same: a server that
 * knows it has been deceived about it (RFC 5746 §4.2).
 */
const renegotiationInfo = (
  previous: Established | undefined,
  scsv: boolean,
): ReadonlyArray<ClientHelloExtension> =>
  scsv ? [] : [{ _tag: "renegotiation_info", renegotiatedConnection: clientInfo(previous) }];

/** Once in a connection: what was agreed on first holds (RFC 7301 §3.1). */
const applicationProtocols = ({ alpn }: ClientSettings): ReadonlyArray<ClientHelloExtension> =>
  alpn.length === 0 ? [] : [{
    _tag: "application_layer_protocol_negotiation",
    protocolNameList: alpn.map((name) => text.encode(name)),
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
    // A list that may not be empty on the wire is left out.
    ...(policy.groups.length === 0 ? [] : [
      { _tag: "supported_groups", namedGroupList: policy.groups },
      { _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] },
    ] as const),
    ...(policy.signatureSchemes.length === 0 ? [] : [
      { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes } as const,
    ]),
  ];
};
