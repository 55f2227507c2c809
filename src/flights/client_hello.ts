/** What a client offers (RFC 5246 §7.4.1.2), and the session that it would like to resume. @module */
import { Effect, Option } from "../deps.ts";
import { Refused } from "../errors.ts";
import { ClientHello, type ClientHelloExtension } from "../messages/mod.ts";
import { CompressionMethod, ECPointFormat, NameType } from "../names/protocol.ts";
import { highest, spoken } from "../dialects/mod.ts";
import type { Policy } from "../policy.ts";
import { Crypto } from "../services/crypto.ts";
import type { Session, SessionStore } from "../services/session_store.ts";
import { CertificateVerifier } from "../services/verifier.ts";
import { suites } from "../suites.ts";
import { ascii, EMPTY, sameBytes } from "../wire/bytes.ts";
import { make } from "../wire/codec.ts";
import { parseIp } from "../x509/ip_address.ts";
import { fromStore } from "./agreed.ts";

/** How a client wants to connect. */
export interface ClientSettings {
  readonly policy: Policy;
  /** The host name or IP address that the server's certificate must be for; the name, not the address, goes out as SNI. */
  readonly serverName: string | undefined;
  /** Application protocols, the best first (RFC 7301). */
  readonly alpn: ReadonlyArray<string>;
  /** Under which key the store keeps this server's session; `undefined`: nothing is resumed. */
  readonly sessionKey: string | undefined;
}

/** A ClientHello that was sent. */
export interface Offer {
  readonly settings: ClientSettings;
  readonly hello: ClientHello;
  readonly session: Option.Option<Session>;
  readonly partition: string;
}

/** The host name as a server wants to hear it, if it is one: no IP address, no final dot (RFC 6066 §3). */
export const sniOf = (name: string | undefined): string | undefined =>
  name === undefined || parseIp(name) ? undefined : name.replace(/\.$/, "") || undefined;

/** Makes the offer; nothing is sent yet. */
export const offer = (
  settings: ClientSettings,
): Effect.Effect<Offer, Refused, Crypto | CertificateVerifier | SessionStore> =>
  Effect.gen(function* () {
    const { policy, sessionKey } = settings;
    const crypto = yield* Crypto;
    const { partition } = yield* CertificateVerifier;
    const kept: Option.Option<Session> = sessionKey === undefined
      ? Option.none()
      : yield* fromStore((store) => store.get(sessionKey), Option.none());
    const session = Option.filter(kept, (s) => mayOffer(s, settings, partition));
    const versions = spoken(policy.versions);
    if (versions.length === 0) {
      return yield* new Refused({
        reason: "no_common_version",
        detail: "our policy names no version that can be spoken",
      });
    }
    const hello = make(ClientHello, {
      clientVersion: highest(versions),
      random: crypto.random(32),
      sessionId: Option.match(session, { onNone: () => EMPTY, onSome: (s) => s.id }),
      cipherSuites: policy.cipherSuites.filter((id) => suites.has(id)),
      compressionMethods: [CompressionMethod.null],
      extensions: extensions(settings),
    });
    return { settings, hello, session, partition };
  });

/** A session is offered only under the settings it was made under (RFC 5246 §F.1.4, RFC 7627 §5.3). */
const mayOffer = (s: Session, { policy, serverName }: ClientSettings, partition: string): boolean =>
  s.id.length > 0 &&
  policy.versions.includes(s.version) &&
  policy.cipherSuites.includes(s.cipherSuite) &&
  s.compressionMethod === CompressionMethod.null &&
  (s.extendedMasterSecret === 1 ||
    (policy.resumeWithoutExtendedMasterSecret && !policy.requireExtendedMasterSecret)) &&
  s.serverName === (serverName ?? "") &&
  sameBytes(s.partition, ascii(partition));

const text = new TextEncoder();

const extensions = ({ policy, serverName, alpn }: ClientSettings): ReadonlyArray<ClientHelloExtension> => {
  const sni = sniOf(serverName);
  return [
    ...(sni === undefined ? [] : [
      {
        _tag: "server_name",
        serverNameList: [{ nameType: NameType.host_name, name: sni }],
      } as const,
    ]),
    { _tag: "extended_master_secret" },
    { _tag: "renegotiation_info", renegotiatedConnection: EMPTY },
    { _tag: "supported_groups", namedGroupList: policy.groups },
    { _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] },
    { _tag: "signature_algorithms", supportedSignatureAlgorithms: policy.signatureSchemes },
    ...(alpn.length === 0 ? [] : [
      {
        _tag: "application_layer_protocol_negotiation",
        protocolNameList: alpn.map((name) => text.encode(name)),
      } as const,
    ]),
  ];
};
