/** What a server up to TLS 1.2 reads in a ClientHello: a pure function to a value, or to the reason of a refusal. @module */
import { Either } from "../../deps.ts";
import { isFfdhe } from "../../crypto/ffdhe.ts";
import { IllegalParameter, Refused } from "../../faults/errors/connection.ts";
import { type ClientHello, type ClientHelloExtension, findExtension } from "../../messages/mod.ts";
import { NamedGroup } from "../../names/named_group.ts";
import {
  CompressionMethod,
  ECPointFormat,
  MaxFragmentLength,
  NameType,
  type ProtocolVersion,
} from "../../names/protocol.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import { canCompress } from "../../record/protection/compression.ts";
import type { FragmentLimits } from "../../record/records.ts";
import type { Policy } from "../../tables/policy.ts";
import { type Suite, suites } from "../../tables/suites.ts";
import type { Dialect } from "../../tables/versions/mod.ts";
import { type Bytes, sameBytes, utf8 } from "../../wire/bytes.ts";
import { fragmentsOf } from "../agreed/agreed.ts";
import type { Renegotiable } from "../agreed/established.ts";
import { boundHello } from "../agreed/renegotiation.ts";
import { agreedFragments } from "../base/fragments.ts";
import type { Negotiating } from "../base/negotiating.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import { protocolNames } from "./protocol_names.ts";

/** What a ClientHello asks for, before suites and credentials are chosen. */
export interface Wish {
  readonly hello: ClientHello;
  /** The extensions that have a meaning in this version. */
  readonly extensions: ReadonlyArray<ClientHelloExtension>;
  readonly dialect: Dialect;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  /** Whether the client knows secure renegotiation (RFC 5746). */
  readonly secureRenegotiation: boolean;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  readonly compressionMethod: CompressionMethod;
  readonly maxFragmentLength: MaxFragmentLength | undefined;
  /** The most content in bytes of the records of each direction, by what the client asks for. */
  readonly fragments: FragmentLimits;
  /** Whether the client says the longest records that it reads (RFC 8449): then max_fragment_length counts for nothing. */
  readonly recordSizeLimit: boolean;
  /** The ticket that the client shows; empty if it asks for one, `undefined` if it takes none (RFC 5077 §3.2). */
  readonly ticket: Bytes | undefined;
  /** In a renegotiation: what the last handshake left. */
  readonly previous: Renegotiable | undefined;
  /** Whether the client names finite fields, and none of them is ours (RFC 7919 §4). */
  readonly noCommonField: boolean;
  /** The groups that both ends can use, in our order, the best first. */
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
}

/** A value, or why the ClientHello is refused. */
export type Checked<A> = Either.Either<A, IllegalParameter | Refused>;

const illegal = (field: string, reason: string, rfc: string) =>
  Either.left(new IllegalParameter({ subject: "ClientHello", field, reason, rfc }));
/** A refusal of the ClientHello. */
export const refused = (reason: Refused["reason"], detail: string) =>
  Either.left(new Refused({ reason, detail }));

/** Reads what a ClientHello asks for, in a version up to TLS 1.2. */
export const wishOf = (
  settings: ServerSettings,
  hello: ClientHello,
  dialect: Dialect,
  previous: Renegotiable | undefined,
): Checked<Wish> => Either.gen(() => reading(settings, hello, dialect, previous));

function* reading(
  { policy, alpn }: ServerSettings,
  hello: ClientHello,
  dialect: Dialect,
  previous: Renegotiable | undefined,
): Negotiating<Wish, IllegalParameter | Refused> {
  const extensions = hello.extensions?.filter(({ _tag }) => dialect.honours.client(_tag)) ?? [];
  if (!hello.compressionMethods.includes(CompressionMethod.null)) {
    return yield* refused("no_common_compression_method", "every client must offer null");
  }
  const formats = findExtension(extensions, "ec_point_formats")?.ecPointFormatList;
  if (formats && !formats.includes(ECPointFormat.uncompressed)) {
    return yield* illegal("extensions.ec_point_formats", "uncompressed is missing", "RFC 8422 §5.1.2");
  }
  const extendedMasterSecret = findExtension(extensions, "extended_master_secret") !== undefined;
  if (!extendedMasterSecret && policy.requireExtendedMasterSecret) {
    return yield* refused("no_extended_master_secret", "the client has none, and our policy requires it");
  }
  const secureRenegotiation = yield* boundHello(previous, hello, extensions);
  const groups = findExtension(extensions, "supported_groups")?.namedGroupList ?? anyCurve;
  const namesFields = groups.some(isFfdhe);
  const schemes = findExtension(extensions, "signature_algorithms")?.supportedSignatureAlgorithms ??
    dialect.defaultSchemes;
  const limit = findExtension(extensions, "record_size_limit")?.recordSizeLimit;
  const maxFragmentLength = limit === undefined
    ? findExtension(extensions, "max_fragment_length")?.maxFragmentLength
    : undefined;
  if (
    maxFragmentLength !== undefined &&
    !Object.values<number>(MaxFragmentLength.members).includes(maxFragmentLength)
  ) {
    const reason = `${maxFragmentLength} is no length`;
    return yield* illegal("extensions.max_fragment_length", reason, "RFC 6066 §4");
  }
  return {
    hello,
    extensions,
    dialect,
    previous,
    serverName: yield* hostName(extensions, previous),
    alpn: previous ? previous.negotiated.alpn : yield* applicationProtocol(alpn, extensions),
    secureRenegotiation,
    extendedMasterSecret,
    encryptThenMac: policy.encryptThenMac && findExtension(extensions, "encrypt_then_mac") !== undefined,
    compressionMethod:
      policy.compressionMethods.filter(canCompress).find((m) => hello.compressionMethods.includes(m)) ??
        CompressionMethod.null,
    maxFragmentLength,
    fragments: limit === undefined
      ? fragmentsOf(maxFragmentLength)
      : yield* agreedFragments(policy, "until12", limit, "ClientHello"),
    recordSizeLimit: limit !== undefined,
    ticket: findExtension(extensions, "session_ticket")?.ticket,
    noCommonField: namesFields && !policy.groups.some((g) => isFfdhe(g) && groups.includes(g)),
    // A client that names no finite field leaves the choice to us (RFC 7919 §4).
    groups: policy.groups.filter((g) => groups.includes(g) || (isFfdhe(g) && !namesFields)),
    schemes: policy.signatureSchemes.filter((s) => schemes.includes(s)),
  };
}

/** The groups of a client that names none: the oldest curves, which it most likely has (RFC 8422 §4). */
const anyCurve: ReadonlyArray<NamedGroup> = [
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
];

/**
 * The host name that the client asks for: one at most (RFC 6066 §3). A text that cannot be a host name counts as none
 * (RFC 1035 §2.3.4). A renegotiation may leave the name out, but not change it.
 */
export const hostName = (
  extensions: Wish["extensions"],
  previous: Renegotiable | undefined,
): Checked<string | undefined> => {
  const names =
    findExtension(extensions, "server_name")?.serverNameList.filter((n) =>
      n.nameType === NameType.host_name
    ) ?? [];
  if (names.length > 1) {
    return illegal("extensions.server_name", "names more than one host", "RFC 6066 §3");
  }
  const name = names[0]?.name;
  const host = typeof name === "string" && /^[!-~]{1,255}$/.test(name) ? name : undefined;
  if (!previous) return Either.right(host);
  const { serverName } = previous.negotiated;
  return host === undefined || host === serverName
    ? Either.right(serverName)
    : illegal("extensions.server_name", "is not that of the connection", "RFC 6066 §3");
};

/** The application protocol, in our order (RFC 7301 §3.2). A refusal if both ends name some and none in common. */
export const applicationProtocol = (
  ours: ReadonlyArray<string>,
  extensions: Wish["extensions"],
): Checked<string | undefined> => {
  const theirs = findExtension(extensions, "application_layer_protocol_negotiation")?.protocolNameList;
  if (!theirs || ours.length === 0) return Either.right(undefined);
  // Encoded once, because a client may offer tens of thousands.
  const encoded = ours.map((name) => utf8(name));
  const common = ours[encoded.findIndex((name) => theirs.some((t) => sameBytes(name, t)))];
  return common !== undefined ? Either.right(common) : refused(
    "no_common_application_protocol",
    `we speak ${ours.join(", ")}, the client ${protocolNames(theirs)}`,
  );
};

/** The suites that both ends have in a version, in our order, the best first. */
export const possibleSuites = (
  policy: Policy,
  hello: ClientHello,
  version: ProtocolVersion,
): ReadonlyArray<Suite> =>
  policy.cipherSuites.flatMap((id) => {
    const suite = suites.get(id);
    return suite && suite.since <= version && hello.cipherSuites.includes(id) ? [suite] : [];
  });
