/** Session tickets (RFC 5077) with whoever has them: what is resumed by a ticket, by an ID, or not at all. @module */
import { assert, Effect } from "../deps.ts";
import { type Connection, Crypto, SessionTickets } from "../../mod.ts";
import { ask, client, connect, listen, reverse } from "./ends.ts";
import { java, mbedtls, nss, NSS_SUITES, p12 } from "./made.ts";
import { only } from "./old.ts";
import { keys, oldestAndNewest, root, sClient, sServer, sServerAt } from "./openssl.ts";
import { certificates, freePort, start, temporary, untilListening, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";
import { bytesOf } from "../support/text.ts";

/** How a connection began: full or resumed, and by what its session can be resumed. */
const beginning = (connection: Connection) =>
  Effect.map(
    connection.negotiated,
    (n) => `${n.resumed ? "resumed" : "full"} ${n.sessionTicket ? "ticket" : "ID"}`,
  );

/** A server of ours with tickets, which notes how connections begin, and answers each line by another. */
const server = (version: typeof oldestAndNewest[number]["id"], seen: Array<string>) =>
  Effect.provide(
    listen(
      "rsa",
      { policy: only(version), onFailure: () => Effect.void },
      (connection) =>
        Effect.gen(function* () {
          seen.push(yield* beginning(connection));
          yield* reverse(connection);
        }),
    ),
    SessionTickets.layerRotating(),
  );

/** How so many connections of a client of ours begin, one after the other. */
const beginnings = (
  port: number,
  version: typeof oldestAndNewest[number]["id"],
  times: number,
  question = "stressed",
) =>
  Effect.forEach(Array(times).keys(), () =>
    Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port, { policy: only(version) });
      assert.notEqual(yield* ask(connection, question), "");
      yield* connection.close;
      return yield* beginning(connection);
    })));

// ---- OpenSSL ----

const ours = (kind: string) => keys(kind).map((flag) => flag.replace(/^-/, "--"));

withPeer(
  "openssl",
  "our server --ticket-keys, TLS 1.0 and 1.2: s_client resumes after a restart, and not under another file's keys",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const visit = (file: string) =>
      Effect.scoped(Effect.gen(function* () {
        const { peer: server, port } = yield* Programs.server(
          ...["--json", "--policy", "legacy", "--versions", "tls1.0,tls1.2", ...ours("rsa")],
          ...["--ticket-keys", `${folder}/${file}`],
        );
        const seen: Array<string> = [];
        for (const { name, openssl } of oldestAndNewest) {
          const session = `${folder}/${name}.pem`;
          const kept = yield* Effect.promise(() => Deno.stat(session).then(() => true, () => false));
          const flags = kept ? ["-sess_in", session] : ["-sess_out", session];
          const peer = yield* sClient(port, openssl, ...flags);
          yield* peer.say("hello\n");
          yield* peer.until(/^hello$/m);
          yield* peer.endInput;
          assert.equal(yield* peer.ended, 0);
          assert.match(peer.output(), /TLS session ticket lifetime hint: \d+ \(seconds\)/);
          seen.push(/^Reused, /m.test(peer.output()) ? "resumed" : "full");
        }
        yield* server.until(/("closed"[^]*){2}/);
        const told = server.output().split("\n").filter((line) => line.startsWith('{"event":"established"'));
        assert.deepEqual(told.map((line) => JSON.parse(line).resumed ? "resumed" : "full"), seen);
        return seen;
      }));
    assert.deepEqual(yield* visit("keys"), ["full", "full"]);
    assert.deepEqual(yield* visit("keys"), ["resumed", "resumed"]);
    assert.deepEqual(yield* visit("other keys"), ["full", "full"]);
    assert.deepEqual(yield* visit("keys"), ["resumed", "resumed"]);
    assert.equal((yield* Effect.promise(() => Deno.stat(`${folder}/keys`))).mode! & 0o777, 0o600);
  }),
);

withPeer(
  "openssl",
  "two servers of ours with the same keys, and one with more: s_client resumes at each, and at a fourth it does not",
  Effect.gen(function* () {
    const make = Effect.provide(SessionTickets.makeKey, Crypto.layerNoble);
    const [a, b, c] = [yield* make, yield* make, yield* make];
    const session = `${yield* temporary}/session.pem`;
    const visit = (
      keys: Parameters<typeof SessionTickets.layerKeys>[0]["keys"],
      ...flags: ReadonlyArray<string>
    ) =>
      Effect.gen(function* () {
        const port = yield* Effect.provide(listen("rsa"), SessionTickets.layerKeys({ keys }));
        const peer = yield* sClient(port, "-tls1_2", ...flags);
        yield* peer.say("stressed\n");
        yield* peer.until(/desserts/);
        const { handshakes } = yield* peer.trace;
        return `${/^Reused, /m.test(peer.output()) ? "resumed" : "full"} ${
          handshakes[0]!.includes("NewSessionTicket") ? "and another ticket" : ""
        }`.trim();
      });
    assert.equal(yield* visit([a], "-sess_out", session), "full and another ticket");
    assert.equal(yield* visit([a], "-sess_in", session), "resumed");
    // Of a key that seals no more.
    assert.equal(yield* visit([b, a], "-sess_in", session), "resumed and another ticket");
    assert.equal(yield* visit([c], "-sess_in", session), "full and another ticket");
  }),
);

withPeer(
  "openssl",
  "our server: a ticket holds the certificate of s_client, and one without does not do where one is required",
  Effect.gen(function* () {
    const key = yield* Effect.provide(SessionTickets.makeKey, Crypto.layerNoble);
    const folder = yield* temporary;
    const visit = (clientAuth: "request" | "require", ...flags: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const seen: Array<string> = [];
        const port = yield* Effect.provide(
          listen(
            "rsa",
            { clientAuth, onFailure: () => Effect.void },
            (connection) =>
              Effect.gen(function* () {
                seen.push(yield* beginning(connection), String((yield* connection.peerCertificates).length));
                yield* reverse(connection);
              }),
          ),
          SessionTickets.layerKeys({ keys: [key] }),
        );
        const peer = yield* sClient(port, "-tls1_2", ...flags);
        yield* peer.say("stressed\n");
        yield* peer.until(/desserts|handshake failure/);
        return seen.join(" ");
      });
    const [known, unknown] = [`${folder}/known`, `${folder}/unknown`];
    const kept = yield* visit("require", "-sess_out", known, ...keys("client-rsa"));
    assert.equal(kept, "full ticket 2");
    assert.equal(yield* visit("require", "-sess_in", known), "resumed ticket 2");
    assert.equal(yield* visit("request", "-sess_out", unknown), "full ticket 0");
    assert.equal(yield* visit("request", "-sess_in", unknown), "resumed ticket 0");
    assert.equal(yield* visit("require", "-sess_in", unknown), "");
  }),
);

for (const { id, name, openssl } of oldestAndNewest) {
  const rows = [
    { flags: [], noTickets: false, by: "ticket" },
    { flags: ["-no_ticket"], noTickets: false, by: "ID" },
    { flags: [], noTickets: true, by: "ID" },
  ];
  const versions = ["--policy", "legacy", "--versions", name.replace(/^TLS /, "tls")];

  for (const { flags, noTickets, by } of rows) {
    const off = noTickets ? ["--no-tickets"] : [];

    withPeer(
      "openssl",
      `our server ${[...off, ""].join(" ")}and s_client ${
        [...flags, ""].join(" ")
      }in ${name}: resumed by ${by}`,
      Effect.gen(function* () {
        const { peer: server, port } = yield* Programs.server("--json", ...versions, ...off, ...ours("rsa"));
        const peer = yield* sClient(port, openssl, "-reconnect", ...flags);
        yield* peer.until(/(Reused,[^]*){5}/);
        const { handshakes } = yield* peer.trace;
        assert.equal(handshakes.length, 6);
        assert.equal(handshakes.flat().includes("NewSessionTicket"), by === "ticket");
        yield* server.until(/("established"[^]*){6}/);
        const told = server.output().split("\n").filter((line) => line.startsWith('{"event":"established"'));
        const seen = told.map((line) => JSON.parse(line)).map((n) => [n.resumed, n.sessionTicket]);
        assert.deepEqual(seen, [[false, by === "ticket"], ...Array(5).fill([true, by === "ticket"])]);
      }),
    );

    withPeer(
      "openssl",
      `our client ${["--reconnect 2", ...off].join(" ")} and s_server ${
        [...flags, ""].join(" ")
      }in ${name}: resumed by ${by}`,
      Effect.gen(function* () {
        const { peer, port } = yield* sServer(openssl, "-naccept", "3", ...flags);
        const { code, events, output } = yield* Programs.client(
          ...[`localhost:${port}`, "--ca", root, "--json", "--reconnect", "2", ...versions, ...off],
        );
        assert.equal(code, 0, output);
        const seen = events.filter(({ event }) => event === "established");
        assert.deepEqual(seen.map((n) => n.resumed), [false, true, true]);
        assert.deepEqual(seen.map((n) => n.sessionTicket), Array(3).fill(by === "ticket"));
        const { handshakes } = yield* peer.trace;
        assert.equal(handshakes.flat().includes("NewSessionTicket"), by === "ticket");
        assert.deepEqual(handshakes.map((names) => names.includes("Certificate")), [true, false, false]);
        assert.equal(peer.output().match(/Reused session-id/g)?.length, 2);
      }),
    );
  }

  withPeer(
    "openssl",
    `our client, ${name}: a ticket of s_server from before its restart is of no use, and nobody minds`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const visit = Effect.scoped(Effect.gen(function* () {
        const { peer } = yield* sServerAt(port, openssl, "-rev", "-naccept", "2");
        const seen = yield* beginnings(port, id, 2);
        const { handshakes } = yield* peer.trace;
        assert.deepEqual(handshakes.map((names) => names.includes("Certificate")), [true, false]);
        return seen;
      }));
      assert.deepEqual(yield* visit, ["full ticket", "resumed ticket"]);
      assert.deepEqual(yield* visit, ["full ticket", "resumed ticket"]);
    }).pipe(Effect.provide(client())),
  );
}

// ---- the others ----

for (const { gnutls, id, jsse, name, nss: range } of oldestAndNewest) {
  withPeer(
    "gnutls-cli",
    `our server and gnutls-cli --resume, ${name}: resumed by ticket, and by ID where it takes none`,
    Effect.gen(function* () {
      // --noticket does not keep it from asking for one.
      for (const [by, more] of [["ticket", ""], ["ID", ":%NO_TICKETS"]] as const) {
        const seen: Array<string> = [];
        const port = yield* server(id, seen);
        const peer = yield* start("gnutls-cli", [
          ...["--port", String(port), "--x509cafile", root, "--resume", "localhost"],
          ...["--priority", `NORMAL:-VERS-ALL:+VERS-TLS${gnutls}${more}`],
        ]);
        yield* peer.until(/This is a resumed session/);
        yield* peer.say("stressed\n");
        yield* peer.until(/desserts/);
        assert.deepEqual(seen, [`full ${by}`, `resumed ${by}`]);
      }
    }),
  );

  withPeer(
    "gnutls-serv",
    `our client and gnutls-serv, ${name}: resumed by ticket where it keeps no sessions`,
    Effect.gen(function* () {
      const port = yield* freePort;
      yield* start("gnutls-serv", [
        ...["--port", String(port), "--echo", "--nodb", "--priority", `NORMAL:-VERS-ALL:+VERS-TLS${gnutls}`],
        ...["--x509certfile", `${certificates}/rsa.pem`, "--x509keyfile", `${certificates}/rsa.key`],
      ]);
      yield* untilListening(port);
      assert.deepEqual(yield* beginnings(port, id, 3), ["full ticket", ...Array(2).fill("resumed ticket")]);
    }).pipe(Effect.provide(client())),
  );

  withPeer(
    "tstclnt",
    `our server and tstclnt -u, ${name}: resumed by ticket, and by ID without -u`,
    Effect.gen(function* () {
      const { db, folder } = yield* nss();
      const request = `${folder}/request`;
      yield* Effect.promise(() => Deno.writeTextFile(request, "stressed\n"));
      for (const flags of [["-u"], []]) {
        const seen: Array<string> = [];
        const port = yield* Effect.provide(
          listen("rsa", { policy: only(id) }, (connection) =>
            Effect.gen(function* () {
              seen.push(yield* beginning(connection));
              yield* connection.read;
              yield* connection.write(bytesOf("HTTP/1.0 200 OK\r\n\r\ndesserts\n"));
            })),
          SessionTickets.layerRotating(),
        );
        const peer = yield* start("tstclnt", [
          ...[
            "-h",
            "127.0.0.1",
            "-4",
            "-p",
            String(port),
            "-d",
            db,
            "-V",
            `${range}:${range}`,
            "-o",
            "-v",
            "-f",
          ],
          ...["-a", "localhost", "-A", request, "-L", "2", ...flags],
        ]);
        yield* peer.ended;
        const by = flags.length > 0 ? "ticket" : "ID";
        assert.deepEqual(seen, [`full ${by}`, `resumed ${by}`]);
        assert.equal(/[1-9] stateless resumes/.test(peer.output()), by === "ticket", peer.output());
      }
    }),
  );

  withPeer(
    "selfserv",
    `our client and selfserv -u, ${name}: resumed by ticket where it keeps no sessions`,
    Effect.gen(function* () {
      const { db } = yield* nss("rsa");
      const port = yield* freePort;
      const peer = yield* start("selfserv", [
        ...["-d", db, "-n", "rsa", "-p", String(port), "-V", `${range}:${range}`, "-w", "", "-H", "1", "-v"],
        ...["-c", NSS_SUITES, "-u", "-N"],
      ]);
      yield* untilListening(port);
      const seen = yield* beginnings(port, id, 3, "GET / HTTP/1.0\r\n\r");
      assert.deepEqual(seen, ["full ticket", ...Array(2).fill("resumed ticket")]);
      yield* peer.until(/2 stateless resumes, 0 ticket parse failures/);
    }).pipe(Effect.provide(client())),
  );

  withPeer(
    "javac",
    `our server and JSSE, ${name}: resumed by ticket, and by ID where it takes none`,
    Effect.gen(function* () {
      const { trust, peer } = yield* java;
      for (const takes of [true, false]) {
        const seen: Array<string> = [];
        const one = yield* peer(
          [`-Djdk.tls.client.enableSessionTicketExtension=${takes}`],
          ...["client", String(yield* server(id, seen)), jsse, "-", trust, "3", "all"],
        );
        yield* one.ended;
        assert.equal(one.output().match(/^answer desserts$/gm)?.length, 3, one.output());
        const by = takes ? "ticket" : "ID";
        assert.deepEqual(seen, [`full ${by}`, `resumed ${by}`, `resumed ${by}`]);
      }
    }),
  );

  withPeer(
    "javac",
    `our client and JSSE, ${name}: resumed by ticket, and by ID where it gives none`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "rsa", "server");
      for (const gives of [true, false]) {
        const port = yield* freePort;
        const one = yield* peer(
          [`-Djdk.tls.server.enableSessionTicketExtension=${gives}`],
          ...["server", String(port), jsse, keys, trust, "none", "all"],
        );
        yield* one.until(/listening/);
        const by = gives ? "ticket" : "ID";
        assert.deepEqual(yield* beginnings(port, id, 3), [`full ${by}`, `resumed ${by}`, `resumed ${by}`]);
      }
    }).pipe(Effect.provide(client())),
  );

  const code = String(id & 0xff);

  withPeer(
    "gcc",
    `our server and mbedTLS, ${name}: resumed by ticket, and by ID where it takes none`,
    Effect.gen(function* () {
      const { program } = yield* mbedtls;
      for (const options of ["tickets", ""]) {
        const seen: Array<string> = [];
        const port = yield* server(id, seen);
        const peer = yield* start(program, ["client", String(port), code, "-", root, "0", options]);
        assert.equal(yield* peer.ended, 0);
        assert.equal(peer.output().match(/^answer desserts$/gm)?.length, 2, peer.output());
        const by = options === "" ? "ID" : "ticket";
        assert.deepEqual(seen, [`full ${by}`, `resumed ${by}`]);
      }
    }),
  );

  withPeer(
    "gcc",
    `our client and mbedTLS, ${name}: resumed by ticket, and by ID where it gives none`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      for (const options of ["tickets", ""]) {
        const port = yield* freePort;
        const args = ["server", String(port), code, yield* both("rsa"), root, "0", options];
        yield* (yield* start(program, args)).until(/listening/);
        const by = options === "" ? "ID" : "ticket";
        assert.deepEqual(yield* beginnings(port, id, 3), [`full ${by}`, `resumed ${by}`, `resumed ${by}`]);
      }
    }).pipe(Effect.provide(client())),
  );
}
