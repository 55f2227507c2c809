/**
 * The example programs as people start them: their flags, what they print and where, and how they end.
 *
 * @module
 */
import { assert, Deferred, Effect, Layer } from "../deps.ts";
import { main as certs } from "../../examples/certs.ts";
import { main as clientMain } from "../../examples/client.ts";
import { main as demo } from "../../examples/demo.ts";
import { parse, policyOf, UsageError } from "../../examples/lib/flags.ts";
import { run as asProgram } from "../../examples/lib/program.ts";
import { main as serveSource } from "../../examples/serve_source.ts";
import { main as serverMain } from "../../examples/server.ts";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  type ConnectionEvent,
  Credentials,
  Crypto,
  Server,
  SessionStore,
  Transport,
} from "../../mod.ts";
import { certificates, repository, temporary } from "../interop/peers.ts";
import { server } from "../interop/programs.ts";
import { live } from "../support/effect.ts";
import { covering, exhaustive, exhaustiveOnly } from "../support/exhaustive.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { createPrivateKey, X509Certificate } from "node:crypto";

const root = `${certificates}/root.pem`;
const ours = ["--cert", `${certificates}/p256.pem`, "--key", `${certificates}/p256.key`];

const mains = { client: clientMain, server: serverMain, demo, certs, serve_source: serveSource };

/** How a program ended, and what it printed. */
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of Deno's in a process of its own. */
const deno = (...args: ReadonlyArray<string>): Effect.Effect<Ran> =>
  Effect.promise(async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: repository,
      env: { NO_COLOR: "1" },
    }).output();
    return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
  });

/** A program in a process of its own. `--quiet`, so that stderr holds no word of Deno's own. */
const started = (program: keyof typeof mains, ...args: ReadonlyArray<string>) =>
  deno(
    ...["run", "--quiet", "--frozen", "--allow-net", "--allow-read", "--allow-write", "--allow-env"],
    `${repository}examples/${program}.ts`,
    ...args,
  );

/** A program in this process: what it would print is kept. One at a time, for the console is replaced. */
const called = (program: keyof typeof mains, ...args: ReadonlyArray<string>): Effect.Effect<Ran> =>
  Effect.promise(async () => {
    const printed = { log: "", error: "" };
    const [{ log, error }, exit] = [console, Deno.exit];
    let code = 0;
    console.log = (line: unknown) => void (printed.log += `${line}\n`);
    console.error = (line: unknown) => void (printed.error += `${line}\n`);
    const { write } = Deno.stdout;
    Deno.stdout.write = (bytes) => {
      printed.log += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    };
    const exits = (given?: number): never => {
      code = given ?? 0;
      throw exits;
    };
    Object.defineProperty(Deno, "exit", { value: exits, configurable: true });
    try {
      await asProgram(() => mains[program](args) as Effect.Effect<void, unknown>);
      code = Number(Deno.exitCode);
    } catch (e) {
      if (e !== exits) throw e;
    } finally {
      Object.assign(console, { log, error });
      Deno.stdout.write = write;
      Object.defineProperty(Deno, "exit", { value: exit, configurable: true });
      Deno.exitCode = 0;
    }
    return { code, stdout: printed.log, stderr: printed.error };
  });

/**
 * A program run to its end: in a process, or where not all is tried in this one, which takes a tenth of the time. HTTP always has
 * a process: undici's clock would tick into other tests.
 */
const run: typeof called = (program, ...args) =>
  (exhaustive || args.includes("--http") ? started : called)(program, ...args);

/** The standard output of a run in which nothing went wrong. */
const clean = ({ code, stdout, stderr }: Ran): string => {
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
};

/** As much of the JSON lines as is read here. */
interface Line {
  readonly event: string;
  readonly connection?: number;
  readonly type?: string;
  readonly direction?: string;
  readonly flight?: number;
  readonly text?: string;
  readonly resumed?: boolean;
  readonly [field: string]: unknown;
}
const linesOf = (stdout: string): ReadonlyArray<Line> =>
  stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
const saidIn = (lines: ReadonlyArray<Line>): string => lines.map(({ text }) => text ?? "").join("");
const resumptions = (lines: ReadonlyArray<Line>) =>
  lines.filter(({ event }) => event === "established").map(({ resumed }) => resumed);

/** Our client to a server of ours. */
const client = (port: number, ...args: ReadonlyArray<string>) =>
  run("client", `localhost:${port}`, "--ca", root, ...args);

const shared =
  "policy versions cipher-suites groups compression alpn cert key key-pass session-store no-tickets " +
  "renegotiate renegotiation insecure-renegotiation crypto key-log json help psk psk-file update-keys early-data " +
  "profile require-policies ct-logs allow crl crl-check starttls";
const flags = {
  client:
    `servername ca pin insecure reconnect timeout send http method header data output verbose quiet proxy common-name no-secure-renegotiation ${shared}`,
  server:
    `host port reply client-auth client-ca renegotiate-client-auth ticket-keys session-ttl grace ${shared}`,
  demo: "json help",
  certs: "names days force json help",
  serve_source: "port help",
};

for (const [program, names] of Object.entries(flags) as Array<[keyof typeof flags, string]>) {
  live(
    `${program} --help lists every flag and succeeds`,
    Effect.gen(function* () {
      const listed = clean(yield* run(program, "--help")).matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm);
      assert.deepEqual(Array.from(listed, ([, name]) => name).sort(), names.split(" ").sort());
    }),
  );
}

const misused: ReadonlyArray<
  readonly [complaint: RegExp, program: keyof typeof mains, ...args: ReadonlyArray<string>]
> = [
  [/--ca is given more than once/, "client", "localhost", "--ca", "a", "--ca", "b"],
  [/HOST\[:PORT\]/, "client"],
  [
    /did you mean ECDHE-RSA-AES128-GCM-SHA256\?$/,
    "client",
    "a",
    "--cipher-suites",
    "ECDHE-RSA-AES128-GCM-SHA25",
  ],
  [/"ftp:\/\/a" is no https: URL/, "client", "ftp://a"],
  [/a name and password in a URL are not sent/, "client", "https://me:secret@localhost/"],
  [/--http: the URL says the path already/, "client", "https://localhost/", "--http", "/"],
  [/--data needs --http PATH, or an https: URL/, "client", "localhost", "--data", "x"],
  [/--header: give NAME: VALUE/, "client", "https://localhost/", "--header", "x"],
  [/--verbose and --quiet/, "client", "localhost", "-v", "-q"],
  [/--proxy: give a URL that begins with http: or https:/, "client", "localhost", "--proxy", "socks5://a"],
  [/--grace: x/, "server", "--grace", "x"],
  [/HOST\[:PORT\]/, "client", "one", "two"],
  [/localhost:99999/, "client", "localhost:99999"],
  [/--wrong/, "client", "localhost", "--wrong"],
  [/--send/, "client", "localhost", "--send"],
  [/--reconnect: x/, "client", "localhost", "--reconnect", "x"],
  [/--ca and --insecure/, "client", "localhost", "--ca", root, "--insecure"],
  [/--profile needs --ca FILE/, "client", "localhost", "--insecure", "--profile", "webpki"],
  [/--allow needs --client-ca FILE/, "server", ...ours, "--allow", "sha1"],
  [/--pin: "xyz" is no SHA-256/, "client", "localhost", "--pin", "xyz"],
  [/--pin and --insecure/, "client", "localhost", "--pin", "00", "--insecure"],
  [/--allow: "md5"; give sha1, /, "client", "localhost", "--ca", root, "--allow", "sha1,md5"],
  [/--profile: "web"; give rfc5280 or webpki/, "client", "localhost", "--ca", root, "--profile", "web"],
  [/--crl needs --ca FILE/, "client", "localhost", "--crl", root],
  [/--crl needs --client-ca FILE/, "server", ...ours, "--crl", root],
  [/--crl-check needs --crl FILE/, "client", "localhost", "--ca", root, "--crl-check", "leaf"],
  [
    /--crl-check: "all"; give leaf or chain$/,
    ...["client", "localhost", "--ca", root, "--crl", root, "--crl-check", "all"] as const,
  ],
  [/--cert and --key/, "client", "localhost", "--cert", root],
  [/--cert and --key/, "server", ...ours, "--cert", root],
  [/--key-pass: give env:NAME or file:FILE/, "server", ...ours, "--key-pass", "secret"],
  [/--groups: "x999"; give X25519MLKEM768, .* or /, "client", "localhost", "--groups", "x25519,x999"],
  [/--cipher-suites: "RC4"; there are \d+, such as /, "server", "--cipher-suites", "RC4"],
  [/--compression: "zip"; give null or deflate$/, "client", "localhost", "--compression", "zip"],
  [
    /--renegotiation: "maybe"; give allow, refuse, close or ignore$/,
    "client",
    "localhost",
    "--renegotiation",
    "maybe",
  ],
  [/--early-data needs --send/, "client", "localhost", "--early-data"],
  [/--early-data needs --no-tickets/, "server", "--early-data", "100"],
  [/--psk and --psk-file/, "client", "localhost", "--psk", "a:00", "--psk-file", root],
  [/--psk: give IDENTITY:HEX$/, "client", "localhost", "--psk", "a:0"],
  [/--timeout: must be more than 0/, "client", "localhost", "--timeout", "0"],
  [/policy\.versions: .*--policy compatible/, "client", "localhost", "--versions", "tls1.1"],
  [/--ticket-keys and --no-tickets/, "server", "--ticket-keys", root, "--no-tickets"],
  [
    /--renegotiate-client-auth: "no"; give none, request or require$/,
    "server",
    "--renegotiate-client-auth",
    "no",
  ],
  [
    /--renegotiate-client-auth needs --renegotiate/,
    "server",
    "--renegotiate-client-auth",
    "require",
    "--client-ca",
    root,
  ],
  [
    /--client-auth: "required"; did you mean require\? give none, request or require$/,
    "server",
    "--client-auth",
    "required",
  ],
  [
    /^--client-auth asks clients for certificates: give the roots to trust with --client-ca FILE$/,
    ...["server", "--client-auth", "require"] as const,
  ],
  [
    /^--renegotiate-client-auth asks clients for certificates: give the roots to trust with --client-ca FILE/,
    ...["server", "--renegotiate", "--renegotiate-client-auth", "request"] as const,
  ],
  [/no client is asked for a certificate/, "server", "--client-ca", root],
  [/no client is asked for a certificate/, "server", "--client-ca", root, "--client-auth", "none"],
  [/no client is asked for a certificate/, "server", "--client-ca", root, "--renegotiate"],
  [/--http and --send cannot be combined/, "client", "localhost", "--http", "/", "--send", "hello"],
  [/--http: a path must begin with \//, "client", "localhost", "--http", "index.html"],
  [/--http: a path must begin with \//, "client", "localhost", "--http", ""],
  [/localhost:0: port 0 cannot be connected to/, "client", "localhost:0"],
  [/policy\.versions: none for which the policy names/, "client", "localhost", "--versions", "tls1.0"],
  [/policy\.versions: none for which the policy names/, "server", "--versions", "tls1.1,ssl3.0"],
  [/policy\.versions: is empty/, "client", "localhost", "--versions", ","],
  [/--versions: "tls9"; give ssl3\.0, /, "server", "--versions", "tls9"],
  [/--policy: "lax"; give modern, compatible or legacy$/, "server", "--policy", "lax"],
  [/--reply: "sing"; give echo, reverse, page or none$/, "server", "--reply", "sing"],
  [/--port: 99999/, "server", "--port", "99999"],
  [/--session-ttl: 1\.5/, "server", "--session-ttl", "1.5"],
  [/--session-store: "disk"; give none or memory$/, "server", "--session-store", "disk"],
  [/unexpected argument "4433"/, "server", "4433"],
  [/unexpected argument "fast"/, "demo", "fast"],
  [/one DIR/, "certs"],
  [/one DIR/, "certs", "one", "two"],
  [/--days: 0/, "certs", "nowhere", "--days", "0"],
  [/--names: names nobody/, "certs", "nowhere", "--names", ","],
  [/unexpected argument "8001"/, "serve_source", "8001"],
];

Deno.test("--no-secure-renegotiation lets a server without RFC 5746 pass, and nothing else", () => {
  const of = (...args: ReadonlyArray<string>) =>
    policyOf(parse({ "no-secure-renegotiation": { help: "" } }, args));
  assert.equal(of().requireSecureRenegotiation, true);
  assert.deepEqual(of("--no-secure-renegotiation"), { ...of(), requireSecureRenegotiation: false });
});

live(
  "wrong usage is one line on stderr, nothing on stdout, and exit code 2",
  Effect.forEach(
    [
      ["client"],
      ["server", "4433"],
      ["demo", "fast"],
      ["certs"],
      ["serve_source", "8001"],
    ] as const,
    ([program, ...args]) =>
      Effect.map(run(program, ...args), ({ code, stdout, stderr }) => {
        assert.deepEqual({ program, code, stdout }, { program, code: 2, stdout: "" });
        assert.match(stderr, /^[^\n]+\(see --help\)\n$/);
      }),
  ),
);

/** What a developer starts: a task of deno.json, with other flags. */
const task = (name: string, ...args: ReadonlyArray<string>) => deno("task", "--quiet", name, ...args);

live(
  "the developers' tasks say what they are for, and do nothing by a flag that they do not know",
  exhaustiveOnly,
  Effect.forEach(["ends", "states", "musts", "mutants"], (name) =>
    Effect.gen(function* () {
      const page = name === "mutants" ? undefined : `${repository}docs/${name}.md`;
      const before = page && (yield* Effect.promise(() => Deno.stat(page))).mtime?.getTime();
      assert.match(clean(yield* task(name, "--help")), new RegExp(`usage: deno task ${name} .*--help`, "s"));
      for (const wrong of ["--wrong", "wrong"]) {
        const { code, stdout, stderr } = yield* task(name, wrong);
        assert.deepEqual({ name, code, stdout }, { name, code: 2, stdout: "" });
        assert.match(stderr, /wrong.*\(see --help\)\n$/);
      }
      const after = page && (yield* Effect.promise(() => Deno.stat(page))).mtime?.getTime();
      assert.equal(after, before);
    }), { concurrency: 2 }),
);

live(
  "no changes are planted by nobody, in no time, none of them, or where there are no sources",
  exhaustiveOnly,
  Effect.forEach(
    [
      [/--beside: must be more than 0/, "--beside", "0"],
      [/--seconds: must be more than 0/, "--seconds", "0"],
      [/--sample: must be more than 0/, "--sample", "0"],
      [/--only: there is no src\/nothere/, "--only", "src/nothere"],
      [/--only: there is no src\/tables\/policy\.ts\/x/, "--only", "src/tables/policy.ts/x"],
    ] as const,
    ([complaint, ...args]) =>
      Effect.map(task("mutants", ...args), ({ code, stdout, stderr }) => {
        assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
        assert.match(stderr, complaint);
      }),
    { concurrency: 2 },
  ),
);

for (const [complaint, program, ...args] of misused) {
  Deno.test(`wrong usage is told before anything is done: ${[program, ...args].join(" ")}`, () => {
    const main = mains[program];
    assert.throws(() => main(args), (e) => e instanceof UsageError && complaint.test(e.message));
  });
}

const full = [
  "→1 ClientHello",
  "←2 ServerHello, Certificate, ServerKeyExchange, ServerHelloDone",
  "→3 ClientKeyExchange, ChangeCipherSpec, Finished",
  "←4 ChangeCipherSpec, Finished",
];
const resumed = [
  "→1 ClientHello",
  "←2 ServerHello, ChangeCipherSpec, Finished",
  "→3 ChangeCipherSpec, Finished",
];

/** A full handshake in which the client shows a certificate. */
const certified = [
  "→1 ClientHello",
  "←2 ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone",
  "→3 Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished",
  "←4 ChangeCipherSpec, Finished",
];
/** One in which the server gives a ticket. */
const ticketed = [...full.slice(0, 3), "←4 NewSessionTicket, ChangeCipherSpec, Finished"];
const resumed13 = [
  "→1 ClientHello",
  "←2 ServerHello, EncryptedExtensions, Finished",
  "→3 ChangeCipherSpec, Finished",
];
/** The flights of each of the demo's connections, without the tickets of TLS 1.3, which come when they come. */
const demonstrated = [
  [
    "→1 ClientHello",
    "←2 ServerHello, EncryptedExtensions, CompressedCertificate, CertificateVerify, Finished",
    "→3 ChangeCipherSpec, Finished",
  ],
  ["→1 ClientHello, ChangeCipherSpec", resumed13[1]!, "→3 EndOfEarlyData, Finished"],
  [
    ...resumed13,
    "→0 KeyUpdate",
    "←0 CertificateRequest",
    "→0 CompressedCertificate, CertificateVerify, Finished",
    "←0 KeyUpdate",
  ],
  full,
  resumed,
  [...resumed, ...full],
  [...resumed, "←0 HelloRequest", ...certified],
  ticketed,
  resumed,
];

/** What was said, flight by flight. */
const flightsOf = (said: ReadonlyArray<readonly [flight: string, what: string]>): ReadonlyArray<string> => {
  const flights: Array<string> = [];
  let last: string | undefined;
  for (const [flight, what] of said) {
    flights.push(flight === last ? `${flights.pop()}, ${what}` : `${flight} ${what}`);
    last = flight;
  }
  return flights;
};
const flightsOfLines = (lines: ReadonlyArray<Line>) =>
  flightsOf(
    lines.filter(({ flight, type }) => flight !== undefined && (flight !== 0 || type !== "NewSessionTicket"))
      .map(({ direction, flight, type }) =>
        [`${direction === "sent" ? "→" : "←"}${flight}`, type ?? "ChangeCipherSpec"] as const
      ),
  );

live(
  "the demo prints each flight: full, resumed by ID and by ticket, renegotiated by either end, and what they took",
  Effect.gen(function* () {
    const parts = clean(yield* run("demo")).split("\n\n");
    assert.deepEqual(
      parts.map((part) =>
        flightsOf(
          Array.from(
            part.matchAll(/^([→←]) (\d) {2}(\w+)/gm),
            ([, way, flight, what]) => [`${way}${flight}`, what!] as const,
          ).filter(([flight, what]) => flight !== "←0" || what !== "NewSessionTicket"),
        )
      ),
      demonstrated,
    );
    assert.match(
      parts[0]!,
      /^full handshake in \d+\.\d ms: TLS 1\.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768/m,
    );
    assert.match(
      parts[3]!,
      /^full handshake in \d+\.\d ms: TLS 1\.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, x25519/m,
    );
    assert.match(parts[1]!, /^resumed in \d+\.\d ms: TLS 1\.3/m);
    const asked = [2, 6];
    for (const i of asked) assert.match(parts[i]!, /^one with 1 certificate$/m);
    parts.filter((_, i) => !asked.includes(i)).forEach((part) => assert.match(part, /^hello$/m));
  }),
);

/** What two ends agree on, in the order in which it is told. */
const agreed = [
  ...["version", "cipherSuite", "compressionMethod", "resumed", "sessionId", "sessionTicket"],
  ...["clientRandom", "serverRandom", "serverName", "alpn", "group", "signatureScheme"],
  ...["extendedMasterSecret", "encryptThenMac", "maxFragmentLength", "secureRenegotiation"],
  ...["psk", "helloRetried", "earlyData"],
];
/** The fields of each JSON line after `event` and `connection`. */
const fields: Readonly<Record<string, ReadonlyArray<string>>> = {
  message: ["direction", "flight", "type", "epoch", "raw", "message"],
  changeCipherSpec: ["direction", "flight"],
  alert: ["direction", "level", "description"],
  established: [...agreed, "peerCertificates", "peerVerdict", "milliseconds"],
  renegotiated: [...agreed, "peerCertificates", "peerVerdict"],
  data: ["text"],
  closed: [],
};

live(
  "--json prints one object a line, each with the fields of its event, and nothing else",
  Effect.gen(function* () {
    const lines = linesOf(clean(yield* run("demo", "--json")));
    for (const { event, connection, ...rest } of lines) {
      assert.deepEqual([event, Object.keys(rest)], [event, fields[event]]);
      assert(connection !== undefined && connection >= 1 && connection <= demonstrated.length);
      if (event === "message") assert.match(String(rest["raw"]), /^([0-9a-f]{2}){4,}$/);
    }
    assert.deepEqual(new Set(lines.map(({ event }) => event)), new Set(Object.keys(fields)));
    assert.deepEqual(
      demonstrated.map((_, i) => flightsOfLines(lines.filter(({ connection }) => connection === i + 1))),
      demonstrated,
    );
    assert.deepEqual(resumptions(lines), [false, true, true, false, true, true, true, false, true]);
  }),
);

live(
  "a program in a process of its own ends as it does in ours",
  Effect.gen(function* () {
    for (const args of [["one", "two"], ["localhost:1"]]) {
      const [ours, its] = [yield* called("client", ...args), yield* started("client", ...args)];
      assert.deepEqual(ours, its);
    }
  }),
);

live(
  "our client and our server: a line comes back as it is, or reversed, or not at all",
  Effect.gen(function* () {
    for (const [reply, answer] of [["echo", "héllo\n"], ["reverse", "olléh\n"]] as const) {
      const { port, peer } = yield* server("--reply", reply, "--json", ...ours);
      const lines = linesOf(clean(yield* client(port, "--send", "héllo", "--json")));
      assert.equal(saidIn(lines), answer);
      assert.equal(lines.at(-1)?.event, "closed");
      yield* peer.until(/"event":"closed"/);
      const told = linesOf(peer.output());
      assert.equal(told[0]?.event, "listening");
      assert.equal(saidIn(told), "héllo\n");
      assert.deepEqual(
        flightsOfLines(told),
        [
          "←1 ClientHello",
          "→2 ServerHello, ChangeCipherSpec, EncryptedExtensions, CompressedCertificate, CertificateVerify, Finished",
          "←3 Finished",
          "→4 NewSessionTicket, NewSessionTicket",
        ],
      );
      assert.equal(peer.complaints(), "");
    }
  }),
);

live(
  "--early-data: the question of a resumed connection leaves with its first flight, and is answered once",
  Effect.gen(function* () {
    const { port, peer } = yield* server("--no-tickets", "--early-data", "100", "--json", ...ours);
    const lines = linesOf(
      clean(yield* client(port, "--early-data", "--send", "hello", "--reconnect", "1", "--json")),
    );
    const established = lines.filter(({ event }) => event === "established");
    assert.deepEqual(established.map(({ earlyData }) => earlyData ?? null), [null, true]);
    assert.equal(saidIn(lines), "hello\nhello\n");
    assert.equal(peer.complaints(), "");
    assert.ok(linesOf(peer.output()).every(({ event }) => event !== "renegotiated"));
  }),
);

live(
  "--psk: two ends with a key need no certificate, and another key is told as one",
  Effect.gen(function* () {
    const key = "000102030405060708090a0b0c0d0e0f";
    const { port } = yield* server("--psk", `device:${key}`, "--json", ...ours);
    const good = linesOf(clean(yield* client(port, "--psk", `device:${key}`, "--send", "hi", "--json")));
    assert.deepEqual([saidIn(good), good.find(({ event }) => event === "established")?.psk], [
      "hi\n",
      "external",
    ]);
    const bad = yield* client(port, "--psk", `device:${key}ff`, "--send", "hi");
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /decrypt_error[^]*RFC 8446 §6\.2[^]*pre-shared key/);
    assert.doesNotMatch(bad.stderr, new RegExp(key));
  }),
);

live(
  "--update-keys: both ends change their keys, and the talk goes on",
  Effect.gen(function* () {
    const { port, peer } = yield* server("--json", ...ours);
    const lines = linesOf(clean(yield* client(port, "--update-keys", "--send", "hi", "--json")));
    assert.equal(saidIn(lines), "hi\nhi\n");
    const updates = lines.filter(({ type }) => type === "KeyUpdate").map(({ direction }) => direction);
    assert.deepEqual(updates, ["sent", "received"]);
    assert.equal(peer.complaints(), "");
  }),
);

live(
  "--timeout: a server that says nothing is given up, and told",
  Effect.gen(function* () {
    const { port } = yield* server("--reply", "none", ...ours);
    const { code, stderr } = yield* client(port, "--send", "hi", "--timeout", "1");
    assert.deepEqual([code, stderr.trimEnd()], [
      1,
      `localhost port ${port}: Silence: the server has said nothing for 1 seconds (--timeout)`,
    ]);
  }),
);

live(
  "our client gets our server's page about their connection by HTTP",
  Effect.gen(function* () {
    const { port, peer } = yield* server("--reply", "page", "--alpn", "h2,http/1.1", ...ours);
    const lines = linesOf(clean(yield* client(port, "--http", "/", "--alpn", "http/1.1", "--json")));
    assert.equal(lines.find(({ event }) => event === "answer")?.["status"], 200);
    const text = saidIn(lines);
    assert.match(text, /^<!doctype html>/);
    assert.match(text, /<dt>server name<\/dt><dd>localhost<\/dd>/);
    assert.match(text, /<dt>application protocol<\/dt><dd>http\/1\.1<\/dd>/);
    assert.match(text, /<\/html>\n$/);
    assert.equal(peer.complaints(), "");
  }),
);

/** A server of TLS that answers one request with `text`, and breaks off without close_notify. */
const cutting = (text: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => Deno.listen({ hostname: "127.0.0.1", port: 0 })),
      (listener) => Effect.sync(() => listener.close()),
    ),
    (listener) => ({
      port: listener.addr.port,
      served: Effect.scoped(Effect.gen(function* () {
        const stream = ByteStream.fromConn(yield* Effect.promise(() => listener.accept()));
        const connection = yield* Server.over(stream);
        yield* connection.read;
        yield* connection.write(bytesOf(text));
        yield* stream.close;
      })).pipe(Effect.provide(Layer.mergeAll(
        Crypto.layerNative,
        SessionStore.layerNone,
        CertificateVerifier.layerNone,
        Credentials.fromFiles([{ certificate: ours[1]!, privateKey: ours[3]! }]),
      ))),
    }),
  );

live(
  "an answer that breaks off is printed as far as it came, and then told as the failure that it is",
  Effect.scoped(Effect.gen(function* () {
    for (const ask of ["--http", "--send"]) {
      const { port, served } = yield* cutting(
        `${ask === "--http" ? "HTTP/1.0 200 OK\r\n\r\n" : ""}two, half`,
      );
      const [ran] = yield* Effect.all([client(port, ask, "/"), served], { concurrency: 2 });
      assert.equal(ran.code, 1);
      assert.equal(ran.stdout.trimEnd().split("\n").at(-1), "two, half");
      if (ask === "--http") assert.equal(ran.stdout, "two, half"); // nothing else is there
      assert.match(ran.stderr, /^localhost port \d+: Truncated: the stream ended without close_notify/m);
    }
  })),
);

live(
  "what a peer says is printed without its escapes and on a line of its own, in words and in JSON",
  exhaustiveOnly,
  Effect.scoped(Effect.gen(function* () {
    const forged = "\x1b[2J\x9b31m\u202e\u2028";
    const { port, served } = yield* cutting(`${forged}\r\n`);
    const [ran] = yield* Effect.all([client(port, "--send", "/"), served], { concurrency: 2 });
    assert.match(ran.stdout, /\\u001b\[2J\\u009b31m\\u202e\\u2028\n/);
    const again = yield* cutting(`${forged}\r\n`);
    const [json] = yield* Effect.all(
      [client(again.port, "--send", "/", "--json"), again.served],
      { concurrency: 2 },
    );
    assert.equal(saidIn(linesOf(json.stdout)), `${forged}\r\n`);
    const name = "localhost\n[9] established\x1b]0;x\x07";
    const { port: theirs, peer } = yield* server("--session-store", "none", ...ours);
    yield* Effect.scoped(Effect.flatMap(
      Client.connect({ hostname: "127.0.0.1", port: theirs, serverName: name }),
      (connection) => connection.write(bytesOf(`${forged}\n`)),
    )).pipe(Effect.provide(Layer.mergeAll(
      Transport.layerTcp,
      Crypto.layerNative,
      SessionStore.layerNone,
      CertificateVerifier.layerInsecure,
      Credentials.none,
    )));
    yield* peer.until(/closed\n/);
    assert.match(peer.output(), /for localhost\\u000a\[9\] established\\u001b\]0;x\\u0007\n/);
    for (const printed of [ran.stdout, ran.stderr, json.stdout, json.stderr, peer.output()]) {
      assert.doesNotMatch(printed, /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(printed, /^\[9\]/m);
    }
  })),
);

live(
  "--reconnect 3 resumes three times, and never when either end keeps no sessions",
  Effect.gen(function* () {
    const servers = [server(...ours), server("--session-store", "none", ...ours)] as const;
    const [keeps, forgets] = yield* Effect.all(servers, { concurrency: 2 });
    const again = (port: number, ...args: ReadonlyArray<string>) =>
      Effect.map(
        client(port, "--reconnect", "3", "--json", ...args),
        (ran) => resumptions(linesOf(clean(ran))),
      );
    assert.deepEqual(yield* again(keeps.port), [false, true, true, true]);
    assert.deepEqual(yield* again(keeps.port, "--session-store", "none"), [false, false, false, false]);
    assert.deepEqual(yield* again(forgets.port), [false, false, false, false]);
  }),
);

/** How many certificates the peer showed in each renegotiation that a program tells of. */
const renegotiated = (lines: ReadonlyArray<Line>) =>
  lines.filter(({ event }) => event === "renegotiated").map(({ peerCertificates }) =>
    (peerCertificates as ReadonlyArray<unknown>).length
  );

const later = ["--renegotiate", "--renegotiate-client-auth", "require", "--client-ca", root, "--json"];
const own = ["--cert", `${certificates}/client-p256.pem`, "--key", `${certificates}/client-p256.key`];

const until12 = ["--versions", "tls1.2"];

live(
  "--renegotiate in either program: another handshake between two lines, and the server's asks for a certificate",
  exhaustiveOnly,
  Effect.gen(function* () {
    const willing = yield* server(...until12, "--renegotiation", "allow", "--json", ...ours);
    const asking = linesOf(
      clean(yield* client(willing.port, "--renegotiate", "--send", "one", "--json")),
    );
    assert.deepEqual(renegotiated(asking), [1]);
    assert.equal(saidIn(asking), "one\none\n");
    yield* willing.peer.until(/"event":"closed"/);
    assert.deepEqual(renegotiated(linesOf(willing.peer.output())), [0]);

    // In TLS 1.3 the certificate is asked for without another handshake.
    for (const versions of [until12, []]) {
      const asked = yield* server(...versions, ...later, ...ours);
      const shows = linesOf(
        clean(yield* client(asked.port, "--renegotiation", "allow", "--send", "two", "--json", ...own)),
      );
      assert.equal(saidIn(shows), "two\n");
      yield* asked.peer.until(/"event":"closed"/);
      const asking = linesOf(asked.peer.output());
      assert.ok(asking.some(({ type }) => String(type).startsWith("CertificateRequest")));
      if (versions === until12) assert.deepEqual(renegotiated(asking), [1]);
    }
  }),
);

live(
  "--renegotiate where the other end does not want to: a client is refused, a server goes on unless it requires a certificate",
  exhaustiveOnly,
  Effect.gen(function* () {
    const asked = yield* server(...later, ...ours);
    // By default nobody's wish is met: the client's is refused, and the server goes on without.
    const { port } = yield* server(...until12, ...ours);
    const refused = yield* client(port, "--renegotiate", "--send", "three");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^(.* port \d+: )?RenegotiationRefused: the peer does not want to renegotiate$/m,
    );

    const newest = yield* server("--renegotiation", "allow", ...ours);
    const none = yield* client(newest.port, "--renegotiate", "--send", "three");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^localhost port \d+: RenegotiationRefused: .*TLS 1\.3/m);

    // Who requires a certificate answers nothing without; who only asks tells of it and goes on.
    assert.doesNotMatch((yield* client(asked.port, "--send", "four", ...own)).stdout, /^four/m);
    yield* asked.peer.until(/"event":"error"[^\n]*RenegotiationRefused/);
    const asks = yield* server("--renegotiate", "--json", ...ours);
    const declines = linesOf(clean(yield* client(asks.port, "--send", "five", "--json")));
    assert.equal(saidIn(declines), "five\n");
    yield* asks.peer.until(/"event":"declined"[^\n]*\n[^]*"event":"closed"/);
  }),
);

/** A server with some flags and a client that connects twice: what was resumed, and which messages passed. */
const twice = (...args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function* () {
    const { port } = yield* server(...args, ...ours);
    const lines = linesOf(clean(yield* client(port, "--reconnect", "1", "--json")));
    return { resumed: resumptions(lines), types: new Set(lines.map(({ type }) => type)) };
  }));

live(
  "--ticket-keys outlives the server",
  exhaustiveOnly,
  Effect.gen(function* () {
    const file = `${yield* temporary}/ring.json`;
    assert.deepEqual((yield* twice("--ticket-keys", file)).resumed, [false, true]);
    const kept = yield* Effect.promise(() => Deno.readTextFile(file));
    assert.equal((yield* twice("--ticket-keys", file)).types.has("NewSessionTicket"), true);
    assert.equal(yield* Effect.promise(() => Deno.readTextFile(file)), kept);
  }),
);

live(
  "with --no-tickets sessions are resumed by ID, and with tickets alone without a store",
  exhaustiveOnly,
  Effect.gen(function* () {
    const byId = yield* twice("--no-tickets", ...until12);
    assert.deepEqual(byId.resumed, [false, true]);
    assert.equal(byId.types.has("NewSessionTicket"), false);
    const stateless = yield* twice(
      "--session-store",
      "none",
      "--ticket-keys",
      `${yield* temporary}/ring.json`,
    );
    assert.deepEqual(stateless.resumed, [false, true]);
  }),
);

live(
  "the flags decide on suite, group and protocol, and --key-log appends a line for each master secret",
  exhaustiveOnly,
  Effect.gen(function* () {
    const file = `${yield* temporary}/keys.log`;
    const { port } = yield* server("--alpn", "a,b", "--groups", "secp384r1,secp256r1", ...ours);
    const suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    const chosen = ["--cipher-suites", suite, "--groups", "secp256r1,secp384r1", "--alpn", "b"];
    const lines = linesOf(clean(yield* client(port, ...chosen, "--key-log", file, "--json")));
    const { cipherSuite, group, alpn, clientRandom } = lines.find(({ event }) => event === "established")!;
    assert.deepEqual({ cipherSuite, group, alpn }, { cipherSuite: suite, group: "secp384r1", alpn: "b" });
    const log = yield* Effect.promise(() => Deno.readTextFile(file));
    assert.match(log, new RegExp(`^CLIENT_RANDOM ${clientRandom} [0-9a-f]{96}\n$`));
  }),
);

live(
  "a failure is told on stderr with its alert, ends the client with exit code 1, and leaves the server serving",
  Effect.gen(function* () {
    const { port, peer } = yield* server(...ours);
    const { code, stdout, stderr } = yield* run(
      "client",
      `localhost:${port}`,
      "--ca",
      `${certificates}/rsa.pem`,
    );
    assert.equal(code, 1);
    assert.match(stdout, /← 2 {2}Certificate/);
    assert.doesNotMatch(stdout, /established|full handshake/);
    assert.match(stderr, /unknown_ca/);
    yield* peer.until(/the peer sent the fatal alert unknown_ca/);
    clean(yield* client(port, "--send", "still there?"));
  }),
);

live(
  "a client that showed no certificate to a server that requires one is told what it lacks, in words and in JSON",
  Effect.gen(function* () {
    const { port, peer } = yield* server(...ours, "--client-auth", "require", "--client-ca", root);
    const told = /the peer asked for a certificate, and none was shown: give one .*--cert and --key/;
    const { code, stderr } = yield* client(port);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`certificate_required[^]*hint +${told.source}`));
    const json = yield* client(port, "--json", "--policy", "legacy");
    assert.match(String(linesOf(json.stdout).at(-1)?.["hint"]), told);
    assert.doesNotMatch(json.stderr, /--policy/);
    yield* peer.until(/client certificate required/);
  }),
);

live(
  "a question that gets no answer is a failure: the server wanted to renegotiate, and the client did not",
  exhaustiveOnly,
  Effect.gen(function* () {
    const asking = [
      "--renegotiate",
      "--renegotiate-client-auth",
      "require",
      "--client-ca",
      `${certificates}/root.pem`,
    ];
    const { port, peer } = yield* server(...ours, ...asking);
    const { code, stderr } = yield* client(port, "--send", "hello");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /without an answer.*--renegotiation allow/);
    yield* peer.until(/RenegotiationRefused/);
  }),
);

const kinds = ["ecdsa", "rsa", "ed25519"];

live(
  "certs makes a root, an intermediate, and servers' and clients' pairs; keys are for the owner alone",
  Effect.gen(function* () {
    const folder = `${yield* temporary}/new/ones`;
    const listed = linesOf(clean(yield* run("certs", folder, "--json"))).map(({ event, file }) => {
      assert.equal(event, "written");
      return String(file).slice(folder.length + 1);
    });
    const names = ["root", "intermediate", ...kinds.flatMap((kind) => [`server-${kind}`, `client-${kind}`])];
    assert.deepEqual([...listed].sort(), names.flatMap((name) => [`${name}.key`, `${name}.pem`]).sort());
    for (const name of names) {
      const mode = (end: string) => Deno.statSync(`${folder}/${name}.${end}`).mode! & 0o777;
      assert.equal(mode("key"), 0o600);
      assert.equal(mode("pem") & 0o600, 0o600);
    }
  }),
);

live(
  "certs replaces nothing unless it is told to, and then all, whatever mode a file had",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const key = `${folder}/root.key`;
    yield* Effect.promise(() => Deno.writeTextFile(key, "precious", { mode: 0o644 }));
    const refused = yield* run("certs", folder);
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /has root\.key already; --force/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["root.key"]);
    assert.equal(Deno.readTextFileSync(key), "precious");
    clean(yield* run("certs", folder, "--force", "--names", "a.example,10.0.0.1", "--days", "7"));
    assert.match(Deno.readTextFileSync(key), /BEGIN PRIVATE KEY/);
    assert.equal(Deno.statSync(key).mode! & 0o777, 0o600);
    const leaf = new X509Certificate(Deno.readTextFileSync(`${folder}/server-rsa.pem`));
    assert.equal(leaf.subjectAltName, "DNS:a.example, IP Address:10.0.0.1");
    const left = Date.parse(leaf.validTo) - Date.now();
    assert.ok(left > 6.9 * 86_400_000 && left <= 7 * 86_400_000);
  }),
);

/** One kind is enough to see that what is made fits. */
const madeKinds = covering("kinds of certificate that certs makes", kinds, () => ["a kind"]);

live(
  "what certs makes is what our client and our server need, each kind with each, and client certificates too",
  Effect.gen(function* () {
    const folder = yield* temporary;
    clean(yield* run("certs", folder));
    const pair = (name: string) => ["--cert", `${folder}/${name}.pem`, "--key", `${folder}/${name}.key`];
    const asks = ["--client-auth", "require", "--client-ca", `${folder}/root.pem`];
    for (const kind of madeKinds) {
      const { port, peer } = yield* server(...pair(`server-${kind}`), ...asks);
      const own = [...pair(`client-${kind}`), "--ca", `${folder}/root.pem`];
      for (const name of ["localhost", "127.0.0.1"]) {
        const ran = clean(yield* run("client", `${name}:${port}`, ...own, "--send", "hello"));
        assert.match(ran, /^the peer is CN=localhost, by CN=effect-tls trial intermediate, /m);
        assert.match(ran, /^hello$/m);
      }
      yield* peer.until(
        new RegExp(`the peer is CN=trial client ${kind}, by CN=effect-tls trial intermediate`),
      );
    }
  }),
);

/** The server's leaf, as our client tells it. */
const leafShown = (port: number, ...args: ReadonlyArray<string>) =>
  Effect.map(client(port, "--json", ...args), (ran) => {
    const established = linesOf(clean(ran)).find(({ event }) => event === "established")!;
    const [leaf] = established["peerCertificates"] as ReadonlyArray<
      { readonly subject: string; readonly publicKey: { readonly _tag: string }; readonly raw: string }
    >;
    return leaf!;
  });

live(
  "a server with several --cert and --key shows what fits, and the client tells of it in a line or in JSON",
  exhaustiveOnly,
  Effect.gen(function* () {
    const rsa = ["--cert", `${certificates}/rsa.pem`, "--key", `${certificates}/rsa.key`];
    const { port } = yield* server(...ours, ...rsa);
    const suite = (kind: string) => ["--cipher-suites", `TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256`];
    const leaf = yield* leafShown(port, ...suite("RSA"));
    assert.deepEqual(leaf.publicKey, { _tag: "rsa", bits: 2048 });
    const pem = yield* Effect.promise(() => Deno.readTextFile(`${certificates}/rsa.pem`));
    assert.ok(pem.replaceAll("\n", "").includes(Uint8Array.fromHex(leaf.raw).toBase64()));
    assert.equal((yield* leafShown(port, ...suite("ECDSA"))).publicKey._tag, "ecdsa");
    assert.match(
      clean(yield* client(port)),
      /^the peer is CN=localhost, O=Test, by CN=effect-tls test root, O=Test, ecdsa 256, until 2049-01-01, SHA-256 [0-9a-f]{16}…$/m,
    );
  }),
);

live(
  "the server reads its files again at SIGHUP, encrypted keys too, and keeps what it has when they are no good",
  exhaustiveOnly,
  Effect.gen(function* () {
    const folder = yield* temporary;
    const [cert, key, pass] = [`${folder}/cert.pem`, `${folder}/key.pem`, `${folder}/pass`];
    const put = (kind: string, passphrase: string, said = passphrase) =>
      Effect.promise(async () => {
        await Deno.copyFile(`${certificates}/${kind}.pem`, cert);
        await Deno.writeTextFile(key, await encrypted(kind, passphrase));
        await Deno.writeTextFile(pass, `${said}\n`);
      });
    yield* put("p256", "first");
    const { port, peer } = yield* server("--cert", cert, "--key", key, "--key-pass", `file:${pass}`);
    assert.equal((yield* leafShown(port)).publicKey._tag, "ecdsa");
    yield* put("rsa", "second", "wrong");
    yield* peer.kill("SIGHUP");
    yield* peer.until(/key\.pem: PEM, line 1: the private key does not open[^\n]*; the old ones stay/);
    assert.equal((yield* leafShown(port)).publicKey._tag, "ecdsa");
    yield* put("rsa", "second");
    yield* peer.kill("SIGHUP");
    const last = yield* Effect.repeat(leafShown(port), {
      until: ({ publicKey }) => publicKey._tag === "rsa",
      times: 20,
    });
    assert.equal(last.publicKey._tag, "rsa");
  }),
);

/** A private key of the tests under a passphrase. */
const encrypted = async (kind: string, passphrase: string): Promise<string> =>
  createPrivateKey(await Deno.readTextFile(`${certificates}/${kind}.key`))
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase }).toString();

live(
  "a passphrase that is missing, or that a variable or a file should hold and does not, is a failure that says so",
  Effect.gen(function* () {
    const key = `${yield* temporary}/key.pem`;
    yield* Effect.promise(async () => Deno.writeTextFile(key, await encrypted("p256", "x")));
    const own = ["--cert", `${certificates}/p256.pem`, "--key", key];
    const failures: ReadonlyArray<readonly [complaint: RegExp, ...args: ReadonlyArray<string>]> = [
      [/no passphrase is given/],
      [/NOT_SET_AT_ALL is not in the environment/, "--key-pass", "env:NOT_SET_AT_ALL"],
      [/nowhere/, "--key-pass", "file:/nowhere"],
    ];
    for (const [complaint, ...args] of failures) {
      const { code, stderr } = yield* run("server", "--port", "0", ...own, ...args);
      assert.equal(code, 1);
      assert.match(stderr, complaint);
    }
  }),
);

const mine = Layer.mergeAll(
  Transport.layerTcp,
  Crypto.layerNoble,
  SessionStore.layerNone,
  CertificateVerifier.layerInsecure,
  Credentials.none,
);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  live(
    `${signal} ends the server with exit code 0, and its clients are told that the answer broke off`,
    { ignore: signal === "SIGINT" && !exhaustive },
    Effect.gen(function* () {
      const { port, peer } = yield* server("--grace", "0", ...ours);
      const told: Array<ConnectionEvent> = [];
      const open = yield* Deferred.make<void>();
      const reader = Effect.scoped(Effect.gen(function* () {
        const connection = yield* Client.connect({
          hostname: "127.0.0.1",
          port,
          observe: (event) => told.push(event),
        });
        yield* connection.write(bytesOf("here\n"));
        yield* connection.read; // the server serves us
        yield* Deferred.succeed(open, undefined);
        return yield* Effect.flip(connection.read);
      })).pipe(Effect.provide(mine));
      const [end] = yield* Effect.all(
        [reader, Effect.andThen(Deferred.await(open), peer.kill(signal))],
        { concurrency: "unbounded" },
      );
      assert.equal(end._tag, "PeerAlert");
      assert.equal(told.filter(({ _tag }) => _tag === "alert")[0]?.direction, "received");
      assert.equal(yield* peer.ended, 0);
      assert.equal(
        peer.complaints(),
        signal === "SIGINT"
          ? ""
          : "SIGTERM: no more connections; waiting for 1, at most 0 seconds\n1 of them were cut off\n",
      );
    }),
  );
}

for (const signals of [1, 2]) {
  live(
    signals === 1
      ? "after SIGTERM the server serves its connections to their end, and accepts no others"
      : "a second SIGTERM ends the server at once",
    Effect.gen(function* () {
      const { port, peer } = yield* server(...ours);
      const done = yield* Effect.scoped(Effect.gen(function* () {
        const connect = Client.connect({ hostname: "127.0.0.1", port });
        const connection = yield* connect;
        yield* connection.write(bytesOf("before\n"));
        yield* connection.read;
        yield* peer.kill("SIGTERM");
        yield* peer.until(/waiting for 1, at most 10 seconds\n/);
        const refused = yield* Effect.flip(connect);
        assert.equal(refused._tag, "TransportError");
        if (signals === 2) {
          yield* peer.kill("SIGTERM");
          return yield* Effect.flip(connection.read);
        }
        yield* connection.write(bytesOf("after\n"));
        return textOf((yield* connection.read)!);
      })).pipe(Effect.provide(mine));
      if (signals === 1) assert.equal(done, "after\n");
      else assert.equal(typeof done === "string" || done._tag, "PeerAlert");
      assert.equal(yield* peer.ended, 0);
      assert.equal(/cut off/.test(peer.complaints()), signals === 2);
    }),
  );
}
