/** Our client before TLS with Dovecot: IMAP, POP3, LMTP and ManageSieve. @module */
import { Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { dovecot, PROGRAM } from "./servers/dovecot.ts";
import { begin, hear, say } from "./starttls.ts";

withPeer(
  PROGRAM,
  "Dovecot: our client begins TLS in IMAP, POP3, LMTP and ManageSieve, and logs in where there is a login",
  Effect.gen(function* () {
    const { ports } = yield* dovecot();
    const imap = (yield* begin("imap", ports.imap)).connection;
    yield* say(imap, "b LOGIN me secret\r\n", /^b OK /m);
    yield* say(imap, "c STATUS INBOX (MESSAGES)\r\n", /^\* STATUS INBOX \(MESSAGES 0\)/m);
    const pop3 = (yield* begin("pop3", ports.pop3)).connection;
    yield* say(pop3, "USER me\r\n", /^\+OK/);
    yield* say(pop3, "PASS secret\r\n", /^\+OK/);
    yield* say(pop3, "STAT\r\n", /^\+OK 0 0/);
    const lmtp = (yield* begin("lmtp", ports.lmtp)).connection;
    yield* say(lmtp, "LHLO localhost\r\n", /^250 /m);
    yield* say(lmtp, "MAIL FROM:<a@example.org>\r\nRCPT TO:<me>\r\n", /^250 .*\r\n250 /);
    const sieve = (yield* begin("sieve", ports.sieve)).connection;
    yield* hear(sieve, /^"SASL" "PLAIN.*^OK/ms);
    yield* say(sieve, `AUTHENTICATE "PLAIN" "${btoa("\0me\0secret")}"\r\n`, /^OK/);
  }).pipe(Effect.provide(client())),
);
