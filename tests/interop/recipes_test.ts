/** The programs of `docs/recipes` that speak with servers of others: each runs as its page says. @module */
import { assert, Effect } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import { listenTls } from "../../src/deno/mod.ts";
import { clean, ran } from "../recipes/recipes.ts";
import { bytesOf } from "../support/text.ts";
import { withPeer } from "./peers.ts";
import { mariadb, PROGRAM as MARIADB } from "./servers/mariadb.ts";
import { mosquitto, PROGRAM as MOSQUITTO } from "./servers/mosquitto.ts";
import { postfix, PROGRAM as POSTFIX } from "./servers/postfix.ts";
import { postgres, PROGRAM as POSTGRES } from "./servers/postgres.ts";
import { PROGRAM as REDIS, redis } from "./servers/redis.ts";
import { PROGRAM as SLAPD, slapd } from "./servers/slapd.ts";
import { PROGRAM as SQUID, squid } from "./servers/squid.ts";
import { PROGRAM as VSFTPD, vsftpd } from "./servers/vsftpd.ts";

/** The certificates of a PEM file in base64. */
const certificatesIn = (pem: string): ReadonlyArray<string> =>
  pem.split("-----BEGIN CERTIFICATE-----").slice(1).map((one) =>
    one.split("-----END")[0]!.replace(/\s/g, "")
  );

withPeer(
  POSTGRES,
  "postgres: pg logs in by SCRAM bound to the connection, and not with a wrong password or over another connection",
  Effect.gen(function* () {
    const { port } = yield* postgres({ auth: "scram-sha-256" });
    const login = (password: string, change?: (program: string) => string) => {
      const DATABASE_URL = `postgres://postgres:${password}@localhost:${port}/postgres`;
      return ran("postgres", { env: { DATABASE_URL, PGSSLROOTCERT: "root.pem" } }, change && { change });
    };
    assert.match(clean(yield* login("secret")), /^TLSv1\.3 TLS_AES/);
    const guessed = yield* login("guessed");
    assert.equal(guessed.code, 1);
    assert.match(guessed.complaints, /password authentication failed/);
    const [other] = certificatesIn(Golden.server("p256").certificate);
    const elsewhere = yield* login("secret", (program) =>
      program.replace(
        "Object.assign(duplex, {",
        `$& getPeerCertificate: () => ({ raw: Uint8Array.fromBase64("${other}") }),`,
      ));
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.complaints, /channel binding check failed/);
  }),
);

withPeer(
  MARIADB,
  "mysql: mysql2 begins TLS by ours and asks which version that is, and a wrong password is told",
  Effect.gen(function* () {
    const { port } = yield* mariadb();
    const login = (password: string) =>
      ran("mysql", {
        env: { DATABASE_URL: `mysql://tester:${password}@localhost:${port}/test`, CA: "root.pem" },
      });
    assert.match(clean(yield* login("secret")), /TLSv1\.3/);
    const { code, complaints } = yield* login("guessed");
    assert.equal(code, 1);
    assert.match(complaints, /^Access denied/);
  }),
);

withPeer(
  POSTFIX,
  "mail: nodemailer hands a message to Postfix, which asks for TLS",
  Effect.gen(function* () {
    const { port, peer } = yield* postfix();
    assert.match(clean(yield* ran("mail", { args: ["localhost", port, "root.pem"] })), /^250 .*queued as/);
    yield* peer.until(/starttls=1 mail=1/);
  }),
);

withPeer(
  MOSQUITTO,
  "mqtt: a device with a certificate hears what it says",
  Effect.gen(function* () {
    const { port } = yield* mosquitto({ clientCertificates: true });
    assert.equal(clean(yield* ran("mqtt", { args: ["localhost", port] })), "greetings: hello\n");
  }),
);

withPeer(
  SLAPD,
  "ldap: ldapts binds over TLS and searches, and a wrong password is told",
  Effect.gen(function* () {
    const { port } = yield* slapd();
    const bind = (LDAP_PASSWORD: string) =>
      ran("ldap", { args: ["localhost", port, "dc=example,dc=org"], env: { LDAP_PASSWORD } });
    assert.match(clean(yield* bind("secret")), /dn: "dc=example,dc=org"/);
    const { code, complaints } = yield* bind("guessed");
    assert.equal(code, 1);
    assert.match(complaints, /Invalid credentials|0x31/i);
  }),
);

withPeer(
  VSFTPD,
  "ftps: basic-ftp lists a folder over a data connection that must resume the session",
  Effect.gen(function* () {
    const { port } = yield* vsftpd({ requireReuse: true });
    assert.equal(clean(yield* ran("ftps", { args: ["localhost", port] })), "hello.txt\n");
  }),
);

withPeer(
  REDIS,
  "redis: ioredis sets a key and gets it, with a certificate",
  Effect.gen(function* () {
    const { port } = yield* redis({ clientCertificates: true });
    assert.equal(clean(yield* ran("redis", { args: ["localhost", port] })), "hello\n");
  }),
);

/** A server that says `ready` to whoever comes; gives its port. */
const origin = Effect.acquireRelease(
  Effect.sync(() => {
    const { certificate: cert, privateKey: key } = Golden.server("rsa");
    const listener = listenTls({ hostname: "127.0.0.1", port: 0, cert, key, onError: () => {} });
    const done = (async () => {
      for await (const conn of listener) {
        conn.write(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready"))
          .catch(() => {}).finally(() => conn.close());
      }
    })();
    return { listener, done };
  }),
  ({ listener, done }) => Effect.promise(() => listener.shutdown().then(() => done)),
).pipe(Effect.map(({ listener }) => listener.addr.port));

withPeer(
  SQUID,
  "proxy, tunnel: what is asked for comes through Squid, and with a wrong password it is told",
  Effect.gen(function* () {
    const { port } = yield* squid();
    const server = yield* origin;
    const by = (password: string) => `http://us:${password}@localhost:${port}`;
    const url = `https://localhost:${server}/`;
    assert.equal(clean(yield* ran("proxy", { args: [url, by("secret")] })), "200 ready\n");
    assert.match(
      clean(yield* ran("tunnel", { args: [by("secret"), "localhost", server] })),
      /^TLS 1\.3 TLS_AES/,
    );
    for (const [name, ...args] of [["proxy", url, by("no")], ["tunnel", by("no"), "localhost", server]]) {
      const { code, complaints } = yield* ran(String(name), { args });
      assert.equal(code, 1);
      assert.match(complaints, /it answered 407; give a user name and password/);
    }
  }),
);
