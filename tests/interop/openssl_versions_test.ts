/** OpenSSL in every version and every suite that it has of ours. @module */
import { assert, Effect, Either } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import { client, connect, listen } from "./ends.ts";
import { converses, only, suiteOf, suitesOf, versions } from "./old.ts";
import { certificates, freePort, start, withPeer } from "./peers.ts";
import { bytesOf } from "../support/text.ts";

const ANY = "ALL:eNULL:aNULL:@SECLEVEL=0";

/** OpenSSL's name for each suite by the registered one. */
const names = Effect.gen(function* () {
  const peer = yield* start("openssl", ["ciphers", "-V", "-stdname", ANY]);
  yield* peer.ended;
  return new Map(
    [...peer.output().matchAll(/(TLS_\S+)\s+-\s+(\S+)/g)].map(([, name, own]) => [name!, own!]),
  );
});

const keys = (
  kind: string,
) => ["-cert", `${certificates}/${kind}.pem`, "-key", `${certificates}/${kind}.key`];

/** s_server with both kinds of key, which answers each line reversed. */
const sServer = (version: string, ...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      "s_server",
      ...["-accept", `127.0.0.1:${port}`, version, "-rev", "-cipher", ANY, "-no_ticket"],
      ...keys("rsa"),
      ...["-dcert", `${certificates}/p256.pem`, "-dkey", `${certificates}/p256.key`],
      ...["-CAfile", `${certificates}/root.pem`, ...more],
    ]);
    yield* peer.until(/ACCEPT/);
    return { peer, port };
  });

const sClient = (port: number, version: string, cipher: string, ...more: ReadonlyArray<string>) =>
  start("openssl", [
    "s_client",
    ...["-connect", `127.0.0.1:${port}`, version, "-cipher", `${cipher}:@SECLEVEL=0`, "-no_ticket"],
    ...["-CAfile", `${certificates}/root.pem`, ...more],
  ]);

for (const { name, id, ...version } of versions) {
  if (!("openssl" in version)) continue;
  const flag = version.openssl;

  withPeer(
    "openssl",
    `our client and s_server, ${name}: every suite, full and resumed`,
    Effect.gen(function* () {
      const known = yield* names;
      const { port } = yield* sServer(flag);
      let count = 0;
      for (const suite of suitesOf(id).filter((s) => known.has(s))) {
        yield* Effect.gen(function* () {
          const policy = only(id, [suiteOf(suite)]);
          for (const resumed of [false, true]) {
            const n = yield* Effect.scoped(
              Effect.flatMap(connect(port, { policy }), (c) => converses(c, { version: id, suite, resumed })),
            );
            assert.equal(n.extendedMasterSecret, true);
            assert.equal(n.encryptThenMac, /CBC/.test(suite));
          }
        }).pipe(
          Effect.provide(client()),
          Effect.annotateLogs({ suite }),
          Effect.orDieWith((e) => `${suite}: ${e}`),
        );
        count++;
      }
      assert.ok(count >= (name === "TLS 1.2" ? 35 : 15), `${count} suites`);
    }),
  );

  withPeer(
    "openssl",
    `our server and s_client, ${name}: every suite, with encrypt-then-MAC and without`,
    Effect.gen(function* () {
      const known = yield* names;
      let count = 0;
      const port = yield* listen("rsa", { policy: only(id, suitesOf(id).map(suiteOf)) }, undefined, ["p256"]);
      for (const suite of suitesOf(id).filter((s) => known.has(s))) {
        for (const etm of /CBC/.test(suite) ? [true, false] : [true]) {
          const off = etm ? [] : ["-no_etm"];
          yield* Effect.scoped(Effect.gen(function* () {
            const peer = yield* sClient(port, flag, known.get(suite)!, ...off);
            yield* peer.until(/Extended master secret: yes/);
            assert.match(peer.output(), new RegExp(`Cipher is ${known.get(suite)}\\b`), suite);
            yield* peer.say(`stressed\n${"abc".repeat(1000)}\n`);
            yield* peer.until(/desserts\n(cba){1000}\n/);
            yield* peer.endInput;
            assert.equal(yield* peer.ended, 0);
          }));
        }
        count++;
      }
      assert.ok(count >= (name === "TLS 1.2" ? 35 : 15), `${count} suites`);
    }),
  );

  withPeer(
    "openssl",
    `our server and s_client, ${name}: resumed by ID five times`,
    Effect.gen(function* () {
      const port = yield* listen("rsa", { policy: only(id), onFailure: () => Effect.void });
      const peer = yield* sClient(port, flag, "ALL", "-reconnect");
      yield* peer.until(/(Reused,[^]*){5}/);
    }),
  );

  for (const kind of id === versions[3].id ? ["rsa", "p256", "ed25519"] as const : ["rsa", "p256"] as const) {
    withPeer(
      "openssl",
      `our client and s_server, ${name}: our ${kind} certificate is asked for, given, and kept when resumed`,
      Effect.gen(function* () {
        const { peer, port } = yield* sServer(flag, "-Verify", "5", "-verify_return_error", "-naccept", "2");
        yield* Effect.gen(function* () {
          for (const resumed of [false, true]) {
            yield* Effect.scoped(
              Effect.flatMap(
                connect(port, { policy: only(id) }),
                (c) => converses(c, { version: id, resumed }),
              ),
            );
          }
        }).pipe(Effect.provide(client(Golden.root, kind)));
        assert.match(peer.output(), /CN = test client/);
      }),
    );

    withPeer(
      "openssl",
      `our server and s_client, ${name}: its ${kind} certificate is required, given, and kept when resumed`,
      Effect.gen(function* () {
        const seen: Array<number> = [];
        const port = yield* listen(
          "rsa",
          { policy: only(id), clientAuth: "require", onFailure: () => Effect.void },
          (connection) =>
            Effect.flatMap(connection.peerCertificates, (chain) => {
              seen.push(chain.length);
              return connection.write(bytesOf("welcome\n"));
            }),
        );
        const own = [
          "-cert",
          `${certificates}/client-${kind}.pem`,
          "-key",
          `${certificates}/client-${kind}.key`,
        ];
        const peer = yield* sClient(port, flag, "ALL", "-reconnect", ...own);
        yield* peer.until(/(Reused,[^]*){5}/);
        assert.match(
          peer.output(),
          /Acceptable client certificate CA names[^]*effect-tls test root|Client Certificate Types/,
        );
        // It sends the root along.
        assert.deepEqual(new Set(seen), new Set([2]));
      }),
    );
  }

  withPeer(
    "openssl",
    `our server and s_client, ${name}: no certificate, where one is required and where one is asked for`,
    Effect.gen(function* () {
      const required = yield* listen("rsa", {
        policy: only(id),
        clientAuth: "require",
        onFailure: () => Effect.void,
      });
      const refused = yield* sClient(required, flag, "ALL");
      yield* refused.until(/handshake failure/);
      const asked = yield* listen("rsa", {
        policy: only(id),
        clientAuth: "request",
        onFailure: () => Effect.void,
      });
      const admitted = yield* sClient(asked, flag, "ALL");
      yield* admitted.say("stressed\n");
      yield* admitted.until(/desserts/);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, ${name}: no certificate, where one is required and where one is asked for`,
    Effect.gen(function* () {
      const required = yield* sServer(flag, "-Verify", "5");
      const asked = yield* sServer(flag, "-verify", "5");
      const end = yield* Effect.either(Effect.scoped(connect(required.port, { policy: only(id) })));
      assert.equal(
        Either.isLeft(end) && end.left.message,
        "the peer sent the fatal alert handshake_failure",
      );
      yield* Effect.scoped(
        Effect.flatMap(connect(asked.port, { policy: only(id) }), (c) => converses(c, { version: id })),
      );
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "a fall-back that need not be is refused, in both roles (RFC 7507)",
  Effect.gen(function* () {
    const { TLS_1_1, TLS_1_2 } = { TLS_1_1: versions[2].id, TLS_1_2: versions[3].id };
    const policy = { ...only(TLS_1_1), versions: [TLS_1_2, TLS_1_1] };
    const port = yield* listen("rsa", { policy, onFailure: () => Effect.void });
    const peer = yield* sClient(port, "-tls1_1", "ALL", "-fallback_scsv");
    yield* peer.until(/inappropriate fallback/);
    const server = yield* sServer("-no_ssl3");
    const end = yield* Effect.either(
      Effect.scoped(connect(server.port, { policy: only(TLS_1_1), fallback: true })),
    );
    assert.equal(
      Either.isLeft(end) && end.left.message,
      "the peer sent the fatal alert inappropriate_fallback",
    );
  }).pipe(Effect.provide(client())),
);
