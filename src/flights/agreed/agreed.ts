/** What the two hellos settle, and what a finished handshake leaves. @module */
import type { Snapshot } from "../../crypto/transcript.ts";
import { type ClientHello, findExtension, type ServerHello } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import { MaxFragmentLength } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import type { Session } from "../../ports/sessions.ts";
import type { Verdict } from "../../ports/trust.ts";
import { MAX_PLAINTEXT } from "../../record/protection/protection.ts";
import type { FragmentLimits } from "../../record/records.ts";
import { exchanges, type KeyExchange, type Terms } from "../../tables/exchanges/mod.ts";
import {
  type ServerAuthentication,
  serverAuthentications,
} from "../../tables/exchanges/server_authentication.ts";
import type { Policy } from "../../tables/policy.ts";
import type { Suite } from "../../tables/suites.ts";
import type { Derivation, Dialect } from "../../tables/versions/mod.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import type { Exporter, Renegotiable } from "./established.ts";

/** What both ends know after the two hellos. Every table is looked up here once, so that no flight asks again. */
export interface Agreed {
  /** In a renegotiation: what the last handshake left. */
  readonly previous: Renegotiable | undefined;
  readonly hello: ClientHello;
  readonly server: ServerHello;
  readonly dialect: Dialect;
  readonly suite: Suite;
  readonly exchange: KeyExchange;
  readonly authentication: ServerAuthentication;
  readonly terms: Terms;
  readonly derivation: Derivation;
  /** Makes the master secret of a full handshake, extended or not, as was agreed on. */
  readonly master: (premaster: Bytes, transcript: Snapshot) => Bytes;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** The code of the maximum fragment length (RFC 6066 §4); `undefined` if none was agreed on. */
  readonly maxFragmentLength: MaxFragmentLength | undefined;
  /** The most content in bytes of the records of each direction (RFC 6066 §4, RFC 8449). */
  readonly fragments: FragmentLimits;
  /** Whether a CertificateStatus may come (RFC 6066 §8). */
  readonly statusRequest: boolean;
  /** Whether a NewSessionTicket comes before the server's ChangeCipherSpec (RFC 5077 §3.3). */
  readonly newSessionTicket: boolean;
  readonly secureRenegotiation: boolean;
  /** The host name that the client asked for. */
  readonly serverName: string | undefined;
  /** The application protocol, by one of our own names. */
  readonly alpn: string | undefined;
  /** The hash of the trust settings that this handshake was made under, as a session keeps it. */
  readonly partition: Bytes;
}

/** The hellos agreed on a full handshake. */
export interface Full extends Agreed {
  readonly _tag: "Full";
}

/** The hellos agreed on resuming a session (RFC 5246 §7.3, figure 2). */
export interface Resumed extends Agreed {
  readonly _tag: "Resumed";
  readonly session: Session;
}

/** What either side brings to `settle`. */
export interface Settled extends
  Pick<
    Agreed,
    | "previous"
    | "hello"
    | "server"
    | "dialect"
    | "suite"
    | "serverName"
    | "alpn"
    | "partition"
    | "secureRenegotiation"
    | "fragments"
  > {
  readonly crypto: CryptoService;
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
  readonly minimumDhPrimeBits: number;
}

/** Derives everything that follows from the two hellos. */
export const settle = ({ crypto, groups, schemes, minimumDhPrimeBits, ...settled }: Settled): Agreed => {
  const { hello, server, dialect, suite } = settled;
  const authentication = serverAuthentications[suite.authentication];
  const { vouching } = authentication;
  const random = { client: hello.random, server: server.random };
  const derivation = dialect.derive(suite, random, crypto);
  const { extensions } = server;
  const extendedMasterSecret = findExtension(extensions, "extended_master_secret") !== undefined;
  return {
    ...settled,
    exchange: exchanges[suite.exchange],
    authentication,
    terms: {
      dialect,
      vouching,
      random,
      clientVersion: hello.clientVersion,
      groups,
      schemes,
      minimumDhPrimeBits,
    },
    derivation,
    master: extendedMasterSecret ? derivation.extendedMaster : derivation.master,
    extendedMasterSecret,
    encryptThenMac: suite.cipher._tag === "cbc" &&
      findExtension(extensions, "encrypt_then_mac") !== undefined,
    maxFragmentLength: findExtension(extensions, "max_fragment_length")?.maxFragmentLength,
    statusRequest: findExtension(extensions, "status_request") !== undefined,
    newSessionTicket: findExtension(extensions, "session_ticket") !== undefined,
  };
};

/** The most bytes of content in a record, by the code of RFC 6066 §4: 1 is 2^9, 4 is 2^12. */
export const fragmentBytes = (code: MaxFragmentLength | undefined): number =>
  code === undefined ? MAX_PLAINTEXT : 2 ** (8 + code);

/** The most content of the records of both directions, by the code of RFC 6066 §4. */
export const fragmentsOf = (code: MaxFragmentLength | undefined): FragmentLimits => {
  const bytes = fragmentBytes(code);
  return { read: bytes, write: bytes };
};

/** The codes of RFC 6066 §4, by length in bytes. */
const fragmentCodes = {
  512: MaxFragmentLength["2_9"],
  1024: MaxFragmentLength["2_10"],
  2048: MaxFragmentLength["2_11"],
  4096: MaxFragmentLength["2_12"],
};

/** The maximum fragment length that a policy asks for, by its code. */
export const fragmentCode = ({ maxFragmentLength }: Policy): MaxFragmentLength | undefined =>
  maxFragmentLength && fragmentCodes[maxFragmentLength];

/** Makes what a finished handshake leaves. */
export const established = (at: Agreed, how: {
  readonly masterSecret: Bytes;
  readonly serverEndPoint: Bytes;
  readonly verifyData: OfBoth<Bytes>;
  readonly resumed: boolean;
  readonly sessionTicket: boolean;
  readonly peerCertificates: ReadonlyArray<Bytes>;
  readonly peerVerdict?: Verdict | undefined;
  readonly sessionKey: string | undefined;
  readonly group?: NamedGroup | undefined;
  readonly scheme?: SignatureScheme | undefined;
  readonly ocspResponse?: Bytes | undefined;
}): Renegotiable => ({
  era: "until12",
  negotiated: {
    epoch: 1 + (at.previous?.negotiated.epoch ?? 0),
    version: at.dialect.version,
    cipherSuite: at.suite.id,
    compressionMethod: at.server.compressionMethod,
    sessionId: at.server.sessionId,
    sessionTicket: how.sessionTicket,
    resumed: how.resumed,
    clientRandom: at.hello.random,
    serverRandom: at.server.random,
    serverName: at.serverName,
    alpn: at.alpn,
    group: how.group,
    signatureScheme: how.scheme,
    extendedMasterSecret: at.extendedMasterSecret,
    encryptThenMac: at.encryptThenMac,
    maxFragmentLength: at.fragments.write,
    ocspResponse: how.ocspResponse,
    signedCertificateTimestamps: timestamps(at),
    secureRenegotiation: at.secureRenegotiation,
    psk: undefined,
    helloRetried: false,
    earlyData: undefined,
  },
  dialect: at.dialect,
  clientVersion: at.previous?.clientVersion ?? at.hello.clientVersion,
  encryptThenMac: at.encryptThenMac || (at.previous?.encryptThenMac ?? false),
  renegotiated: at.previous !== undefined,
  exporter: exporterOf(at, how.masterSecret),
  serverEndPoint: how.serverEndPoint,
  verifyData: how.verifyData,
  peerCertificates: how.peerCertificates,
  peerVerdict: how.peerVerdict,
  sessionKey: how.sessionKey,
});

/** Exports keys from a master secret. The seed has no context, or its length and itself (RFC 5705 §4). */
const exporterOf = (
  { derivation: { exporter }, hello, server }: Agreed,
  master: Bytes,
): Exporter | undefined => {
  const randoms = concat(hello.random, server.random);
  return exporter && ((label, context, length) => {
    const seed = context
      ? concat(randoms, Uint8Array.of(context.length >> 8, context.length), context)
      : randoms;
    return exporter(master, label, seed, length);
  });
};

/** The signed certificate timestamps in the server's hello, if any. */
export const timestamps = ({ server }: Agreed): ReadonlyArray<Bytes> =>
  findExtension(server.extensions, "signed_certificate_timestamp")?.sctList ?? [];
