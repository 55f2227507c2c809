/**
 * What is said before TLS, protocol by protocol, as it stands in the RFCs and comes from real servers: `C` is the client, `S`
 * the server. And a stream that plays one side of it.
 *
 * @module
 */
import { Effect } from "../deps.ts";
import type { Protocol } from "../../src/starttls/mod.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import { textOf } from "../support/text.ts";

/** Who says what: bytes as characters below 256. */
export type Turn = readonly [who: "C" | "S", said: string];

/** The dialogues of one protocol. */
export interface Dialogues {
  /** The client's options, where some are needed. */
  readonly domain?: string;
  /** One that comes to TLS, with our client. */
  readonly good: ReadonlyArray<Turn>;
  /** More of them. */
  readonly alsoGood: Readonly<Record<string, ReadonlyArray<Turn>>>;
  /** What a server says that offers no TLS. */
  readonly notOffered: Readonly<Record<string, ReadonlyArray<Turn>>>;
  /** What a server says that refuses, and the code. */
  readonly refused: Readonly<Record<string, readonly [code: string, ReadonlyArray<Turn>]>>;
  /** What no server of this protocol says. */
  readonly unexpected: Readonly<Record<string, ReadonlyArray<Turn>>>;
  /** Commands that our server answers before it begins TLS. */
  readonly before: ReadonlyArray<Turn>;
  /** What a client says that has our server begin TLS, without all that is optional. */
  readonly shortest: ReadonlyArray<Turn>;
  /** How a client leaves without TLS, behind the greeting. */
  readonly leaving: ReadonlyArray<Turn>;
}

const mail = (hello: string, greeting: string): Dialogues => {
  const begun: ReadonlyArray<Turn> = [["S", greeting], ["C", `${hello} localhost\r\n`]];
  const offered: ReadonlyArray<Turn> = [...begun, [
    "S",
    "250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
  ]];
  const asked: ReadonlyArray<Turn> = [...offered, ["C", "STARTTLS\r\n"]];
  const localhost = greeting.includes("LMTP") ? "220 localhost LMTP\r\n" : "220 localhost ESMTP\r\n";
  return {
    good: [...asked, ["S", "220 2.0.0 Ready to start TLS\r\n"]],
    alsoGood: {
      "answers of several lines, in small letters": [
        ["S", "220-mail.example\r\n220 ready\r\n"],
        ["C", `${hello} localhost\r\n`],
        ["S", "250-mail.example\r\n250-starttls\r\n250 8BITMIME\r\n"],
        ["C", "STARTTLS\r\n"],
        ["S", "220-go\r\n220 \r\n"],
      ],
      "lines that end with LF alone, and codes without a text": [
        ["S", "220\n"],
        ["C", `${hello} localhost\r\n`],
        ["S", "250-mail.example\n250 STARTTLS\n"],
        ["C", "STARTTLS\r\n"],
        ["S", "220\n"],
      ],
    },
    notOffered: {
      "capabilities without it": [...begun, ["S", "250-mail.example\r\n250 XSTARTTLS\r\n"]],
      "its name in another capability": [...begun, ["S", "250-mail.example\r\n250 AUTH STARTTLS\r\n"]],
      "no capabilities": [...begun, ["S", "502 no such command\r\n"]],
      "a command that is unknown": [...asked, ["S", "502 5.5.1 no\r\n"]],
    },
    refused: {
      "at the greeting": ["554", [["S", "554 go away\r\n"]]],
      "at the hello": ["421", [...begun, ["S", "421 too busy\r\n"]]],
      "for a while": ["454", [...asked, ["S", "454 4.7.0 TLS not available\r\n"]]],
      "by the code of another answer": ["250", [...asked, ["S", "250 OK\r\n"]]],
    },
    unexpected: {
      "HTTP": [["S", "HTTP/1.1 400 Bad Request\r\n"]],
      "an answer with two codes": [...begun, ["S", "250-mail.example\r\n220 STARTTLS\r\n"]],
      "an alert of TLS": [["S", "\x15\x03\x01\x00\x02\x02\x46\n"]],
      "an empty line": [["S", "\r\n"]],
    },
    before: [
      ["S", localhost],
      ["C", "MAIL FROM:<a@example>\r\n"],
      ["S", "530 must issue a STARTTLS command first\r\n"],
      ["C", `${hello}\r\n`],
      ["S", `501 ${hello} needs your name\r\n`],
      ["C", `${hello.toLowerCase()} a.example\r\n`],
      ["S", "250-localhost\r\n250 STARTTLS\r\n"],
      ["C", "STARTTLS now\r\n"],
      ["S", "501 STARTTLS takes no parameters\r\n"],
      ["C", "noop\r\nrset\r\n"],
      ["S", "250 OK\r\n250 OK\r\n"],
      ["C", "starttls \r\n"],
      ["S", "220 go ahead\r\n"],
    ],
    shortest: [["S", localhost], ["C", "STARTTLS\r\n"], ["S", "220 go ahead\r\n"]],
    leaving: [["S", localhost], ["C", "QUIT\r\n"], ["S", "221 goodbye\r\n"]],
  };
};

const asksImap: ReadonlyArray<Turn> = [
  ["S", "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"],
  ["C", "a1 CAPABILITY\r\n"],
  ["S", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n"],
  ["C", "a2 STARTTLS\r\n"],
];
const greetsImap: Turn = ["S", "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] localhost\r\n"];
const asksPop: ReadonlyArray<Turn> = [
  ["S", "+OK ready <1@example>\r\n"],
  ["C", "CAPA\r\n"],
  ["S", "+OK\r\nTOP\r\nSTLS\r\n.\r\n"],
  ["C", "STLS\r\n"],
];
const asksNews: ReadonlyArray<Turn> = [
  ["S", "201 no posting\r\n"],
  ["C", "CAPABILITIES\r\n"],
  ["S", "101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"],
  ["C", "STARTTLS\r\n"],
];
const sieveGreeting =
  '"IMPLEMENTATION" "localhost"\r\n"SIEVE" ""\r\n"SASL" ""\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\nOK\r\n';
const asksSieve: ReadonlyArray<Turn> = [
  ["S", '"IMPLEMENTATION" "Example"\r\n"STARTTLS"\r\nOK "ready"\r\n'],
  ["C", "STARTTLS\r\n"],
];
const asksFtp: ReadonlyArray<Turn> = [["S", "220-Welcome\r\n  to files\r\n220 ready\r\n"], [
  "C",
  "AUTH TLS\r\n",
]];

const streamTo = (attributes: string) =>
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  `version='1.0' ${attributes}>`;
const tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const opensXmpp: ReadonlyArray<Turn> = [["C", streamTo("to='im.example'")], [
  "S",
  streamTo(`from='im.example' id='a>"b'`),
]];
const asksXmpp: ReadonlyArray<Turn> = [...opensXmpp, [
  "S",
  `<stream:features><starttls ${tls}><required/></starttls><mechanisms/></stream:features>`,
], ["C", `<starttls ${tls}/>`]];

const startTlsRequest = "\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/** A response to StartTLS with this result. */
const ldapResult = (code: number, more = "", id = 1) => {
  const content = `\x0a\x01${String.fromCharCode(code)}\x04\0\x04\0${more}`;
  const operation = `\x02\x01${String.fromCharCode(id)}\x78${String.fromCharCode(content.length)}${content}`;
  return `\x30${String.fromCharCode(operation.length)}${operation}`;
};
const asksLdap: ReadonlyArray<Turn> = [["C", startTlsRequest]];
const noBind = "begin TLS first: StartTLS";
const ldapNo = (id: string, tag: string) => {
  const content = `\x0a\x01\x0d\x04\0\x04${String.fromCharCode(noBind.length)}${noBind}`;
  const operation = `\x02${String.fromCharCode(id.length)}${id}${tag}${
    String.fromCharCode(content.length)
  }${content}`;
  return `\x30${String.fromCharCode(operation.length)}${operation}`;
};

/** The greeting of a MySQL server, with its flags. */
const mysqlGreeting = (lower: string, upper: string) => {
  const body = `\x0a8.0.36\0\x01\0\0\0abcdefgh\0${lower}\xff\x02\0${upper}\x15${
    "\0".repeat(10)
  }ijklmnopqrst\0caching_sha2_password\0`;
  return `${String.fromCharCode(body.length)}\0\0\0${body}`;
};
const sslRequest = `\x20\0\0\x01\x01\xaa\x08\0\xff\xff\xff\0\x2d${"\0".repeat(23)}`;
const pgRequest = "\0\0\0\x08\x04\xd2\x16\x2f";

/** The dialogues of every protocol. */
export const dialogues: Readonly<Record<Protocol, Dialogues>> = {
  smtp: mail("EHLO", "220 mail.example ESMTP\r\n"),
  lmtp: mail("LHLO", "220 mail.example LMTP\r\n"),
  imap: {
    good: [...asksImap, ["S", "a2 OK begin\r\n"]],
    alsoGood: {
      "other words between": [
        ["S", "* OK hello\r\n"],
        ["C", "a1 CAPABILITY\r\n"],
        ["S", "* OK by the way\r\n* capability imap4rev1 starttls\r\na1 ok done\r\n"],
        ["C", "a2 STARTTLS\r\n"],
        ["S", "* 1 EXISTS\r\na2 ok begin\r\n"],
      ],
    },
    notOffered: {
      "capabilities without it": [...asksImap.slice(0, 2), [
        "S",
        "* CAPABILITY IMAP4rev1 X-STARTTLS STARTTLSX\r\na1 OK done\r\n",
      ]],
      "who is logged in already": [["S", "* PREAUTH welcome back\r\n"]],
      "a command that is unknown": [...asksImap, ["S", "a2 BAD what\r\n"]],
    },
    refused: {
      "at the greeting": ["BYE", [["S", "* BYE too busy\r\n"]]],
      "at the command": ["NO", [...asksImap, ["S", "a2 NO no certificate\r\n"]]],
    },
    unexpected: {
      "a greeting with a tag": [["S", "a1 OK hello\r\n"]],
      "an answer to something else": [...asksImap, ["S", "a3 OK begin\r\n"]],
      "HTTP": [["S", "HTTP/1.1 400 Bad Request\r\n"]],
    },
    before: [
      greetsImap,
      ["C", "x LOGIN a b\r\n"],
      ["S", "x NO [PRIVACYREQUIRED] begin TLS first\r\n"],
      ["C", "1.2 capability\r\n"],
      ["S", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n1.2 OK done\r\n"],
      ["C", "(x) NOOP\r\n"],
      ["S", "* NO [PRIVACYREQUIRED] begin TLS first\r\n"],
      ["C", "y noop\r\n"],
      ["S", "y OK done\r\n"],
      ["C", "z StartTLS\r\n"],
      ["S", "z OK begin TLS\r\n"],
    ],
    shortest: [greetsImap, ["C", ". STARTTLS\r\n"], ["S", ". OK begin TLS\r\n"]],
    leaving: [greetsImap, ["C", "q LOGOUT\r\n"], ["S", "* BYE goodbye\r\nq OK goodbye\r\n"]],
  },
  pop3: {
    good: [...asksPop, ["S", "+OK begin\r\n"]],
    alsoGood: {},
    notOffered: {
      "capabilities without it": [...asksPop.slice(0, 2), ["S", "+OK\r\nTOP\r\nXSTLS\r\n.\r\n"]],
    },
    refused: {
      "at the greeting": ["-ERR", [["S", "-ERR too busy\r\n"]]],
      "a server without capabilities": ["-ERR", [...asksPop.slice(0, 2), ["S", "-ERR what\r\n"]]],
      "at the command": ["-ERR", [...asksPop, ["S", "-ERR no certificate\r\n"]]],
    },
    unexpected: { "SMTP": [["S", "220 mail.example\r\n"]] },
    before: [
      ["S", "+OK localhost\r\n"],
      ["C", "USER a\r\n"],
      ["S", "-ERR begin TLS first: STLS\r\n"],
      ["C", "capa\r\n"],
      ["S", "+OK\r\nSTLS\r\n.\r\n"],
      ["C", "STLS\r\n"],
      ["S", "+OK begin TLS\r\n"],
    ],
    shortest: [["S", "+OK localhost\r\n"], ["C", "STLS\r\n"], ["S", "+OK begin TLS\r\n"]],
    leaving: [["S", "+OK localhost\r\n"], ["C", "QUIT\r\n"], ["S", "+OK goodbye\r\n"]],
  },
  sieve: {
    good: [...asksSieve, ["S", 'OK "begin"\r\n']],
    alsoGood: {
      "an OK with a code and no text": [
        ["S", '"STARTTLS"\r\nOK (TAG "x")\r\n'],
        ["C", "STARTTLS\r\n"],
        ["S", "ok\r\n"],
      ],
    },
    notOffered: { "capabilities without it": [["S", '"SIEVE" "STARTTLS"\r\n"SASL" "PLAIN"\r\nOK\r\n']] },
    refused: {
      "at the greeting": ["BYE", [["S", 'BYE (TRYLATER) "busy"\r\n']]],
      "at the command": ["NO", [...asksSieve, ["S", 'NO "no"\r\n']]],
    },
    unexpected: { "IMAP": [["S", "* OK ready\r\n"]], "a longer word": [["S", "OKAY\r\n"]] },
    before: [
      ["S", sieveGreeting],
      ["C", 'AUTHENTICATE "PLAIN"\r\n'],
      ["S", 'NO (ENCRYPT-NEEDED) "begin TLS first"\r\n'],
      ["C", "CAPABILITY\r\n"],
      ["S", sieveGreeting],
      ["C", "STARTTLS\r\n"],
      ["S", 'OK "begin TLS"\r\n'],
    ],
    shortest: [["S", sieveGreeting], ["C", "STARTTLS\r\n"], ["S", 'OK "begin TLS"\r\n']],
    leaving: [["S", sieveGreeting], ["C", "LOGOUT\r\n"], ["S", "OK\r\n"]],
  },
  ftp: {
    good: [...asksFtp, ["S", "234 go\r\n"]],
    alsoGood: {
      "lines between that look like an end": [[
        "S",
        "220-Welcome\r\n221 not yet\r\n220x nor now\r\n220 ready\r\n",
      ], [
        "C",
        "AUTH TLS\r\n",
      ], ["S", "234 go\r\n"]],
    },
    notOffered: {
      "a command that is unknown": [...asksFtp, ["S", "500 what\r\n"]],
      "a server without TLS": [...asksFtp, ["S", "504 no\r\n"]],
      "a server that wants a login": [...asksFtp, ["S", "530 Please login with USER and PASS.\r\n"]],
    },
    refused: {
      "at the greeting": ["421", [["S", "421 too busy\r\n"]]],
      "at the command": ["431", [...asksFtp, ["S", "431 no certificate\r\n"]]],
    },
    unexpected: { "POP3": [["S", "+OK ready\r\n"]] },
    before: [
      ["S", "220 localhost\r\n"],
      ["C", "USER a\r\n"],
      ["S", "530 begin TLS first: AUTH TLS\r\n"],
      ["C", "AUTH SSL\r\n"],
      ["S", "504 only AUTH TLS is known here\r\n"],
      ["C", "FEAT\r\nNOOP\r\n"],
      ["S", "211-features\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n211 end\r\n200 OK\r\n"],
      ["C", "auth tls\r\n"],
      ["S", "234 go ahead\r\n"],
    ],
    shortest: [["S", "220 localhost\r\n"], ["C", "AUTH TLS\r\n"], ["S", "234 go ahead\r\n"]],
    leaving: [["S", "220 localhost\r\n"], ["C", "QUIT\r\n"], ["S", "221 goodbye\r\n"]],
  },
  nntp: {
    good: [...asksNews, ["S", "382 go\r\n"]],
    alsoGood: {},
    notOffered: {
      "capabilities without it": [...asksNews.slice(0, 2), ["S", "101 list\r\nVERSION 2\r\n.\r\n"]],
      "no capabilities": [...asksNews.slice(0, 2), ["S", "500 what\r\n"]],
    },
    refused: {
      "at the greeting": ["400", [["S", "400 too busy\r\n"]]],
      "at the command": ["580", [...asksNews, ["S", "580 no certificate\r\n"]]],
    },
    unexpected: { "POP3": [["S", "+OK ready\r\n"]] },
    before: [
      ["S", "200 localhost\r\n"],
      ["C", "MODE READER\r\n"],
      ["S", "483 begin TLS first: STARTTLS\r\n"],
      ["C", "CAPABILITIES\r\n"],
      ["S", "101 capabilities\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"],
      ["C", "STARTTLS\r\n"],
      ["S", "382 go ahead\r\n"],
    ],
    shortest: [["S", "200 localhost\r\n"], ["C", "STARTTLS\r\n"], ["S", "382 go ahead\r\n"]],
    leaving: [["S", "200 localhost\r\n"], ["C", "QUIT\r\n"], ["S", "205 goodbye\r\n"]],
  },
  irc: {
    good: [["C", "STARTTLS\r\n"], ["S", ":irc.example 670 * :STARTTLS successful\r\n"]],
    alsoGood: {
      "notices between": [["C", "STARTTLS\r\n"], [
        "S",
        ":irc.example NOTICE * :*** Looking up 670 your hostname...\r\n:irc.example 020 * :wait\r\n670 * :go\r\n",
      ]],
    },
    notOffered: {
      "a command that is unknown": [["C", "STARTTLS\r\n"], [
        "S",
        ":irc.example 421 * STARTTLS :Unknown command\r\n",
      ]],
      "a server that wants a name first": [["C", "STARTTLS\r\n"], [
        "S",
        ":irc.example 451 * :You have not registered\r\n",
      ]],
    },
    refused: {
      "at the command": ["691", [["C", "STARTTLS\r\n"], ["S", ":irc.example 691 * :failed\r\n"]]],
      "by the end": ["ERROR", [["C", "STARTTLS\r\n"], ["S", "ERROR :Closing Link\r\n"]]],
    },
    unexpected: { "POP3": [["C", "STARTTLS\r\n"], ["S", "+OK ready\r\n"]] },
    before: [
      ["C", "CAP LS 302\r\nNICK a\r\nUSER a 0 * a\r\n"],
      ["S", ":localhost CAP * LS :tls\r\n"],
      ["C", "JOIN #a\r\n"],
      ["S", ":localhost 451 * :begin TLS first: STARTTLS\r\n"],
      ["C", "STARTTLS\r\n"],
      ["S", ":localhost 670 * :go ahead\r\n"],
    ],
    shortest: [["C", "STARTTLS\r\n"], ["S", ":localhost 670 * :go ahead\r\n"]],
    leaving: [["C", "QUIT\r\n"], ["S", "ERROR :goodbye\r\n"]],
  },
  ldap: {
    good: [...asksLdap, ["S", ldapResult(0)]],
    alsoGood: {
      "lengths in the long form, and the name of the operation": [...asksLdap, [
        "S",
        "\x30\x84\0\0\0\x28\x02\x01\x01\x78\x84\0\0\0\x1f\x0a\x01\0\x04\0\x04\0\x8a\x161.3.6.1.4.1.1466.20037",
      ]],
    },
    notOffered: {
      "an operation that is unknown": [...asksLdap, ["S", ldapResult(2)]],
    },
    refused: {
      "at the request": ["52", [...asksLdap, ["S", ldapResult(52)]]],
      "by a notice of disconnection": ["52", [...asksLdap, ["S", ldapResult(52, "", 0)]]],
      "by one that says success": ["0", [...asksLdap, ["S", ldapResult(0, "", 0)]]],
    },
    unexpected: {
      "the response to another message": [...asksLdap, ["S", ldapResult(0, "", 2)]],
      "the response to a bind": [...asksLdap, ["S", "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0"]],
      "a result of two bytes": [...asksLdap, ["S", "\x30\x0d\x02\x01\x01\x78\x08\x0a\x02\0\0\x04\0\x04\0"]],
      "a message that ends early": [...asksLdap, ["S", "\x30\x0c\x02\x01\x01\x78\x09\x0a\x01\0\x04\0\x04\0"]],
      "a length without an end": [...asksLdap, ["S", "\x30\x80"]],
      "an alert of TLS": [...asksLdap, ["S", "\x15\x03\x01\x00\x02\x02\x46"]],
    },
    before: [
      ["C", "\x30\x0c\x02\x01\x07\x60\x07\x02\x01\x03\x04\0\x80\0"], // a bind
      ["S", ldapNo("\x07", "\x61")],
      ["C", "\x30\x0a\x02\x03\x01\0\0\x63\x03\x04\x01a"], // as much of a search as is read
      ["S", ldapNo("\x01\0\0", "\x65")],
      ["C", "\x30\x06\x02\x01\x08\x50\x01\x07"], // an abandon, which has no response
      ["C", "\x30\x09\x02\x01\x09\x4a\x04dc=a"], // a deletion
      ["S", ldapNo("\x09", "\x6b")],
      ["C", startTlsRequest],
      ["S", ldapResult(0)],
    ],
    shortest: [["C", startTlsRequest], ["S", ldapResult(0)]],
    leaving: [["C", "\x30\x05\x02\x01\x02\x42\0"]],
  },
  postgres: {
    good: [["C", pgRequest], ["S", "S"]],
    alsoGood: {},
    notOffered: { "a no": [["C", pgRequest], ["S", "N"]] },
    refused: { "an error": ["E", [["C", pgRequest], ["S", "E\0\0\0\x08SFATAL\0"]]] },
    unexpected: { "another byte": [["C", pgRequest], ["S", "H"]], "TLS": [["C", pgRequest], ["S", "\x15"]] },
    before: [["C", "\0\0\0\x08\x04\xd2\x16\x30"], ["S", "N"], ["C", pgRequest], ["S", "S"]],
    shortest: [["C", pgRequest], ["S", "S"]],
    leaving: [],
  },
  mysql: {
    good: [["S", mysqlGreeting("\xff\xff", "\xff\xdf")], ["C", sslRequest]],
    alsoGood: {
      "a server that can do little else": [["S", mysqlGreeting("\0\x8a", "\0\0")], [
        "C",
        `\x20\0\0\x01\0\x8a\0\0\xff\xff\xff\0\x2d${"\0".repeat(23)}`,
      ]],
    },
    notOffered: { "a greeting without the flag": [["S", mysqlGreeting("\xff\xf7", "\xff\xdf")]] },
    refused: {
      "an error instead": ["1040", [["S", "\x17\0\0\0\xff\x10\x04Too many connections"]]],
    },
    unexpected: {
      "another version": [["S", "\x05\0\0\0\x095.0\0"]],
      "a greeting that is cut short": [["S", "\x08\0\0\0\x0a8.0.36\0"]],
      "an empty packet": [["S", "\0\0\0\0"]],
      "a packet of megabytes": [["S", "\xff\xff\xff\0"]],
      "SMTP": [["S", "220 mail.example\r\n"]],
    },
    before: [],
    shortest: [],
    leaving: [],
  },
  xmpp: {
    domain: "im.example",
    good: [...asksXmpp, ["S", `<proceed ${tls}/>`]],
    alsoGood: {
      "white space between, and an element with an end tag": [
        ...opensXmpp,
        [
          "S",
          `\n<stream:features>\n <starttls ${tls}/>\n</stream:features>`,
        ],
        ["C", `<starttls ${tls}/>`],
        ["S", ` <proceed ${tls}></proceed>`],
      ],
    },
    notOffered: {
      "features without it": [...opensXmpp, ["S", "<stream:features><mechanisms/></stream:features>"]],
      "no features": [...opensXmpp, ["S", "<stream:features/>"]],
      "another element of that name": [...opensXmpp, [
        "S",
        "<stream:features><starttls xmlns='other'/></stream:features>",
      ]],
    },
    refused: {
      "an error of the stream": ["error", [...opensXmpp, [
        "S",
        "<stream:error><host-unknown/></stream:error></stream:stream>",
      ]]],
      "at the request": ["failure", [...asksXmpp, ["S", `<failure ${tls}/></stream:stream>`]]],
    },
    unexpected: {
      "another beginning": [["C", streamTo("to='im.example'")], ["S", "<html>"]],
      "another answer": [...asksXmpp, ["S", "<success/>"]],
      "no features": [...opensXmpp, ["S", "<message/>"]],
    },
    before: [],
    shortest: [],
    leaving: [],
  },
};

/** A stream whose other side is played by turns. */
export interface Played extends ByteStream {
  /** Whether it was closed. */
  readonly isClosed: () => boolean;
  /** What our side said wrongly, or has not yet said. */
  readonly wrong: () => string;
}

/** How turns are played. */
export interface Playing {
  /** The side that is played. */
  readonly as: "C" | "S";
  /** Cuts what is said into arrivals. */
  readonly cut?: (said: Bytes) => ReadonlyArray<Bytes>;
  /** What comes at the end: the end of the stream, or silence. */
  readonly then?: "end" | "silence";
}

/** Plays a side of a dialogue. What it says waits until our side has said what comes before. */
export const playing = (
  turns: ReadonlyArray<Turn>,
  { as, cut = (said) => [said], then = "end" }: Playing,
): Played => {
  let closed = false;
  let ours = "";
  const left = turns.flatMap(([who, said]): ReadonlyArray<readonly [boolean, Bytes]> =>
    who === as ? cut(ascii(said)).map((part) => [true, part] as const) : [[false, ascii(said)]]
  );
  /** Takes what our side has said, as far as it is its turn. */
  const hear = () => {
    for (let next = left[0]; next && !next[0]; next = left[0]) {
      const said = String.fromCharCode(...next[1]);
      if (!ours.startsWith(said)) return;
      ours = ours.slice(said.length);
      left.shift();
    }
  };
  return {
    read: Effect.suspend(() => {
      if (closed) return Effect.succeed(undefined);
      hear();
      const next = left[0];
      if (next?.[0]) return Effect.succeed(left.shift()![1]);
      return next || then === "silence" ? Effect.never : Effect.succeed(undefined);
    }),
    write: (bytes) =>
      Effect.sync(() => {
        ours += String.fromCharCode(...bytes);
        hear();
      }),
    close: Effect.sync(() => void (closed = true)),
    isClosed: () => closed,
    wrong: () => ours || left.filter(([theirs]) => !theirs).map(([, said]) => textOf(said)).join("|"),
  };
};

/** Bytes in single arrivals. */
export const oneByOne = (said: Bytes): ReadonlyArray<Bytes> => [...said].map((byte) => Uint8Array.of(byte));

/** The turns up to so many bytes of a side, where it breaks off. */
export const until = (turns: ReadonlyArray<Turn>, as: "C" | "S", bytes: number): ReadonlyArray<Turn> => {
  const at = turns.findIndex((_, i) => lengthOf(turns.slice(0, i + 1), as) > bytes);
  const before = turns.slice(0, at);
  const part = turns[at]![1].slice(0, bytes - lengthOf(before, as));
  return part === "" ? before : [...before, [as, part]];
};

/** How many bytes a side says. */
export const lengthOf = (turns: ReadonlyArray<Turn>, as: "C" | "S"): number =>
  turns.reduce((sum, [who, said]) => sum + (who === as ? said.length : 0), 0);
