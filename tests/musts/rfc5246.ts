/** What RFC 5246 demands, and the tests that hold it. @module */
import type { Must } from "./must.ts";

const NO_TEST = "No test:";

/** The demands of RFC 5246, by section. What it asks of those who write further RFCs, or of DSA and fixed DH, is left out. */
export const rfc5246: ReadonlyArray<Must> = [
  {
    section: "§4.3",
    who: "both",
    what: "refuse a vector whose length is no multiple of its elements', or is out of its bounds",
    tests: ["a hello with an odd number of bytes of suites", "a hello without suites is told by path"],
  },
  {
    section: "§4.7",
    who: "both",
    what: "write the NULL in the DigestInfo of an RSA signature",
    tests: ["PKCS #1 v1.5 signatures with 2048 bits are those of node:crypto, byte for byte"],
  },
  {
    section: "§4.7",
    who: "both",
    what: "accept an RSA signature whose DigestInfo is without the NULL",
    tests: ["a PKCS #1 v1.5 block is compared whole: no other form of it holds"],
    why: "Not followed: a block that is compared whole leaves no room for forgeries (RFC 8017 §8.2.2).",
  },
  {
    section: "§5, §6.3",
    who: "both",
    what: "derive the master secret and the keys by the PRF of the suite",
    tests: [
      "the PRF of TLS 1.2 over sha256 gives the known output",
      "tls12-ecdhe-rsa-aes-256-gcm: a full handshake, its resumption and a renegotiation are byte for byte",
    ],
  },
  {
    section: "§6.1",
    who: "both",
    what: "count records from 0 under each key, one by one, in each direction",
    tests: [
      "TLS 1.2, aes_128_cbc with sha256: a record that is repeated, left out, cut or of another type does not open",
      "TLS 1.2: a CBC record is MAC, padding and IV as node:crypto makes them",
    ],
  },
  {
    section: "§6.1",
    who: "both",
    what: "renegotiate before a sequence number would wrap",
    tests: [],
    why: `${NO_TEST} the number is exact up to 2^53, which no connection reaches.`,
  },
  {
    section: "§6.2.1",
    who: "both",
    what: "put at most 2^14 bytes into a record, and refuse more",
    tests: [
      "data of any length arrives as it was sent, in records of at most 2^14 bytes",
      "a plaintext record above 2^14 is refused: RecordOverflow",
    ],
  },
  {
    section: "§6.2.1",
    who: "both",
    what: "send no empty fragments of handshake messages, alerts or ChangeCipherSpec",
    tests: ["and nothing is sent for nothing"],
  },
  {
    section: "§6.2.1",
    who: "both",
    what: "hand records to the network in the order in which they were protected",
    tests: ["concurrent writers are not mixed"],
  },
  {
    section: "§6.2.1",
    who: "both",
    what: "accept application data between the messages of a renegotiation",
    tests: [
      "data between two fragments of a message of a renegotiation arrives",
      "TLS 1.2: client renegotiates, nothing changes, full: data before, during and after arrives in order",
    ],
  },
  {
    section: "§6.2.2",
    who: "both",
    what: "compress without loss, by at most 1024 bytes more",
    tests: ["whatever the records, they come back one by one, and none grows by more than 1024 bytes"],
  },
  {
    section: "§6.2.2",
    who: "both",
    what: "end with decompression_failure when more than 2^14 bytes come out of a record",
    tests: [
      "2^14 bytes may come out of a record, and one more is a failure",
      "a bomb that arrives as a record ends in decompression_failure",
    ],
  },
  {
    section: "§6.2.2",
    who: "both",
    what: "refuse a compressed fragment of more than 2^14 + 1024 bytes",
    tests: ["a fragment that opens to more than 2^14 + 1024 bytes is an overflow"],
  },
  {
    section: "§6.2.3",
    who: "both",
    what: "refuse a protected fragment of more than 2^14 + 2048 bytes",
    tests: ["a sealed record above its limit is refused: RecordOverflow"],
  },
  {
    section: "§6.2.3.2",
    who: "both",
    what: "choose for each CBC record an IV that nobody can predict",
    tests: ["only CBC of SSL 3.0 and TLS 1.0 has IVs that can be predicted"],
  },
  {
    section: "§6.2.3.2",
    who: "both",
    what: "fill the padding with its length, up to a whole block",
    tests: ["TLS 1.2: a CBC record is MAC, padding and IV as node:crypto makes them"],
  },
  {
    section: "§6.2.3.2",
    who: "both",
    what: "check each byte of the padding, and send bad_record_mac when one is wrong",
    tests: [
      "POODLE-TLS: in TLS 1.2 a wrong byte anywhere in the padding is refused",
      "TLS 1.2: a good MAC does not stand for a padding that is bad",
    ],
  },
  {
    section: "§6.2.3.2",
    who: "both",
    what: "take as long for a record whose padding is wrong as for a good one",
    tests: ["Lucky 13: TLS 1.2, aes_128_cbc with sha256: the hash does the same work whatever the padding"],
  },
  {
    section: "§6.2.3.3",
    who: "both",
    what: "end with bad_record_mac when an AEAD does not open",
    tests: [
      "TLS 1.2, aes_128_gcm: what is sealed opens, and nothing else does",
      "a record under wrong keys is bad_record_mac, told to the peer",
    ],
  },
  {
    section: "§7.1",
    who: "both",
    what: "use the new keys for everything after ChangeCipherSpec",
    tests: [
      "a record is opened under the keys that are in force when it is asked for",
      "handshake bytes left over at a change of keys are refused",
    ],
  },
  {
    section: "§7.2, §7.2.2",
    who: "both",
    what: "forget the session of a connection that ended in a fatal alert",
    tests: [
      "a fatal alert forgets the session at both ends, so that the next handshake is full",
      "a server forgets a session whose resumption failed (RFC 5246 §7.2.2)",
    ],
  },
  {
    section: "§7.2.1",
    who: "both",
    what: "send close_notify before closing the writing half",
    tests: [
      "close says close_notify, waits for the peer's, and may be called again",
      "closing the scope says close_notify",
    ],
  },
  {
    section: "§7.2.1",
    who: "both",
    what: "answer a close_notify with one at once, and drop what is still to be written",
    tests: [
      "close_notify in the middle of a handshake is answered in kind (RFC 5246 §7.2.1)",
      "closeWrite is a half-close: the peer reads to the end and can still answer",
    ],
    why:
      "Followed in a handshake. After it a close_notify ends one direction, as in RFC 8446 §6.1: the program may finish its answer first.",
  },
  {
    section: "§7.2.1",
    who: "both",
    what: "tell an end without close_notify apart",
    tests: ["an end without close_notify is Truncated, after the data before it, and stays so"],
  },
  {
    section: "§7.2.2",
    who: "both",
    what: "send the fatal alert that is due before closing",
    tests: ["TLS 1.2, ecdhe, rsa, full: goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§7.2.2",
    who: "both",
    what: "never send decryption_failed, export_restriction or, in TLS, no_certificate",
    tests: ["a no_certificate warning has no place where no certificate was asked for, nor in TLS"],
    why: `${NO_TEST.slice(0, -1)} of sending: no row of \`src/faults/faults.ts\` has one of them.`,
  },
  {
    section: "§7.3",
    who: "both",
    what: "send no application data before the first handshake is complete, and accept none",
    tests: [
      "application data in the clear is refused",
      "application data between ChangeCipherSpec and Finished is refused",
    ],
  },
  {
    section: "§7.3",
    who: "both",
    what: "go from the hellos straight to ChangeCipherSpec and Finished when a session is resumed",
    tests: ["TLS 1.2, ecdhe, rsa, resumed: goes by the table"],
  },
  {
    section: "§7.3",
    who: "client",
    what: "sends a Certificate when the server asked for one",
    tests: ["TLS 1.2, ecdhe, rsa, full, client certificate shown: goes by the table"],
  },
  {
    section: "§7.4",
    who: "both",
    what: "send the messages of a handshake in their order, and end one that is not",
    tests: [
      "TLS 1.2, dhe, rsa, full: goes by the table, and any message in any wrong place ends it",
      "ECDHE, client: any record left out ends in an error, and never in a handshake",
    ],
  },
  {
    section: "§7.4.1.1",
    who: "both",
    what: "leave HelloRequest out of the hashes of the handshake",
    tests: ["TLS 1.2: server renegotiates, nothing changes, full"],
    why:
      "That both ends leave it out, and not neither, is held by OpenSSL in `tests/interop/renegotiation_openssl_test.ts`.",
  },
  {
    section: "§7.4.1.2",
    who: "server",
    what: "ignores suites that it does not know",
    tests: ["a server hears suites to come, and GREASE: TLS 1.2 in TLS 1.2"],
  },
  {
    section: "§7.4.1.2",
    who: "client",
    what: "offers with a session the suite and the compression method of it",
    tests: [
      "a session under a suite that the client dropped: full",
      "a session compressed, by a client that no longer does, by ID: full, null",
    ],
  },
  {
    section: "§7.4.1.2",
    who: "both",
    what:
      "support the null compression method: a client offers it always, and a server refuses a hello without it",
    tests: [
      "a client offers no method that it can't speak, whatever its policy names, and always null",
      "a server meets no null compression: Refused illegal_parameter",
    ],
  },
  {
    section: "§7.4.1.2",
    who: "server",
    what: "accepts hellos with extensions and without",
    tests: [
      "a server hears extensions, groups and schemes to come, and GREASE",
      "a server hears TLS 1.2 to one that speaks all: TLS 1.2 in TLS 1.2",
    ],
  },
  {
    section: "§7.4.1.2",
    who: "server",
    what: "ends with decode_error when a message is longer or shorter than its form",
    tests: [
      "a server meets bytes after the extensions: DecodeError decode_error",
      "ClientHello: every prefix is a DecodeError or a value of just these bytes",
    ],
  },
  {
    section: "§7.4.1.2",
    who: "server",
    what: "lets a made-up session ID do no harm",
    tests: ["an ID that the server does not know falls back to a full handshake under a new ID"],
  },
  {
    section: "§7.4.1.3",
    who: "server",
    what: "generates its random independently of the client's",
    tests: ["version downgrade: a client whose hello was made to say less is told so by the server's random"],
    why: "That the bytes are the platform's random source is a matter of the Crypto layer that is provided.",
  },
  {
    section: "§7.4.1.3",
    who: "client",
    what: "accepts only what it offered: version, suite, compression method",
    tests: [
      "a client meets a version that was not offered: Refused protocol_version",
      "a client meets a suite that was not offered: IllegalParameter illegal_parameter",
      "a client meets a compression method that was not offered: IllegalParameter illegal_parameter",
    ],
  },
  {
    section: "§7.4.1.3",
    who: "both",
    what: "resume a session under its own suite alone",
    tests: [
      "a server that resumes with another suite is refused",
      "a session under a suite that the server dropped: full",
    ],
  },
  {
    section: "§7.4.1.3",
    who: "client",
    what: "is ready for a full handshake whenever it offered a session",
    tests: ["an ID that the server does not know falls back to a full handshake under a new ID"],
  },
  {
    section: "§7.4.1.4",
    who: "client",
    what: "ends with unsupported_extension when it receives an extension that it did not offer",
    tests: ["a client meets an extension that was not asked for: UnsupportedExtension unsupported_extension"],
  },
  {
    section: "§7.4.1.4",
    who: "both",
    what: "accept no extension twice",
    tests: [
      "a client meets an extension twice: DecodeError",
      "a server meets an extension twice: DecodeError",
    ],
  },
  {
    section: "§7.4.1.4.1",
    who: "client",
    what: "sends signature_algorithms in TLS 1.2, and not where it offers only older versions",
    tests: ["a client says signature_algorithms where it offers TLS 1.2, and not below"],
  },
  {
    section: "§7.4.1.4.1",
    who: "server",
    what: "never sends signature_algorithms",
    tests: ["no server says it (RFC 5246 §7.4.1.4.1)"],
  },
  {
    section: "§7.4.1.4.1",
    who: "server",
    what: "treats a hello without signature_algorithms as one that names SHA-1",
    tests: ["a server meets no signature_algorithms, which means SHA-1: Refused handshake_failure"],
  },
  {
    section: "§7.4.2",
    who: "server",
    what: "shows a certificate whose key and keyUsage fit the suite",
    tests: [
      "a client meets a certificate that may not decrypt, for RSA key transport: IllegalParameter",
      "a client meets a certificate that may not sign, for ECDHE: IllegalParameter",
      "TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, rsa, x25519: refused, for the key does not fit",
    ],
  },
  {
    section: "§7.4.2",
    who: "server",
    what: "shows an ECDSA key on a curve that the client has",
    tests: [
      "a server meets supported_groups without the certificate's curve: Refused handshake_failure",
      "a client meets a certificate on a curve that was not offered: IllegalParameter",
    ],
  },
  {
    section: "§7.4.2",
    who: "server",
    what: "shows certificates that are signed as the client can verify",
    tests: ["certificates come first that are signed as a peer can verify, in both roles"],
    why: "Where none is, another is shown all the same, as RFC 8446 §4.4.2.2 has it.",
  },
  {
    section: "§7.4.2",
    who: "both",
    what: "put the own certificate first, and behind each the one that certifies it",
    tests: ["a certificate of rsa does not go with another key"],
    why:
      "A chain goes out as it was given: its leaf must have the private key, and the rest is not looked at.",
  },
  {
    section: "§7.4.3",
    who: "server",
    what: "signs by a scheme that the client named and its key can make",
    tests: [
      "a client meets a signature scheme that was not offered: IllegalParameter",
      "a client meets a signature scheme that the key can't make: IllegalParameter",
      "a server's credential that signs with two in its own order",
    ],
  },
  {
    section: "§7.4.3",
    who: "server",
    what: "chooses no suite for which the client named no scheme",
    tests: [
      "a server meets no signature_algorithms, which means SHA-1: Refused handshake_failure",
      "a server's credential that signs with none that policy allows",
    ],
  },
  {
    section: "§7.4.4",
    who: "client",
    what: "ends with handshake_failure when an anonymous server asks for a certificate",
    tests: [
      "an anonymous server that asks for a certificate is refused by handshake_failure (RFC 5246 §7.4.4)",
    ],
  },
  {
    section: "§7.4.4, §7.4.6",
    who: "client",
    what: "shows a certificate whose key fits the types and schemes that were asked for, or none",
    tests: [
      "a client that is asked for PSS offers what fits, the surest first",
      "TLS 1.1, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, rsa, a certificate is asked for, the client has ed25519, extended master secret: not shown",
    ],
  },
  {
    section: "§7.4.6",
    who: "client",
    what: "sends an empty Certificate when it has none that fits",
    tests: [
      "TLS 1.2, ecdhe, rsa, full, client certificate none: goes by the table",
      "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, rsa, a certificate is asked for, the client has none, extended master secret: not shown",
    ],
  },
  {
    section: "§7.4.6",
    who: "server",
    what: "accepts no certificate whose key may not sign",
    tests: [
      "a client's leaf whose keyUsage lacks digitalSignature is refused by the handshake, whoever trusts it",
    ],
  },
  {
    section: "§7.4.7",
    who: "client",
    what: "sends ClientKeyExchange right after its Certificate, or first",
    tests: ["TLS 1.2, rsa, rsa, full: goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§7.4.7.1",
    who: "client",
    what: "puts the version of its hello into the premaster secret, whatever version is spoken",
    tests: ["the version that counts is the one offered, not the one in the premaster"],
  },
  {
    section: "§7.4.7.1",
    who: "server",
    what: "checks that version",
    tests: [
      "a block with another minor version gives the random premaster",
      "RSA key transport with another version in the premaster secret fails as every other fault does",
    ],
  },
  {
    section: "§7.4.7.1",
    who: "server",
    what: "sends no alert for a wrong premaster secret, and goes on with a random one",
    tests: [
      "ROBOT: in TLS 1.2 eight faults of padding have one end, in alert and in closing",
      "RSA key transport with a ciphertext with a byte changed fails as every other fault does, at Finished",
    ],
  },
  {
    section: "§7.4.7.1",
    who: "both",
    what: "put a length before the encrypted premaster secret, as SSL 3.0 does not",
    tests: [
      "ClientKeyExchangeRSA: what is written is read back",
      "ClientKeyExchangeRSASSL30: what is written is read back",
    ],
  },
  {
    section: "§7.4.7.1",
    who: "server",
    what: "blinds its RSA operations",
    tests: [
      "each provider draws a blinding factor as long as the modulus",
      "blinding changes nothing: other random bytes, or the same for ever, and the result is the same",
    ],
  },
  {
    section: "§7.4.8",
    who: "client",
    what: "sends CertificateVerify right after ClientKeyExchange",
    tests: ["TLS 1.2, ecdhe, rsa, full, client certificate shown: goes by the table"],
  },
  {
    section: "§7.4.8",
    who: "client",
    what: "signs by a scheme that the server named",
    tests: [
      "a client's proof by a scheme that the server did not name is an illegal_parameter (RFC 5246 §7.4.8)",
    ],
  },
  {
    section: "§7.4.9",
    who: "both",
    what: "check that Finished is right",
    tests: ["a Finished that decrypts and is wrong inside is a decrypt_error"],
  },
  {
    section: "§7.4.9",
    who: "both",
    what: "end a handshake in which Finished is not preceded by ChangeCipherSpec",
    tests: [
      "Finished before ChangeCipherSpec is refused (SKIP-TLS, early Finished)",
      "between ChangeCipherSpec and Finished nothing has a place, a HelloRequest neither (RFC 5246 §7.4.9)",
    ],
  },
  {
    section: "§8.1.2",
    who: "both",
    what: "strip the zeros that a Diffie-Hellman secret begins with",
    tests: [
      "a DHE secret loses the zeros that it begins with (RFC 5246 §8.1.2) at the client",
      "a DHE secret loses the zeros that it begins with (RFC 5246 §8.1.2) at the server",
    ],
  },
  {
    section: "§9",
    who: "both",
    what: "support TLS_RSA_WITH_AES_128_CBC_SHA",
    tests: ["TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA, rsa: full, then resumed"],
    why: "`Policy.modern` leaves it out: it is in `Policy.compatible`.",
  },
  {
    section: "§E.1",
    who: "client",
    what: "ends with protocol_version when the server chooses a version that it did not offer",
    tests: ["a client meets a version that was not offered: Refused protocol_version"],
  },
  {
    section: "§E.1",
    who: "server",
    what: "answers a version above its own with its own best",
    tests: [
      "a server meets a version above ours: accepted",
      "a server hears TLS 1.3's number to one that speaks all: TLS 1.2",
    ],
  },
  {
    section: "§E.1",
    who: "server",
    what: "ends with protocol_version when it supports no version as low as the client's",
    tests: [
      "a server meets a version below ours: Refused protocol_version",
      "a server hears TLS 1.1 to one that speaks 1.2 alone: protocol_version",
    ],
  },
  {
    section: "§E.1",
    who: "server",
    what: "accepts a ClientHello in a record of any version 3.x",
    tests: ["a server takes a ClientHello in a record of any version 3.x (RFC 5246 §E.1)"],
  },
  {
    section: "§E.2",
    who: "server",
    what: "if it accepts hellos in the format of SSL 2.0 reads them by its rules, and refuses SSL 2.0 itself",
    tests: [
      "an SSLv2 hello's challenge is the end of a random that begins with zeros (RFC 5246 §E.2)",
      "SSL 2.0 itself is refused by who takes its hello (RFC 6176 §3)",
    ],
  },
];
