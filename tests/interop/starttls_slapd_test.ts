// deno-lint-ignore-file no-control-regex -- the protocol is one of bytes
/** Our client before TLS with OpenLDAP's server. @module */
import { Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { PROGRAM, slapd } from "./servers/slapd.ts";
import { begin, say } from "./starttls.ts";

const element = (tag: string, content: string) => `${tag}${String.fromCharCode(content.length)}${content}`;

withPeer(
  PROGRAM,
  "OpenLDAP: our client begins TLS by StartTLS, and binds over it",
  Effect.gen(function* () {
    const { port } = yield* slapd();
    const { connection } = yield* begin("ldap", port);
    const who = element("\x04", "cn=admin,dc=example,dc=org");
    const bind = element("\x60", element("\x02", "\x03") + who + element("\x80", "secret"));
    // A BindResponse with the code 0.
    yield* say(
      connection,
      element("\x30", element("\x02", "\x02") + bind),
      /^\x30.\x02\x01\x02\x61.\x0a\x01\0/s,
    );
  }).pipe(Effect.provide(client())),
);
