/** What RFC 7627 demands, and the tests that hold it. @module */
import type { Must } from "./must.ts";

/** The demands of RFC 7627, by section. */
export const rfc7627: ReadonlyArray<Must> = [
  {
    section: "§5.1",
    who: "both",
    what: "derive the extended master secret if they agreed on it in a full handshake",
    tests: [
      "triple handshake: the same premaster secret and randoms on two connections",
      "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, rsa, x25519: full, then resumed",
    ],
  },
  {
    section: "§5.2",
    who: "client",
    what: "sends the extension in every hello",
    tests: ["a client says extended_master_secret in every hello of TLS"],
  },
  {
    section: "§5.2",
    who: "server",
    what: "sends the extension exactly if the client sent it",
    tests: [
      "and a server answers it (RFC 7627",
      "a server that does not hear extended_master_secret does not say it",
    ],
  },
  {
    section: "§5.2",
    who: "both",
    what: "derive the original master secret without the extension",
    tests: ["both derive the master secret of old (RFC 7627 §5.2)"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "sends the extension when it offers a session",
    tests: ["full and resumed, and a server answers it (RFC 7627 §5.2, §5.3)"],
  },
  {
    section: "§5.3",
    who: "server",
    what: "does not resume a session without the extension if the hello has it",
    tests: ["a session without it, hello with it: full"],
  },
  {
    section: "§5.3",
    who: "server",
    what: "ends the handshake if a hello without the extension offers a session that had it",
    tests: [
      "a session with it, hello without: session_lost_extended_master_secret",
      "a client that resumes without extended_master_secret a session that had it is refused",
    ],
  },
  {
    section: "§5.3",
    who: "server",
    what: "sends the extension when it resumes and the hello has it",
    tests: ["a session with it, hello with it: resumed"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "ends the handshake if a session without the extension is resumed with it",
    tests: ["a server that resumes with extended_master_secret a session that had none is refused"],
  },
  {
    section: "§5.3",
    who: "client",
    what: "ends the handshake if a session with the extension is resumed without it",
    tests: ["a server that resumes without extended_master_secret a session that had it is refused"],
  },
  {
    section: "§5.4",
    who: "both",
    what: "export no keys from an original master secret",
    tests: ["without extended_master_secret nothing of the master secret's is unique"],
  },
  {
    section: "§5.4",
    who: "both",
    what: "use no verify_data above TLS, so no tls-unique, after resuming a session without the extension",
    tests: ["on a session that was resumed without extended_master_secret there is no tls-unique"],
  },
  {
    section: "§5.4",
    who: "client",
    what: "does not renegotiate after resuming a session without the extension",
    tests: ["on a session that was resumed without RFC 7627 the client begins no renegotiation"],
  },
  {
    section: "§6.4",
    who: "both",
    what: "use the original master secret in SSL 3.0, with all that follows from it",
    tests: [
      "SSL 3.0 has no extended master secret, and says nothing of it",
      "on a session that was resumed without RFC 7627 the server begins no renegotiation",
    ],
  },
];
