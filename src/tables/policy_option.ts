/** A policy as an option, which is decoded once. @module */
import { Either, ParseResult, Schema } from "../deps.ts";
import type { InvalidOption } from "../faults/errors/connection.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import {
  CertificateCompressionAlgorithm,
  CompressionMethod,
  ProtocolVersion,
  PskKeyExchangeMode,
} from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { among, decodeOption, flag, limit, list, registered, whole, word } from "../options.ts";
import { MAX_PLAINTEXT } from "../record/protection/protection.ts";
import { frozen, known } from "./frozen.ts";
import type { Limits } from "./limits.ts";
import { everyGroup, type Policy } from "./policy.ts";
import { spoken } from "./versions/mod.ts";

const limitsOption: Schema.Schema<Limits> = Schema.Struct({
  handshakeMessage: limit(1),
  certificateMessage: limit(1),
  emptyRecords: limit(0),
  warningAlerts: limit(0),
  helloRequests: limit(0),
  postHandshakeMessages: limit(0),
  shortBlockData: limit(1),
  recordsPerKey: limit(1),
  skippedEarlyData: limit(0),
  handshakeTimeout: limit(1),
  firstByteTimeout: limit(1),
  closeWait: limit(0),
  writeWait: limit(0),
  storeWait: limit(0),
  renegotiationBuffer: limit(0),
  renegotiations: limit(0),
  renegotiationWindow: limit(0),
  renegotiationWait: limit(0),
  sessionLifetime: limit(0),
}).annotations({ documentation: "begin with { ...Policy.modern.limits }" });

/** A policy as JSON has it, which leaves out members that are undefined. */
interface Members extends Omit<Policy, "maxFragmentLength" | "recordPadding" | "recordSizeLimit"> {
  readonly maxFragmentLength?: Policy["maxFragmentLength"] | null;
  readonly recordPadding?: Policy["recordPadding"] | null;
  readonly recordSizeLimit?: Policy["recordSizeLimit"] | null;
}

/** A whole number between bounds, or null. */
const between = (least: number, most: number): Schema.Schema<number | null> =>
  Schema.declare(
    (u): u is number | null => u === null || Number.isInteger(u) && Number(u) >= least && Number(u) <= most,
    { description: `a whole number from ${least} to ${most}, or undefined` },
  );

/** The number of an algorithm: one of the registry, or one for private use (RFC 8879 §7.3). */
const compressionAlgorithm: Schema.Schema<CertificateCompressionAlgorithm> = Schema.declare(
  (u): u is CertificateCompressionAlgorithm =>
    Object.values(CertificateCompressionAlgorithm.members).some((known) => known === u) ||
    Number.isInteger(u) && Number(u) >= 0x4000 && Number(u) <= 0xffff,
  { description: "the number of a CertificateCompressionAlgorithm, or one for private use (16384 to 65535)" },
);

/** The longest list: more than there are values of any kind. A hello has room for some 32,000. */
const MOST = 1_000;
const members: Schema.Schema<Members> = Schema.Struct({
  versions: list(registered(ProtocolVersion), 1, MOST),
  cipherSuites: list(registered(CipherSuite), 1, MOST),
  groups: list(registered(NamedGroup), 0, MOST),
  signatureSchemes: list(registered(SignatureScheme), 0, MOST),
  certificateSchemes: list(registered(SignatureScheme), 0, MOST),
  minimumDhPrimeBits: whole(0),
  encryptThenMac: flag,
  splitRecords: flag,
  sslv2Hello: flag,
  compressionMethods: list(registered(CompressionMethod), 0, 255),
  certificateCompression: list(compressionAlgorithm, 0, 127),
  sessionTickets: flag,
  pskKeyExchangeModes: list(registered(PskKeyExchangeMode), 0, 255),
  maxFragmentLength: Schema.optional(
    among([512, 1024, 2048, 4096, null] as const, "512, 1024, 2048, 4096 or undefined"),
  ),
  recordPadding: Schema.optional(between(2, MAX_PLAINTEXT)),
  recordSizeLimit: Schema.optional(between(64, MAX_PLAINTEXT + 1)),
  grease: flag,
  requestOcsp: flag,
  requestScts: flag,
  sendAuthorities: flag,
  unlistedCertificate: word("hold", "show"),
  corruptCertificateAlert: word("bad_certificate", "decode_error"),
  requireExtendedMasterSecret: flag,
  resumeWithoutExtendedMasterSecret: flag,
  bindWithoutExtendedMasterSecret: flag,
  requireSecureRenegotiation: flag,
  renegotiation: word("allow", "refuse", "close", "ignore"),
  insecureRenegotiation: flag,
  serverMayChangeCertificate: flag,
  limits: limitsOption,
}).annotations({ documentation: "begin with { ...Policy.modern }" });
const parse = ParseResult.decodeUnknown(members);

const NO_SUITE = "none for which the policy names a cipher suite";
const speakable = Schema.declare((_): _ is never => false, {
  description: "a list with a version for which the policy names a cipher suite",
}).ast;

const NO_GROUP = "none that TLS 1.3 can use";
const exchangeable = Schema.declare((_): _ is never => false, {
  description:
    "a list with a group of Policy.everyGroup, which TLS 1.3 needs unless a PSK is used alone (psk_ke)",
}).ast;

/**
 * At least one version must have a cipher suite, and TLS 1.3 a group or psk_ke; otherwise there is nothing to offer and nothing
 * to choose.
 */
const complete = (
  { maxFragmentLength, recordPadding, recordSizeLimit, ...rest }: Members,
): Either.Either<Policy, ParseResult.ParseIssue> => {
  const { groups, pskKeyExchangeModes, versions } = rest;
  const of = spoken(rest);
  const issue = (member: string, wanted: typeof speakable, got: unknown, reason: string) =>
    Either.left(new ParseResult.Pointer(member, rest, new ParseResult.Type(wanted, got, reason)));
  if (of.length === 0) return issue("versions", speakable, versions, NO_SUITE);
  const exchanges = groups.some((group) => everyGroup.includes(group)) ||
    pskKeyExchangeModes.includes(PskKeyExchangeMode.psk_ke);
  if (of.includes(ProtocolVersion.TLS_1_3) && !exchanges) {
    return issue("groups", exchangeable, groups, NO_GROUP);
  }
  return Either.right(frozen({
    ...rest,
    maxFragmentLength: maxFragmentLength ?? undefined,
    recordPadding: recordPadding ?? undefined,
    recordSizeLimit: recordSizeLimit ?? undefined,
  }));
};

/** The Schema of a policy. A policy that it gave before is frozen, and passes as it is; any other is decoded into a copy. */
export const PolicyOption: Schema.Schema<Policy> = Schema.declare([], {
  decode: () => (u, how) =>
    known.has(u as object) ? ParseResult.succeed(u as Policy) : ParseResult.flatMap(parse(u, how), complete),
  encode: () => (u) => ParseResult.succeed(u as Policy),
}, { identifier: "Policy", description: "a Policy, such as Policy.modern" });

/**
 * Decodes a policy from an unknown value, such as a file's JSON. Every member must be there and of its type, and no others;
 * only `maxFragmentLength`, `recordPadding` and `recordSizeLimit` may be missing or null, for undefined. Versions, cipher suites, groups, schemes, compression
 * methods and algorithms are IANA's numbers, as in `JSON.stringify(Policy.modern)`.
 *
 * The result is frozen, and costs nothing where it is used. A policy of any other origin is decoded again for each
 * connection.
 */
export const decode: (policy: unknown) => Either.Either<Policy, InvalidOption> = decodeOption(
  PolicyOption,
  "policy",
);
