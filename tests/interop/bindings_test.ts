/**
 * Exported keys and channel bindings, against what OpenSSL, GnuTLS and NSS make of the same connection. Java has none
 * of them.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { CertificateVerifier, type Connection } from "../../mod.ts";
import { accept, client, connect, exchange, renewed, type Talk, talk } from "./ends.ts";
import { nss, NSS_SUITES, run } from "./made.ts";
import { only } from "./old.ts";
import { oldestAndNewest, root, sClient, sServer } from "./openssl.ts";
import { certificates, freePort, start, temporary, untilListening, withPeer } from "./peers.ts";
import { bytesOf } from "../support/text.ts";

const LABEL = "EXPORTER-effect-tls";
const LENGTH = 40;

const exported = (connection: Connection, context?: Uint8Array) =>
  Effect.map(connection.exportKeyingMaterial(LABEL, LENGTH, context), toHex);
const all = (text: string, pattern: RegExp): ReadonlyArray<string> =>
  Array.from(text.matchAll(pattern), ([, found]) => found!.toLowerCase().replace(/[^0-9a-f]/g, ""));

// ---- OpenSSL: keys, and both Finished, of which tls-unique is one ----

const openssl = ["-keymatexport", LABEL, "-keymatexportlen", String(LENGTH)];
const KEYS = /Keying material: ([0-9A-F]+)/g;

for (const { name, id, openssl: flag } of oldestAndNewest) {
  const policy = only(id);

  withPeer(
    "openssl",
    `our server and s_client, ${name}: the same exported keys; tls-unique is the first Finished of each handshake`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy });
      const peer = yield* sClient(server.port, flag, ...openssl);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      assert.deepEqual(all(peer.output(), KEYS), [yield* exported(us.connection)]);
      const unique = [toHex(yield* us.connection.channelBinding("tls-unique"))];
      const keys = new Set([yield* exported(us.connection)]);
      for (const resume of [false, true]) {
        yield* renewed(us, us.connection.renegotiateWith({ resume }));
        yield* exchange(us, peer, `resume ${resume}`);
        unique.push(toHex(yield* us.connection.channelBinding("tls-unique")));
        keys.add(yield* exported(us.connection));
      }
      assert.equal(keys.size, 3);
      const { finished } = yield* peer.trace;
      assert.deepEqual(finished.filter((_, i) => i % 2 === 0), unique);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, ${name}: the same exported keys at first, and after a renegotiation by each end`,
    Effect.gen(function* () {
      // It prints keys anew only with -nbio, and where it has had to wait for our second flight.
      const flags = ["-client_renegotiation", "-no_resumption_on_reneg", "-nbio"];
      const { peer, port } = yield* sServer(flag, ...openssl, ...flags);
      const us = yield* Effect.flatMap(connect(port, { policy }), talk);
      yield* exchange(us, peer, "before");
      const keys = [yield* exported(us.connection)];
      const unique = [toHex(yield* us.connection.channelBinding("tls-unique"))];
      const again = [
        Effect.asVoid(us.connection.renegotiate),
        Effect.asVoid(
          Effect.zipRight(peer.say("r\n"), peer.until(new RegExp(`(${KEYS.source}[^]*){3}`))),
        ),
      ];
      for (const [i, what] of again.entries()) {
        yield* renewed(us, what);
        yield* exchange(us, peer, `after ${i}`);
        keys.push(yield* exported(us.connection));
        unique.push(toHex(yield* us.connection.channelBinding("tls-unique")));
      }
      assert.equal(new Set(keys).size, 3);
      assert.deepEqual(all(peer.output(), KEYS), keys);
      const { finished } = yield* peer.trace;
      assert.deepEqual(finished.filter((_, i) => i % 2 === 0), unique);
    }).pipe(
      Effect.updateService(CertificateVerifier.CertificateVerifier, (verifier) => ({
        ...verifier,
        verify: (question) => Effect.delay(verifier.verify(question), "100 millis"),
      })),
      Effect.provide(client()),
    ),
  );
}

// ---- GnuTLS: all of them ----

const gnutls = ["--keymatexport", LABEL, "--keymatexportsize", String(LENGTH)];

/** What we have of each kind, in the order in which GnuTLS prints them. */
const bindings = (
  { connection }: Talk,
  ...types: ReadonlyArray<Parameters<Connection["channelBinding"]>[0]>
) =>
  Effect.gen(function* () {
    const bound = yield* Effect.forEach(types, connection.channelBinding);
    return [...bound.map(toHex), yield* exported(connection)];
  });
const PRINTED = /(?:'tls-unique'|'tls-server-end-point'|'tls-exporter'|Key material): ((?:[0-9a-f]{2})+)$/gm;
const ALL = ["tls-unique", "tls-server-end-point", "tls-exporter"] as const;

for (const { name, id, gnutls: version } of oldestAndNewest) {
  const priority = ["--priority", `NORMAL:-VERS-ALL:+VERS-TLS${version}`, "--x509cafile", root];

  withPeer(
    "gnutls-cli",
    `our server and gnutls-cli, ${name}: the same bindings and keys at first, and after a renegotiation by each end`,
    Effect.gen(function* () {
      // It tells of each record.
      const server = yield* accept("p256", { policy: { ...only(id), splitRecords: false } });
      const peer = yield* start("gnutls-cli", [
        ...["--port", String(server.port), "--verbose", "--rehandshake", "localhost", ...priority, ...gnutls],
      ]);
      const us = yield* server.next;
      yield* renewed(us, peer.until(/ReHandshake was completed/));
      yield* exchange(us, peer, "between");
      // It prints a tls-exporter too, which is none where there are renegotiations (RFC 9266 §4.2).
      const printed = () => all(peer.output(), PRINTED).filter((_, i) => i % 4 !== 2).slice(3);
      const ours = Effect.zipLeft(
        bindings(us, "tls-unique", "tls-server-end-point"),
        Effect.flip(us.connection.channelBinding("tls-exporter")),
      );
      const second = yield* ours;
      assert.deepEqual(printed(), second);
      yield* renewed(us, us.connection.renegotiate);
      yield* exchange(us, peer, "after");
      const third = yield* ours;
      assert.deepEqual(printed(), [...second, ...third]);
      assert.deepEqual(second.map((value, i) => value === third[i]), [false, true, false]);
    }),
  );

  withPeer(
    "gnutls-cli",
    `our server and gnutls-cli, ${name}: the same bindings and keys in a full handshake and when it is resumed`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy: { ...only(id), renegotiation: "refuse" } });
      const peer = yield* start("gnutls-cli", [
        ...["--port", String(server.port), "--verbose", "--resume", "localhost", ...priority, ...gnutls],
      ]);
      const us = [];
      for (const resumed of [false, true]) {
        const one = yield* server.next;
        assert.equal((yield* one.connection.negotiated).resumed, resumed);
        us.push(...yield* bindings(one, ...ALL));
      }
      yield* peer.until(/This is a resumed session[^]*Simple Client Mode/);
      assert.deepEqual(all(peer.output(), PRINTED), us);
    }),
  );

  withPeer(
    "gnutls-serv",
    `our client and gnutls-serv, ${name}: the same bindings and keys, full and resumed`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const peer = yield* start("gnutls-serv", [
        ...["--port", String(port), "--echo", ...priority, ...gnutls],
        ...["--x509certfile", `${certificates}/rsa.pem`, "--x509keyfile", `${certificates}/rsa.key`],
      ]);
      yield* untilListening(port);
      const ours = [];
      const policy = { ...only(id), renegotiation: "refuse" } as const;
      for (const resumed of [false, true]) {
        const us = yield* Effect.flatMap(connect(port, { policy }), talk);
        yield* Effect.zipRight(us.tell("hello"), us.hear("hello"));
        assert.equal((yield* us.connection.negotiated).resumed, resumed);
        const [unique, endPoint, ...rest] = yield* bindings(us, ...ALL);
        // When resumed it has forgotten which certificate it showed.
        ours.push(unique, ...resumed ? [] : [endPoint], ...rest);
        yield* us.connection.close;
      }
      yield* peer.until(/(Key material: [^]*){2}/);
      assert.deepEqual(all(peer.output(), PRINTED), ours);
    }).pipe(Effect.provide(client())),
  );
}

for (const signedWith of ["sha1", "sha256", "sha384", "sha512"]) {
  withPeer(
    "gnutls-serv",
    `our client and gnutls-serv: the same tls-server-end-point of a certificate signed with ${signedWith}`,
    Effect.gen(function* () {
      const folder = yield* temporary;
      yield* run(
        "openssl",
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"],
        ...[`-${signedWith}`, "-subj", "/CN=localhost", "-keyout", `${folder}/key`, "-out", `${folder}/cert`],
      );
      const port = yield* freePort;
      const peer = yield* start("gnutls-serv", [
        ...["--port", String(port), "--echo", "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"],
        ...["--x509certfile", `${folder}/cert`, "--x509keyfile", `${folder}/key`],
      ]);
      yield* untilListening(port);
      const us = yield* Effect.provide(
        Effect.flatMap(connect(port), talk),
        CertificateVerifier.layerInsecure,
      );
      yield* Effect.zipRight(us.tell("hello"), us.hear("hello"));
      const ours = toHex(yield* us.connection.channelBinding("tls-server-end-point"));
      yield* peer.until(/'tls-exporter'/);
      assert.deepEqual(all(peer.output(), /'tls-server-end-point': ([0-9a-f]+)/g), [ours]);
      const hash = signedWith === "sha1" ? "sha256" : signedWith;
      const told = yield* run(
        "openssl",
        "x509",
        "-in",
        `${folder}/cert`,
        "-noout",
        "-fingerprint",
        `-${hash}`,
      );
      assert.deepEqual(all(told, /=(.*)/g), [ours]);
    }).pipe(Effect.provide(client())),
  );
}

// ---- NSS: keys with a context, and without ----

const NSS = ["-x", `${LABEL}:${LENGTH}:some context,${LABEL}:${LENGTH}`];
const NSS_KEYS = /Keying Material:\n((?:\s+[0-9a-f:]+\n)+)/g;
const bothExported = (connection: Connection) =>
  Effect.all([exported(connection, bytesOf("some context")), exported(connection)]);

for (const { name, id, nss: range } of oldestAndNewest) {
  withPeer(
    "tstclnt",
    `our server and tstclnt, ${name}: the same exported keys with a context and without, and after a renegotiation`,
    Effect.gen(function* () {
      const { db } = yield* nss();
      const server = yield* accept("rsa", { policy: only(id) });
      const peer = yield* start("stdbuf", [
        ...["-oL", "tstclnt", "-h", "127.0.0.1", "-4", "-p", String(server.port), "-d", db],
        ...["-V", `${range}:${range}`, "-o", "-O", "-v", "-a", "localhost", ...NSS],
      ]);
      const us = yield* server.next;
      const ours = yield* bothExported(us.connection);
      yield* renewed(us, us.connection.renegotiate);
      ours.push(...yield* bothExported(us.connection));
      assert.equal(new Set(ours).size, 4);
      yield* peer.until(/(Keying Material:\n(\s+[0-9a-f:]+\n)+[^]*){4}/);
      assert.deepEqual(all(peer.output(), NSS_KEYS), ours);
    }),
  );

  withPeer(
    "selfserv",
    `our client and selfserv, ${name}: the same exported keys with a context and without`,
    Effect.gen(function* () {
      const { db } = yield* nss("rsa");
      const port = yield* freePort;
      const peer = yield* start("stdbuf", [
        ...["-oL", "selfserv", "-d", db, "-n", "rsa", "-p", String(port), "-V", `${range}:${range}`],
        ...["-w", "", "-H", "1", "-v", "-c", NSS_SUITES, ...NSS],
      ]);
      yield* untilListening(port);
      const connection = yield* connect(port, { policy: only(id) });
      const ours = yield* bothExported(connection);
      yield* peer.until(/(Keying Material:\n(\s+[0-9a-f:]+\n)+[^]*){2}/);
      assert.deepEqual(all(peer.output(), NSS_KEYS), ours);
    }).pipe(Effect.provide(client())),
  );
}
