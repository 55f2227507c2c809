/** The programs' `--starttls`: every protocol, its errors as people read them, and wrong usage. @module */
import { assert, Effect, Fiber } from "../deps.ts";
import { main as client } from "../../examples/client.ts";
import { UsageError } from "../../examples/lib/flags.ts";
import { explained } from "../../examples/lib/report.ts";
import { main as server } from "../../examples/server.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { certificates } from "../interop/peers.ts";
import { live } from "../support/effect.ts";

const root = `${certificates}/root.pem`;
const ours = ["--cert", `${certificates}/p256.pem`, "--key", `${certificates}/p256.key`];
const protocols = Object.keys(StartTls.ports) as ReadonlyArray<StartTls.Protocol>;

/** What the programs print, while the scope is open. They run in this process, so one test at a time. */
const printing = Effect.acquireRelease(
  Effect.sync(() => {
    const { log } = console;
    const lines: Array<string> = [];
    const waiting: Array<() => void> = [];
    console.log = (line: string) => {
      lines.push(line);
      waiting.splice(0).forEach((look) => look());
    };
    const next = (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((found) => {
        const look = () => {
          const match = lines.map((line) => pattern.exec(line)).find((one) => one !== null);
          if (match) found(match);
          else waiting.push(look);
        };
        look();
      });
    return { log, lines, until: (pattern: RegExp) => Effect.promise(() => next(pattern)) };
  }),
  ({ log }) => Effect.sync(() => void (console.log = log)),
);

/** Our server program, and its port. */
const serving = (protocol: StartTls.Protocol) =>
  Effect.gen(function* () {
    const { lines, until } = yield* printing;
    yield* Effect.forkScoped(server(["--port", "0", "--starttls", protocol, ...ours]));
    const [, port] = yield* until(/^listening 127\.0\.0\.1:(\d+)$/);
    const run = (as: StartTls.Protocol, ...more: ReadonlyArray<string>) =>
      client([`localhost:${port}`, "--ca", root, "--starttls", as, ...more]);
    return { lines, until, run };
  });

for (const protocol of protocols) {
  live(
    `--starttls ${protocol}: the programs begin in the clear and talk over TLS, and the client shows the greeting`,
    Effect.gen(function* () {
      const { lines, run } = yield* serving(protocol);
      yield* run(protocol, "--send", "hello", "--json");
      const events = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
      const begun = events.find(({ event }) => event === "starttls");
      assert.equal(begun.protocol, protocol);
      const speaksFirst = !["irc", "ldap", "postgres", "xmpp"].includes(protocol);
      assert.equal(begun.greeting?.includes("localhost") ?? false, speaksFirst);
      assert.equal(events.find(({ event }) => event === "data").text, "hello\r\n");
    }),
  );
}

live(
  "a client of another protocol says what it met and what to do, and so does the server",
  Effect.gen(function* () {
    const { until, run } = yield* serving("smtp");
    const complaints: Array<string> = [];
    const { error } = console;
    yield* Effect.addFinalizer(() => Effect.sync(() => void (console.error = error)));
    console.error = (text: string) => void complaints.push(text);
    const failure = yield* Effect.flip(run("imap"));
    assert.match(
      explained(failure),
      /^localhost port \d+: StartTlsUnexpected: imap: expected a greeting, got 220 localhost ESMTP\n {2}see {4}RFC 3501 §6\.2\.1\n {2}hint/,
    );
    yield* run("smtp"); // the server goes on
    yield* until(/closed/);
    assert.match(complaints.join("\n"), /^\[1\] 127\.0\.0\.1 port \d+: StartTlsEnded: smtp: /);
  }),
);

live(
  "a server that says nothing is given up after --timeout",
  Effect.gen(function* () {
    const listener = yield* Effect.acquireRelease(
      Effect.sync(() => Deno.listen({ hostname: "127.0.0.1", port: 0 })),
      (listener) => Effect.sync(() => listener.close()),
    );
    const accepted = listener.accept();
    const running = yield* Effect.fork(
      Effect.flip(client([
        ...[`127.0.0.1:${listener.addr.port}`, "--insecure", "--starttls", "smtp", "--timeout", "1"],
      ])),
    );
    const silent = yield* Effect.promise(() => accepted);
    yield* Effect.addFinalizer(() => Effect.sync(() => silent.close()));
    assert.match(
      explained(yield* Fiber.join(running)),
      /^127\.0\.0\.1 port \d+: StartTlsTimeout: smtp: .*--timeout/s,
    );
  }),
);

for (
  const [complaint, program, ...args] of [
    [
      /^--starttls: "smtps"; did you mean smtp\? give smtp, .* or xmpp$/,
      client,
      "localhost",
      "--starttls",
      "smtps",
    ],
    [/^--starttls: "toString"; give /, server, "--starttls", "toString"],
    [
      /^--http and --starttls cannot be combined$/,
      ...[client, "localhost", "--starttls", "smtp", "--http", "/"] as const,
    ],
  ] as const
) {
  Deno.test(`wrong usage is told before anything is done: ${args.join(" ")}`, () => {
    assert.throws(() => program(args), (e) => e instanceof UsageError && complaint.test(e.message));
  });
}
