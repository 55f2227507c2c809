/** HTTPS with browsers' relatives: curl, nginx, Node, Deno's fetch, GnuTLS. @module */
import { assert, Effect } from "../deps.ts";
import { Policy } from "../../mod.ts";
import { ask, client, connect, listen } from "./ends.ts";
import { certificates, freePort, start, untilListening, withPeer } from "./peers.ts";
import { nginx } from "./nginx.ts";
import * as Programs from "./programs.ts";
import * as Golden from "../golden/certificates.ts";

const root = `${certificates}/root.pem`;
const ours = (
  kind: string,
) => ["--cert", `${certificates}/${kind}.pem`, "--key", `${certificates}/${kind}.key`];

for (const kind of ["rsa", "p256", "p384", "ed25519"]) {
  withPeer(
    "curl",
    `our server and curl over HTTPS, ${kind} certificate: a page that describes the connection, twice on one connection`,
    Effect.gen(function* () {
      const { port } = yield* Programs.server("--reply", "page", "--alpn", "http/1.1", ...ours(kind));
      const url = `https://localhost:${port}/`;
      const peer = yield* start("curl", ["-sS", "--cacert", root, "--tls-max", "1.2", "-v", url, url]);
      assert.equal(yield* peer.ended, 0, peer.output());
      assert.match(peer.output(), /SSL connection using TLSv1\.2/);
      assert.match(peer.output(), /ALPN: server accepted http\/1\.1/);
      assert.equal(peer.output().match(/<h1>This connection<\/h1>/g)?.length, 2);
      assert.equal(peer.output().match(/TLS handshake, Client hello/g)?.length, 1);
    }),
  );
}

withPeer(
  "curl",
  "our server and curl, which resumes on its second connection",
  Effect.gen(function* () {
    const { port } = yield* Programs.server("--reply", "page", ...ours("rsa"));
    const url = `https://localhost:${port}/`;
    const peer = yield* start("curl", ["-sS", "--cacert", root, "-H", "Connection: close", "-v", url, url]);
    assert.equal(yield* peer.ended, 0, peer.output());
    assert.equal(peer.output().match(/TLS handshake, Client hello/g)?.length, 2);
    const resumed = peer.output().matchAll(/<dt>resumed<\/dt><dd>(\w+)<\/dd>/g);
    assert.deepEqual(Array.from(resumed, ([, answer]) => answer), ["no", "yes"]);
  }),
);

withPeer(
  "curl",
  "our server and curl, which does not trust it without its root",
  Effect.gen(function* () {
    const { port, peer: server } = yield* Programs.server("--reply", "page", ...ours("p256"));
    const peer = yield* start("curl", ["-sS", `https://localhost:${port}/`]);
    assert.equal(yield* peer.ended, 60, peer.output());
    yield* server.until(/the peer sent the fatal alert unknown_ca/);
  }),
);

withPeer(
  "node",
  "our server and Node's https, full and resumed",
  Effect.gen(function* () {
    const { port } = yield* Programs.server("--reply", "page", ...ours("rsa"));
    const script = `
      const https = require("node:https");
      const agent = new https.Agent({ keepAlive: false, maxCachedSessions: 10, maxVersion: "TLSv1.2" });
      const get = () => new Promise((ok, no) => https.get({ host: "localhost", port: ${port}, agent,
        ca: require("node:fs").readFileSync(${JSON.stringify(root)}) }, (r) => {
          const reused = r.socket.isSessionReused(), version = r.socket.getProtocol();
          r.resume().on("end", () => ok([r.statusCode, version, reused].join(" ")));
        }).on("error", no));
      get().then(async (a) => console.log([a, await get()].join("; ")));`;
    const peer = yield* start("node", ["-e", script]);
    assert.equal(yield* peer.ended, 0, peer.output());
    assert.match(peer.output(), /200 TLSv1\.2 false; 200 TLSv1\.2 true/);
  }),
);

withPeer(
  "sh",
  "our server and Deno's own fetch (rustls)",
  Effect.gen(function* () {
    const { port } = yield* Programs.server("--reply", "page", ...ours("p256"));
    const text = yield* Effect.promise(async () => {
      const client = Deno.createHttpClient({ caCerts: [Golden.root] });
      try {
        return await (await fetch(`https://localhost:${port}/`, { client })).text();
      } finally {
        client.close();
      }
    });
    assert.match(text, /<dd>TLS 1\.3<\/dd>/);
  }),
);

withPeer(
  "nginx",
  "our client and nginx: HTTP over TLS, then resumed three times",
  Effect.gen(function* () {
    const { port } = yield* nginx(`${certificates}/rsa`);
    const { code, output } = yield* Programs.client(
      ...[`localhost:${port}`, "--ca", root, "--http", "/", "--reconnect", "3"],
    );
    assert.equal(code, 0, output);
    assert.equal(output.match(/full handshake in/g)?.length, 1);
    assert.equal(output.match(/resumed in/g)?.length, 3);
    assert.equal(output.match(/nginx, TLSv1\.2, ECDHE-RSA-AES128-GCM-SHA256, reused [r.]/g)?.length, 4);
  }),
);

withPeer(
  "nginx",
  "our client and nginx: --json prints every message both ways with its flight",
  Effect.gen(function* () {
    const { port } = yield* nginx(`${certificates}/p256`);
    const { code, output, events } = yield* Programs.client(
      ...[`localhost:${port}`, "--ca", root, "--http", "/", "--reconnect", "1", "--json"],
    );
    assert.equal(code, 0, output);
    const told = (connection: number) =>
      events.filter((e) =>
        e.connection === connection && (e.event === "message" || e.event === "changeCipherSpec")
      )
        .map((e) => `${e.direction === "sent" ? ">" : "<"}${e.flight} ${e.type ?? "ChangeCipherSpec"}`);
    assert.deepEqual(told(1), [
      ">1 ClientHello",
      "<2 ServerHello",
      "<2 Certificate",
      "<2 ServerKeyExchange",
      "<2 ServerHelloDone",
      ">3 ClientKeyExchange",
      ">3 ChangeCipherSpec",
      ">3 Finished",
      "<4 ChangeCipherSpec",
      "<4 Finished",
    ]);
    assert.deepEqual(told(2), [
      ">1 ClientHello",
      "<2 ServerHello",
      "<2 ChangeCipherSpec",
      "<2 Finished",
      ">3 ChangeCipherSpec",
      ">3 Finished",
    ]);
    const hello = events.find((e) => e.type === "ServerHello")!;
    assert.equal((hello.message as Record<string, unknown>).serverVersion, "TLS_1_2");
    assert.match(String(hello.raw), /^02[0-9a-f]+$/);
    const established = events.filter((e) => e.event === "established");
    assert.deepEqual(established.map((e) => [e.version, e.resumed]), [["TLS 1.2", false], ["TLS 1.2", true]]);
  }),
);

withPeer(
  "gnutls-cli",
  "our server and gnutls-cli, full and resumed",
  Effect.gen(function* () {
    const port = yield* listen("p256");
    const peer = yield* start("gnutls-cli", [
      ...["--x509cafile", root, "-p", String(port), "-r", "localhost"],
      ...["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_TICKETS"],
    ]);
    yield* peer.until(/\*\*\* This is a resumed session/);
    assert.match(peer.output(), /Status: The certificate is trusted/);
    yield* peer.say("stressed\n");
    yield* peer.until(/desserts/);
  }),
);

withPeer(
  "gnutls-serv",
  "our client and gnutls-serv, full and resumed",
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("gnutls-serv", [
      ...["-p", String(port), "--echo", "-q", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"],
      ...["--x509certfile", `${certificates}/rsa.pem`, "--x509keyfile", `${certificates}/rsa.key`],
    ]);
    yield* untilListening(port);
    for (const resumed of [false, true]) {
      yield* Effect.scoped(Effect.gen(function* () {
        const connection = yield* connect(port, { policy: Policy.modern });
        assert.equal((yield* connection.negotiated).resumed, resumed, peer.output());
        assert.equal(yield* ask(connection, "echo"), "echo");
        yield* connection.close;
      }));
    }
  }).pipe(Effect.provide(client())),
);
