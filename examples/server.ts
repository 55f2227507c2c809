/** A TLS server that shows its handshakes. See `deno task server --help`. @module */
import * as Cause from "npm:effect@^3.22.4/Cause";
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import { type ByteStream, type Connection, Credentials, type Errors, Server } from "../mod.ts";
import * as StartTls from "../src/starttls/mod.ts";
import {
  alpnOf,
  clientAuthOf,
  common,
  help,
  noArguments,
  numberOf,
  oneOf,
  parse,
  policyNameOf,
  policyOf,
  startTlsOf,
  UsageError,
} from "./lib/flags.ts";
import { base, credentials, hangups } from "./lib/layers.ts";
import { lines, say } from "./lib/lines.ts";
import { page } from "./lib/page.ts";
import { run, signalled } from "./lib/program.ts";
import { renegotiating, renegotiations } from "./lib/renegotiations.ts";
import { colours, human, json, knowing, peerOf, type Report } from "./lib/report.ts";
import { clientVerifier } from "./lib/trust.ts";

const flags = {
  host: { takes: "ADDRESS", help: "the address to listen at (127.0.0.1)" },
  port: { takes: "N", help: "the port to listen at; 0 lets the system choose (4433)" },
  reply: {
    takes: "echo|reverse|page|none",
    help: "what to answer: each line, each line reversed, a web page about the connection, nothing (echo)",
  },
  "client-auth": {
    takes: "none|request|require",
    help: "whether to ask clients for a certificate (none)",
  },
  "client-ca": { takes: "FILE", help: "the roots (PEM, DER, PKCS#7) of client certificates to trust" },
  "early-data": {
    takes: "BYTES",
    help: "accept so much early data, which an attacker may send again (TLS 1.3; needs --no-tickets)",
  },
  renegotiate: {
    help:
      "renegotiate after the first data; also let the client renegotiate; in TLS 1.3 with --renegotiate-client-auth only",
  },
  "renegotiate-client-auth": {
    takes: "none|request|require",
    help:
      "whether --renegotiate asks for a certificate (as --client-auth); require cuts off a client that declines",
  },
  "ticket-keys": {
    takes: "FILE",
    help: "keep the keys of session tickets in this file, so that tickets survive a restart",
  },
  "session-ttl": { takes: "SECONDS", help: "how long a session can be resumed (86400)" },
  grace: {
    takes: "SECONDS",
    help: "on SIGTERM, how long connections may still take; a second SIGTERM ends them at once (10)",
  },
  ...common,
} as const;

const print = (line: string): void => console.log(line);
const complain = (line: string): void => console.error(line);

type Reply = (
  connection: Connection,
  report: Report,
  number: number,
) => Effect.Effect<void, Errors.TlsError>;

/** Answers each line with `answer` of it. */
const answering =
  (answer: (line: string) => string): Reply => (connection: Connection, report: Report, number: number) =>
    Effect.gen(function* () {
      const next = lines(connection);
      const told = renegotiations(connection, report, number);
      for (let line = yield* next; line !== undefined; line = yield* next) {
        yield* told;
        report.data(number, line);
        yield* say(connection, answer(line));
      }
      yield* told;
    });

const replies = {
  echo: answering((line) => line),
  reverse: answering((line) => `${[...line.replace(/\r?\n$/, "")].reverse().join("")}\n`),
  page,
  none: answering(() => ""),
};

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => print(help("deno task server [flags]", "A TLS server.", flags)));
  }
  noArguments(given);
  const hostname = given.flags["host"] ?? "127.0.0.1";
  const port = numberOf(given, "port", 4433);
  if (port > 65535) throw new UsageError(`--port: ${port} is more than 65535`);
  const policy = policyOf(given);
  const policyName = policyNameOf(given);
  const clientAuth = clientAuthOf(given);
  const reply = oneOf<Reply>("reply", replies, given.flags["reply"] ?? "echo");
  const later = clientAuthOf(given, "renegotiate-client-auth");
  const renegotiate = given.flags["renegotiate"] === undefined ? undefined : { clientAuth: later };
  if (!renegotiate && given.flags["renegotiate-client-auth"] !== undefined) {
    throw new UsageError("--renegotiate-client-auth needs --renegotiate");
  }
  const asks = clientAuth !== "none" || renegotiate !== undefined && later !== "none";
  const trusts = given.flags["client-ca"] !== undefined;
  if (asks && !trusts) {
    const flag = clientAuth === "none" ? "renegotiate-client-auth" : "client-auth";
    throw new UsageError(
      `--${flag} asks clients for certificates: give the roots to trust with --client-ca FILE`,
    );
  }
  if (trusts && !asks) {
    throw new UsageError(
      "--client-ca has no effect, because no client is asked for a certificate: " +
        "add --client-auth request or require",
    );
  }
  const earlyData = numberOf(given, "early-data", 0);
  if (earlyData > 0 && given.flags["no-tickets"] === undefined) {
    throw new UsageError(
      "--early-data needs --no-tickets: a sealed ticket can be used again, and the early data with it",
    );
  }
  const grace = numberOf(given, "grace", 10);
  const protocol = startTlsOf(given);
  const before = protocol &&
    ((stream: ByteStream.ByteStream) =>
      Effect.map(StartTls.server(protocol, stream), (ready) => ready.stream));
  const asJson = given.flags["json"] !== undefined;
  const report = asJson
    ? json(print)
    : human({ print, complain, labelled: true, coloured: colours(Deno.stdout) });
  /** The time when each connection was accepted. */
  const started = new Map<number, number>();

  const serve = Effect.gen(function* () {
    const listening = yield* Server.listen(
      {
        hostname,
        port,
        policy,
        alpn: alpnOf(given),
        clientAuth,
        earlyData,
        before,
        observe: (number) => {
          started.set(number, performance.now());
          return report.observe(number);
        },
        onFailure: (cause, number, remote) =>
          Effect.sync(() => {
            const where = `${remote.hostname} port ${remote.port}`;
            report.failed(number, knowing(Cause.squash(cause), { policy: policyName }, where));
          }),
      },
      (connection, number) =>
        Effect.gen(function* () {
          const elapsed = performance.now() - (started.get(number) ?? performance.now());
          started.delete(number);
          report.established(number, yield* connection.negotiated, yield* peerOf(connection), elapsed);
          if (given.flags["update-keys"] !== undefined) yield* connection.updateKeys({ request: true });
          const served = renegotiate ? renegotiating(connection, renegotiate, report, number) : connection;
          yield* reply(served, report, number);
          yield* connection.close;
          report.closed(number);
        }),
    );
    const { address, shutdown } = listening;
    const where = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
    print(
      asJson ? JSON.stringify({ event: "listening", ...address }) : `listening ${where}:${address.port}`,
    );
    yield* signalled("SIGTERM");
    const { connections } = yield* listening.counts;
    complain(`SIGTERM: no more connections; waiting for ${connections}, at most ${grace} seconds`);
    const interrupted = yield* Effect.raceFirst(
      shutdown({ within: grace * 1000 }),
      Effect.zipRight(signalled("SIGTERM"), shutdown({ within: 0 })),
    );
    if (interrupted > 0) complain(`${interrupted} of them were cut off`);
  });

  const names = [...new Set(["localhost", "127.0.0.1", "::1", hostname])];
  const crypto = base(given);
  const layers = Layer.mergeAll(
    clientVerifier(given),
    credentials(given, Credentials.layerSelfSigned({ names }), hangups),
  ).pipe(Layer.provideMerge(crypto));
  return Effect.provide(Effect.scoped(serve), layers);
};

if (import.meta.main) await run(() => main(Deno.args), { endings: ["SIGINT"] });
