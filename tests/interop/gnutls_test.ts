/** GnuTLS and mbedTLS in TLS 1.0, 1.1 and 1.2. @module */
import { assert, Effect } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import { client, connect, listen } from "./ends.ts";
import { only, suiteOf, suitesOf, versions } from "./old.ts";
import { mbedtls } from "./made.ts";
import { certificates, freePort, start, untilListening, withPeer } from "./peers.ts";
import type { Connection } from "../../mod.ts";
import { bytesOf, textOf } from "../support/text.ts";

/** Says a line to a peer that echoes it. */
const echoes = (connection: Connection) =>
  Effect.gen(function* () {
    yield* connection.write(bytesOf("stressed\n"));
    let heard = "";
    while (!heard.includes("\n")) {
      const data = yield* connection.read;
      if (!data) break;
      heard += textOf(data);
    }
    assert.equal(heard, "stressed\n");
    yield* connection.close;
  });

/** What GnuTLS has of ours is all but anonymous suites and those of static keys. */
const gnutlsSuites = (id: typeof versions[number]["id"]): ReadonlyArray<string> =>
  suitesOf(id).filter((s) => !/anon|ECDHE_ECDSA_WITH_NULL|ECDHE_RSA_WITH_NULL/.test(s));

const EVERYTHING =
  "+ARCFOUR-128:+3DES-CBC:+NULL:+MD5:+SHA1:+SHA256:+SHA384:+DHE-RSA:+RSA:+SIGN-ALL:%PROFILE_LOW";

/** mbedTLS neither makes nor reads handshake messages in fragments, so none may be longer than these. */
const lengths = [2048, 4096, undefined] as const;

for (const version of versions) {
  if (!("gnutls" in version)) continue;
  const priority = (more = "") => `NORMAL:-VERS-ALL:+VERS-TLS${version.gnutls}:${EVERYTHING}${more}`;

  withPeer(
    "gnutls-serv",
    `our client and gnutls-serv, ${version.name}: every suite, full and resumed, with a client certificate`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const server = yield* start("gnutls-serv", [
        ...["--port", String(port), "--echo", "--noticket", "--require-client-cert", "--verify-client-cert"],
        ...["--x509cafile", `${certificates}/root.pem`, "--priority", priority()],
        ...["rsa", "p256"].flatMap((kind) => [
          ...["--x509certfile", `${certificates}/${kind}.pem`],
          ...["--x509keyfile", `${certificates}/${kind}.key`],
        ]),
      ]);
      // It says that it listens a moment before it does.
      yield* untilListening(port);
      let count = 0;
      for (const suite of gnutlsSuites(version.id)) {
        yield* Effect.gen(function* () {
          for (const resumed of [false, true]) {
            yield* Effect.scoped(Effect.gen(function* () {
              const connection = yield* connect(port, { policy: only(version.id, [suiteOf(suite)]) });
              const n = yield* connection.negotiated;
              assert.deepEqual([n.version, n.cipherSuite, n.resumed], [version.id, suiteOf(suite), resumed]);
              assert.equal(n.encryptThenMac, /CBC/.test(suite));
              yield* echoes(connection);
            }));
          }
        }).pipe(
          Effect.provide(client(Golden.root, "rsa")),
          Effect.catchAll((e) => Effect.dieMessage(`${suite}: ${e}\n${server.output().slice(-1500)}`)),
        );
        count++;
      }
      assert.ok(count >= 17, `${count} suites`);
    }),
  );

  withPeer(
    "gnutls-cli",
    `our server and gnutls-cli, ${version.name}: full and resumed, with a client certificate, each cipher`,
    Effect.gen(function* () {
      const seen: Array<string> = [];
      const port = yield* listen(
        "rsa",
        { policy: only(version.id), clientAuth: "require", onFailure: () => Effect.void },
        (connection) =>
          Effect.gen(function* () {
            const n = yield* connection.negotiated;
            seen.push(
              `${n.resumed ? "resumed" : "full"} ${n.encryptThenMac} ${
                (yield* connection.peerCertificates).length
              }`,
            );
            yield* connection.write(bytesOf("desserts\n"));
            while (yield* connection.read);
          }),
      );
      const ciphers = ["+ARCFOUR-128", "+3DES-CBC", "+AES-128-CBC"];
      for (const cipher of ciphers) {
        for (const etm of ["", ":%NO_ETM"]) {
          const peer = yield* start("gnutls-cli", [
            ...["--port", String(port), "--x509cafile", `${certificates}/root.pem`, "--resume", "localhost"],
            ...["--x509certfile", `${certificates}/client-rsa.pem`],
            ...["--x509keyfile", `${certificates}/client-rsa.key`, "--priority"],
            `NONE:+VERS-TLS${version.gnutls}:${cipher}:+SHA1:+RSA:+DHE-RSA:+ECDHE-RSA:+SIGN-ALL:+CURVE-ALL:+COMP-NULL:+CTYPE-ALL:%PROFILE_LOW${etm}`,
          ]);
          yield* peer.until(/This is a resumed session[^]*desserts/);
          const on = etm === "" && cipher.endsWith("CBC");
          assert.deepEqual(seen.splice(0), [`full ${on} 1`, `resumed ${on} 1`]);
        }
      }
    }),
  );

  const code = version.id & 0xff;
  withPeer(
    "gcc",
    `our client and mbedTLS, ${version.name}: every suite, full and resumed, client certificate, short fragments`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      const port = yield* freePort;
      const server = yield* start(program, [
        ...["server", String(port), String(code), yield* both("rsa"), `${certificates}/root.pem`, "0"],
      ]);
      yield* server.until(/listening/);
      let count = 0;
      for (const suite of suitesOf(version.id).filter((s) => !/anon|RC4|NULL|3DES|_ECDSA_/.test(s))) {
        for (const maxFragmentLength of count === 0 ? lengths : [undefined]) {
          yield* Effect.gen(function* () {
            const policy = { ...only(version.id, [suiteOf(suite)]), maxFragmentLength };
            for (const resumed of [false, true]) {
              yield* Effect.scoped(Effect.gen(function* () {
                const connection = yield* connect(port, { policy });
                const n = yield* connection.negotiated;
                assert.deepEqual([n.version, n.cipherSuite, n.resumed], [
                  version.id,
                  suiteOf(suite),
                  resumed,
                ]);
                assert.equal(n.maxFragmentLength, maxFragmentLength ?? 2 ** 14);
                yield* echoes(connection);
              }));
            }
          }).pipe(
            Effect.provide(client(Golden.root, "rsa")),
            Effect.catchAll((e) => Effect.dieMessage(`${suite}: ${e}\n${server.output().slice(-1500)}`)),
          );
        }
        count++;
      }
      assert.ok(count >= 5, `${count} suites`);
      assert.match(server.output(), /certificate=1 fragment=2048/);
    }),
  );

  withPeer(
    "gcc",
    `our server and mbedTLS, ${version.name}: full and resumed, client certificate, short fragments`,
    Effect.gen(function* () {
      const { program, both } = yield* mbedtls;
      const own = yield* both("client-p256");
      for (const fragment of [0, 3, 4]) {
        const seen: Array<string> = [];
        const port = yield* listen(
          "rsa",
          { policy: only(version.id), clientAuth: "require", onFailure: () => Effect.void },
          (connection) =>
            Effect.gen(function* () {
              const n = yield* connection.negotiated;
              seen.push(
                `${n.resumed ? "resumed" : "full"} ${n.maxFragmentLength} ${
                  (yield* connection.peerCertificates).length
                }`,
              );
              yield* connection.read;
              yield* connection.write(bytesOf("desserts\n"));
              while (yield* connection.read);
            }),
        );
        const args = [
          "client",
          String(port),
          String(code),
          own,
          `${certificates}/root.pem`,
          String(fragment),
        ];
        const peer = yield* start(program, args);
        yield* peer.until(/(answer desserts[^]*){2}/);
        const bytes = fragment === 0 ? 2 ** 14 : 2 ** (8 + fragment);
        assert.deepEqual(seen, [`full ${bytes} 1`, `resumed ${bytes} 1`]);
      }
    }),
  );
}
