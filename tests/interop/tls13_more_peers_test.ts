/**
 * TLS 1.3 with wolfSSL, Python and Chromium, and what single peers have that others have not: JSSE's change of keys by volume,
 * GnuTLS's short records, NSS's early data, Chromium's compressed certificates.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { type ConnectionEvent, Names } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { accept, ask, client, connect, listen, reverse, talk } from "./ends.ts";
import { java, nss, p12, wolfssl } from "./made.ts";
import { root } from "./openssl.ts";
import { certificates, freePort, start, temporary, untilListening, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";
import { only13, suites13 } from "./tls13.ts";

const { CipherSuite: C, NamedGroup: G } = Names;

const pem = (kind: string) => [`${certificates}/${kind}.pem`, `${certificates}/${kind}.key`];

/** The names of the messages that an observer heard, in a direction. */
const heardBy = (direction: ConnectionEvent["direction"]) => {
  const names: Array<string> = [];
  const observe = (event: ConnectionEvent) => {
    if (event._tag === "message" && event.direction === direction) names.push(event.message._tag);
  };
  return { names, observe };
};

// ---- wolfSSL ----

const wolfServer = (kind: string, options = "") =>
  Effect.gen(function* () {
    const port = yield* freePort;
    const server = yield* start(yield* wolfssl, ["server", String(port), ...pem(kind), root, options]);
    yield* server.until(/listening/);
    return { port, server };
  });

withPeer(
  "gcc",
  "our client and a server on wolfSSL: each suite and group of TLS 1.3, full and resumed, with a client certificate",
  Effect.gen(function* () {
    const { port, server } = yield* wolfServer("p256");
    const visit = (more: Parameters<typeof only13>[0]) =>
      Effect.scoped(Effect.gen(function* () {
        const connection = yield* connect(port, { policy: only13(more) });
        assert.equal(yield* ask(connection, "hello"), "hello");
        const { cipherSuite, group, resumed } = yield* connection.negotiated;
        yield* connection.close;
        return { cipherSuite, group, resumed };
      }));
    for (const suite of suites13) {
      const both = Effect.all([visit({ cipherSuites: [suite] }), visit({ cipherSuites: [suite] })]);
      const [full, resumed] = yield* Effect.provide(both, client(Golden.root, "rsa"));
      assert.deepEqual([full!.cipherSuite, full!.resumed], [suite, false], C.nameOf(suite));
      assert.deepEqual([resumed!.cipherSuite, resumed!.resumed], [suite, true], C.nameOf(suite));
    }
    for (const group of [G.x25519, G.x448, G.secp256r1, G.secp384r1, G.secp521r1, G.ffdhe2048, G.ffdhe3072]) {
      const { group: agreed } = yield* Effect.provide(visit({ groups: [group] }), client(Golden.root, "rsa"));
      assert.equal(agreed, group, G.nameOf(group));
    }
    assert.match(server.output(), /certificate=1/);
  }),
);

withPeer(
  "gcc",
  "our client and a server on wolfSSL change their keys, and each other's; asked late, it shows its certificate",
  Effect.gen(function* () {
    const { port, server } = yield* wolfServer("rsa", "late");
    const policy = only13({ renegotiation: "allow" });
    const { names, observe } = heardBy("received");
    const us = yield* talk(yield* connect(port, { policy, observe }));
    const saying = (line: string) => Effect.zipRight(us.tell(line), us.hear(line));
    yield* saying("first");
    yield* us.connection.updateKeys({ request: true });
    yield* saying("after both");
    yield* saying("new keys?");
    yield* server.until(/keys 1/);
    yield* saying("after theirs");
    yield* saying("who?");
    yield* server.until(/asked 1/);
    yield* saying("after the certificate");
    assert.equal(names.filter((name) => name === "KeyUpdate").length, 2);
    assert.equal(names.filter((name) => name === "CertificateRequest").length, 1);
  }).pipe(Effect.provide(client(Golden.root, "p256"))),
);

for (
  const [what, options, seen] of [
    ["full and resumed, with its certificate", "", ["full", "resumed"]],
    ["without a share, so that it is asked again", "retry", ["full retried", "resumed retried"]],
    ["that changes its keys", "keys", ["full", "resumed"]],
  ] as const
) {
  withPeer(
    "gcc",
    `our server and a client on wolfSSL, ${what}`,
    Effect.gen(function* () {
      const connections: Array<string> = [];
      const port = yield* listen(
        "p256",
        { policy: only13(), clientAuth: "require" },
        (connection) =>
          Effect.gen(function* () {
            const { helloRetried, resumed } = yield* connection.negotiated;
            connections.push(`${resumed ? "resumed" : "full"}${helloRetried ? " retried" : ""}`);
            assert.ok((yield* connection.peerCertificates).length > 0);
            yield* reverse(connection);
          }),
      );
      const peer = yield* start(yield* wolfssl, [
        "client",
        String(port),
        ...pem("client-rsa"),
        root,
        options,
      ]);
      assert.equal(yield* peer.ended, 0);
      assert.deepEqual(peer.output().match(/answer .*/g), [
        "answer eno",
        "answer owt",
        "answer eno",
        "answer owt",
      ]);
      assert.deepEqual(connections, seen, peer.output());
    }),
  );
}

// ---- Python's ssl, on OpenSSL ----

const python = (script: string, ...args: ReadonlyArray<string>) => start("python3", ["-c", script, ...args]);

withPeer(
  "python3",
  "our server and a client on Python's ssl: full and resumed, with ALPN and its certificate",
  Effect.gen(function* () {
    const resumed: Array<boolean> = [];
    const port = yield* listen(
      "p256",
      { policy: only13(), clientAuth: "require", alpn: ["echo"] },
      (connection) =>
        Effect.gen(function* () {
          const n = yield* connection.negotiated;
          resumed.push(n.resumed);
          assert.equal(n.alpn, "echo");
          yield* reverse(connection);
        }),
    );
    const peer = yield* python(
      `import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(sys.argv[3], sys.argv[4])
context.set_alpn_protocols(["echo"])
session = None
for _ in range(2):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
            tls.sendall(b"stressed\\n")
            print(tls.version(), tls.session_reused, tls.recv(100).decode().strip(), flush=True)
            session = tls.session
`,
      ...[String(port), root, ...pem("client-rsa")],
    );
    assert.equal(yield* peer.ended, 0, peer.output());
    assert.deepEqual(peer.output().trim().split("\n"), [
      "TLSv1.3 False desserts",
      "TLSv1.3 True desserts",
    ]);
    assert.deepEqual(resumed, [false, true]);
  }),
);

withPeer(
  "python3",
  "our client and a server on Python's ssl: full and resumed, with a certificate in the handshake and after it",
  Effect.gen(function* () {
    const port = yield* freePort;
    const server = yield* python(
      `import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(sys.argv[3], sys.argv[4])
context.load_verify_locations(sys.argv[2])
context.verify_mode = ssl.CERT_REQUIRED
context.post_handshake_auth = True
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    plain, _ = listener.accept()
    with context.wrap_socket(plain, server_side=True) as tls:
        print("before", tls.getpeercert() is not None, flush=True)
        tls.sendall(tls.recv(100))
        tls.verify_client_post_handshake()
        for _ in range(2):
            tls.sendall(tls.recv(100))
        print("after", tls.getpeercert() is not None, tls.session_reused, flush=True)
`,
      ...[String(port), root, ...pem("p256")],
    );
    yield* server.until(/listening/);
    const visit = Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port, { policy: only13({ renegotiation: "allow" }) });
      assert.equal(yield* ask(connection, "one"), "one");
      // The request comes with this answer, and the certificate with the next question.
      assert.equal(yield* ask(connection, "two"), "two");
      assert.equal(yield* ask(connection, "three"), "three");
      return (yield* connection.negotiated).resumed;
    }));
    assert.deepEqual([yield* visit, yield* visit], [false, true]);
    yield* server.until(/(after True[^]*){2}/);
  }).pipe(Effect.provide(client(Golden.root, "rsa"))),
);

// ---- JSSE changes its keys by volume ----

withPeer(
  "javac",
  "our client and a server on JSSE that changes its keys after 64 KiB, and asks for ours",
  Effect.gen(function* () {
    const { folder, trust, peer } = yield* java;
    const own = yield* p12(folder, "p256", "volume-13");
    const limits = `${yield* temporary}/limits`;
    yield* Effect.promise(() =>
      Deno.writeTextFile(limits, "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^16\n")
    );
    const port = yield* freePort;
    const server = yield* peer(
      [`-Djava.security.properties=${limits}`],
      ...["server", String(port), "TLSv1.3", own, trust, "none", "TLS_AES_128_GCM_SHA256"],
    );
    yield* server.until(/listening/);
    const { names, observe } = heardBy("received");
    const connection = yield* connect(port, { policy: only13(), observe });
    const line = "x".repeat(8_000);
    for (let i = 0; i < 40; i++) assert.equal(yield* ask(connection, line), line);
    const updates = names.filter((name) => name === "KeyUpdate").length;
    assert.ok(updates >= 3, `${updates} changes of keys in 320 KB`);
  }).pipe(Effect.provide(client())),
);

// ---- GnuTLS: record_size_limit ----

withPeer(
  "gnutls-cli",
  "our server and gnutls-cli keep to each other's record_size_limit",
  Effect.gen(function* () {
    const { next, port } = yield* accept("p256", { policy: only13({ recordSizeLimit: 1000 }) });
    const peer = yield* start("gnutls-cli", [
      ...["--port", String(port), "--x509cafile", root, "--recordsize", "600", "localhost"],
    ]);
    const us = yield* next;
    const { maxFragmentLength } = yield* us.connection.negotiated;
    assert.ok(maxFragmentLength < 2 ** 14, `${maxFragmentLength} bytes`);
    yield* us.tell("x".repeat(3_000));
    yield* peer.until(/x{3000}\n/);
    yield* peer.say(`${"y".repeat(500)}\n`);
    yield* us.hear("y".repeat(500));
  }),
);

// ---- NSS: early data ----

withPeer(
  "selfserv",
  "our client's early data is taken by selfserv -Z",
  Effect.gen(function* () {
    const port = yield* freePort;
    const { db } = yield* nss("p256");
    yield* start("selfserv", [
      ...["-d", db, "-n", "p256", "-p", String(port), "-V", "tls1.3:tls1.3", "-w", "", "-u", "-Z"],
    ]);
    yield* untilListening(port);
    // With a whole request selfserv would answer and go away before our Finished came.
    const half = bytesOf("GET / HTTP/1.0\r\n");
    const visit = Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port, { policy: only13(), earlyData: half });
      const { earlyData } = yield* connection.negotiated;
      if (earlyData !== true) yield* connection.write(half);
      yield* connection.write(bytesOf("\r\n"));
      let text = "";
      for (let data = yield* connection.read; data; data = yield* connection.read) text += textOf(data);
      assert.match(text, /^HTTP\/1\.0 200 OK/);
      return earlyData;
    }));
    assert.equal(yield* visit, undefined);
    // NSS takes none until it has looked out for copies for ten seconds.
    const taken = Effect.repeat(Effect.delay(visit, "2 seconds"), {
      until: (early) => early === true,
      times: 10,
    });
    assert.equal(yield* taken, true);
  }).pipe(Effect.provide(client())),
);

withPeer(
  "tstclnt",
  "our server takes the early data of tstclnt -Z",
  Effect.gen(function* () {
    const heard: Array<boolean> = [];
    const port = yield* listen(
      "p256",
      { policy: only13(), earlyData: 4096, onFailure: () => Effect.void },
      (connection) =>
        Effect.gen(function* () {
          heard.push((yield* connection.readWithEpoch)?.early ?? false);
          yield* connection.write(bytesOf("HTTP/1.0 200 OK\r\n\r\nwell\n"));
        }),
    );
    const request = `${yield* temporary}/request`;
    yield* Effect.promise(() => Deno.writeTextFile(request, "GET / HTTP/1.0\r\n\r\n"));
    const { db } = yield* nss();
    const peer = yield* start("tstclnt", [
      ...["-h", "127.0.0.1", "-4", "-p", String(port), "-d", db, "-V", "tls1.3:tls1.3", "-o", "-O", "-f"],
      ...["-a", "localhost", "-A", request, "-L", "2", "-u", "-Z"],
    ]);
    yield* peer.ended;
    assert.deepEqual(heard, [false, true], peer.output());
  }),
);

// ---- a browser ----

withPeer(
  "chromium",
  "Chromium shows our server's page, by TLS 1.3 with a hybrid share and a compressed certificate",
  Effect.gen(function* () {
    const { port, peer } = yield* Programs.server(
      ...["--reply", "page", "--alpn", "http/1.1"],
      ...["--cert", `${certificates}/p256.pem`, "--key", `${certificates}/p256.key`],
    );
    const browser = yield* start("chromium", [
      ...["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${yield* temporary}`],
      ...["--ignore-certificate-errors", "--timeout=15000", "--dump-dom", `https://localhost:${port}/`],
    ]);
    yield* browser.until(/<dt>group<\/dt><dd>X25519MLKEM768<\/dd>/);
    assert.match(browser.output(), /<dt>version<\/dt><dd>TLS 1\.3<\/dd>/);
    yield* peer.until(/CompressedCertificate/);
  }),
);
