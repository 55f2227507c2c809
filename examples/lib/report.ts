/** The output of the programs: readable lines, or one JSON object per line. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Schema from "npm:effect@^3.22.4/Schema";
import {
  type CertificateVerifier,
  Codec,
  type Connection,
  type ConnectionEvent,
  Errors,
  Names,
  type Negotiated,
  type Observe,
  PeerCertificate,
} from "../../mod.ts";
import { summary } from "./summary.ts";

/** What is known of a peer: its certificates, and what our verifier found of them. */
export interface Peer {
  readonly certificates: ReadonlyArray<PeerCertificate>;
  readonly verdict: CertificateVerifier.Verdict | undefined;
}

/** What is known of the peer of a connection. */
export const peerOf = (connection: Connection): Effect.Effect<Peer> =>
  Effect.all({ certificates: connection.peerCertificates, verdict: connection.peerVerdict });

/** Reports the events of connections, by the connection's number. */
export interface Report {
  readonly observe: (connection: number) => Observe;
  /** TLS was asked for in the clear, by a protocol whose server may have said something first. */
  readonly began: (connection: number, protocol: string, greeting: Uint8Array | undefined) => void;
  readonly established: (
    connection: number,
    negotiated: Negotiated,
    peer: Peer,
    milliseconds: number,
  ) => void;
  /** A renegotiation is complete. */
  readonly renegotiated: (
    connection: number,
    negotiated: Negotiated,
    peer: Peer,
  ) => void;
  /** The peer declined another handshake, and the connection goes on. */
  readonly declined: (connection: number, error: Errors.RenegotiationRefused) => void;
  readonly data: (connection: number, text: string) => void;
  readonly closed: (connection: number) => void;
  readonly failed: (connection: number, error: unknown) => void;
}

/** A greeting may be no text. */
const textOf = (greeting: Uint8Array | undefined): string | undefined =>
  greeting && new TextDecoder().decode(greeting);

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

const { printable } = Errors;
const { AlertDescription, AlertLevel, CipherSuite, CompressionMethod, NamedGroup, SignatureScheme } = Names;

/** A message's class is its Schema. */
// deno-lint-ignore no-explicit-any -- an observer hears of every class
const schemaOf = (message: { readonly _tag: string }): any => message.constructor;

/** The negotiated parameters, with names instead of numbers. */
const plain = (n: Negotiated) => ({
  version: Names.versionText(n.version),
  cipherSuite: CipherSuite.nameOf(n.cipherSuite),
  compressionMethod: CompressionMethod.nameOf(n.compressionMethod),
  resumed: n.resumed,
  sessionId: hex(n.sessionId),
  sessionTicket: n.sessionTicket,
  clientRandom: hex(n.clientRandom),
  serverRandom: hex(n.serverRandom),
  serverName: n.serverName ?? null,
  alpn: n.alpn ?? null,
  group: n.group === undefined ? null : NamedGroup.nameOf(n.group),
  signatureScheme: n.signatureScheme === undefined ? null : SignatureScheme.nameOf(n.signatureScheme),
  extendedMasterSecret: n.extendedMasterSecret,
  encryptThenMac: n.encryptThenMac,
  maxFragmentLength: n.maxFragmentLength,
  secureRenegotiation: n.secureRenegotiation,
  psk: n.psk ?? null,
  helloRetried: n.helloRetried,
  earlyData: n.earlyData ?? null,
});

const jsonOf = (event: ConnectionEvent) => {
  switch (event._tag) {
    case "message": {
      const { direction, flight, epoch, raw, message } = event;
      return {
        event: "message",
        direction,
        flight,
        type: message._tag,
        epoch,
        raw: hex(raw),
        message: Codec.json(schemaOf(message), message),
      };
    }
    case "changeCipherSpec":
      return { event: "changeCipherSpec", direction: event.direction, flight: event.flight };
    case "alert":
      return {
        event: "alert",
        direction: event.direction,
        level: AlertLevel.nameOf(event.level),
        description: AlertDescription.nameOf(event.description),
      };
  }
};

const encodeCertificates = Schema.encodeSync(Schema.Array(PeerCertificate));

/** The end of a verdict, as in RFC 3339; `null` if it has none that is a date. */
const dateOf = ({ until }: CertificateVerifier.Verdict): string | null =>
  Math.abs(until) < 8.64e12 ? new Date(until * 1000).toISOString() : null;

const jsonOfPeer = ({ certificates, verdict }: Peer) => ({
  peerCertificates: encodeCertificates(certificates),
  peerVerdict: verdict ? { ...verdict, path: verdict.path.map(hex), until: dateOf(verdict) } : null,
});

/** Reports one JSON object per line. */
export const json = (print: (line: string) => void): Report => {
  const say = (connection: number, { event, ...rest }: { readonly event: string }) =>
    print(printable(JSON.stringify({ event, connection, ...rest })));
  return {
    observe: (connection) => (event) => say(connection, jsonOf(event)),
    began: (connection, protocol, greeting) =>
      say(
        connection,
        { event: "starttls", protocol, greeting: textOf(greeting) ?? null } as { event: string },
      ),
    established: (connection, n, peer, milliseconds) => {
      const rounded = Math.round(milliseconds * 100) / 100;
      say(connection, { event: "established", ...plain(n), ...jsonOfPeer(peer), milliseconds: rounded } as {
        event: string;
      });
    },
    renegotiated: (connection, n, peer) => {
      say(connection, { event: "renegotiated", ...plain(n), ...jsonOfPeer(peer) } as { event: string });
    },
    declined: (connection, error) => say(connection, { ...failure(error), event: "declined" }),
    data: (connection, text) => say(connection, { event: "data", text } as { event: string }),
    closed: (connection) => say(connection, { event: "closed" }),
    failed: (connection, error) =>
      say(connection, { event: "error", ...failure(error) } as { event: string }),
  };
};

/** An error with the circumstances that the program knows, for better hints. */
export class Failure extends Error {
  constructor(
    override readonly cause: Errors.TlsError,
    readonly circumstances: Errors.Circumstances,
  ) {
    super(cause.message);
  }
}

/** Adds circumstances to an error of this library; returns any other error unchanged. */
export const knowing = <E>(error: E, circumstances: Errors.Circumstances): E | Failure =>
  isTlsError(error) ? new Failure(error, circumstances) : error;

const opened = (error: unknown): readonly [error: unknown, circumstances?: Errors.Circumstances] =>
  error instanceof Failure ? [error.cause, error.circumstances] : [error];

const failure = (failed: unknown) => {
  const [error, circumstances] = opened(failed);
  if (!isTlsError(error)) return { _tag: "Defect", message: String(error), alert: "internal_error" };
  const { what, ...rest } = Errors.explain(error, circumstances);
  return { ...rest, ...("reason" in error ? { reason: error.reason } : {}), message: what };
};

/** Whether an error is one of this library's. */
export const isTlsError = (e: unknown): e is Errors.TlsError =>
  typeof e === "object" && e !== null && "_tag" in e && String(e._tag) in Errors;

/** Formats an error as a block of lines. All lines after the first are indented, whatever their source. */
export const explained = (failed: unknown): string => {
  const [error, circumstances] = opened(failed);
  return isTlsError(error)
    ? Errors.render(Errors.explain(error, circumstances))
    : (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
      .split("\n").map(printable).join("\n  ");
};

/** The width of the column of names: that of the longest, CompressedCertificate. */
const WIDTH = 21;

const details = (n: Negotiated): string => {
  const { version, cipherSuite, group, signatureScheme, alpn, compressionMethod } = plain(n);
  const compressed = compressionMethod === "null" ? null : compressionMethod;
  return [version, cipherSuite, group, signatureScheme, alpn, compressed].filter((s) => s !== null).join(
    ", ",
  );
};

/** Describes a leaf certificate in one line. */
export const described = (leaf: PeerCertificate): string => {
  if (leaf._tag === "UnreadableCertificate") return `the peer is unreadable: ${leaf.reason}`;
  const { subject, issuer, publicKey: key, notAfter, fingerprints } = leaf;
  const size = key._tag === "unsupported" ? key.algorithm : `${key._tag} ${key.bits}`;
  const until = notAfter.toISOString().slice(0, 10);
  return `the peer is ${subject}, by ${issuer}, ${size}, until ${until}, SHA-256 ${
    fingerprints.sha256.slice(0, 16)
  }…`;
};

/** Describes in one line what was found of a peer's certificates. */
export const found = (verdict: CertificateVerifier.Verdict): string => {
  const { path, policies, revocation, timestamps } = verdict;
  const until = dateOf(verdict);
  const checked = revocation.filter(({ status }) => status === "good").length;
  const named = policies.filter((policy) => policy !== "2.5.29.32.0");
  return [
    until === null ? "trusted" : `trusted until ${until.slice(0, 16)}Z`,
    path.length === 1 ? "by itself" : `by a path of ${path.length} certificates`,
    checked === 0 ? "revocation unchecked" : `${checked} of ${revocation.length} not revoked`,
    ...(named.length > 0 ? [`policies ${named.join(" ")}`] : []),
    ...(timestamps.length > 0 ? [`${timestamps.length} timestamps`] : []),
  ].join(", ");
};

/** Reports readable lines: an arrow, the flight, the message, and its main content. */
export const human = (
  print: (line: string) => void,
  complain: (line: string) => void,
  labelled: boolean,
): Report => {
  /** Prints one line. Its text may come from a peer, so it is escaped. */
  const tell = (connection: number, text: string) =>
    print(printable(`${labelled ? `[${connection}] ` : ""}${text}`));
  const tellPeer = (connection: number, { certificates, verdict }: Peer) => {
    certificates.slice(0, 1).forEach((leaf) => tell(connection, described(leaf)));
    if (verdict) tell(connection, found(verdict));
  };
  const warn = (connection: number, error: unknown) =>
    complain(`${labelled ? `[${connection}] ` : ""}${explained(error)}`);
  const line = (
    connection: number,
    direction: "sent" | "received",
    flight: number | undefined,
    text: string,
  ) => tell(connection, `${direction === "sent" ? "→" : "←"} ${flight ?? " "}  ${text}`.trimEnd());
  return {
    observe: (connection) => (event) => {
      switch (event._tag) {
        case "message":
          return line(
            connection,
            event.direction,
            event.flight,
            `${event.message._tag.padEnd(WIDTH)} ${summary(event.message)}`,
          );
        case "changeCipherSpec":
          return line(connection, event.direction, event.flight, "ChangeCipherSpec");
        case "alert": {
          const text = `${AlertLevel.nameOf(event.level)} ${AlertDescription.nameOf(event.description)}`;
          return line(connection, event.direction, undefined, `${"Alert".padEnd(WIDTH)} ${text}`);
        }
      }
    },
    began: (connection, protocol, greeting) =>
      tell(connection, `began in the clear, by ${protocol}: ${textOf(greeting)?.trimEnd() ?? "no greeting"}`),
    established: (connection, n, peer, milliseconds) => {
      const how = n.resumed ? "resumed" : "full handshake";
      tell(connection, `${how} in ${milliseconds.toFixed(1)} ms: ${details(n)}`);
      tellPeer(connection, peer);
    },
    renegotiated: (connection, n, peer) => {
      const how = n.resumed ? "renegotiated, resumed" : "renegotiated";
      tell(connection, `${how}: ${details(n)}, the peer's certificates: ${peer.certificates.length}`);
      tellPeer(connection, peer);
    },
    declined: warn,
    data: (connection, text) => tell(connection, text.replace(/\r?\n$/, "")),
    closed: (connection) => tell(connection, "closed"),
    failed: warn,
  };
};
