/** What RFC 5746 demands, and the tests that hold it. @module */
import type { Must } from "./must.ts";

/** The demands of RFC 5746, by section. */
export const rfc5746: ReadonlyArray<Must> = [
  {
    section: "§3.4",
    who: "client",
    what: "announces support in its first hello, by the extension or by the SCSV",
    tests: ["a first hello has an empty renegotiation_info or the SCSV"],
  },
  {
    section: "§3.4",
    who: "client",
    what: "looks for the extension in the ServerHello, and ends a first handshake if it is not empty",
    tests: [
      "a client meets no renegotiation_info: Refused",
      "a client meets a renegotiation_info that is not empty",
    ],
  },
  {
    section: "§3.5",
    who: "client",
    what: "sends its last verify_data in each later hello, and no SCSV",
    tests: [
      "says neither ALPN nor an SCSV again",
      "in SSL 3.0 the second hello carries renegotiation_info",
      "TLS 1.2: client renegotiates, nothing changes, by ticket",
    ],
  },
  {
    section: "§3.5",
    who: "client",
    what: "ends a renegotiation if the ServerHello lacks the extension",
    tests: ["a client meets in a renegotiation no renegotiation_info"],
  },
  {
    section: "§3.5",
    who: "client",
    what:
      "ends a renegotiation if the ServerHello does not hold both verify_data, the client's and then the server's",
    tests: [
      "a client meets in a renegotiation an empty renegotiation_info",
      "a client meets in a renegotiation only the client's half",
      "a client meets in a renegotiation the server's half wrong",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "looks for the SCSV and the extension in a first hello, and answers either with an empty extension",
    tests: [
      "a server answers the SCSV alone, and the extension alone",
      "a server that hears neither says nothing",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "ends a first handshake if the extension is not empty",
    tests: [
      "a server meets a renegotiation_info that is not empty",
      "renegotiation prefix: a victim's first hello",
    ],
  },
  {
    section: "§3.6",
    who: "server",
    what: "ignores extensions that it does not know, and answers versions above its own with its own highest",
    tests: [
      "a server hears extensions, groups and schemes to come, and GREASE",
      "a server hears a minor version to come",
      "a server hears a major version to come",
    ],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello has the SCSV",
    tests: ["a server meets in a renegotiation the SCSV besides", "a victim's first hello, with the SCSV"],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello lacks the extension",
    tests: ["a server meets in a renegotiation no renegotiation_info"],
  },
  {
    section: "§3.7",
    who: "server",
    what: "ends a renegotiation if the hello does not hold the client's last verify_data",
    tests: [
      "a server meets in a renegotiation an empty renegotiation_info",
      "a server meets in a renegotiation a renegotiation_info of another connection",
      "a server meets in a renegotiation a renegotiation_info with a byte too many",
    ],
  },
  {
    section: "§3.7",
    who: "server",
    what: "answers with both verify_data",
    tests: ["and the answer 72 (RFC 5746 §4.5)", "TLS 1.0: server renegotiates, nothing changes, full"],
  },
  {
    section: "§4.1",
    who: "client",
    what:
      "ends the handshake with handshake_failure if its policy requires the extension and the server lacks it",
    tests: ["a client meets no renegotiation_info: Refused handshake_failure"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "answers a HelloRequest with no_renegotiation if it does not renegotiate without the extension",
    tests: ["without RFC 5746 a server's wish is declined with no_renegotiation"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "sends the extension or the SCSV if it renegotiates without protection",
    tests: ["an insecure renegotiation says renegotiation_info all the same"],
  },
  {
    section: "§4.2",
    who: "client",
    what: "ends an unprotected renegotiation if the ServerHello has the extension",
    tests: ["a connection that began without RFC 5746 may not come to know it"],
  },
  {
    section: "§4.3",
    who: "server",
    what: "answers first hellos even if it never renegotiates",
    tests: ["one that renegotiates with nobody says it all the same"],
  },
  {
    section: "§4.4",
    who: "server",
    what: "ends an unprotected renegotiation if the hello has the SCSV or the extension",
    tests: [
      "a connection that began without RFC 5746 may not come to know it",
      "an insecure renegotiation says renegotiation_info all the same",
    ],
  },
  {
    section: "§4.5",
    who: "client",
    what: "accepts the extension from an SSL 3.0 server",
    tests: ["in SSL 3.0 the second hello carries renegotiation_info", "SSL 3.0: client renegotiates"],
  },
  {
    section: "§4.5",
    who: "server",
    what: "accepts the SCSV and the extension from an SSL 3.0 client",
    tests: ["in SSL 3.0 the second hello carries renegotiation_info", "SSL 3.0: server renegotiates"],
  },
];
