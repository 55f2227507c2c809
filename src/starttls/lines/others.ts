/** FTP, NNTP and IRC. @module */
import type { Dialogues } from "../dialogue.ts";
import { amongOthers, dotted, numberedAround } from "./answers.ts";
import { lineClient } from "./client.ts";
import { lineServer } from "./server.ts";

/** The control connection of FTP (RFC 4217 §4). Its data connections need TLS of their own: PBSZ and PROT come next. */
export const ftp: Dialogues = {
  rfc: "RFC 4217 §4",
  port: 21,
  client: lineClient({
    answers: numberedAround,
    greeting: ["220"],
    command: "AUTH TLS",
    goAhead: "234",
    unknown: /^50[024]$|^530$/,
  }),
  server: lineServer({
    greeting: ({ name }) => `220 ${name}`,
    begin: ["AUTH TLS", "234 go ahead"],
    leave: ["QUIT", "221 goodbye"],
    answers: {
      AUTH: "504 only AUTH TLS is known here",
      FEAT: "211-features\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n211 end",
      NOOP: "200 OK",
    },
    otherwise: "530 begin TLS first: AUTH TLS",
  }),
};

/** NNTP (RFC 4642 §2). */
export const nntp: Dialogues = {
  rfc: "RFC 4642 §2",
  port: 119,
  client: lineClient({
    answers: dotted(/^[1-5]\d\d(?=\s|$)/, "CAPABILITIES", "101"),
    greeting: ["200", "201"],
    ask: { command: () => "CAPABILITIES", good: "101" },
    offer: /^STARTTLS\s*$/i,
    command: "STARTTLS",
    goAhead: "382",
    unknown: /^50[013]$/,
  }),
  server: lineServer({
    greeting: ({ name }) => `200 ${name}`,
    begin: ["STARTTLS", "382 go ahead"],
    leave: ["QUIT", "205 goodbye"],
    answers: { CAPABILITIES: "101 capabilities\r\nVERSION 2\r\nSTARTTLS\r\n." },
    otherwise: "483 begin TLS first: STARTTLS",
  }),
};

/** IRC, by the command of IRCv3's extension `tls`, before anything else is said. Servers may say notices in between. */
export const irc: Dialogues = {
  rfc: undefined,
  port: 6667,
  client: lineClient({
    answers: amongOthers("670", "691", "421", "451", "ERROR"),
    greeting: undefined,
    command: "STARTTLS",
    goAhead: "670",
    unknown: /^4[25]1$/,
  }),
  server: lineServer({
    greeting: undefined,
    begin: ["STARTTLS", ({ name }) => `:${name} 670 * :go ahead`],
    leave: ["QUIT", "ERROR :goodbye"],
    answers: {
      CAP: ({ name, rest }) => /^LS\b/i.test(rest) ? `:${name} CAP * LS :tls` : "",
      NICK: "",
      USER: "",
    },
    otherwise: ({ name }) => `:${name} 451 * :begin TLS first: STARTTLS`,
  }),
};
