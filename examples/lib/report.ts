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
  /** The head of an answer to a request over HTTP. */
  readonly answered: (connection: number, response: Response) => void;
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
    answered: (connection, { status, statusText, headers }) =>
      say(connection, { event: "answer", status, statusText, headers: [...headers] } as { event: string }),
    closed: (connection) => say(connection, { event: "closed" }),
    failed: (connection, error) =>
      say(connection, { event: "error", ...failure(error) } as { event: string }),
  };
};

/** An error with the circumstances that the program knows, for better hints. */
export class Failure extends Error {
  constructor(
    override readonly cause: unknown,
    readonly circumstances: Errors.Circumstances,
    /** The peer: host and port. */
    readonly where: string | undefined,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Adds the circumstances of an error, and who the peer is. */
export const knowing = (error: unknown, circumstances: Errors.Circumstances, where?: string): Failure =>
  new Failure(error, circumstances, where);

const opened = (
  error: unknown,
): {
  readonly error: unknown;
  readonly circumstances?: Errors.Circumstances;
  readonly where?: string | undefined;
} =>
  error instanceof Failure
    ? { error: error.cause, circumstances: error.circumstances, where: error.where }
    : { error };

const failure = (failed: unknown) => {
  const { error, circumstances, where } = opened(failed);
  const peer = where === undefined ? {} : { peer: where };
  if (!isTlsError(error)) return { _tag: tagOf(error), message: wordsOf(error), ...peer };
  const { what, ...rest } = Errors.explain(error, circumstances);
  return { ...rest, ...("reason" in error ? { reason: error.reason } : {}), message: what, ...peer };
};

/** Whether an error is one of this library's. */
export const isTlsError = (e: unknown): e is Errors.TlsError =>
  typeof e === "object" && e !== null && "_tag" in e && String(e._tag) in Errors;

const wordsOf = (error: unknown): string => error instanceof Error ? error.message : String(error);
const tagOf = (error: unknown): string =>
  error instanceof Error ? "_tag" in error ? String(error._tag) : error.name : "Defect";

/** Formats an error as a block of lines, with the peer before it. All lines after the first are indented, whatever their source. */
export const explained = (failed: unknown): string => {
  const { error, circumstances, where } = opened(failed);
  const text = isTlsError(error)
    ? Errors.render(Errors.explain(error, circumstances))
    : `${tagOf(error)}: ${wordsOf(error)}`.split("\n").map(printable).join("\n  ");
  return where === undefined ? text : `${printable(where)}: ${text}`;
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

/** Whether to colour what goes to a terminal: not to a file, and not where NO_COLOR says so. */
export const colours = (to: { readonly isTerminal: () => boolean }): boolean =>
  !Deno.noColor && to.isTerminal();

/** How readable lines are printed. */
export interface Manner {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  /** Whether each line begins with its connection's number. */
  readonly labelled: boolean;
  /** How much is told: only what the peer says and errors; also how connections begin and end; also each message. */
  readonly shows?: "data" | "ends" | "flights";
  readonly coloured?: boolean;
}

const codes = { bold: 1, red: 31, green: 32, cyan: 36, grey: 90 } as const;

/** Reports readable lines: an arrow, the flight, the message, and its main content. */
export const human = ({ print, complain, labelled, shows = "flights", coloured = false }: Manner): Report => {
  const painted = (colour: keyof typeof codes, text: string): string =>
    coloured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
  const label = (connection: number): string => labelled ? `[${connection}] ` : "";
  /** Prints one line. Its text may come from a peer, so it is escaped. */
  const tell = (connection: number, text: string, colour?: keyof typeof codes) => {
    const line = printable(`${label(connection)}${text}`);
    print(colour ? painted(colour, line) : line);
  };
  const tellPeer = (connection: number, { certificates, verdict }: Peer) => {
    const [leaf] = certificates;
    if (leaf) tell(connection, described(leaf));
    if (leaf?._tag === "Certificate") tell(connection, `its pin is ${leaf.pin}`);
    if (verdict) tell(connection, found(verdict));
  };
  const warn = (connection: number, error: unknown) => complain(`${label(connection)}${explained(error)}`);
  const line = (
    connection: number,
    direction: "sent" | "received",
    flight: number | undefined,
    text: string,
    colour: keyof typeof codes = direction === "sent" ? "cyan" : "green",
  ) => tell(connection, `${direction === "sent" ? "→" : "←"} ${flight ?? " "}  ${text}`.trimEnd(), colour);
  const unless = (little: Manner["shows"], report: Partial<Report>): Partial<Report> =>
    shows === little || shows === "data" ? {} : report;
  return {
    observe: () => () => {},
    began: () => {},
    established: () => {},
    renegotiated: () => {},
    answered: () => {},
    closed: () => {},
    declined: warn,
    data: (connection, text) => tell(connection, text.replace(/\r?\n$/, "")),
    failed: warn,
    ...unless("data", {
      began: (connection, protocol, greeting) =>
        tell(
          connection,
          `began in the clear, by ${protocol}: ${textOf(greeting)?.trimEnd() ?? "no greeting"}`,
        ),
      established: (connection, n, peer, milliseconds) => {
        const how = n.resumed ? "resumed" : "full handshake";
        tell(connection, `${how} in ${milliseconds.toFixed(1)} ms: ${details(n)}`, "bold");
        tellPeer(connection, peer);
      },
      renegotiated: (connection, n, peer) => {
        const how = n.resumed ? "renegotiated, resumed" : "renegotiated";
        tell(
          connection,
          `${how}: ${details(n)}, the peer's certificates: ${peer.certificates.length}`,
          "bold",
        );
        tellPeer(connection, peer);
      },
      answered: (connection, { status, statusText, headers }) => {
        tell(connection, `${status} ${statusText}`.trimEnd(), "bold");
        if (shows === "flights") {
          for (const [name, value] of headers) tell(connection, `${name}: ${value}`);
        }
      },
      closed: (connection) => tell(connection, "closed"),
    }),
    ...unless("ends", {
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
            const colour = event.level === AlertLevel.fatal ? "red" : "grey";
            return line(connection, event.direction, undefined, `${"Alert".padEnd(WIDTH)} ${text}`, colour);
          }
        }
      },
    }),
  };
};
