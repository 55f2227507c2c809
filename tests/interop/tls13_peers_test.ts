/** TLS 1.3 with GnuTLS, NSS, JSSE and Node: full, resumed, after a HelloRetryRequest, with client certificates. @module */
import { assert, Effect, Layer, type Scope } from "../deps.ts";
import { type Connection, Names, RetryCookies } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, client, connect, exchange, listen } from "./ends.ts";
import { java, nss, p12 } from "./made.ts";
import { root } from "./openssl.ts";
import { certificates, freePort, type Peer, start, temporary, untilListening, withPeer } from "./peers.ts";
import { only13, suites13 } from "./tls13.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { CipherSuite: C, NamedGroup: G } = Names;

const withoutCcm = suites13.filter((suite) => !C.nameOf(suite).includes("CCM"));
/** A share of X25519 alone goes out, so that a server of P-384 alone must ask for another. */
const groups = [G.x25519, G.secp384r1];

const beginning = (connection: Connection) =>
  Effect.map(
    connection.negotiated,
    ({ helloRetried, resumed }) => `${resumed ? "resumed" : "full"}${helloRetried ? " retried" : ""}`,
  );

const GNUTLS = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+AES-128-CCM:+AES-128-CCM-8";

/** A program for Node, which has these certificates and this port. */
const node = (port: number, kind: string, script: string) =>
  start("node", [
    "-e",
    `const [tls, fs] = [require("node:tls"), require("node:fs")];
    const read = (name) => fs.readFileSync(${JSON.stringify(certificates)} + "/" + name);
    const port = ${port};
    const options = { ca: read("root.pem"), cert: read("${kind}.pem"), key: read("${kind}.key"),
      minVersion: "TLSv1.3", host: "127.0.0.1", servername: "localhost", port };
    ${script}`,
  ]);

// ---- our client ----

/** A server of somebody else, which wants a client certificate. */
interface TheirServer {
  readonly suites: ReadonlyArray<Names.CipherSuite>;
  /** Starts it on a port, with P-384 alone where it is to ask for another hello. */
  readonly serve: (port: number, asks: boolean) => Effect.Effect<Peer, never, Scope.Scope>;
  readonly says: string;
  readonly hears: RegExp;
}

const theirServers: Readonly<Record<string, TheirServer>> = {
  "gnutls-serv": {
    suites: suites13,
    says: "stressed\n",
    hears: /^stressed\n/,
    serve: (port, asks) =>
      start("gnutls-serv", [
        ...["--port", String(port), "--echo", "--require-client-cert", "--verify-client-cert"],
        ...["--x509cafile", root, "--x509certfile", `${certificates}/p256.pem`],
        ...["--x509keyfile", `${certificates}/p256.key`],
        ...["--priority", asks ? `${GNUTLS}:-GROUP-ALL:+GROUP-SECP384R1` : GNUTLS],
      ]),
  },
  selfserv: {
    suites: withoutCcm,
    says: "GET / HTTP/1.0\r\n\r\n",
    hears: /^H/,
    serve: (port, asks) =>
      Effect.flatMap(nss("p256"), ({ db }) =>
        start("selfserv", [
          ...["-d", db, "-n", "p256", "-p", String(port), "-V", "tls1.3:tls1.3", "-w", "", "-u", "-rr"],
          ...asks ? ["-I", "P384"] : [],
        ])),
  },
  javac: {
    suites: withoutCcm,
    says: "stressed\n",
    hears: /^desserts\n/,
    serve: (port, asks) =>
      Effect.gen(function* () {
        const { folder, trust, peer } = yield* java;
        const own = yield* p12(folder, "p256", "server-13");
        const options = asks ? ["-Djdk.tls.namedGroups=secp384r1"] : [];
        const server = yield* peer(
          options,
          ...["server", String(port), "TLSv1.3", own, trust, "need", "all"],
        );
        yield* server.until(/listening/);
        return server;
      }),
  },
  node: {
    suites: suites13,
    says: "stressed\n",
    hears: /^desserts\n/,
    serve: (port, asks) =>
      node(
        port,
        "p256",
        `tls.createServer({ ...options, requestCert: true, ecdhCurve: "${asks ? "P-384" : "auto"}",
          ciphers: "${suites13.map((id) => C.nameOf(id)).join(":")}" }, (socket) => {
          socket.on("error", () => {});
          socket.on("data", (text) => socket.write([...String(text).trim()].reverse().join("") + "\\n"));
        }).listen(port, "127.0.0.1");`,
      ),
  },
};

for (const [program, { suites, serve, says, hears }] of Object.entries(theirServers)) {
  const visit = (port: number, policy: ReturnType<typeof only13>) =>
    Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port, { policy });
      yield* connection.write(bytesOf(says));
      assert.match(textOf(yield* connection.read) ?? "", hears);
      yield* connection.close;
      return yield* beginning(connection);
    }));

  withPeer(
    program,
    `our client and a server of TLS 1.3 on ${program}: each suite, full and resumed, with a client certificate`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const server = yield* serve(port, false);
      yield* untilListening(port);
      for (const suite of suites) {
        const policy = only13({ groups, cipherSuites: [suite] });
        const both = Effect.all([visit(port, policy), visit(port, policy)]).pipe(
          Effect.provide(client(Golden.root, "rsa")),
          Effect.catchAll((e) => Effect.dieMessage(`${C.nameOf(suite)}: ${e}\n${server.output()}`)),
        );
        assert.deepEqual(yield* both, ["full", "resumed"], C.nameOf(suite));
      }
    }),
  );

  withPeer(
    program,
    `our client and a server of TLS 1.3 on ${program} that wants P-384: a HelloRetryRequest, full and resumed`,
    Effect.gen(function* () {
      const port = yield* freePort;
      yield* serve(port, true);
      yield* untilListening(port);
      const policy = only13({ groups });
      assert.deepEqual([yield* visit(port, policy), yield* visit(port, policy)], [
        "full retried",
        "resumed retried",
      ]);
    }).pipe(Effect.provide(client(Golden.root, "p256"))),
  );
}

// ---- our server ----

/** A client of somebody else: it shows a certificate, and connects twice. */
const theirClients: Readonly<Record<string, (port: number) => Effect.Effect<Peer, never, Scope.Scope>>> = {
  "gnutls-cli": (port) =>
    start("gnutls-cli", [
      ...["--port", String(port), "--x509cafile", root, "--resume", "localhost", "--priority", GNUTLS],
      ...["--x509certfile", `${certificates}/client-rsa.pem`],
      ...["--x509keyfile", `${certificates}/client-rsa.key`],
    ]),
  tstclnt: (port) =>
    Effect.gen(function* () {
      const request = `${yield* temporary}/request`;
      yield* Effect.promise(() => Deno.writeTextFile(request, "GET / HTTP/1.0\r\n\r\n"));
      const { db } = yield* nss("client-rsa");
      return yield* start("tstclnt", [
        ...["-h", "127.0.0.1", "-4", "-p", String(port), "-d", db, "-V", "tls1.3:tls1.3", "-o", "-O", "-f"],
        ...["-a", "localhost", "-A", request, "-L", "2", "-u", "-n", "client-rsa", "-w", ""],
      ]);
    }),
  javac: (port) =>
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const own = yield* p12(folder, "client-rsa", "client-13");
      return yield* peer([], "client", String(port), "TLSv1.3", own, trust, "2", "all");
    }),
  node: (port) =>
    node(
      port,
      "client-rsa",
      `const once = (session) => new Promise((done) => {
        let kept;
        const socket = tls.connect({ ...options, session }, () => socket.write("stressed\\n"));
        socket.on("session", (session) => kept = session);
        socket.on("data", () => socket.end());
        socket.on("close", () => done(kept));
      });
      once().then(once);`,
    ),
};

for (const [program, run] of Object.entries(theirClients)) {
  for (
    const [ours, more, cookies, end] of [
      ["", { groups }, Layer.empty, ""],
      [" that wants P-384", { groups: [G.secp384r1] }, Layer.empty, " retried"],
      [" that has cookies", { groups }, RetryCookies.layerRotating, " retried"],
      [
        " that has cookies and wants P-384",
        { groups: [G.secp384r1] },
        RetryCookies.layerRotating,
        " retried",
      ],
    ] as const
  ) {
    // GnuTLS 3.7 makes no second ClientHello when it is asked for a cookie alone.
    if (program === "gnutls-cli" && cookies !== Layer.empty && more.groups === groups) continue;
    withPeer(
      program,
      `our server${ours} and a client of TLS 1.3 on ${program}: full${end}, then resumed${end}, with its certificate`,
      Effect.gen(function* () {
        const seen: Array<string> = [];
        const port = yield* listen(
          "p256",
          {
            policy: only13(more),
            clientAuth: "require",
            onFailure: () => Effect.void,
          },
          (connection) =>
            Effect.gen(function* () {
              seen.push(yield* beginning(connection));
              assert.ok((yield* connection.peerCertificates).length > 0);
              yield* connection.write(bytesOf("HTTP/1.0 200 OK\r\n\r\ndesserts\n"));
              yield* connection.read;
            }),
        );
        const peer = yield* run(port);
        if (program === "gnutls-cli") yield* peer.until(/This is a resumed session[^]*desserts/);
        else yield* peer.ended;
        assert.deepEqual(seen, [`full${end}`, `resumed${end}`], peer.output());
      }).pipe(Effect.provide(cookies)),
    );
  }
}

withPeer(
  "gnutls-cli",
  "our server and gnutls-cli change their keys, and each other's",
  Effect.gen(function* () {
    const updates: Array<string> = [];
    const { next, port } = yield* accept("p256", {
      policy: only13(),
      observe: () => (event) => {
        if (event._tag === "message" && event.message._tag === "KeyUpdate") updates.push(event.direction);
      },
    });
    const peer = yield* start("gnutls-cli", [
      ...["--port", String(port), "--x509cafile", root, "--priority", GNUTLS, "--inline-commands"],
      "localhost",
    ]);
    const us = yield* next;
    yield* exchange(us, peer, "before");
    yield* peer.say("^rekey^\n");
    yield* exchange(us, peer, "after theirs");
    yield* us.connection.updateKeys({ request: true });
    yield* exchange(us, peer, "after both");
    // Each end asks the other to follow.
    assert.deepEqual(updates, ["received", "sent", "sent", "received"]);
  }),
);

withPeer(
  "gnutls-cli",
  "our server asks gnutls-cli --post-handshake-auth later, and gets its certificate",
  Effect.gen(function* () {
    const { next, port } = yield* accept("p256", { policy: only13() });
    const peer = yield* start("gnutls-cli", [
      ...["--port", String(port), "--x509cafile", root, "--priority", GNUTLS, "--post-handshake-auth"],
      ...["--x509certfile", `${certificates}/client-rsa.pem`],
      ...["--x509keyfile", `${certificates}/client-rsa.key`, "localhost"],
    ]);
    const us = yield* next;
    yield* exchange(us, peer, "before");
    yield* us.connection.requestClientCertificate("require");
    assert.ok((yield* us.connection.peerCertificates).length > 0);
    yield* exchange(us, peer, "after");
  }),
);
