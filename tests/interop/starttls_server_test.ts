/** Our server before TLS with the clients that people use: s_client in every protocol, and others that go on over TLS. @module */
import { assert, Effect } from "../deps.ts";
import type { Connection, Errors } from "../../mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { start, withPeer } from "./peers.ts";
import { root } from "./openssl.ts";
import { answering, type Answers, listening } from "./starttls.ts";

for (const protocol of Object.keys(StartTls.ports) as ReadonlyArray<StartTls.Protocol>) {
  withPeer(
    "openssl",
    `s_client -starttls ${protocol} comes to TLS with our server, and a line comes back`,
    Effect.gen(function* () {
      const port = yield* listening(protocol);
      const peer = yield* start("stdbuf", [
        ...["-oL", "openssl", "s_client", "-quiet", "-connect", `127.0.0.1:${port}`, "-starttls", protocol],
        ...["-CAfile", root, "-verify_return_error", "-verify_hostname", "localhost"],
      ]);
      yield* peer.say("drawer\n");
      yield* peer.until(/^reward$/m);
    }),
  );
}

const says = (answer: string) => () => answer;
const leaves = () => undefined;

const smtp: Answers = [
  [/^EHLO /, says("250-localhost\r\n250 8BITMIME")],
  [/^DATA/, says("354 go on")],
  [/^(MAIL FROM|RCPT TO):|^\.$/, says("250 OK")],
  [/^QUIT/, says("221 goodbye")],
  [/(?:)/, says("")], // the mail itself
];

/** Answers with the tag of a command. */
const tagged = (answer: (tag: string) => string) => (line: string) => answer(line.split(" ", 1)[0]!);
const imap: Answers = [
  [/^\S+ CAPABILITY/, tagged((tag) => `* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n${tag} OK done`)],
  [/^\S+ AUTHENTICATE PLAIN \S+$/, tagged((tag) => `${tag} OK done`)],
  [/^\S+ LIST/, tagged((tag) => `* LIST () "/" INBOX\r\n${tag} OK done`)],
  [/^\S+ LOGOUT/, leaves],
];
const pop3: Answers = [
  [/^CAPA/, says("+OK\r\nUSER\r\n.")],
  [/^USER me|^PASS secret/, says("+OK")],
  [/^LIST/, says("+OK\r\n1 120\r\n.")],
  [/^QUIT/, leaves],
];

/** A program's output, when it has ended well. */
const outputOf = (program: string, args: ReadonlyArray<string>, input = "") =>
  Effect.gen(function* () {
    const peer = yield* start(program, args, { env: { LDAPTLS_CACERT: root } });
    yield* peer.say(input);
    yield* peer.endInput;
    const code = yield* peer.ended;
    assert.equal(code, 0, peer.output());
    return peer.output();
  });
const curl = (
  url: string,
  ...more: ReadonlyArray<string>
) => ["--silent", "--show-error", "--ssl-reqd", "--cacert", root, url, ...more];
const mail = "Subject: hello\r\n\r\nhello\r\n";

withPeer(
  "curl",
  "curl --ssl-reqd hands in mail by SMTP",
  Effect.gen(function* () {
    const port = yield* listening("smtp", answering(smtp));
    const letter = ["--mail-from", "a@example", "--mail-rcpt", "b@example", "--upload-file", "-"];
    yield* outputOf("curl", curl(`smtp://localhost:${port}`, ...letter), mail);
  }),
);
withPeer(
  "curl",
  "curl --ssl-reqd lists mailboxes by IMAP",
  Effect.gen(function* () {
    const port = yield* listening("imap", answering(imap));
    assert.match(yield* outputOf("curl", curl(`imap://me:secret@localhost:${port}`)), /INBOX/);
  }),
);
withPeer(
  "curl",
  "curl --ssl-reqd lists mail by POP3",
  Effect.gen(function* () {
    const port = yield* listening("pop3", answering(pop3));
    assert.match(yield* outputOf("curl", curl(`pop3://me:secret@localhost:${port}`)), /1 120/);
  }),
);
withPeer(
  "swaks",
  "swaks --tls hands in mail by SMTP",
  Effect.gen(function* () {
    const port = yield* listening("smtp", answering(smtp));
    const letter = ["--from", "a@example", "--to", "b@example", "--data", "Subject: hello\\n\\nhello"];
    const output = yield* outputOf("swaks", [
      ...["--server", "localhost", "--port", String(port), "--tls", "--tls-ca-path", root, "--tls-verify"],
      ...letter,
    ]);
    assert.match(output, /=== TLS started/);
  }),
);

/** Answers arrivals, each of which is a whole request. */
const answeringBytes =
  (answer: (request: Uint8Array) => string) =>
  (connection: Connection): Effect.Effect<void, Errors.TlsError> =>
    Effect.gen(function* () {
      for (let data = yield* connection.read; data; data = yield* connection.read) {
        yield* connection.write(ascii(answer(data)));
      }
    });

withPeer(
  "ldapsearch",
  "ldapsearch -ZZ binds and searches",
  Effect.gen(function* () {
    const response: Readonly<Record<number, string>> = { 0x60: "\x61", 0x63: "\x65" };
    const answer = ([, , , , id, operation]: Uint8Array) =>
      response[operation!] === undefined
        ? ""
        : `\x30\x0c\x02\x01${String.fromCharCode(id!)}${response[operation!]}\x07\x0a\x01\0\x04\0\x04\0`;
    const port = yield* listening("ldap", answeringBytes(answer));
    const output = yield* outputOf("ldapsearch", [
      ...["-ZZ", "-x", "-H", `ldap://127.0.0.1:${port}`, "-s", "base", "-b", ""], // "localhost" would be the name of this host
    ]);
    assert.match(output, /result: 0 Success/);
  }),
);
withPeer(
  "psql",
  "psql with sslmode=verify-full asks a query",
  Effect.gen(function* () {
    const ready = "Z\0\0\0\x05I";
    const answer = ([tag]: Uint8Array) =>
      tag === 0 // a startup message has no tag
        ? `R\0\0\0\x08\0\0\0\0${ready}`
        : String.fromCharCode(tag!) === "Q"
        ? `C\0\0\0\x0aHELLO\0${ready}`
        : "";
    const port = yield* listening("postgres", answeringBytes(answer));
    const output = yield* outputOf("psql", [
      `host=localhost port=${port} user=me dbname=test sslmode=verify-full sslrootcert=${root}`,
      ...["-c", "hello"],
    ]);
    assert.match(output, /^HELLO$/m);
  }),
);
withPeer(
  "mariadb-admin",
  "mariadb-admin --ssl logs in and pings",
  Effect.gen(function* () {
    const answer = ([, , , number]: Uint8Array) =>
      `\x07\0\0${String.fromCharCode(number! + 1)}\0\0\0\x02\0\0\0`;
    const port = yield* listening("mysql", answeringBytes(answer));
    const output = yield* outputOf("mariadb-admin", [
      ...["--no-defaults", "--protocol=tcp", "--host=localhost", `--port=${port}`, "--user=me", "ping"],
      ...["--ssl", `--ssl-ca=${root}`, "--ssl-verify-server-cert"],
    ]);
    assert.match(output, /alive/);
  }),
);
