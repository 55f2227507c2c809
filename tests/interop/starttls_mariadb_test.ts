// deno-lint-ignore-file no-control-regex -- the protocol is one of bytes
/** Our client before TLS with MariaDB, and a login over it that answers the challenge of the greeting. @module */
import { assert, Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { mariadb, PROGRAM } from "./servers/mariadb.ts";
import { begin, say } from "./starttls.ts";
import { bytesOf } from "../support/text.ts";
import { createHash } from "node:crypto";

const sha1 = (...parts: ReadonlyArray<Uint8Array>) => {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** What `mysql_native_password` says to the challenge of a greeting. */
const answerTo = (greeting: Uint8Array, password: string): Uint8Array => {
  const at = greeting.indexOf(0, 5) + 5; // behind the version and the connection's number
  const challenge = Uint8Array.of(...greeting.subarray(at, at + 8), ...greeting.subarray(at + 27, at + 39));
  const once = sha1(bytesOf(password));
  const mask = sha1(challenge, sha1(once));
  return once.map((byte, i) => byte ^ mask[i]!);
};

withPeer(
  PROGRAM,
  "MariaDB: our client begins TLS, and a driver logs in with the challenge that stood in the greeting",
  Effect.gen(function* () {
    const { port } = yield* mariadb();
    const { connection, greeting } = yield* begin("mysql", port);
    // Protocol 4.1, TLS, secure passwords, and the plugin's name.
    const flags = [0x00, 0x8a, 0x08, 0x00];
    const body = Uint8Array.of(
      ...flags,
      ...[0, 0, 0, 1],
      45,
      ...new Uint8Array(23),
      ...bytesOf("tester\0"),
      20,
      ...answerTo(greeting!, "secret"),
      ...bytesOf("mysql_native_password\0"),
    );
    yield* say(connection, Uint8Array.of(body.length, 0, 0, 2, ...body), /^.\0\0\x03\0/s);
    const query = bytesOf("\x03SHOW STATUS LIKE 'Ssl_version'");
    const [, version] = yield* say(
      connection,
      Uint8Array.of(query.length, 0, 0, 0, ...query),
      /\x0bSsl_version.(TLSv1\.\d)/s,
    );
    assert.match(version!, /^TLSv1\.[23]$/);
  }).pipe(Effect.provide(client())),
);
