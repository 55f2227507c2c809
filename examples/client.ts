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
  alpnOf,
  common,
  help,
  hostOf,
  numberOf,
  parse,
  policyNameOf,
  policyOf,
  positiveOf,
  startTlsOf,
  targetOf,
  UsageError,
} from "./lib/flags.ts";
import { askedOf, exchange, httpFlags, NoAnswer, sink, texts } from "./lib/http.ts";
import { interactive, keys } from "./lib/interactive.ts";
import { base, credentials } from "./lib/layers.ts";
import { lines, say } from "./lib/lines.ts";
import { run } from "./lib/program.ts";
import { renegotiations } from "./lib/renegotiations.ts";
import { proxyOf } from "./lib/proxy.ts";
import { colours, human, json, knowing, peerOf, type Report } from "./lib/report.ts";
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
  "common-name": {
    help: "also take the server's name from its certificate's subject, as old devices have it (with --ca)",
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
  proxy: { takes: "URL", help: "go through this HTTP proxy: http: or https:, with user and password in it" },
  ...httpFlags,
  verbose: { short: "v", help: "with HTTP, show the handshake and the fields of the answer, too" },
  quiet: { short: "q", help: "print nothing but what the server says, and errors" },
  ...common,
} as const;

/** Says that we are done, and reads until the server is, too: an alert of its own is an error. */
const toTheEnd = (connection: Connection) =>
  Effect.gen(function* () {
    yield* connection.closeWrite;
    for (let data = yield* connection.read; data !== undefined; data = yield* connection.read);
  }).pipe(Effect.timeout("5 seconds"), Effect.catchTag("TimeoutException", () => Effect.void));

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
    const usage = "deno task client HOST[:PORT] | https://HOST[:PORT]/PATH [flags]";
    return Effect.sync(() => print(help(usage, "A TLS client.", flags)));
  }
  const [target, ...more] = given.rest;
  if (target === undefined || more.length > 0) {
    throw new UsageError(
      "give exactly one HOST[:PORT] or https: URL; the default port is 443, or that of --starttls",
    );
  }
  const protocol = startTlsOf(given);
  const { hostname, port, path } = targetOf(target, protocol === undefined ? 443 : StartTls.ports[protocol]);
  const policy = policyOf(given);
  const alpn = alpnOf(given);
  const { servername: serverName, send } = given.flags;
  const asked = askedOf(given, hostOf(serverName ?? hostname, port), path);
  if (asked && send !== undefined) throw new UsageError("--http and --send cannot be combined");
  if (asked && protocol !== undefined) throw new UsageError("--http and --starttls cannot be combined");
  const early = given.flags["early-data"] !== undefined;
  if (early && send === undefined) throw new UsageError("--early-data needs --send");
  const seconds = positiveOf(given, "timeout", 30);
  const times = 1 + numberOf(given, "reconnect", 0);
  const asJson = given.flags["json"] !== undefined;
  const [verbose, quiet] = ["verbose", "quiet"].map((flag) => given.flags[flag] !== undefined);
  if (verbose && quiet) throw new UsageError("--verbose and --quiet cannot be combined");
  const report: Report = asJson ? json(print) : human({
    // A body has stdout for itself.
    print: asked ? complain : print,
    complain,
    labelled: times > 1,
    shows: quiet ? "data" : asked && !verbose ? "ends" : "flights",
    coloured: colours(asked ? Deno.stderr : Deno.stdout),
  });
  const isInteractive = send === undefined && !asked && !asJson && times === 1 && Deno.stdin.isTerminal();

  const policyName = policyNameOf(given);
  // Lines of the protocols that begin in the clear end with both.
  const lineEnd = protocol === undefined ? "\n" : "\r\n";
  const within = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | Silence> =>
    Effect.timeoutFail(effect, { duration: `${seconds} seconds`, onTimeout: () => new Silence({ seconds }) });
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
      const next = within(lines(connection, (text) => report.data(number, text)));
      let sent = negotiated.earlyData === true;
      const spoken = Effect.gen(function* () {
        if (send === undefined) return;
        if (!sent) yield* say(connection, `${send}${lineEnd}`);
        sent = false;
        const answer = yield* next;
        if (answer === undefined) return yield* new NoAnswer();
        report.data(number, answer);
      });
      const told = renegotiations(connection, report, number);
      yield* spoken;
      yield* told;
      if (given.flags["renegotiate"] !== undefined) {
        yield* connection.renegotiate;
        yield* told;
        yield* spoken;
      }
      if (given.flags["update-keys"] !== undefined) {
        yield* connection.updateKeys({ request: true });
        yield* spoken;
      }
      if (asked) {
        const data = asJson && asked.output === undefined ? texts(report, number) : yield* sink(asked.output);
        const answered = (response: Response) => report.answered(number, response);
        yield* exchange(connection, asked, { answered, data }, within);
      } else if (isInteractive) {
        if (!quiet) complain(keys);
        yield* interactive(connection, Deno.stdin.readable, lineEnd, report, number);
      } // A server of TLS 1.3 judges our certificate, or that we have none, after our handshake is finished.
      else if (certificateWanted) yield* toTheEnd(connection);
      yield* connection.close;
      report.closed(number);
    })).pipe(
      Effect.mapError((error) =>
        knowing(error, { policy: policyName, certificateWanted, version }, `${hostname} port ${port}`)
      ),
      // The error also ends the program, which prints it on stderr. Here it becomes an event.
      Effect.tapError((error) => Effect.sync(() => asJson && report.failed(number, error))),
    );
  };

  const layers = Layer.mergeAll(
    base(given),
    verifier(given),
    credentials(given, Credentials.layerNone),
    proxyOf(given),
  );
  return Effect.provide(
    Effect.forEach(Array.from({ length: times }, (_, i) => i + 1), once, { discard: true }),
    layers,
  );
};

if (import.meta.main) await run(() => main(Deno.args));
