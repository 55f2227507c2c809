/** What a client makes of a ServerHello: pure, a value or the reason why not. @module */
import { Either, Option } from "../../deps.ts";
import { IllegalParameter, Refused, UnsupportedExtension } from "../../faults/errors/connection.ts";
import {
  type ClientHello,
  type ClientHelloExtension,
  findExtension,
  ServerHello,
  type ServerHelloExtension,
} from "../../messages/mod.ts";
import { CipherSuite } from "../../names/cipher_suite.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { ECPointFormat, versionText } from "../../names/protocol.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import { suites } from "../../tables/suites.ts";
import { isDowngraded } from "../../tables/versions/downgrade.ts";
import { dialects, highest } from "../../tables/versions/mod.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { type Full, type Resumed, settle } from "../agreed.ts";
import { type SentHello, sniOf, versionsOf } from "../client_hello.ts";
import { protocolNames } from "../protocol_names.ts";
import { boundAnswer, keepsPromises, sameServer } from "../renegotiation.ts";
import { resumedAsMade } from "../session_rules.ts";

/** Why a ServerHello does not do. */
export type NegotiationError = IllegalParameter | Refused | UnsupportedExtension;

const illegal = (field: string, reason: string, rfc: string) =>
  Either.left(new IllegalParameter({ subject: "ServerHello", field, reason, rfc }));
const refused = (reason: Refused["reason"], detail: string) => Either.left(new Refused({ reason, detail }));

/** Holds a ServerHello against our offer. */
export const negotiate = (
  offer: SentHello,
  server: ServerHello,
  crypto: CryptoService,
): Either.Either<Full | Resumed, NegotiationError> => Either.gen(() => negotiation(offer, server, crypto));

function* negotiation(offer: SentHello, answer: ServerHello, crypto: CryptoService) {
  const { settings: { policy, serverName }, hello, previous, session } = offer;
  const ours = versionsOf(policy, previous);
  const dialect = ours.includes(answer.serverVersion) ? dialects.get(answer.serverVersion) : undefined;
  if (!dialect) {
    return yield* refused(
      "no_common_version",
      `the server speaks ${versionText(answer.serverVersion)}, we ${ours.map(versionText).join(", ")}`,
    );
  }
  yield* solicited(hello, answer.extensions);
  // What was offered may be answered; what the version cannot mean is passed over.
  const extensions = answer.extensions?.filter(({ _tag }) => dialect.honours.server(_tag));
  const server = make(ServerHello, { ...answer, extensions });
  if (isDowngraded(server.random, dialect.version, highest(ours))) {
    return yield* refused("downgrade", "the server could have spoken a higher version that we offered");
  }
  const suite = hello.cipherSuites.includes(server.cipherSuite) ? suites.get(server.cipherSuite) : undefined;
  if (!suite || suite.since > dialect.version) {
    const reason = `${CipherSuite.nameOf(server.cipherSuite)} was not offered for this version`;
    return yield* illegal("cipherSuite", reason, "RFC 5246 §7.4.1.3");
  }
  if (!hello.compressionMethods.includes(server.compressionMethod)) {
    return yield* illegal("compressionMethod", "was not offered", "RFC 5246 §7.4.1.3");
  }
  const secureRenegotiation = yield* boundAnswer(previous, server, policy);
  const formats = findExtension(server.extensions, "ec_point_formats")?.ecPointFormatList;
  if (formats && !formats.includes(ECPointFormat.uncompressed)) {
    return yield* illegal("extensions.ec_point_formats", "uncompressed is missing", "RFC 8422 §5.2");
  }
  // OpenSSL says it with a NULL cipher too, where one order is as the other.
  const orderless = suite.cipher._tag === "stream" && suite.cipher.cipher === undefined;
  if (
    findExtension(server.extensions, "encrypt_then_mac") && suite.cipher._tag !== "cbc" && !orderless
  ) {
    return yield* illegal("extensions.encrypt_then_mac", "the cipher suite is not CBC", "RFC 7366 §3");
  }
  const fragment = findExtension(server.extensions, "max_fragment_length")?.maxFragmentLength;
  if (
    fragment !== undefined &&
    fragment !== findExtension(hello.extensions, "max_fragment_length")?.maxFragmentLength
  ) {
    return yield* illegal("extensions.max_fragment_length", "is not what was asked for", "RFC 6066 §4");
  }
  const settled = settle({
    previous,
    hello,
    server,
    dialect,
    suite,
    crypto,
    serverName: sniOf(serverName),
    alpn: previous ? previous.negotiated.alpn : yield* applicationProtocol(offer, server),
    partition: offer.partition,
    secureRenegotiation,
    groups: policy.groups,
    schemes: policy.signatureSchemes,
    minimumDhPrimeBits: policy.minimumDhPrimeBits,
  });
  if (!settled.extendedMasterSecret && policy.requireExtendedMasterSecret) {
    return yield* refused("no_extended_master_secret", "the server has none, and our policy requires it");
  }
  yield* keepsPromises(previous, settled);
  const echoed = hello.sessionId.length > 0 && sameBytes(hello.sessionId, server.sessionId);
  const resumed = Option.filter(session, () => echoed);
  if (Option.isNone(resumed)) return { ...settled, _tag: "Full" } satisfies Full;
  const of = resumed.value;
  yield* resumedAsMade(of, settled);
  yield* sameServer(previous, of.peerCertificates, policy);
  return { ...settled, _tag: "Resumed", session: of } satisfies Resumed;
}

/** What a server never answers, though it is asked (RFC 5246 §7.4.1.4.1, RFC 7685 §3). */
const unanswered: ReadonlySet<number> = new Set([
  ExtensionType.signature_algorithms,
  ExtensionType.padding,
]);

/** RFC 5246 §7.4.1.4: an answer carries nothing that was not asked for. */
const solicited = (
  asked: ClientHello,
  answered: ReadonlyArray<ServerHelloExtension> | undefined,
): Either.Either<void, UnsupportedExtension> => {
  const types = new Set((asked.extensions ?? []).map(typeOf));
  // An SCSV asks for it too (RFC 5746 §3.4).
  if (asked.cipherSuites.includes(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)) {
    types.add(ExtensionType.renegotiation_info);
  }
  const odd = answered?.map(typeOf).find((type) => !types.has(type) || unanswered.has(type));
  return odd === undefined ? Either.void : Either.left(
    new UnsupportedExtension({
      subject: "ServerHello",
      extension: ExtensionType.nameOf(odd),
      offered: types.has(odd),
    }),
  );
};

const typeOf = (e: ClientHelloExtension | ServerHelloExtension): number =>
  e._tag === "unknown" ? e.type : ExtensionType.members[e._tag];

const text = new TextEncoder();

/** RFC 7301 §3.1: one protocol, and one of those we offered. */
const applicationProtocol = (
  { settings: { alpn } }: SentHello,
  server: ServerHello,
): Either.Either<string | undefined, IllegalParameter> => {
  const answer = findExtension(server.extensions, "application_layer_protocol_negotiation");
  if (!answer) return Either.right(undefined);
  const [name, ...more] = answer.protocolNameList;
  const ours = alpn.find((a) => name !== undefined && sameBytes(text.encode(a), name));
  return ours !== undefined && more.length === 0 ? Either.right(ours) : illegal(
    "extensions.application_layer_protocol_negotiation",
    `${protocolNames(answer.protocolNameList)} is not one of the offered ${alpn.join(", ")}`,
    "RFC 7301 §3.1",
  );
};
