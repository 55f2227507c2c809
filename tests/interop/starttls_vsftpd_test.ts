/** Our client before TLS with vsftpd, which wants the session of the control connection on the data connections. @module */
import { assert, Effect } from "../deps.ts";
import { Client, Transport } from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { PROGRAM, vsftpd } from "./servers/vsftpd.ts";
import { hear, say } from "./starttls.ts";

const open = (port: number) =>
  Effect.flatMap(Transport.Transport, ({ open }) => open({ hostname: "127.0.0.1", port }));

withPeer(
  PROGRAM,
  "vsftpd: our client begins TLS in FTP, and fetches a file over a data connection that resumes the session",
  Effect.gen(function* () {
    const { port } = yield* vsftpd({ requireReuse: true });
    const options = { serverName: "localhost", sessionKey: "one key for both ports" };
    const { stream } = yield* StartTls.client("ftp", yield* open(port));
    const control = yield* Client.over(stream, options);
    yield* say(control, "PBSZ 0\r\n", /^200 /);
    yield* say(control, "PROT P\r\n", /^200 /);
    yield* say(control, "USER anonymous\r\n", /^230 /);
    const [, high, low] = yield* say(control, "PASV\r\n", /^227 .*,(\d+),(\d+)\)/);
    yield* control.write(new TextEncoder().encode("RETR hello.txt\r\n"));
    const data = yield* Client.over(yield* open(Number(high) * 256 + Number(low)), options);
    assert.ok((yield* data.negotiated).resumed);
    yield* hear(data, /^hello\n$/);
    yield* data.close;
    yield* hear(control, /^226 /m);
  }).pipe(Effect.provide(client())),
);
