/** What a client of TLS 1.3 makes of the server's answers: pure functions to a value, or to the reason of a refusal. @module */
import { Either } from "../../../deps.ts";
import { IllegalParameter, Refused, type UnsupportedExtension } from "../../../faults/errors/connection.ts";
import {
  type EncryptedExtension,
  findExtension,
  type HelloRetryRequest,
  type ServerHello13,
} from "../../../messages/mod.ts";
import { CipherSuite } from "../../../names/cipher_suite.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { CompressionMethod, ProtocolVersion, PskKeyExchangeMode } from "../../../names/protocol.ts";
import type { KeyShare } from "../../../ports/crypto.ts";
import { type Suite13, suites13 } from "../../../tables/suites13.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import { type Bytes, sameBytes, utf8 } from "../../../wire/bytes.ts";
import { DecodeError } from "../../../wire/errors.ts";
import type { Negotiating } from "../../base/negotiating.ts";
import type { SentHello } from "../../client_hello.ts";
import { wrongLength } from "../../hellos/key_share.ts";
import { protocolNames } from "../../hellos/protocol_names.ts";
import type { OfferedPsk } from "../../hellos/psk.ts";
import type { Retry } from "../../hellos/retry.ts";
import { solicited } from "../extensions.ts";

/** Why an answer is refused. */
export type NegotiationError = DecodeError | IllegalParameter | Refused | UnsupportedExtension;

const illegal = (subject: string, field: string, reason: string, rfc: string) =>
  Either.left(new IllegalParameter({ subject, field, reason, rfc }));

/** What a ServerHello and a HelloRetryRequest must have in common with our ClientHello (RFC 8446 §4.1.3). */
function* answered(
  { hello, retry }: SentHello,
  answer: ServerHello13 | HelloRetryRequest,
): Negotiating<Suite13, NegotiationError> {
  const subject = answer._tag;
  const bad = (field: string, reason: string, rfc = "RFC 8446 §4.1.3") =>
    illegal(subject, field, reason, rfc);
  const extensions: ReadonlyArray<(typeof answer.extensions)[number]> = answer.extensions;
  const selected = extensions.find((e) => e._tag === "supported_versions");
  if (selected?.selectedVersion !== tls13.version) {
    return yield* bad("extensions.supported_versions", "is not TLS 1.3", "RFC 8446 §4.2.1");
  }
  if (answer.serverVersion !== ProtocolVersion.TLS_1_2) {
    return yield* bad("serverVersion", "is not TLS 1.2, which TLS 1.3 says here");
  }
  if (!sameBytes(answer.sessionId, hello.sessionId)) return yield* bad("sessionId", "is not the client's");
  if (answer.compressionMethod !== CompressionMethod.null) {
    const reason = `${answer.compressionMethod}, where null alone is in range`;
    return yield* Either.left(new DecodeError({ subject, path: "compressionMethod", offset: 0, reason }));
  }
  const suite = hello.cipherSuites.includes(answer.cipherSuite)
    ? suites13.get(answer.cipherSuite)
    : undefined;
  const name = CipherSuite.nameOf(answer.cipherSuite);
  if (!suite) return yield* bad("cipherSuite", `${name} was not offered for this version`);
  if (retry && retry.suite !== suite) {
    return yield* bad("cipherSuite", `${name} is not that of the HelloRetryRequest`, "RFC 8446 §4.1.4");
  }
  return suite;
}

/** What a ServerHello chose of our offer. */
export interface Chosen {
  readonly suite: Suite13;
  /** The key exchange; `undefined` if the pre-shared key is used alone. */
  readonly exchange: {
    readonly group: NamedGroup;
    readonly share: KeyShare;
    readonly theirs: Bytes;
  } | undefined;
  readonly psk: OfferedPsk | undefined;
}

/** Holds a ServerHello against our ClientHello. */
export const chosenBy = (
  offer: SentHello,
  server: ServerHello13,
): Either.Either<Chosen, NegotiationError> => Either.gen(() => choosing(offer, server));

function* choosing(offer: SentHello, server: ServerHello13): Negotiating<Chosen, NegotiationError> {
  const suite = yield* answered(offer, server);
  yield* solicited("ServerHello", offer.hello.extensions ?? [], server.extensions);
  const selected = findExtension(server.extensions, "pre_shared_key")?.selectedIdentity;
  const psk = selected === undefined ? undefined : offer.psks[selected];
  if (selected !== undefined && psk?.hash !== suite.hash) {
    const reason = psk ? "is of another hash than the suite's" : "is none of those offered";
    return yield* illegal("ServerHello", "extensions.pre_shared_key", reason, "RFC 8446 §4.2.11");
  }
  const answer = findExtension(server.extensions, "key_share")?.serverShare;
  if (!answer) {
    const modes = offer.settings.policy.pskKeyExchangeModes;
    if (psk && modes.includes(PskKeyExchangeMode.psk_ke)) return { suite, exchange: undefined, psk };
    return yield* Either.left(
      new Refused({ reason: "missing_extension", detail: "the ServerHello has no key_share" }),
    );
  }
  const { group, keyExchange: theirs } = answer;
  const ours = offer.shares.find((share) => share.group === group);
  const reason = ours ? wrongLength(group, theirs) : "we offered no share of it";
  if (!ours || reason !== undefined) {
    const detail = `${NamedGroup.nameOf(group)}: ${reason}`;
    return yield* illegal("ServerHello", "extensions.key_share", detail, "RFC 8446 §4.2.8");
  }
  if (psk && !offer.settings.policy.pskKeyExchangeModes.includes(PskKeyExchangeMode.psk_dhe_ke)) {
    const why = "comes with a key that was to be used alone";
    return yield* illegal("ServerHello", "extensions.key_share", why, "RFC 8446 §4.2.9");
  }
  return { suite, exchange: { group, share: ours.share, theirs }, psk };
}

/** Holds a HelloRetryRequest against our ClientHello (RFC 8446 §4.1.4). */
export const retryOf = (
  offer: SentHello,
  request: HelloRetryRequest,
): Either.Either<Retry, NegotiationError> => Either.gen(() => retrying(offer, request));

function* retrying(offer: SentHello, request: HelloRetryRequest): Negotiating<Retry, NegotiationError> {
  const suite = yield* answered(offer, request);
  const { extensions } = request;
  // A cookie need not be asked for (RFC 8446 §4.2).
  yield* solicited(
    "HelloRetryRequest",
    [...(offer.hello.extensions ?? []), { _tag: "cookie" }],
    extensions,
  );
  const cookie = findExtension(extensions, "cookie")?.cookie;
  const group = findExtension(extensions, "key_share")?.selectedGroup;
  const bad = (field: string, reason: string, rfc: string) =>
    illegal("HelloRetryRequest", field, reason, rfc);
  if (group !== undefined) {
    const offered = findExtension(offer.hello.extensions, "supported_groups")?.namedGroupList;
    const isOurs = offered?.includes(group) ?? false;
    if (!isOurs || offer.shares.some((share) => share.group === group)) {
      const reason = `${NamedGroup.nameOf(group)} ${isOurs ? "has a share already" : "was not offered"}`;
      return yield* bad("extensions.key_share", reason, "RFC 8446 §4.2.8");
    }
  }
  if (group === undefined && cookie === undefined) {
    return yield* bad("extensions", "would not change the ClientHello", "RFC 8446 §4.1.4");
  }
  return { suite, group, cookie };
}

/** The application protocol that EncryptedExtensions name: one, and among those that we offered (RFC 7301 §3.1). */
export const applicationProtocol = (
  { settings: { alpn } }: SentHello,
  extensions: ReadonlyArray<EncryptedExtension>,
): Either.Either<string | undefined, IllegalParameter> => {
  const answer = findExtension(extensions, "application_layer_protocol_negotiation");
  if (!answer) return Either.right(undefined);
  const [name, ...more] = answer.protocolNameList;
  const ours = alpn.find((a) => name !== undefined && sameBytes(utf8(a), name));
  return ours !== undefined && more.length === 0 ? Either.right(ours) : illegal(
    "EncryptedExtensions",
    "extensions.application_layer_protocol_negotiation",
    `${protocolNames(answer.protocolNameList)} is not one of the offered ${alpn.join(", ")}`,
    "RFC 7301 §3.1",
  );
};

/** Whether the server accepts our early data, which it may only with the first key that we offered (RFC 8446 §4.2.10). */
export const acceptsEarlyData = (
  { early, psks, retry, session13 }: SentHello,
  extensions: ReadonlyArray<EncryptedExtension>,
  { psk, suite }: Pick<Chosen, "psk" | "suite">,
  alpn: string | undefined,
): Either.Either<boolean, IllegalParameter> => {
  if (!findExtension(extensions, "early_data")) return Either.right(false);
  const reason = early === undefined || retry
    ? "accepts early data that was not sent"
    : psk === undefined || psk !== psks[0]
    ? "accepts early data without the key that it is under"
    : suite.id !== session13?.cipherSuite
    ? "accepts early data under another suite"
    : !sameBytes(session13.alpn, utf8(alpn ?? ""))
    ? "accepts early data for another application protocol"
    : undefined;
  return reason === undefined
    ? Either.right(true)
    : illegal("EncryptedExtensions", "extensions.early_data", reason, "RFC 8446 §4.2.10");
};
