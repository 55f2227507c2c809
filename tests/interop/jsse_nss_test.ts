/** SSL 3.0 and what came after it, with the two that still speak it: Java's JSSE and Mozilla's NSS. @module */
import { assert, Effect } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import { client, connect, listen } from "./ends.ts";
import { ProtocolVersion } from "../../src/names/protocol.ts";
import { converses, only, suiteOf, suitesOf, versions } from "./old.ts";
import { java, noEms, nss, NSS_SUITES, p12 } from "./made.ts";
import { freePort, start, temporary, untilListening, withPeer } from "./peers.ts";
import { bytesOf, textOf } from "../support/text.ts";

// ---- Java ----

const jsseSuites = (version: typeof versions[number]): ReadonlyArray<string> =>
  suitesOf(version.id).filter((s) => !/^TLS_DH_anon_WITH_AES_\d+_CBC_SHA256|ECDH_anon.*GCM/.test(s));

/** JSSE calls what is as old as SSL by that name. */
const inJava = (suite: string): string =>
  suite.replace(
    /^TLS_(.*(3DES|RC4|WITH_NULL_(MD5|SHA$)).*)$/,
    (whole, rest) => /ECDH/.test(whole) ? whole : `SSL_${rest}`,
  );

for (const version of versions) {
  withPeer(
    "javac",
    `our client and JSSE, ${version.name}: every suite it has, full and resumed, and client certificates`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "rsa", "server");
      const port = yield* freePort;
      const server = yield* peer(noEms, "server", String(port), version.jsse, keys, trust, "want", "all");
      yield* server.until(/listening/);
      let count = 0;
      for (
        const suite of jsseSuites(version).filter((s) =>
          !/ECDSA|DH_anon_WITH_AES_\d+_GCM|CHACHA.*DH_anon/.test(s)
        )
      ) {
        const policy = only(version.id, [suiteOf(suite)]);
        const anonymous = /anon/.test(suite);
        yield* Effect.gen(function* () {
          for (const resumed of [false, true]) {
            const connection = connect(port, { policy });
            yield* Effect.scoped(
              Effect.flatMap(connection, (c) => converses(c, { version: version.id, suite, resumed })),
            );
          }
        }).pipe(
          Effect.provide(client(Golden.root, anonymous ? undefined : "rsa")),
          Effect.catchAll((e) => Effect.dieMessage(`${suite}: ${e}\n${server.output()}`)),
        );
        yield* server.until(new RegExp(`(${inJava(suite)} certificates=${anonymous ? 0 : 1}[^]*){2}`));
        count++;
      }
      assert.ok(count >= 10, `${count} suites`);
    }),
  );

  withPeer(
    "javac",
    `JSSE, ${version.name}: ECDSA of the server and of the client, in both roles`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "p256", "server-ecdsa");
      const suites = jsseSuites(version).filter((s) => /ECDHE_ECDSA.*AES_\d+_CBC_SHA$/.test(s));
      assert.equal(suites.length, 2);
      const port = yield* freePort;
      const server = yield* peer(noEms, "server", String(port), version.jsse, keys, trust, "want", "all");
      yield* server.until(/listening/);
      for (const suite of suites) {
        const connection = connect(port, { policy: only(version.id, [suiteOf(suite)]) });
        yield* Effect.scoped(
          Effect.flatMap(connection, (c) => converses(c, { version: version.id, suite })),
        ).pipe(
          Effect.provide(client(Golden.root, "p256")),
          Effect.catchAll((e) => Effect.dieMessage(`${suite}: ${e}\n${server.output()}`)),
        );
        yield* server.until(new RegExp(`${suite} certificates=1`));
      }
      const ours = yield* listen(
        "p256",
        { policy: only(version.id, suites.map(suiteOf)), onFailure: () => Effect.void },
        (connection) =>
          Effect.gen(function* () {
            yield* connection.write(bytesOf("desserts\n"));
            while (yield* connection.read);
          }),
      );
      const args = ["client", String(ours), version.jsse, "-", trust, "1", "all"];
      const one = yield* peer([...noEms, "-Djdk.tls.client.disableExtensions=supported_versions"], ...args);
      yield* one.ended;
      assert.match(one.output(), new RegExp(`connected ${version.jsse} \\S*ECDHE_ECDSA`));
    }),
  );

  withPeer(
    "javac",
    `our server and JSSE, ${version.name}: full, then resumed, with a client certificate and without`,
    Effect.gen(function* () {
      const { folder, trust, peer } = yield* java;
      const keys = yield* p12(folder, "client-rsa", "client");
      const seen: Array<number> = [];
      const port = yield* listen(
        "rsa",
        { policy: only(version.id), clientAuth: "request", onFailure: () => Effect.void },
        (connection) =>
          Effect.gen(function* () {
            seen.push((yield* connection.peerCertificates).length > 0 ? 1 : 0);
            yield* connection.write(bytesOf("desserts\n"));
            while (yield* connection.read);
          }),
      );
      for (const store of [keys, "-"]) {
        const args = ["client", String(port), version.jsse, store, trust, "2", "all"];
        const one = yield* peer([...noEms, "-Djdk.tls.client.disableExtensions=supported_versions"], ...args);
        yield* one.ended;
        const lines = [
          ...one.output().matchAll(/connected (\S+) (\S+) certificates=1 session=(\w+)\nanswer desserts/g),
        ];
        assert.equal(lines.length, 2, one.output());
        assert.equal(lines[0]![1], version.jsse);
        assert.equal(lines[0]![3], lines[1]![3], "resumed");
      }
      assert.deepEqual(seen, [1, 1, 0, 0]);
    }),
  );
}

withPeer(
  "javac",
  "our server and JSSE: an SSLv2-format hello is answered under the policies that say so",
  Effect.gen(function* () {
    const { trust, peer } = yield* java;
    for (const protocols of ["SSLv2Hello,SSLv3,TLSv1", "SSLv2Hello,SSLv3"]) {
      const policy = { ...only(versions[0].id), versions: [versions[1].id, versions[0].id] };
      const port = yield* listen("rsa", { policy });
      const one = yield* peer([], "client", String(port), protocols, "-", trust, "1", "all");
      yield* one.ended;
      const spoken = protocols.endsWith("TLSv1") ? "TLSv1" : "SSLv3";
      assert.match(one.output(), new RegExp(`connected ${spoken} .*\nanswer desserts`));
      const refusing = yield* listen("rsa", {
        policy: { ...policy, sslv2Hello: false },
        onFailure: () => Effect.void,
      });
      const refused = yield* peer([], "client", String(refusing), protocols, "-", trust, "1", "all");
      yield* refused.ended;
      assert.match(refused.output(), /failed/);
    }
  }),
);

// ---- NSS ----

for (const version of versions) {
  withPeer(
    "selfserv",
    `our client and selfserv, ${version.name}: each suite, full and resumed, with a client certificate and without`,
    Effect.gen(function* () {
      const { db } = yield* nss("rsa");
      for (const asks of [[], ["-r"]]) {
        const port = yield* freePort;
        const range = `${version.nss}:${version.nss}`;
        const server = yield* start("selfserv", [
          ...["-d", db, "-n", "rsa", "-p", String(port), "-V", range, "-w", "", "-H", "1", "-v"],
          ...["-c", NSS_SUITES, ...asks],
        ]);
        yield* untilListening(port);
        for (const suite of [...NSS_SUITES.matchAll(/[0-9A-F]{4}/g)].map(([id]) => parseInt(id, 16))) {
          const name = suitesOf(version.id).find((s) => suiteOf(s) === suite);
          // NSS has no curves in SSL 3.0.
          if (name === undefined || (version.id === ProtocolVersion.SSL_3_0 && name.includes("_ECDHE_"))) {
            continue;
          }
          yield* Effect.gen(function* () {
            for (const resumed of [false, true]) {
              yield* Effect.scoped(Effect.gen(function* () {
                const connection = yield* connect(port, { policy: only(version.id, [suiteOf(name)]) });
                const n = yield* connection.negotiated;
                assert.deepEqual([n.version, n.cipherSuite, n.resumed], [version.id, suite, resumed]);
                yield* connection.write(bytesOf("GET / HTTP/1.0\r\n\r\n"));
                assert.match(textOf(yield* connection.read) ?? "", /^H/);
                yield* connection.close;
              }));
            }
          }).pipe(
            Effect.provide(client(Golden.root, asks.length > 0 ? "rsa" : undefined)),
            Effect.catchAll((e) => Effect.dieMessage(`${name}: ${e}\n${server.output()}`)),
          );
        }
        if (asks.length > 0) assert.match(server.output(), /test client/);
      }
    }),
  );

  withPeer(
    "tstclnt",
    `our server and tstclnt, ${version.name}: full and resumed, with a client certificate and without`,
    Effect.gen(function* () {
      const folder = yield* temporary;
      const seen: Array<string> = [];
      const port = yield* listen(
        "rsa",
        { policy: only(version.id), clientAuth: "request", onFailure: () => Effect.void },
        (connection) =>
          Effect.gen(function* () {
            const { resumed } = yield* connection.negotiated;
            seen.push(`${resumed ? "resumed" : "full"} ${(yield* connection.peerCertificates).length}`);
            yield* connection.read;
            yield* connection.write(bytesOf("HTTP/1.0 200 OK\r\n\r\ndesserts\n"));
          }),
      );
      const request = `${folder}/request`;
      yield* Effect.promise(() => Deno.writeTextFile(request, "GET / HTTP/1.0\r\n\r\n"));
      for (const own of [["client-rsa"], []]) {
        const { db } = yield* nss(...own);
        const range = `${version.nss}:${version.nss}`;
        const peer = yield* start("tstclnt", [
          ...["-h", "127.0.0.1", "-4", "-p", String(port), "-d", db, "-V", range, "-o", "-O", "-v", "-f"],
          ...["-a", "localhost", "-A", request, "-L", "2"],
          ...own.flatMap((name) => ["-n", name, "-w", ""]),
        ]);
        yield* peer.ended;
        assert.match(peer.output(), /desserts/);
      }
      assert.deepEqual(seen.map((s) => s.replace(/ [1-9]/, " 1")), [
        "full 1",
        "resumed 1",
        "full 0",
        "resumed 0",
      ]);
    }),
  );
}
