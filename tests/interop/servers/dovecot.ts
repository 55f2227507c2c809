/** Dovecot, which begins TLS in IMAP, POP3, LMTP and ManageSieve. @module */
import { Effect } from "../../deps.ts";
import { freePort } from "../peers.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "dovecot";

/** Dovecot, on a port for each protocol. Every user has the password `secret`, and an empty mailbox; without TLS there is no login. */
export const dovecot = (options?: ServerOptions) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder } = at;
    const ports = { imap: at.port, pop3: yield* freePort, lmtp: yield* freePort, sieve: yield* freePort };
    const listener = (port: number) => `address = 127.0.0.1\n port = ${port}`;
    const file = yield* at.write(
      "dovecot.conf",
      `protocols = imap pop3 lmtp sieve
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
listen = 127.0.0.1
ssl = required
ssl_cert = <${at.certificate}
ssl_key = <${at.privateKey}
disable_plaintext_auth = yes
mail_location = maildir:~/mail
first_valid_uid = 1
passdb {
 driver = static
 args = password=secret
}
userdb {
 driver = static
 args = uid=nobody gid=nogroup home=${folder}/home/%u
}
service imap-login {
 inet_listener imap {
 ${listener(ports.imap)}
 }
 inet_listener imaps {
 port = 0
 }
}
service pop3-login {
 inet_listener pop3 {
 ${listener(ports.pop3)}
 }
 inet_listener pop3s {
 port = 0
 }
}
service lmtp {
 inet_listener lmtp {
 ${listener(ports.lmtp)}
 }
}
service managesieve-login {
 inet_listener sieve {
 ${listener(ports.sieve)}
 }
}
`,
    );
    yield* Effect.promise(() => Deno.mkdir(`${folder}/home`).then(() => Deno.chmod(`${folder}/home`, 0o777)));
    yield* Effect.promise(() => Deno.chmod(folder, 0o755));
    const { peer } = yield* serve(at, PROGRAM, ["-F", "-c", file]);
    return { peer, ports };
  });
