/** Our client before TLS with Postfix. @module */
import { assert, Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { postfix, PROGRAM } from "./servers/postfix.ts";
import { begin, say } from "./starttls.ts";

withPeer(
  PROGRAM,
  "Postfix: our client begins TLS in SMTP, and hands in mail",
  Effect.gen(function* () {
    const { port } = yield* postfix();
    const { connection, greeting } = yield* begin("smtp", port);
    assert.match(new TextDecoder().decode(greeting), /^220 mail\.example\.org ESMTP/);
    const [capabilities] = yield* say(connection, "EHLO localhost\r\n", /^250 [^]*\n$|^250-[^]*^250 .*\n/m);
    assert.doesNotMatch(capabilities, /STARTTLS/);
    yield* say(connection, "MAIL FROM:<a@example.org>\r\n", /^250 /);
    yield* say(connection, "RCPT TO:<b@example.org>\r\n", /^250 /);
    yield* say(connection, "DATA\r\n", /^354 /);
    yield* say(connection, "Subject: hello\r\n\r\nhello\r\n.\r\n", /^250 .*queued/);
    yield* say(connection, "QUIT\r\n", /^221 /);
  }).pipe(Effect.provide(client())),
);
