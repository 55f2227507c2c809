// deno-lint-ignore-file no-control-regex -- the protocol is one of bytes
/** Our client before TLS with PostgreSQL, and a query over it. @module */
import { assert, Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { postgres, PROGRAM } from "./servers/postgres.ts";
import { begin, say } from "./starttls.ts";
import { bytesOf } from "../support/text.ts";

/** A message with its length; a startup message has no tag. */
const message = (tag: string, text: string): Uint8Array => {
  const bytes = bytesOf(`${tag}\0\0\0\0${text}\0`);
  new DataView(bytes.buffer).setUint32(tag.length, bytes.length - tag.length);
  return bytes;
};

withPeer(
  PROGRAM,
  "PostgreSQL: our client begins TLS by an SSLRequest, and the server says that it speaks TLS",
  Effect.gen(function* () {
    const { port } = yield* postgres();
    const { connection, greeting } = yield* begin("postgres", port);
    assert.equal(greeting, undefined);
    const startup = message("", "\0\x03\0\0user\0postgres\0database\0postgres\0");
    yield* say(connection, startup, /Z\0\0\0\x05I$/);
    const [, version] = yield* say(
      connection,
      message("Q", "select version from pg_stat_ssl where pid = pg_backend_pid()"),
      /D\0\0\0.\0\x01\0\0\0.(.*?)C[^]*Z\0\0\0\x05I$/s,
    );
    assert.match(version!, /^TLSv1\.[23]$/);
  }).pipe(Effect.provide(client())),
);
