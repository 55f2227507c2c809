/**
 * The client program as a tool for HTTP: the body alone is on stdout, and what it is told by flags is what the server gets.
 * It runs in processes of its own, as people run it.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { interactive } from "../../examples/lib/interactive.ts";
import { human, json, type Report } from "../../examples/lib/report.ts";
import { connectTls, listenTls } from "../../src/deno/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { certificates, repository } from "../interop/peers.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { local, scripted } from "../http/scripted.ts";

const root = `${certificates}/root.pem`;
const ok = (body: string, status = "200 OK") =>
  `HTTP/1.1 ${status}\r\nx-field: shown\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** How a run of the client ended. */
const client = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--frozen", "--allow-net", "--allow-read", "--allow-write", "--allow-env"],
      "examples/client.ts",
      ...args,
    ],
    cwd: repository,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
};

Deno.test("a URL is asked for: its body alone is on stdout, and what was agreed on is on stderr", async () => {
  await using server = scripted(() => ok("the body, without a line end"));
  const { code, stdout, stderr } = await client(`${server.url}/path?q=1`, "--ca", root);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "the body, without a line end");
  assert.match(
    stderr,
    /^full handshake in [^\n]+\nthe peer is [^\n]+\nits pin is \w{64}\ntrusted [^\n]+\n200 OK\nclosed\n$/,
  );
  const [{ head }] = server.requests as [(typeof server.requests)[0]];
  assert.match(head, /^GET \/path\?q=1 HTTP\/1\.1\r\n/);
  assert.match(head, new RegExp(`^host: ${new URL(server.url).host}\r$`, "im"));
  assert.match(head, /^user-agent: effect-tls\r$/im);
});

Deno.test("-v also shows flights and fields, and -q shows nothing", exhaustiveOnly, async () => {
  await using server = scripted(() => ok("body"));
  const verbose = await client(server.url, "--ca", root, "-v");
  assert.equal(verbose.stdout, "body");
  assert.match(verbose.stderr, /→ 1 {2}ClientHello/);
  assert.match(verbose.stderr, /\nx-field: shown\n/);
  assert.deepEqual(await client(server.url, "--ca", root, "-q"), { code: 0, stdout: "body", stderr: "" });
});

Deno.test(
  "method, fields and body are sent, and the answer is written to a file",
  exhaustiveOnly,
  async () => {
    await using server = scripted(({ body }) => ok(`got ${body}`));
    const folder = await Deno.makeTempDir();
    const [data, output] = [`${folder}/data`, `${folder}/output`];
    await Deno.writeTextFile(data, "from a file");
    for (const [given, method] of [["a text", "POST"], [`@${data}`, "PUT"]] as const) {
      const { code, stdout, stderr } = await client(
        ...[
          server.url,
          "--ca",
          root,
          "-q",
          "--data",
          given,
          "--header",
          "X-One: 1",
          "--header",
          "x-two: a:b",
        ],
        ...["-o", output, ...method === "PUT" ? ["--method", "PUT"] : []],
      );
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
      const { head, body } = server.requests.at(-1)!;
      assert.ok(head.startsWith(`${method} / `));
      assert.match(head, /^x-one: 1\r$/im);
      assert.match(head, /^x-two: a:b\r$/im);
      assert.equal(body, given === "a text" ? given : "from a file");
      assert.equal(await Deno.readTextFile(output), `got ${body}`);
    }
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("a status of failure ends with exit code 1, after the body", async () => {
  await using server = scripted(() => ok("why", "404 Not Found"));
  const { code, stdout, stderr } = await client(server.url, "--ca", root, "-q");
  assert.equal(code, 1);
  assert.equal(stdout, "why");
  assert.match(stderr, /^localhost port \d+: HttpStatus: the server answered 404 Not Found\n$/);
});

Deno.test(
  "with --json, stdout is one object a line: the answer, and its body as data",
  exhaustiveOnly,
  async () => {
    await using server = scripted(() => ok("body"));
    const { code, stdout, stderr } = await client(server.url, "--ca", root, "--json");
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const answer = events.find(({ event }) => event === "answer");
    assert.deepEqual(answer, {
      event: "answer",
      connection: 1,
      status: 200,
      statusText: "OK",
      headers: [["content-length", "4"], ["x-field", "shown"]],
    });
    assert.equal(events.find(({ event }) => event === "data").text, "body");
  },
);

Deno.test("a server that ends without an answer is told as that", exhaustiveOnly, async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.closeWrite();
    return undefined;
  });
  const { code, stderr } = await client(server.url, "--ca", root, "-q");
  assert.equal(code, 1);
  assert.match(stderr, /NoAnswer: the server closed the connection without an answer/);
});

Deno.test("a body that does not go on is given up, and so is its connection", async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.write(bytesOf("HTTP/1.1 200 OK\r\n\r\nthe beginning"));
    await conn.read(new Uint8Array(1)); // the client's end
    conn.close();
    return undefined;
  });
  const { code, stdout, stderr } = await client(server.url, "--ca", root, "-q", "--timeout", "1");
  assert.equal(code, 1);
  assert.equal(stdout, "the beginning");
  assert.match(stderr, /Silence/);
});

Deno.test("--reconnect asks again, and resumes", exhaustiveOnly, async () => {
  await using server = scripted(({ connection }) => ok(`${connection};`));
  const { code, stdout, stderr } = await client(server.url, "--ca", root, "--reconnect", "2");
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "0;1;2;");
  assert.equal(stderr.match(/resumed in/g)?.length, 2);
});

// -- at a terminal --

/** A server that gives lines back, a client's connection to it, and what an interactive session prints. */
const typed = async (input: string, reporting: (print: (line: string) => void) => Report = json) => {
  const listener = listenTls(local);
  const serving = (async () => {
    for await (const conn of listener) conn.readable.pipeTo(conn.writable).catch(() => {});
  })();
  const conn = await connectTls({ hostname: "localhost", port: listener.addr.port, caCerts: [Golden.root] });
  const printed: Array<string> = [];
  const keyboard = new Response(bytesOf(input)).body!;
  const print = (line: string) => void printed.push(line);
  await Effect.runPromise(interactive(conn.connection, keyboard, "\n", reporting(print), 1));
  await conn.close();
  assert.equal(await listener.shutdown({ within: 2_000 }), 0);
  await serving;
  return printed;
};

Deno.test("at a terminal, lines go out until Q, and what comes is printed", async () => {
  const printed = await typed("one\ntwo\nQ\nnever sent\n");
  assert.deepEqual(printed.map((line) => JSON.parse(line).text), ["one\n", "two\n"]);
});

Deno.test("at a terminal, K and k change keys, and the end of the input ends the session", async () => {
  const printed = await typed("K\nk\nafter\n");
  assert.deepEqual(printed.map((line) => JSON.parse(line).text), ["after\n"]);
});

Deno.test("at a terminal, what cannot be done is told, and the connection goes on", async () => {
  const printed = await typed(
    "R\nstill here\n",
    (print) => human({ print, complain: print, labelled: false }),
  );
  assert.match(printed[0]!, /^RenegotiationRefused: /);
  assert.equal(printed[1], "still here");
});

Deno.test("a proxy that says nothing is given up after --timeout, and the program ends", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const { code, stderr } = await client(
    ...["localhost:1", "--insecure", "--timeout", "1", "--proxy", `http://127.0.0.1:${silent.addr.port}`],
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    /TransportError: open localhost:1: the proxy has said nothing for 1 seconds \(--timeout\)/,
  );
  (await accepted).close();
});
