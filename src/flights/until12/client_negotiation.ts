/** What a client makes of a ServerHello: a pure function to a value, or to the reason of a refusal. @module */
import { Either, Option } from "../../deps.ts";
import { IllegalParameter, Refused, UnsupportedExtension } from "../../faults/errors/connection.ts";
import {
  type ClientHello,
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
import { type Dialect, dialects, highest } from "../../tables/versions/mod.ts";
import { sameBytes, utf8 } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { type Agreed, fragmentsOf, type Full, type Resumed, settle } from "../agreed/agreed.ts";
import { boundAnswer, keepsPromises, sameServer } from "../agreed/renegotiation.ts";
import { agreedFragments } from "../base/fragments.ts";
import type { Negotiating } from "../base/negotiating.ts";
import { typeOf } from "../base/unanswered.ts";
import { type SentHello, versionsOf } from "../client_hello.ts";
import { sniOf } from "../hellos/client_extensions.ts";
import { protocolNames } from "../hellos/protocol_names.ts";
import { resumedAsMade } from "../sessions/session_rules.ts";

/** Why a ServerHello is refused. */
export type NegotiationError = IllegalParameter | Refused | UnsupportedExtension;

const illegal = (field: string, reason: string, rfc: string) =>
  Either.left(new IllegalParameter({ subject: "ServerHello", field, reason, rfc }));
const refused = (reason: Refused["reason"], detail: string) => Either.left(new Refused({ reason, detail }));

/** Holds a ServerHello against our ClientHello: a full handshake follows, or a session is resumed. */
export const negotiate = (
  sent: SentHello,
  answer: ServerHello,
  crypto: CryptoService,
): Either.Either<Full | Resumed, NegotiationError> => Either.gen(() => negotiation(sent, answer, crypto));

function* negotiation(
  sent: SentHello,
  answer: ServerHello,
  crypto: CryptoService,
): Negotiating<Full | Resumed, NegotiationError> {
  const spoken = yield* agreedVersion(sent, answer);
  const agreed = yield* checkedAnswer(sent, spoken, crypto);
  return yield* fullOrResumed(sent, agreed);
}

/** The version that the server chose, and its answer as that version means it. */
interface Spoken {
  readonly dialect: Dialect;
  readonly server: ServerHello;
}

/** The version, which must be one of ours and not the result of a downgrade (RFC 5246 §E.1, RFC 8446 §4.1.3). */
function* agreedVersion(
  { settings: { policy }, hello, previous }: SentHello,
  answer: ServerHello,
): Negotiating<Spoken, NegotiationError> {
  const ours = versionsOf(policy, previous);
  const dialect = ours.includes(answer.serverVersion) ? dialects.get(answer.serverVersion) : undefined;
  if (!dialect) {
    return yield* refused(
      "no_common_version",
      `the server speaks ${versionText(answer.serverVersion)}, we ${ours.map(versionText).join(", ")}`,
    );
  }
  yield* solicited(hello, answer.extensions);
  // An extension that was offered may be answered; one without a meaning in this version is ignored.
  const extensions = answer.extensions?.filter(({ _tag }) => dialect.honours.server(_tag));
  const server = make(ServerHello, { ...answer, extensions });
  if (isDowngraded(server.random, dialect.version, highest(ours))) {
    return yield* refused("downgrade", "the server could have spoken a higher version that we offered");
  }
  return { dialect, server };
}

/** The suite, the compression method and each extension, which must be among those offered and fit each other. */
function* checkedAnswer(
  sent: SentHello,
  { dialect, server }: Spoken,
  crypto: CryptoService,
): Negotiating<Agreed, NegotiationError> {
  const { settings: { policy, serverName }, hello, previous } = sent;
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
  // OpenSSL answers it with a NULL cipher as well, which has nothing to encrypt before or after the MAC.
  const encryptsNothing = suite.cipher._tag === "stream" && suite.cipher.cipher === undefined;
  if (
    findExtension(server.extensions, "encrypt_then_mac") && suite.cipher._tag !== "cbc" && !encryptsNothing
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
  const limit = findExtension(server.extensions, "record_size_limit")?.recordSizeLimit;
  if (limit !== undefined && fragment !== undefined) {
    return yield* illegal("extensions.record_size_limit", "comes with max_fragment_length", "RFC 8449 §5");
  }
  const fragments = limit === undefined
    ? fragmentsOf(fragment)
    : yield* agreedFragments(policy, "until12", limit, "ServerHello");
  const agreed = settle({
    previous,
    hello,
    server,
    dialect,
    suite,
    crypto,
    serverName: sniOf(serverName),
    alpn: previous ? previous.negotiated.alpn : yield* applicationProtocol(sent, server),
    partition: sent.partition,
    secureRenegotiation,
    fragments,
    groups: policy.groups,
    schemes: policy.signatureSchemes,
    minimumDhPrimeBits: policy.minimumDhPrimeBits,
  });
  if (!agreed.extendedMasterSecret && policy.requireExtendedMasterSecret) {
    return yield* refused("no_extended_master_secret", "the server has none, and our policy requires it");
  }
  yield* keepsPromises(previous, agreed);
  return agreed;
}

/** A session that the server resumes must be as it was made, and of the same server (RFC 5246 §7.4.1.3). */
function* fullOrResumed(
  { hello, previous, session, settings: { policy } }: SentHello,
  agreed: Agreed,
): Negotiating<Full | Resumed, NegotiationError> {
  const echoed = hello.sessionId.length > 0 && sameBytes(hello.sessionId, agreed.server.sessionId);
  const resumed = Option.filter(session, () => echoed);
  if (echoed && Option.isNone(session)) {
    return yield* illegal("sessionId", "is the one that we made up for TLS 1.3", "RFC 8446 §4.1.3");
  }
  if (Option.isNone(resumed)) return { ...agreed, _tag: "Full" };
  yield* resumedAsMade(resumed.value, agreed);
  yield* sameServer(previous, resumed.value.peerCertificates, policy);
  return { ...agreed, _tag: "Resumed", session: resumed.value };
}

/** The extensions that a server up to TLS 1.2 never answers (RFC 5246 §7.4.1.4.1, RFC 7685 §3, RFC 8446 §4.2). */
const unanswered: ReadonlySet<number> = new Set([
  ExtensionType.signature_algorithms,
  ExtensionType.signature_algorithms_cert,
  ExtensionType.padding,
  ExtensionType.key_share,
  ExtensionType.pre_shared_key,
  ExtensionType.psk_key_exchange_modes,
  ExtensionType.early_data,
  ExtensionType.cookie,
  ExtensionType.certificate_authorities,
  ExtensionType.post_handshake_auth,
  ExtensionType.compress_certificate,
]);

/** Refuses a ServerHello with an extension that was not asked for (RFC 5246 §7.4.1.4). */
const solicited = (
  asked: ClientHello,
  answered: ReadonlyArray<ServerHelloExtension> | undefined,
): Either.Either<void, UnsupportedExtension> => {
  const types = new Set((asked.extensions ?? []).map(typeOf));
  // The SCSV asks for it as well (RFC 5746 §3.4).
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

/** The application protocol: one, and among those that we offered (RFC 7301 §3.1). */
const applicationProtocol = (
  { settings: { alpn } }: SentHello,
  server: ServerHello,
): Either.Either<string | undefined, IllegalParameter> => {
  const answer = findExtension(server.extensions, "application_layer_protocol_negotiation");
  if (!answer) return Either.right(undefined);
  const [name, ...more] = answer.protocolNameList;
  const ours = alpn.find((a) => name !== undefined && sameBytes(utf8(a), name));
  return ours !== undefined && more.length === 0 ? Either.right(ours) : illegal(
    "extensions.application_layer_protocol_negotiation",
    `${protocolNames(answer.protocolNameList)} is not one of the offered ${alpn.join(", ")}`,
    "RFC 7301 §3.1",
  );
};
