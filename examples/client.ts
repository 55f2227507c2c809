/** A TLS client that shows its handshakes. See `deno task client --help`. @module */
import * as Data from "npm:effect@^3.22.4/Data";
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import {
  Client,
  type Connection,
  type ConnectionEvent,
  Credentials,
  Messages,
  type Names,
  type Observe,
} from "../mod.ts";
import * as StartTls from "../src/starttls/mod.ts";
import {
  addressOf,
  alpnOf,
  common,
  help,
  numberOf,
  parse,
  policyNameOf,
  policyOf,
  positiveOf,
  startTlsOf,
  UsageError,
} from "./lib/flags.ts";
import { base, credentials } from "./lib/layers.ts";
import { lines, say } from "./lib/lines.ts";
import { run } from "./lib/program.ts";
import { renegotiations } from "./lib/renegotiations.ts";
import { human, json, knowing, peerOf, type Report } from "./lib/report.ts";
import { verifier } from "./lib/trust.ts";

const flags = {
  servername: { takes: "NAME", help: "the name that the certificate must be valid for (HOST)" },
  ca: { takes: "FILE", help: "trust these roots (PEM, DER, PKCS#7) and no others" },
  insecure: { help: "trust any server" },
  pin: {
    takes: "SHA256",
    repeats: true,
    help: "trust a server by the hash of its key, in base64 or hexadecimal; with --ca, both must hold",
  },
  reconnect: { takes: "N", help: "connect N more times, and resume the session" },
  send: { takes: "TEXT", help: "send a line and print the answer" },
  "early-data": {
    help: "when a session is resumed, send the line of --send with the first flight (TLS 1.3)",
  },
  timeout: { takes: "SECONDS", help: "give up when the server says nothing for so long (30)" },
  renegotiate: {
    help:
      "renegotiate, then send and print again; also let the server renegotiate (not in TLS 1.3: --update-keys)",
  },
  "no-secure-renegotiation": { help: "also connect to a server without RFC 5746" },
  http: { takes: "PATH", help: "GET this path and print the answer" },
  ...common,
} as const;

/** Says that we are done, and reads until the server is, too: an alert of its own is an error. */
const toTheEnd = (connection: Connection) =>
  Effect.gen(function* () {
    yield* connection.closeWrite;
    for (let data = yield* connection.read; data !== undefined; data = yield* connection.read);
  }).pipe(Effect.timeout("5 seconds"), Effect.catchTag("TimeoutException", () => Effect.void));

/** The server closed the connection normally, without an answer. */
class NoAnswer extends Data.TaggedError("NoAnswer") {
  override get message() {
    return "the server closed the connection without an answer; if it asked to renegotiate: --renegotiation allow";
  }
}

/** The server says nothing. */
class Silence extends Data.TaggedError("Silence")<{ readonly seconds: number }> {
  override get message() {
    return `the server has said nothing for ${this.seconds} seconds (--timeout)`;
  }
}

const print = (line: string): void => console.log(line);
const complain = (line: string): void => console.error(line);

const requests = [
  Messages.CertificateRequest,
  Messages.CertificateRequestLegacy,
  Messages.CertificateRequest13,
];
const certificates = [Messages.Certificate, Messages.Certificate13];

/** Whether the server wants a certificate that it has not got, after a message that was sent or received. */
const wantsStill = (event: ConnectionEvent, wanted: boolean): boolean => {
  if (event._tag !== "message") return wanted;
  const { direction, message } = event;
  if (requests.some((Class) => message instanceof Class)) return true;
  const shown = direction === "sent" && (message instanceof Messages.CompressedCertificate ||
    certificates.some((Class) => message instanceof Class && message.certificateList.length > 0));
  return wanted && !shown;
};

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => print(help("deno task client HOST[:PORT] [flags]", "A TLS client.", flags)));
  }
  const [target, ...more] = given.rest;
  if (target === undefined || more.length > 0) {
    throw new UsageError("give exactly one HOST[:PORT]; the default port is 443, or that of --starttls");
  }
  const protocol = startTlsOf(given);
  const { hostname, port } = addressOf(target, protocol === undefined ? 443 : StartTls.ports[protocol]);
  const policy = policyOf(given);
  const alpn = alpnOf(given);
  const { servername: serverName, send, http } = given.flags;
  if (http !== undefined && send !== undefined) throw new UsageError("--http and --send cannot be combined");
  if (http !== undefined && !http.startsWith("/")) {
    throw new UsageError(`--http: a path must begin with /: ${JSON.stringify(http)}`);
  }
  if (http !== undefined && protocol !== undefined) {
    throw new UsageError("--http and --starttls cannot be combined");
  }
  const early = given.flags["early-data"] !== undefined;
  if (early && send === undefined) throw new UsageError("--early-data needs --send");
  const seconds = positiveOf(given, "timeout", 30);
  const times = 1 + numberOf(given, "reconnect", 0);
  const asJson = given.flags["json"] !== undefined;
  const report: Report = asJson ? json(print) : human(print, complain, times > 1);

  const policyName = policyNameOf(given);
  // Lines of the protocols that begin in the clear end with both.
  const lineEnd = protocol === undefined ? "\n" : "\r\n";
  const once = (number: number) => {
    const tell = report.observe(number);
    let certificateWanted = false;
    let version: Names.ProtocolVersion | undefined;
    const observe: Observe = (event) => {
      certificateWanted = wantsStill(event, certificateWanted);
      tell(event);
    };
    return Effect.scoped(Effect.gen(function* () {
      const start = performance.now();
      const options = {
        hostname,
        port,
        serverName,
        policy,
        alpn,
        observe,
        earlyData: early ? new TextEncoder().encode(`${send}${lineEnd}`) : undefined,
      };
      const connection = yield* protocol === undefined ? Client.connect(options) : Effect.map(
        StartTls.connect(protocol, options, { timeout: `${seconds} seconds` }),
        ({ connection, greeting }) => {
          report.began(number, protocol, greeting);
          return connection;
        },
      );
      const elapsed = performance.now() - start;
      const negotiated = yield* connection.negotiated;
      version = negotiated.version;
      report.established(number, negotiated, yield* peerOf(connection), elapsed);
      const next = Effect.timeoutFail(lines(connection, (text) => report.data(number, text)), {
        duration: `${seconds} seconds`,
        onTimeout: () => new Silence({ seconds }),
      });
      let sent = negotiated.earlyData === true;
      const exchange = Effect.gen(function* () {
        if (send === undefined) return;
        if (!sent) yield* say(connection, `${send}${lineEnd}`);
        sent = false;
        const answer = yield* next;
        if (answer === undefined) return yield* new NoAnswer();
        report.data(number, answer);
      });
      const told = renegotiations(connection, report, number);
      yield* exchange;
      yield* told;
      if (given.flags["renegotiate"] !== undefined) {
        yield* connection.renegotiate;
        yield* told;
        yield* exchange;
      }
      if (given.flags["update-keys"] !== undefined) {
        yield* connection.updateKeys({ request: true });
        yield* exchange;
      }
      if (http !== undefined) {
        yield* say(
          connection,
          `GET ${http} HTTP/1.1\r\nHost: ${serverName ?? hostname}\r\nConnection: close\r\n\r\n`,
        );
        for (let line = yield* next; line !== undefined; line = yield* next) report.data(number, line);
      }
      // A server of TLS 1.3 judges our certificate, or that we have none, after our handshake is finished.
      if (certificateWanted) yield* toTheEnd(connection);
      yield* connection.close;
      report.closed(number);
    })).pipe(
      Effect.mapError((error) => knowing(error, { policy: policyName, certificateWanted, version })),
      // The error also ends the program, which prints it on stderr. Here it becomes an event.
      Effect.tapError((error) => Effect.sync(() => asJson && report.failed(number, error))),
    );
  };

  const layers = Layer.mergeAll(base(given), verifier(given), credentials(given, Credentials.layerNone));
  return Effect.provide(
    Effect.forEach(Array.from({ length: times }, (_, i) => i + 1), once, { discard: true }),
    layers,
  );
};

if (import.meta.main) await run(() => main(Deno.args));
