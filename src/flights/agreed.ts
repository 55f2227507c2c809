/** What the two hellos settle, and what a handshake leaves behind. @module */
import { Clock, Effect } from "../deps.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import { type ClientHello, findExtension, type ServerHello } from "../messages/mod.ts";
import type { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import { type CompressionMethod, MaxFragmentLength, type ProtocolVersion } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { CryptoService } from "../ports/crypto.ts";
import { KeyLog } from "../ports/key_log.ts";
import { Session, SessionStore, type SessionStoreError } from "../ports/sessions.ts";
import { compressed } from "../record/protection/compression.ts";
import { MAX_PLAINTEXT, type Protection } from "../record/protection/protection.ts";
import { exchanges, type KeyExchange, type Terms } from "../tables/exchanges/mod.ts";
import {
  type ServerAuthentication,
  serverAuthentications,
} from "../tables/exchanges/server_authentication.ts";
import type { Policy } from "../tables/policy.ts";
import type { Suite } from "../tables/suites.ts";
import type { Derivation, Dialect, OfBoth } from "../tables/versions/mod.ts";
import { type Bytes, EMPTY, toHex } from "../wire/bytes.ts";
import { make } from "../wire/codec.ts";
import { wordsOf } from "../wire/printable.ts";

/** What both ends know after the two hellos: looked up here once, so that no flight asks again. */
export interface Agreed {
  /** What the connection's last handshake left, in a renegotiation. */
  readonly previous: Established | undefined;
  readonly hello: ClientHello;
  readonly server: ServerHello;
  readonly dialect: Dialect;
  readonly suite: Suite;
  readonly exchange: KeyExchange;
  readonly authentication: ServerAuthentication;
  readonly terms: Terms;
  readonly derivation: Derivation;
  /** The master secret of a full handshake, in the form that was agreed on. */
  readonly master: (premaster: Bytes, said: Snapshot) => Bytes;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** The code of RFC 6066 §4; `undefined` when none was agreed on. */
  readonly maxFragmentLength: MaxFragmentLength | undefined;
  /** A CertificateStatus may come (RFC 6066 §8). */
  readonly statusRequest: boolean;
  /** A NewSessionTicket comes before the server's ChangeCipherSpec (RFC 5077 §3.3). */
  readonly newSessionTicket: boolean;
  readonly secureRenegotiation: boolean;
  /** The host name that the client asked for. */
  readonly serverName: string | undefined;
  /** The application protocol, one of our own names. */
  readonly alpn: string | undefined;
  /** The trust settings that a session of this handshake is for, as a session keeps them. */
  readonly partition: Bytes;
}

/** A full handshake follows. */
export interface Full extends Agreed {
  readonly _tag: "Full";
}

/** A session is resumed (RFC 5246 §7.3, figure 2). */
export interface Resumed extends Agreed {
  readonly _tag: "Resumed";
  readonly session: Session;
}

/** What either side brings to `agree`. */
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
  > {
  readonly crypto: CryptoService;
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
  readonly minimumDhPrimeBits: number;
}

/** Derives from the two hellos all that follows from them. */
export const agree = ({ crypto, groups, schemes, minimumDhPrimeBits, ...settled }: Settled): Agreed => {
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

/** Bytes in a record, by the code of RFC 6066 §4: 1 is 2^9, 4 is 2^12. */
export const fragmentBytes = (code: MaxFragmentLength | undefined): number =>
  code === undefined ? MAX_PLAINTEXT : 2 ** (8 + code);

/** The code for a length (RFC 6066 §4). */
const fragmentCodes = {
  512: MaxFragmentLength["2_9"],
  1024: MaxFragmentLength["2_10"],
  2048: MaxFragmentLength["2_11"],
  4096: MaxFragmentLength["2_12"],
};

/** The code that a policy asks for. */
export const fragmentCode = ({ maxFragmentLength }: Policy): MaxFragmentLength | undefined =>
  maxFragmentLength && fragmentCodes[maxFragmentLength];

/** What was agreed on, as a user sees it. */
export interface Negotiated {
  /** Which handshake of the connection this was: 1 is the first, and the keys' epoch of `Connection.readEpoch`. */
  readonly epoch: number;
  readonly version: ProtocolVersion;
  readonly cipherSuite: CipherSuite;
  readonly compressionMethod: CompressionMethod;
  /** As in the ServerHello: empty when the session can't be resumed but by a ticket; the client's own echoed after that. */
  readonly sessionId: Bytes;
  /** The server gave a ticket, or took one (RFC 5077). */
  readonly sessionTicket: boolean;
  readonly resumed: boolean;
  readonly clientRandom: Bytes;
  readonly serverRandom: Bytes;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  /** The group of the key exchange; `undefined` without one, and when resumed. */
  readonly group: NamedGroup | undefined;
  /** The scheme of the server's signature; `undefined` without one, and when resumed. */
  readonly signatureScheme: SignatureScheme | undefined;
  /** RFC 7627 */
  readonly extendedMasterSecret: boolean;
  /** RFC 7366; never with anything but a CBC suite. */
  readonly encryptThenMac: boolean;
  /** Bytes in a record at most (RFC 6066 §4). */
  readonly maxFragmentLength: number;
  /** What the server stapled to its certificate, as DER (RFC 6066 §8); not when resumed. */
  readonly ocspResponse: Bytes | undefined;
  /** The SCTs in the server's hello (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps: ReadonlyArray<Bytes>;
  /** RFC 5746 */
  readonly secureRenegotiation: boolean;
}

/** What a finished handshake leaves behind. */
export interface Established {
  readonly negotiated: Negotiated;
  readonly dialect: Dialect;
  readonly suite: Suite;
  /** What the connection's first ClientHello said, which every later one repeats. */
  readonly clientVersion: ProtocolVersion;
  /** Whether encrypt-then-MAC was ever agreed on, after which it may not be lost (RFC 7366 §3.1). */
  readonly encryptThenMac: boolean;
  /** Whether it was not the connection's first. */
  readonly renegotiated: boolean;
  readonly derivation: Derivation;
  readonly masterSecret: Bytes;
  /** `tls-server-end-point` (RFC 5929 §4); no bytes where it is undefined. */
  readonly serverEndPoint: Bytes;
  /** Both Finished, for RFC 5746 and RFC 5929. */
  readonly verifyData: OfBoth<Bytes>;
  /** The peer's chain as DER, leaf first. */
  readonly peerCertificates: ReadonlyArray<Bytes>;
  /** Where the session stands in the store, so that it can be invalidated (RFC 5246 §7.2.2). */
  readonly sessionKey: string | undefined;
}

/** Another handshake of a connection. */
export interface Again {
  /** What the last one left. */
  readonly previous: Established;
  /** Whether a session may be resumed in it. */
  readonly resume: boolean;
}

/** The keys of a handshake. */
export interface Keys {
  readonly master: Bytes;
  readonly keys: OfBoth<Protection>;
}

/** The keys that follow from a master secret, which a key log hears of. */
export const keysOf = Effect.fnUntraced(function* (at: Agreed, master: Bytes): Effect.fn.Return<Keys> {
  const log = yield* KeyLog;
  if (log) {
    const line = `CLIENT_RANDOM ${toHex(at.hello.random)} ${toHex(master)}`;
    // A log that dies is no reason to.
    yield* Effect.catchAllDefect(
      Effect.suspend(() => log(line)),
      (defect) => Effect.logWarning(`key log: ${wordsOf(defect)}`),
    );
  }
  const { client, server } = at.derivation.keys(master, at.encryptThenMac);
  const method = at.server.compressionMethod;
  return { master, keys: { client: compressed(client, method), server: compressed(server, method) } };
});

/** What the handshake leaves behind. */
export const established = (at: Agreed, how: {
  readonly masterSecret: Bytes;
  readonly serverEndPoint: Bytes;
  readonly verifyData: OfBoth<Bytes>;
  readonly resumed: boolean;
  readonly sessionTicket: boolean;
  readonly peerCertificates: ReadonlyArray<Bytes>;
  readonly sessionKey: string | undefined;
  readonly group?: NamedGroup | undefined;
  readonly scheme?: SignatureScheme | undefined;
  readonly ocspResponse?: Bytes | undefined;
}): Established => ({
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
    maxFragmentLength: fragmentBytes(at.maxFragmentLength),
    ocspResponse: how.ocspResponse,
    signedCertificateTimestamps: timestamps(at),
    secureRenegotiation: at.secureRenegotiation,
  },
  dialect: at.dialect,
  suite: at.suite,
  clientVersion: at.previous?.clientVersion ?? at.hello.clientVersion,
  encryptThenMac: at.encryptThenMac || (at.previous?.encryptThenMac ?? false),
  renegotiated: at.previous !== undefined,
  derivation: at.derivation,
  masterSecret: how.masterSecret,
  serverEndPoint: how.serverEndPoint,
  verifyData: how.verifyData,
  peerCertificates: how.peerCertificates,
  sessionKey: how.sessionKey,
});

/** The SCTs in the server's hello; none where there are none. */
export const timestamps = ({ server }: Agreed): ReadonlyArray<Bytes> =>
  findExtension(server.extensions, "signed_certificate_timestamp")?.sctList ?? [];

/** A chain that outlives its handshake: views would keep whole records alive, and what was read in them. */
export const copies = (chain: ReadonlyArray<Bytes>): ReadonlyArray<Bytes> => chain.map((der) => der.slice());

/** What a session keeps of a full handshake, beside what was agreed on. */
export interface Made {
  readonly masterSecret: Bytes;
  /** Copies. */
  readonly peerCertificates: ReadonlyArray<Bytes>;
  readonly serverName: string | undefined;
  readonly serverEndPoint: Bytes;
  /** A client's credentials, as a session keeps them. */
  readonly credentials: Bytes;
  /** The hash of the leaf that we showed; empty when we showed none. */
  readonly ownCertificate: Bytes;
  readonly group: NamedGroup | undefined;
  readonly primeBits: number | undefined;
  readonly ownScheme: SignatureScheme | undefined;
  readonly peerScheme: SignatureScheme | undefined;
}

/** The session that a full handshake made. */
export const sessionOf = (at: Agreed, made: Made): Effect.Effect<Session> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    make(Session, {
      ...made,
      // A copy: what is stored must not keep a whole record alive.
      id: at.server.sessionId.slice(),
      version: at.dialect.version,
      cipherSuite: at.suite.id,
      compressionMethod: at.server.compressionMethod,
      extendedMasterSecret: at.extendedMasterSecret ? 1 : 0,
      maxFragmentLength: at.maxFragmentLength ?? 0,
      serverName: made.serverName ?? "",
      partition: at.partition,
      group: made.group ?? NamedGroup.of(0),
      primeBits: made.primeBits ?? 0,
      ownScheme: made.ownScheme ?? SignatureScheme.of(0),
      peerScheme: made.peerScheme ?? SignatureScheme.of(0),
      createdAt: Math.floor(now / 1000),
      ticket: EMPTY,
      ticketExpiresAt: 0,
    }));

/** Asks the store; where it can't be asked the handshake goes on without it, and a log says so. */
export const fromStore = <A, B>(
  ask: (store: SessionStore["Type"]) => Effect.Effect<A, SessionStoreError>,
  otherwise: B,
): Effect.Effect<A | B, never, SessionStore> =>
  Effect.flatMap(SessionStore, ask).pipe(
    Effect.catchAll((e) => Effect.as(Effect.logWarning(e.message), otherwise)),
  );
