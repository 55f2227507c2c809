/**
 * TLS in a web page: Chromium runs the example's page, which speaks through the example's relay with `openssl s_server` and with
 * an IMAP server, and judges their certificates itself.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { open } from "./chromium.ts";
import { certificates, freePort, repository, start, withPeer } from "./peers.ts";
import * as Dovecot from "./servers/dovecot.ts";

/** The example's page, bundled, and its relay to some servers. */
const site = (...to: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const bundle = yield* Effect.promise(() =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["bundle", "--quiet", "--platform", "browser", "-o", "examples/browser/page.js"],
          "examples/browser/page.ts",
        ],
        cwd: repository,
      }).output()
    );
    assert.equal(bundle.code, 0, new TextDecoder().decode(bundle.stderr));
    const port = yield* freePort;
    const relay = yield* start(Deno.execPath(), [
      ...[
        "run",
        "--quiet",
        "--allow-net",
        "--allow-read",
        "--allow-env",
        `${repository}examples/browser/relay.ts`,
      ],
      ...["--port", `${port}`, "--to", to.join(","), "--ca", `${certificates}/root.pem`],
    ]);
    yield* relay.until(/listening/);
    return { relay, url: `http://localhost:${port}/` };
  });

/** What the page shows once it has connected, or could not: the HTML of its result. */
const shown = (url: string, query: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const tab = yield* open(`${url}?${new URLSearchParams({ ...query, go: "" })}`);
    return String(
      yield* tab.evaluate(`new Promise((resolve) => {
        const look = () => {
          const result = document.querySelector("#result");
          if (result?.querySelector("dd")) resolve(result.innerHTML);
        };
        new MutationObserver(look).observe(document, { childList: true, subtree: true });
        look();
      })`),
    );
  });

const row = (name: string, value: string) => new RegExp(`<dt>${name}</dt><dd>${value}</dd>`);

withPeer(
  "chromium",
  "a page in Chromium speaks with openssl s_server through the relay, and judges its certificate",
  Effect.gen(function* () {
    const port = yield* freePort;
    const key = ["-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`];
    yield* (yield* start("openssl", ["s_server", "-accept", `${port}`, "-www", ...key])).until(/ACCEPT/);
    const { url } = yield* site(`localhost:${port}`);
    const text = yield* shown(url, { port: `${port}` });
    assert.match(text, /<h2 class="good">This page speaks with the right server<\/h2>/);
    assert.match(text, row("version", "TLS 1\\.3"));
    assert.match(text, row("certificate", "CN=localhost, O=Test"));
    assert.match(text, row("judged here", "trusted, by a path of 2 certificates"));
    assert.match(text, row("the server says", "HTTP/1\\.0 200 ok"));
  }),
);

withPeer(
  "chromium",
  "a page in Chromium refuses a certificate that is for another name, and says why",
  Effect.gen(function* () {
    const port = yield* freePort;
    const key = ["-cert", `${certificates}/client-p256.pem`, "-key", `${certificates}/client-p256.key`];
    yield* (yield* start("openssl", ["s_server", "-accept", `${port}`, "-www", ...key])).until(/ACCEPT/);
    const { url } = yield* site(`localhost:${port}`);
    const text = yield* shown(url, { port: `${port}` });
    assert.match(text, /<h2 class="bad">There is no connection<\/h2>/);
    assert.match(text, /<dt>why<\/dt><dd>certificate 0 /);
  }),
);

withPeer(
  Dovecot.PROGRAM,
  "a page in Chromium speaks with an IMAP server through the relay, by STARTTLS",
  Effect.gen(function* () {
    const { ports } = yield* Dovecot.dovecot({ kind: "p256" });
    const { url } = yield* site(`localhost:${ports.imap}`);
    const text = yield* shown(url, { port: `${ports.imap}`, protocol: "imap" });
    assert.match(text, /<h2 class="good">/);
    assert.match(text, row("certificate", "CN=localhost, O=Test"));
    assert.match(text, row("the server says", "\\* CAPABILITY IMAP4rev1 [^<]*"));
  }),
);

/** The status of an upgrade that is asked for under a name and an origin of one's own. */
const upgraded = (port: number, path: string, host: string, origin: string) =>
  Effect.promise(async () => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = [
      ...[`GET ${path} HTTP/1.1`, `host: ${host}`, `origin: ${origin}`, "connection: upgrade"],
      ...["upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="],
    ];
    await conn.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
    const bytes = new Uint8Array(1_000);
    const size = await conn.read(bytes);
    return Number(new TextDecoder().decode(bytes.subarray(0, size ?? 0)).split(" ")[1]);
  });

withPeer(
  "chromium",
  "the relay connects to the servers that it was given, for its own page, and for no other under whatever name",
  Effect.gen(function* () {
    const { url } = yield* site("localhost:1");
    const { host, port } = new URL(url);
    const evil = `evil.example:${port}`;
    for (
      const [path, name, origin, status] of [
        ["/relay/localhost:1", host, `http://${host}`, 101],
        ["/relay/localhost:2", host, `http://${host}`, 404],
        ["/relay/localhost:1", host, "http://evil.example", 404],
        ["/relay/localhost:1", host, `http://${evil}`, 404],
        ["/relay/localhost:1", evil, `http://${evil}`, 404], // a name that was made to mean this machine
      ] as const
    ) {
      assert.equal(yield* upgraded(Number(port), path, name, origin), status, `${path} ${name} ${origin}`);
    }
  }),
);
