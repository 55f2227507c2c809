/** The protocols of mail: SMTP, LMTP, IMAP, POP3, ManageSieve. @module */
import type { Dialogues } from "../dialogue.ts";
import { dotted, numbered, quotedThenWord, tagged } from "./answers.ts";
import { lineClient } from "./client.ts";
import { lineServer } from "./server.ts";

/** SMTP and LMTP differ in the word of their hello. */
const transfer = (hello: "EHLO" | "LHLO", port: number): Dialogues => ({
  rfc: "RFC 3207 §4",
  port,
  client: lineClient({
    answers: numbered,
    greeting: ["220"],
    ask: { command: ({ ownName }) => `${hello} ${ownName}`, good: "250" },
    offer: /^250[- ]STARTTLS\s*$/i,
    command: "STARTTLS",
    goAhead: "220",
    unknown: /^50[0234]$/,
  }),
  server: lineServer({
    greeting: ({ name }) => `220 ${name} ${hello === "EHLO" ? "ESMTP" : "LMTP"}`,
    begin: ["STARTTLS", "220 go ahead"],
    leave: ["QUIT", "221 goodbye"],
    answers: {
      [hello]: ({ name, rest }) =>
        rest === "" ? `501 ${hello} needs your name` : `250-${name}\r\n250 STARTTLS`,
      ...(hello === "EHLO" ? { HELO: ({ name }) => `250 ${name}` } : {}),
      NOOP: "250 OK",
      RSET: "250 OK",
      STARTTLS: "501 STARTTLS takes no parameters",
    },
    otherwise: "530 must issue a STARTTLS command first",
  }),
});

/** SMTP (RFC 3207). */
export const smtp: Dialogues = transfer("EHLO", 25);

/** LMTP: SMTP with another hello (RFC 2033 §4.1). */
export const lmtp: Dialogues = transfer("LHLO", 24);

const imapOffers = "IMAP4rev1 STARTTLS LOGINDISABLED";

/** IMAP (RFC 3501 §6.2.1). A server that says PREAUTH cannot begin TLS any more. */
export const imap: Dialogues = {
  rfc: "RFC 3501 §6.2.1",
  port: 143,
  client: lineClient({
    answers: tagged,
    greeting: ["OK"],
    ask: { command: () => "a1 CAPABILITY", good: "OK" },
    offer: /^\* CAPABILITY(?: \S+)* STARTTLS(?: |$)/i,
    command: "a2 STARTTLS",
    goAhead: "OK",
    unknown: /^(BAD|PREAUTH)$/,
  }),
  server: lineServer({
    greeting: ({ name }) => `* OK [CAPABILITY ${imapOffers}] ${name}`,
    split: /^([^\s(){%*"\\\]\p{C}]{1,32}) (.*)$/u,
    begin: ["STARTTLS", ({ tag }) => `${tag} OK begin TLS`],
    leave: ["LOGOUT", ({ tag }) => `* BYE goodbye\r\n${tag} OK goodbye`],
    answers: {
      CAPABILITY: ({ tag }) => `* CAPABILITY ${imapOffers}\r\n${tag} OK done`,
      NOOP: ({ tag }) => `${tag} OK done`,
    },
    otherwise: ({ tag }) => `${tag} NO [PRIVACYREQUIRED] begin TLS first`,
  }),
};

/** POP3 (RFC 2595 §4). */
export const pop3: Dialogues = {
  rfc: "RFC 2595 §4",
  port: 110,
  client: lineClient({
    answers: dotted(/^(?:\+OK|-ERR)(?=\s|$)/, "CAPA", "+OK"),
    greeting: ["+OK"],
    ask: { command: () => "CAPA", good: "+OK" },
    offer: /^STLS\s*$/i,
    command: "STLS",
    goAhead: "+OK",
  }),
  server: lineServer({
    greeting: ({ name }) => `+OK ${name}`,
    begin: ["STLS", "+OK begin TLS"],
    leave: ["QUIT", "+OK goodbye"],
    answers: { CAPA: "+OK\r\nSTLS\r\n." },
    otherwise: "-ERR begin TLS first: STLS",
  }),
};

const sieveOffers = ({ name }: { readonly name: string }) =>
  [`"IMPLEMENTATION" "${name}"`, '"SIEVE" ""', '"SASL" ""', '"STARTTLS"', '"VERSION" "1.0"', "OK"].join(
    "\r\n",
  );

/** ManageSieve (RFC 5804 §2.2). */
export const sieve: Dialogues = {
  rfc: "RFC 5804 §2.2",
  port: 4190,
  client: lineClient({
    answers: quotedThenWord,
    greeting: ["OK"],
    offer: /^"STARTTLS"\s*$/i,
    command: "STARTTLS",
    goAhead: "OK",
  }),
  server: lineServer({
    greeting: sieveOffers,
    begin: ["STARTTLS", 'OK "begin TLS"'],
    leave: ["LOGOUT", "OK"],
    answers: { CAPABILITY: sieveOffers, NOOP: "OK" },
    otherwise: 'NO (ENCRYPT-NEEDED) "begin TLS first"',
  }),
};
