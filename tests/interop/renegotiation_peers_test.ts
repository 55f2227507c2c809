/** Renegotiation with GnuTLS, Java's JSSE, Mozilla's NSS and mbedTLS: SSL 3.0 to TLS 1.2, and both ends ask. @module */
import { assert, Effect, Either } from "../deps.ts";
import type { Connection, Errors } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, client, connect, exchange, renewed, shown, type Talk, talk } from "./ends.ts";
import { java, mbedtls, nss, NSS_SUITES, p12 } from "./made.ts";
import { only, suiteOf, versions } from "./old.ts";
import { certificates, freePort, type Peer, start, untilListening, withPeer } from "./peers.ts";
import { bytesOf, textOf } from "../support/text.ts";

const root = `${certificates}/root.pem`;
const [SSL_3_0, TLS_1_0, , TLS_1_2] = versions;
const OTHER = suiteOf("TLS_RSA_WITH_AES_256_CBC_SHA");

/** Asks for another suite. */
const other = (version: typeof versions[number]) => ({ policy: only(version.id, [OTHER]) });
/** Waits until a peer has told something so many times, which it may not exceed; its two outputs have no common order. */
const told = (peer: Peer, what: string, times: number) =>
  Effect.gen(function* () {
    if (times > 0) yield* peer.until(new RegExp(`(?:${what}[^]*){${times}}`));
    assert.equal(Array.from(peer.output().matchAll(new RegExp(what, "gm"))).length, times, peer.output());
  });
const isRefused = (error: Errors.TlsError): boolean =>
  error._tag === "RenegotiationRefused" && error.by === "peer";

/** A line to a peer that answers it by another. */
const hears = (us: Talk, line: string, answer: string) => Effect.zipRight(us.tell(line), us.hear(answer));

// ---- GnuTLS ----

for (const version of [TLS_1_0, TLS_1_2]) {
  const { gnutls, id, name } = version;
  const priority = ["--priority", `NORMAL:-VERS-ALL:+VERS-TLS${gnutls}:+RSA:+SHA1`, "--x509cafile", root];

  withPeer(
    "gnutls-cli",
    `our server and gnutls-cli, ${name}: it asks at once, then we ask for another suite and for its certificate`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy: only(id) });
      const peer = yield* start("gnutls-cli", [
        ...["--port", String(server.port), "--rehandshake", "localhost", ...priority],
        ...["--x509certfile", `${certificates}/client-rsa.pem`],
        ...["--x509keyfile", `${certificates}/client-rsa.key`],
      ]);
      const us = yield* server.next;
      yield* renewed(us, peer.until(/ReHandshake was completed/));
      yield* exchange(us, peer, "before");
      const now = yield* renewed(us, us.connection.renegotiateWith(other(version)));
      assert.deepEqual([now.cipherSuite, now.resumed], [OTHER, false]);
      yield* exchange(us, peer, "between");
      assert.equal((yield* us.connection.peerCertificates).length, 0);
      yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "require" }));
      assert.equal((yield* us.connection.peerCertificates).length, 1);
      yield* exchange(us, peer, "after");
      assert.deepEqual(shown(peer), ["before", "between", "after"]);
      yield* told(peer, "Rehandshake was performed", 2);
      assert.match(peer.output(), new RegExp(`TLS${gnutls}-X.509\\)-\\(RSA\\)-\\(AES-256-CBC\\)`));
    }),
  );

  withPeer(
    "gnutls-serv",
    `our client and gnutls-serv, ${name}: we ask twice, and it asks, with our certificate each time`,
    Effect.gen(function* () {
      const port = yield* freePort;
      // It can't resume in a renegotiation, whoever the client is.
      const peer = yield* start("gnutls-serv", [
        ...["--port", String(port), "--echo", "--nodb", "--noticket", "--require-client-cert", ...priority],
        ...["--x509certfile", `${certificates}/rsa.pem`, "--x509keyfile", `${certificates}/rsa.key`],
      ]);
      yield* untilListening(port);
      const us = yield* Effect.flatMap(connect(port, { policy: only(id) }), talk);
      yield* hears(us, "before", "before");
      assert.equal((yield* renewed(us, us.connection.renegotiate)).resumed, false);
      yield* hears(us, "between", "between");
      const now = yield* renewed(us, us.connection.renegotiateWith(other(version)));
      assert.equal(now.cipherSuite, OTHER);
      yield* hears(us, "after", "after");
      yield* renewed(
        us,
        Effect.gen(function* () {
          // It says so amid the handshake that it asks for.
          yield* hears(us, "**REHANDSHAKE**", "Successfully executed command");
          yield* hears(us, "asked", "asked");
        }),
      );
      yield* told(peer, "Received hello message", 3);
    }).pipe(Effect.provide(client(Golden.root, "rsa"))),
  );
}

/** As GnuTLS was before RFC 5746. */
const OLD = "%DISABLE_SAFE_RENEGOTIATION";

withPeer(
  "gnutls-cli",
  "our server and gnutls-cli without RFC 5746: we ask nobody, unless policy lets us",
  Effect.gen(function* () {
    for (const insecureRenegotiation of [false, true]) {
      const policy = { ...only(TLS_1_2.id), insecureRenegotiation };
      const server = yield* accept("rsa", { policy });
      const peer = yield* start("gnutls-cli", [
        ...["--port", String(server.port), "--x509cafile", root, "localhost"],
        ...["--priority", `NORMAL:-VERS-ALL:+VERS-TLS1.2:${OLD}`],
      ]);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      assert.equal((yield* us.connection.negotiated).secureRenegotiation, false);
      const end = yield* Effect.either(us.connection.renegotiate);
      const refused = Either.isLeft(end) && end.left._tag === "RenegotiationRefused" && end.left.by;
      assert.equal(refused, insecureRenegotiation ? false : "policy");
      yield* exchange(us, peer, "after");
      yield* told(peer, "Rehandshake was performed", insecureRenegotiation ? 1 : 0);
    }
  }),
);

withPeer(
  "gnutls-serv",
  "our client and gnutls-serv without RFC 5746: Policy.legacy speaks with it, and renegotiates where that is insecure too",
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("gnutls-serv", [
      ...["--port", String(port), "--echo", "--nodb", "--noticket"],
      ...["--priority", `NORMAL:-VERS-ALL:+VERS-TLS1.2:${OLD}`],
      ...["--x509certfile", `${certificates}/rsa.pem`, "--x509keyfile", `${certificates}/rsa.key`],
    ]);
    yield* untilListening(port);
    for (const insecureRenegotiation of [false, true]) {
      const policy = { ...only(TLS_1_2.id), insecureRenegotiation };
      const us = yield* Effect.flatMap(connect(port, { policy }), talk);
      yield* hears(us, "before", "before");
      assert.equal((yield* us.connection.negotiated).secureRenegotiation, false);
      const end = yield* Effect.either(us.connection.renegotiate);
      const refused = Either.isLeft(end) && end.left._tag === "RenegotiationRefused" && end.left.by;
      assert.equal(refused, insecureRenegotiation ? false : "policy");
      yield* hears(us, "after", "after");
      yield* told(peer, "Received hello message", insecureRenegotiation ? 1 : 0);
      yield* us.connection.close;
    }
  }).pipe(Effect.provide(client())),
);

// ---- Java ----

for (const version of [SSL_3_0, TLS_1_0, TLS_1_2]) {
  const { id, jsse, name } = version;
  // It resumes nothing without the extended master secret.
  const resumes = version !== SSL_3_0;

  withPeer(
    "javac",
    `our server and JSSE, ${name}: it asks, then we do, for its certificate, for another suite and for new keys alone`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "client-rsa", "client");
      const server = yield* accept("rsa", { policy: only(id) });
      const words = "one,renegotiate,three,four,five,six";
      const args = ["client", String(server.port), jsse, keys, trust, "1", "all", words];
      const one = yield* peer(["-Djdk.tls.client.disableExtensions=supported_versions"], ...args);
      const us = yield* server.next;
      yield* us.hear("one");
      yield* us.tell("1");
      // Its line may come before the handshake, in it and after it.
      yield* renewed(us, Effect.zipRight(us.hear("renegotiate"), us.tell("2")));
      yield* us.hear("three");
      assert.equal((yield* us.connection.peerCertificates).length, 0);
      yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "require" }));
      assert.equal((yield* us.connection.peerCertificates).length, 2);
      yield* us.tell("3");
      yield* us.hear("four");
      const another = yield* renewed(us, us.connection.renegotiateWith(other(version)));
      assert.equal(another.cipherSuite, OTHER);
      yield* us.tell("4");
      yield* us.hear("five");
      const same = { ...other(version), resume: true };
      const resumed = yield* renewed(us, us.connection.renegotiateWith(same));
      assert.deepEqual([resumed.resumed, resumed.cipherSuite], [resumes, OTHER]);
      yield* us.tell("5");
      yield* us.hear("six");
      yield* us.tell("6");
      yield* one.ended;
      const answers = Array.from(one.output().matchAll(/answer (.*)/g), ([, answer]) => answer);
      assert.deepEqual(answers, ["1", "2", "3", "4", "5", "6"], one.output());
      yield* told(one, `renegotiated ${jsse} `, 4);
    }),
  );

  withPeer(
    "javac",
    `our client and JSSE, ${name}: we ask, for another suite and for new keys alone, then it asks, for our certificate`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "rsa", "server");
      const port = yield* freePort;
      const server = yield* peer([], "server", String(port), jsse, keys, trust, "none", "all");
      yield* server.until(/listening/);
      const us = yield* Effect.flatMap(connect(port, { policy: only(id) }), talk);
      yield* hears(us, "stressed", "desserts");
      yield* renewed(us, us.connection.renegotiate);
      yield* hears(us, "drawer", "reward");
      const another = yield* renewed(us, us.connection.renegotiateWith(other(version)));
      assert.deepEqual([another.cipherSuite, another.resumed], [OTHER, false]);
      yield* hears(us, "straw", "warts");
      const same = { ...other(version), resume: true };
      const resumed = yield* renewed(us, us.connection.renegotiateWith(same));
      assert.deepEqual([resumed.resumed, resumed.cipherSuite], [resumes, OTHER]);
      yield* hears(us, "lager", "regal");
      for (const [i, line] of ["renegotiate", "renegotiate need"].entries()) {
        const answer = [...line].reverse().join("");
        // It answers at once, amid the handshake that it asked for.
        yield* renewed(us, Effect.zipRight(hears(us, line, answer), hears(us, "live", "evil")));
        yield* server.until(new RegExp(`(\nrenegotiated ${jsse} [^]*){${4 + i}}`));
      }
      assert.match(server.output(), /renegotiated \S+ \S+ certificates=1 session=\w+\n$/);
      yield* us.connection.close;
      yield* server.until(/closed\n/);
    }).pipe(Effect.provide(client(Golden.root, "rsa"))),
  );
}

// ---- NSS ----

/** NSS tells of each handshake so. */
const SPOKEN = "SSL version 3\\.\\d using";

for (const version of [SSL_3_0, TLS_1_0, TLS_1_2]) {
  const { id, name, nss: range } = version;
  // What it tells would come amid a line in two records.
  const policy = { ...only(id), splitRecords: false };
  const tstclnt = (port: number, db: string, ...more: ReadonlyArray<string>) =>
    start("tstclnt", [
      ...["-h", "127.0.0.1", "-4", "-p", String(port), "-d", db, "-V", `${range}:${range}`],
      ...["-o", "-O", "-v", "-a", "localhost", ...more],
    ]);

  withPeer(
    "tstclnt",
    `our server and tstclnt, ${name}: it asks at once, then we do, for another suite and for its certificate`,
    Effect.gen(function* () {
      const { db } = yield* nss("client-rsa");
      const server = yield* accept("rsa", { policy });
      const peer = yield* tstclnt(server.port, db, "-r", "1", "-n", "client-rsa", "-w", "");
      const us = yield* server.next;
      yield* exchange(us, peer, "before", "theirs");
      yield* told(peer, SPOKEN, 2);
      const another = yield* renewed(us, us.connection.renegotiateWith(other(version)));
      assert.equal(another.cipherSuite, OTHER);
      yield* exchange(us, peer, "between");
      assert.equal((yield* us.connection.peerCertificates).length, 0);
      yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "require" }));
      assert.equal((yield* us.connection.peerCertificates).length, 1);
      yield* exchange(us, peer, "after");
      assert.deepEqual(shown(peer), ["before", "between", "after"]);
      yield* told(peer, SPOKEN, 4);
    }),
  );

  withPeer(
    "tstclnt",
    `our server and tstclnt, ${name}: it asks twice at once, and resumes, then we ask`,
    Effect.gen(function* () {
      const { db } = yield* nss();
      const server = yield* accept("rsa", { policy });
      const peer = yield* tstclnt(server.port, db, "-r", "2");
      const us = yield* server.next;
      yield* exchange(us, peer, "before", "theirs");
      // In SSL 3.0 without the extended master secret: the policy is the legacy one.
      assert.equal((yield* us.connection.negotiated).resumed, true);
      yield* told(peer, SPOKEN, 3);
      yield* renewed(us, us.connection.renegotiate);
      yield* exchange(us, peer, "after");
      yield* told(peer, SPOKEN, 4);
    }),
  );

  withPeer(
    "tstclnt",
    version === SSL_3_0
      ? `our server and tstclnt, ${name}: where policy refuses, the connection ends, for want of such a warning`
      : `our server and tstclnt, ${name}: where policy refuses, it is told so, and the connection goes on`,
    Effect.gen(function* () {
      const { db } = yield* nss();
      const server = yield* accept("rsa", { policy: { ...policy, renegotiation: "refuse" } });
      const peer = yield* tstclnt(server.port, db, "-r", "1");
      const us = yield* server.next;
      if (version === SSL_3_0) {
        const end = yield* us.end;
        assert.equal(end?._tag === "Refused" && end.reason, "renegotiation_not_known");
        yield* peer.until(/read from socket failed: SSL_ERROR_NO_CYPHER_OVERLAP/);
        assert.equal(yield* peer.ended, 1);
      } else {
        const before = yield* us.connection.negotiated;
        yield* exchange(us, peer, "after", "theirs");
        yield* exchange(us, peer, "still");
        assert.equal(yield* us.connection.negotiated, before);
        assert.deepEqual(shown(peer), ["after", "still"]);
      }
      yield* told(peer, SPOKEN, 1);
    }),
  );

  /** selfserv reads a request, may ask for another handshake then, and answers. */
  const selfserv = (...flags: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const { db } = yield* nss("rsa");
      const port = yield* freePort;
      const peer = yield* start("selfserv", [
        ...["-d", db, "-n", "rsa", "-p", String(port), "-V", `${range}:${range}`, "-w", "", "-H", "1", "-v"],
        ...["-c", NSS_SUITES, ...flags],
      ]);
      yield* untilListening(port);
      return { peer, port };
    });
  const say = (connection: Connection, text: string) => connection.write(bytesOf(text));
  const answer = (connection: Connection) =>
    Effect.gen(function* () {
      let text = "";
      for (let data = yield* connection.read; data; data = yield* connection.read) {
        text += textOf(data);
      }
      assert.match(text, /^HTTP\/1\.0 200 OK[^]*EOF/);
    });

  withPeer(
    "selfserv",
    `our client and selfserv, ${name}: it asks after our request, and requires a certificate, which we have or have not`,
    Effect.gen(function* () {
      const { peer, port } = yield* selfserv("-rrrr");
      yield* Effect.scoped(Effect.gen(function* () {
        const connection = yield* connect(port, { policy });
        const before = yield* connection.negotiated;
        yield* say(connection, "GET / HTTP/1.0\r\n\r\n");
        yield* answer(connection);
        assert.notEqual(yield* connection.negotiated, before);
        assert.equal((yield* connection.negotiated).resumed, false);
      })).pipe(Effect.provide(client(Golden.root, "rsa")));
      yield* peer.until(/Subject: CN=test client[^]*Certificate Validated/);
      yield* Effect.scoped(Effect.gen(function* () {
        const connection = yield* connect(port, { policy });
        yield* say(connection, "GET / HTTP/1.0\r\n\r\n");
        const error = yield* Effect.flip(connection.read);
        assert.equal(error.message, "the peer sent the fatal alert bad_certificate");
      })).pipe(Effect.provide(client()));
      yield* peer.until(/SSL_ForceHandshake returned error -12285/);
    }),
  );

  withPeer(
    "selfserv",
    `our client and selfserv, ${name}: we ask amid a request, for another suite and for new keys alone`,
    Effect.gen(function* () {
      const { peer, port } = yield* selfserv();
      const us = yield* connect(port, { policy });
      yield* say(us, "GET / HTTP/1.0\r\n");
      const seen = [yield* us.negotiated];
      const changes = [{}, { policy: { ...policy, cipherSuites: [OTHER] } }, {
        policy: { ...policy, cipherSuites: [OTHER] },
        resume: true,
      }];
      for (const [i, change] of changes.entries()) {
        seen.push(yield* us.renegotiateWith(change));
        yield* say(us, `X-Handshake: ${i}\r\n`);
      }
      yield* say(us, "\r\n");
      let text = "";
      for (let data = yield* us.read; data; data = yield* us.read) text += textOf(data);
      // It echoes the request.
      assert.match(text, /^HTTP\/1\.0 200 OK[^]*X-Handshake: 0\r\nX-Handshake: 1\r\nX-Handshake: 2\r\n/);
      assert.equal(new Set(seen).size, 4);
      // In SSL 3.0 without the extended master secret: the policy is the legacy one.
      assert.deepEqual(seen.map((n) => n.resumed), [false, false, false, true]);
      assert.deepEqual(seen.slice(2).map((n) => n.cipherSuite), [OTHER, OTHER]);
      assert.match(peer.output(), /SSL version 3/);
    }).pipe(Effect.provide(client())),
  );
}

// ---- mbedTLS ----

for (const { id, name } of [TLS_1_0, TLS_1_2]) {
  const code = String(id & 0xff);

  withPeer(
    "gcc",
    `our server and mbedTLS, ${name}: it asks, and so do we before that`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      const server = yield* accept("rsa", { policy: only(id) });
      const own = yield* both("client-rsa");
      const peer = yield* start(program, [
        ...["client", String(server.port), code, own, root, "0", "renegotiate"],
      ]);
      for (const again of [false, true]) {
        const us = yield* server.next;
        yield* us.hear("stressed");
        assert.equal((yield* us.connection.negotiated).resumed, again);
        yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "require" }));
        assert.equal((yield* us.connection.peerCertificates).length, 1);
        yield* renewed(us, Effect.zipRight(us.tell("desserts"), us.hear("drawer")));
        yield* us.tell("reward");
        assert.equal(yield* us.end, undefined);
      }
      assert.equal(yield* peer.ended, 0);
      const lines = peer.output().match(/^(answer|renegotiated) .*/gm);
      const round = ["answer desserts", "renegotiated 0", "answer reward"];
      assert.deepEqual(lines, [...round, ...round]);
    }),
  );

  withPeer(
    "gcc",
    `our client and mbedTLS, ${name}: we ask twice, and it asks; without renegotiation it refuses, and all goes on`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      const own = yield* both("rsa");
      for (const options of ["renegotiate", ""]) {
        const port = yield* freePort;
        const peer = yield* start(program, ["server", String(port), code, own, root, "0", options]);
        yield* peer.until(/listening/);
        const us = yield* Effect.flatMap(connect(port, { policy: only(id) }), talk);
        yield* hears(us, "before", "before");
        if (options === "") {
          for (const line of ["one", "two"]) {
            assert.ok(isRefused(yield* Effect.flip(us.connection.renegotiate)));
            yield* hears(us, line, line);
          }
        } else {
          yield* renewed(us, us.connection.renegotiate);
          yield* hears(us, "between", "between");
          // It resumes in the first handshake of a connection alone.
          const offered = yield* renewed(us, us.connection.renegotiateWith({ resume: true }));
          assert.equal(offered.resumed, false);
          yield* hears(us, "after", "after");
          yield* renewed(us, Effect.zipRight(hears(us, "you?", "you?"), hears(us, "asked", "asked")));
        }
        yield* us.connection.close;
        yield* peer.kill("SIGTERM");
        yield* peer.ended;
        yield* told(peer, "asked 0", options === "" ? 0 : 1);
      }
    }).pipe(Effect.provide(client(Golden.root, "rsa"))),
  );

  withPeer(
    "gcc",
    `our client and mbedTLS, ${name}: where policy refuses or ignores, it asks in vain, and the connection goes on`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      const port = yield* freePort;
      const args = ["server", String(port), code, yield* both("rsa"), root, "0", "renegotiate"];
      const peer = yield* start(program, args);
      yield* peer.until(/listening/);
      for (const renegotiation of ["refuse", "ignore"] as const) {
        const us = yield* Effect.flatMap(connect(port, { policy: { ...only(id), renegotiation } }), talk);
        const before = yield* us.connection.negotiated;
        for (const line of ["you?", "meanwhile", "and you?", "still"]) yield* hears(us, line, line);
        assert.equal(yield* us.connection.negotiated, before);
        yield* us.connection.close;
      }
      yield* told(peer, "asked 0\\n", 4);
    }).pipe(Effect.provide(client())),
  );
}
