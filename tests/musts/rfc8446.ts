/** What RFC 8446 demands of messages, records and alerts, and the tests that hold it. @module */
import type { Must } from "./must.ts";

/** The demands of RFC 8446 §4 to §6, by section, as far as they are of what is sent and received. */
export const rfc8446: ReadonlyArray<Must> = [
  {
    section: "§4, §5",
    who: "both",
    what: "refuse a handshake message out of order with unexpected_message",
    tests: [
      "TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, full: a server goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, HelloRetryRequest, full: a client goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, resumed: a server goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§4.1.1",
    who: "server",
    what: "takes the versions of supported_versions and no others",
    tests: [
      "TLS 1.3: a server meets a ClientHello with versions of the future alone",
      "TLS 1.3: a server meets a ClientHello with TLS 1.3 in the header: accepted",
    ],
  },
  {
    section: "§4.1.1",
    who: "server",
    what: "ends with handshake_failure when nothing is in common",
    tests: [
      "TLS 1.3: a server meets a ClientHello with suites of TLS 1.2 alone",
      "TLS 1.3: a server meets a ClientHello with groups that nobody knows alone",
      "TLS 1.3: a server meets a ClientHello with schemes that the server's key has not",
    ],
  },
  {
    section: "§4.1.2",
    who: "client",
    what: "sends a ClientHello first, and another only when a HelloRetryRequest asks for it",
    tests: [
      "TLS 1.3, HelloRetryRequest, full: a client goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§4.1.2",
    who: "client",
    what: "changes nothing in its second ClientHello but what was asked for",
    tests: [
      "TLS 1.3: a server meets a second ClientHello with nothing changed: accepted",
      "TLS 1.3: a server meets a second ClientHello with nothing changed, in a resumption: accepted",
    ],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "refuses a second ClientHello that changes something else",
    tests: [
      "TLS 1.3: a server meets a second ClientHello with another random",
      "TLS 1.3: a server meets a second ClientHello with another session ID",
      "TLS 1.3: a server meets a second ClientHello with a suite less",
      "TLS 1.3: a server meets a second ClientHello with an extension less",
      "TLS 1.3: a server meets a second ClientHello with an extension more",
    ],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "ends a connection of TLS 1.3 at another ClientHello with unexpected_message",
    tests: ["TLS 1.3, full: a server goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§4.1.2",
    who: "client",
    what: "makes a random of 32 bytes and, for devices on the way, a session ID of 32",
    tests: ["TLS 1.3: what is negotiated says all that both ends agreed on"],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "passes over suites that it does not know",
    tests: ["TLS 1.3: a server meets a ClientHello with values that nobody knows beside all that it says"],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "refuses compression methods other than null alone with illegal_parameter",
    tests: [
      "TLS 1.3: a server meets a ClientHello with compression beside null",
      "TLS 1.3: a server meets a ClientHello with compression instead of null",
    ],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "passes over extensions that it does not know",
    tests: ["TLS 1.3: a server meets a ClientHello with values that nobody knows beside all that it says"],
  },
  {
    section: "§4.1.2",
    who: "server",
    what: "refuses bytes behind the extensions with decode_error",
    tests: ["TLS 1.3: a server meets a ClientHello with a byte behind its end"],
  },
  {
    section: "§4.1.3",
    who: "server",
    what: "writes TLS 1.2 into the header of ServerHello, and TLS 1.3 into supported_versions",
    tests: ["tls13-aes-128-gcm: a full handshake"],
  },
  {
    section: "§4.1.3",
    who: "server",
    what: "says in its random that it could have spoken a later version",
    tests: [
      "a server of TLS 1.3 says in its random that a client spoke TLS 1.2 at most",
      "a server of TLS 1.3 says in its random that a client spoke TLS 1.1 at most",
    ],
  },
  {
    section: "§4.1.3",
    who: "client",
    what: "refuses a server of an older version whose random says so with illegal_parameter",
    tests: ["a client of TLS 1.3 that reads it refuses (RFC 8446 §4.1.3)"],
  },
  {
    section: "§4.1.3",
    who: "client",
    what: "refuses a session ID that is not its own with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with another session ID",
      "TLS 1.3: a client meets a ServerHello with no session ID",
      "TLS 1.3: a client meets a HelloRetryRequest with another session ID",
    ],
  },
  {
    section: "§4.1.3",
    who: "client",
    what: "refuses a suite that it did not offer with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with a suite that was not offered",
      "TLS 1.3: a client meets a ServerHello with a suite of TLS 1.2",
      "TLS 1.3: a client meets a HelloRetryRequest with a suite that was not offered",
    ],
  },
  {
    section: "§4.1.3",
    who: "client",
    what: "refuses compression",
    tests: [
      "TLS 1.3: a client meets a ServerHello with compression",
      "TLS 1.3: a client meets a HelloRetryRequest with compression",
    ],
  },
  {
    section: "§4.1.3",
    who: "client",
    what: "tells a HelloRetryRequest by its random, and treats it as one",
    tests: ["TLS 1.3: a client meets a HelloRetryRequest with nothing changed: accepted"],
  },
  {
    section: "§4.1.4",
    who: "server",
    what: "asks in a HelloRetryRequest for what the client did not send alone, and repeats its suite",
    tests: ["tls13-aes-128-gcm-hello-retry-request-p384: a full handshake"],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "checks version, session ID, suite and compression of a HelloRetryRequest",
    tests: [
      "TLS 1.3: a client meets a HelloRetryRequest with another version",
      "TLS 1.3: a client meets a HelloRetryRequest with another session ID",
      "TLS 1.3: a client meets a HelloRetryRequest with a suite of TLS 1.2",
      "TLS 1.3: a client meets a HelloRetryRequest with compression",
    ],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "refuses a HelloRetryRequest that would change nothing with illegal_parameter",
    tests: ["TLS 1.3: a client meets a HelloRetryRequest with nothing to change"],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "refuses a second HelloRetryRequest with unexpected_message",
    tests: [
      "TLS 1.3, HelloRetryRequest, full: a client goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "refuses a ServerHello of another suite than the HelloRetryRequest's with illegal_parameter",
    tests: ["TLS 1.3: a client meets a ServerHello with another suite than that of the HelloRetryRequest"],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "refuses a ServerHello of another version than the HelloRetryRequest's with illegal_parameter",
    tests: ["TLS 1.3: a client meets a ServerHello with no supported_versions after a HelloRetryRequest"],
  },
  {
    section: "§4.1.4",
    who: "client",
    what: "offers in its second ClientHello no key of another hash than the suite's",
    tests: ["a client offers no key again that is of another hash than the HelloRetryRequest's suite"],
  },
  {
    section: "§4.2",
    who: "both",
    what: "send no answer to an extension that was not sent; a cookie in a HelloRetryRequest may be",
    tests: [
      "TLS 1.3: a client meets EncryptedExtensions with nothing in them",
      "TLS 1.3: a client meets a HelloRetryRequest with nothing changed",
    ],
  },
  {
    section: "§4.2",
    who: "client",
    what: "refuses an answer to what it did not ask with unsupported_extension",
    tests: [
      "TLS 1.3: a client meets a ServerHello with an unknown extension",
      "TLS 1.3: a client meets a HelloRetryRequest with an unknown extension",
      "TLS 1.3: a client meets EncryptedExtensions with an unknown extension",
      "TLS 1.3: a client meets of the server's proof: an unknown extension with the certificate",
    ],
  },
  {
    section: "§4.2",
    who: "both",
    what: "refuse an extension that is not for the message with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with an extension that is for EncryptedExtensions",
      "TLS 1.3: a client meets EncryptedExtensions with a key_share",
      "TLS 1.3: a client meets a HelloRetryRequest with an extension that is not for this message",
      "TLS 1.3: a client meets of the server's proof: an extension with the certificate that is for hellos",
      "TLS 1.3: a server meets of the client's proof: an extension with the certificate that is for hellos",
    ],
  },
  {
    section: "§4.2",
    who: "both",
    what: "refuse two extensions of one type in a message",
    tests: [
      "TLS 1.3: a server meets a ClientHello with an extension twice",
      "TLS 1.3: a client meets a ServerHello with an extension twice",
      "TLS 1.3: a client meets EncryptedExtensions with an extension twice",
      "TLS 1.3: a client meets a HelloRetryRequest with an extension twice",
    ],
  },
  {
    section: "§4.2.1",
    who: "client",
    what: "names its versions in supported_versions",
    tests: ["tls13-aes-128-gcm: a full handshake"],
  },
  {
    section: "§4.2.1",
    who: "server",
    what: "speaks TLS 1.2 at most to a client without supported_versions",
    tests: [
      "TLS 1.3: a server meets a ClientHello with no supported_versions: Refused protocol_version",
      "TLS 1.3: a server meets a ClientHello with no supported_versions, and TLS 1.3 in the header",
    ],
  },
  {
    section: "§4.2.1",
    who: "server",
    what:
      "passes over the header's version, and versions that it does not know, if supported_versions are there",
    tests: [
      "TLS 1.3: a server meets a ClientHello with TLS 1.0 in the header: accepted",
      "TLS 1.3: a server meets a ClientHello with values that nobody knows beside all that it says",
    ],
  },
  {
    section: "§4.2.1",
    who: "client",
    what:
      "refuses a version in supported_versions that it did not offer, or one before TLS 1.3, with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with TLS 1.2 as what was chosen: ",
      "TLS 1.3: a client meets a ServerHello with TLS 1.2 as what was chosen, which was offered",
      "TLS 1.3: a client meets a ServerHello with a version of the future as what was chosen",
    ],
  },
  {
    section: "§4.2.2",
    who: "client",
    what: "gives the cookie of a HelloRetryRequest back, and none in its first ClientHello",
    tests: ["a client gives the cookie of a HelloRetryRequest back, and has none before"],
  },
  {
    section: "§4.2.2",
    who: "server",
    what: "with cookies, goes by what the cookie holds, and takes no other",
    tests: [
      "a client that one server asks again is served by another that has its keys, with the shares that it had",
      "a second ClientHello elsewhere that is another than the first is an illegal_parameter",
      "a second ClientHello with another cookie is an illegal_parameter",
      "a cookie of another server's key is none: the client is asked again, which it refuses",
    ],
  },
  {
    section: "§4.2.3",
    who: "client",
    what: "sends signature_algorithms",
    tests: ["tls13-aes-128-gcm: a full handshake"],
  },
  {
    section: "§4.2.3",
    who: "server",
    what: "ends with missing_extension if a client that wants a certificate sends no signature_algorithms",
    tests: ["TLS 1.3: a server meets a ClientHello with no signature_algorithms"],
  },
  {
    section: "§4.2.3",
    who: "both",
    what: "sign no handshake by PKCS #1 v1.5 or SHA-1",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a scheme of PKCS #1 v1.5",
      "TLS 1.3: a server meets of the client's proof: a scheme of PKCS #1 v1.5",
      "TLS 1.3: a client meets of the server's proof: ECDSA with SHA-1",
      "TLS 1.3: a server meets a ClientHello with a scheme for certificates alone",
    ],
  },
  {
    section: "§4.2.3",
    who: "both",
    what: "take the curve of an ECDSA scheme for that of the key",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a scheme of another curve",
      "TLS 1.3: a server meets of the client's proof: a scheme of another curve",
    ],
  },
  {
    section: "§4.2.7",
    who: "client",
    what: "makes nothing of the server's supported_groups before the handshake is finished",
    tests: ["TLS 1.3: a client meets EncryptedExtensions with groups for the next time"],
  },
  {
    section: "§4.2.8",
    who: "client",
    what: "sends shares of groups in supported_groups alone, one of each, in their order",
    tests: ["tls13-aes-128-gcm-x25519mlkem768: a full handshake"],
  },
  {
    section: "§4.2.8",
    who: "server",
    what: "may refuse shares that break this with illegal_parameter",
    tests: [
      "TLS 1.3: a server meets a ClientHello with two shares of one group",
      "TLS 1.3: a server meets a ClientHello with a share of a group that is not among supported_groups",
    ],
  },
  {
    section: "§4.2.8",
    who: "client",
    what:
      "refuses a HelloRetryRequest for a group that it did not offer, or has a share of, with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a HelloRetryRequest with a group that was not offered",
      "TLS 1.3: a client meets a HelloRetryRequest with a group that has a share already",
    ],
  },
  {
    section: "§4.2.8",
    who: "client",
    what: "replaces its shares by the one that a HelloRetryRequest asks for",
    tests: ["tls13-aes-128-gcm-hello-retry-request-p384: a full handshake"],
  },
  {
    section: "§4.2.8",
    who: "server",
    what: "refuses a second ClientHello without exactly that share",
    tests: [
      "TLS 1.3: a server meets a second ClientHello with no share",
      "TLS 1.3: a server meets a second ClientHello with the share of before",
      "TLS 1.3: a server meets a second ClientHello with another share beside the one that was asked for",
    ],
  },
  {
    section: "§4.2.8",
    who: "client",
    what:
      "refuses a share of a group without one of its own, or other than it was asked for, with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with a share of a group without one of ours",
      "TLS 1.3: a client meets a ServerHello with a share of another group than the HelloRetryRequest asked for",
    ],
  },
  {
    section: "§4.2.8.1",
    who: "both",
    what: "refuse a finite field's share outside 1 < Y < p - 1",
    tests: [
      "TLS 1.3: a client meets a ServerHello with an ffdhe2048 share of 1",
      "TLS 1.3: a client meets a ServerHello with an ffdhe2048 share of p - 1",
      "TLS 1.3: a server meets a ClientHello with an ffdhe2048 share of 0",
      "TLS 1.3: a server meets a ClientHello with an ffdhe2048 share of p:",
    ],
  },
  {
    section: "§4.2.8.1",
    who: "both",
    what: "pad a finite field's share to the length of the prime",
    tests: [
      "TLS 1.3: a client meets a ServerHello with an ffdhe2048 share without its leading zero",
      "TLS 1.3: a server meets a ClientHello with an ffdhe2048 share without its leading zero",
    ],
  },
  {
    section: "§4.2.8.2",
    who: "both",
    what: "check that a point is on its curve, and is written uncompressed",
    tests: [
      "TLS 1.3: a client meets a ServerHello with a point that is not on secp256r1",
      "TLS 1.3: a server meets a ClientHello with a point that is not on secp256r1",
      "TLS 1.3: a client meets a ServerHello with a compressed point of secp256r1",
      "TLS 1.3: a server meets a ClientHello with the point at infinity of secp384r1",
    ],
  },
  {
    section: "§4.2.9",
    who: "client",
    what: "sends psk_key_exchange_modes with pre_shared_key",
    tests: ["by a client whose policy has no mode"],
  },
  {
    section: "§4.2.9",
    who: "server",
    what: "ends the handshake if pre_shared_key comes without psk_key_exchange_modes",
    tests: ["TLS 1.3: a server meets a ClientHello with a pre-shared key without psk_key_exchange_modes"],
  },
  {
    section: "§4.2.9",
    who: "server",
    what: "uses no key in a way that the client did not name",
    tests: ["by a server whose policy has no mode"],
  },
  {
    section: "§4.2.9",
    who: "client",
    what: "refuses a server that uses a key in another way than it named",
    tests: ["TLS 1.3: a client meets a ServerHello with a pre-shared key alone, and that was not offered"],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "passes over early data without pre_shared_key, as any that it refuses",
    tests: ["TLS 1.3: a server meets a ClientHello with early_data, and no pre-shared key: accepted"],
  },
  {
    section: "§4.2.10",
    who: "client",
    what: "sends early data only with the suite and the protocol of its session",
    tests: [
      "a client sends no early data by a session without the suite of the session",
      "a client sends no early data by a session without the protocol of the session",
    ],
  },
  {
    section: "§4.2.10",
    who: "client",
    what: "sends no more early data than the ticket allows",
    tests: ["a client sends no early data by a session that is longer than the server takes"],
  },
  {
    section: "§4.2.10",
    who: "server",
    what:
      "accepts early data only for the suite and the protocol of the session, by a ticket of the right age",
    tests: [
      "early data is passed over by a server that takes another suite of the same hash",
      "early data is passed over by a server that takes another protocol",
      "early data is passed over by a ticket that is older than the client says",
    ],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "passes over early data that it does not accept, also after a HelloRetryRequest",
    tests: [
      "early data is passed over by a server that asks for none any more",
      "early data is passed over by a server that has another group: HelloRetryRequest",
    ],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "counts the payload of early data, and no padding",
    tests: ["early data is counted without its padding"],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "passes over as much refused early data as its tickets allow",
    tests: ["as much early data as a ticket allows is passed over, because "],
  },
  {
    section: "§D.3",
    who: "client",
    what: "refuses an older version after early data",
    tests: [
      "a server that answers early data with an older version is refused, and the client is told what to do",
    ],
  },
  {
    section: "§4.6.2",
    who: "client",
    what: "sends a late certificate in one piece",
    tests: ["a client that writes while it signs shows its certificate in one piece"],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "refuses early data beyond max_early_data_size with unexpected_message",
    tests: ["early data beyond what the session allows is an unexpected_message"],
  },
  {
    section: "§8",
    who: "server",
    what: "does not accept the same early data twice",
    tests: ["a copy of a first flight is not accepted"],
  },
  {
    section: "§4.2.10",
    who: "server",
    what: "refuses early_data in a second ClientHello",
    tests: ["TLS 1.3: a server meets a second ClientHello with early_data"],
  },
  {
    section: "§4.2.10",
    who: "client",
    what: "refuses early_data in EncryptedExtensions if it sent none",
    tests: [
      "TLS 1.3: a client meets EncryptedExtensions with early_data, and none was sent: ",
      "TLS 1.3: a client meets EncryptedExtensions with early_data, and none was sent, in a resumption",
    ],
  },
  {
    section: "§4.2.11",
    who: "client",
    what: "makes pre_shared_key the last extension",
    tests: ["tickets sealed: two come after a full handshake"],
  },
  {
    section: "§4.2.11",
    who: "server",
    what: "refuses pre_shared_key that is not the last extension with illegal_parameter",
    tests: ["TLS 1.3: a server meets a ClientHello with a pre-shared key that is not the last extension"],
  },
  {
    section: "§4.2.11",
    who: "server",
    what: "refuses another number of binders than of keys",
    tests: [
      "TLS 1.3: a server meets a ClientHello with a binder less than there are keys",
      "TLS 1.3: a server meets a ClientHello with a binder more than there are keys",
    ],
  },
  {
    section: "§4.2.11",
    who: "server",
    what: "checks the binder of the key that it takes, and ends the handshake if it is wrong",
    tests: [
      "TLS 1.3: a server meets a ClientHello with a binder with a byte changed, in a resumption",
      "TLS 1.3: a server meets a ClientHello with a binder of something else, in a resumption",
      "TLS 1.3: a server meets a second ClientHello with a binder with a byte changed, in a resumption",
    ],
  },
  {
    section: "§4.2.11",
    who: "server",
    what: "makes a full handshake if it knows no key",
    tests: ["TLS 1.3: a server meets a ClientHello with a pre-shared key that nobody knows: accepted"],
  },
  {
    section: "§4.2.11",
    who: "server",
    what: "takes a key under a suite of its hash alone",
    tests: ["none is taken under a suite of another hash", "another suite of the same hash resumes"],
  },
  {
    section: "§4.2.11",
    who: "client",
    what: "refuses a key that it did not offer, or of another hash than the suite's, with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a ServerHello with a pre-shared key that was not offered, in a resumption",
      "TLS 1.3: a client meets a ServerHello with a suite of another hash than the pre-shared key's",
    ],
  },
  {
    section: "§4.2.11",
    who: "client",
    what: "refuses a key if it offered none with unsupported_extension",
    tests: ["TLS 1.3: a client meets a ServerHello with a pre-shared key, and none was offered"],
  },
  {
    section: "§4.2.11.1",
    who: "client",
    what: "hides the age of a ticket by ticket_age_add, and shows no ticket beyond its lifetime",
    tests: ["tickets sealed: a client shows one as long as its lifetime says"],
  },
  {
    section: "§4.3.1",
    who: "server",
    what: "sends EncryptedExtensions behind ServerHello, under the handshake keys",
    tests: ["tls13-aes-128-gcm: a full handshake"],
  },
  {
    section: "§4.3.1",
    who: "client",
    what: "refuses EncryptedExtensions with an extension that is forbidden there with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets EncryptedExtensions with a key_share",
      "TLS 1.3: a client meets EncryptedExtensions with supported_versions",
      "TLS 1.3: a client meets EncryptedExtensions with a status_request",
    ],
  },
  {
    section: "§4.3.2",
    who: "server",
    what: "asks for no certificate where a pre-shared key stands for one",
    tests: ["TLS 1.3, resumed: a client goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§4.3.2",
    who: "both",
    what: "leave the context of a CertificateRequest empty in the handshake, and never after it",
    tests: [
      "TLS 1.3: a client meets a CertificateRequest with a context",
      "a certificate is asked for a second time, with an answer of its own",
    ],
  },
  {
    section: "§4.3.2",
    who: "server",
    what: "sends signature_algorithms with a CertificateRequest",
    tests: ["tls13-chacha20-ed25519-client-p256: a full handshake"],
  },
  {
    section: "§4.3.2",
    who: "client",
    what: "ends with missing_extension if a CertificateRequest has no signature_algorithms",
    tests: ["TLS 1.3: a client meets a CertificateRequest with no signature_algorithms"],
  },
  {
    section: "§4.3.2",
    who: "client",
    what: "passes over unknown extensions of a CertificateRequest",
    tests: ["TLS 1.3: a client meets a CertificateRequest with an unknown extension, which it passes over"],
  },
  {
    section: "§4.4.1",
    who: "both",
    what: "hash the first ClientHello as message_hash after a HelloRetryRequest",
    tests: ["tls13-aes-128-gcm-hello-retry-request-p384: a full handshake"],
  },
  {
    section: "§4.4.2",
    who: "server",
    what: "shows a certificate unless a pre-shared key stands for it",
    tests: ["TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§4.4.2",
    who: "client",
    what: "answers a request for a certificate by a Certificate, empty if it has none",
    tests: [
      "TLS 1.3, full, client certificate none: a server goes by the table, and any message in any wrong place ends it",
      "a client without a certificate says so, where none must be",
    ],
  },
  {
    section: "§4.4.2",
    who: "both",
    what: "leave the context of a Certificate empty in the handshake, and give the request's back after it",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a Certificate with a context",
      "TLS 1.3: a server meets of the client's proof: a Certificate with a context",
    ],
  },
  {
    section: "§4.4.2",
    who: "both",
    what: "send with a certificate what was asked for alone",
    tests: [
      "TLS 1.3: a client meets of the server's proof: an OCSP response that was not asked for",
      "TLS 1.3: a client meets of the server's proof: an SCT list that was not asked for",
      "TLS 1.3: a server meets of the client's proof: an OCSP response that was not asked for",
      "TLS 1.3: a server meets of the client's proof: an extension with the issuer's certificate that was not asked for",
    ],
  },
  {
    section: "§4.4.2.2",
    who: "both",
    what: "show a certificate whose key may sign",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a certificate that may not sign",
      "TLS 1.3: a server meets of the client's proof: a certificate that may not sign",
    ],
  },
  {
    section: "§4.4.2.4",
    who: "client",
    what: "refuses an empty Certificate of a server with decode_error",
    tests: ["TLS 1.3: a client meets of the server's proof: no certificate: DecodeError"],
  },
  {
    section: "§4.4.2.4",
    who: "server",
    what: "goes on with a client without a certificate, or ends with certificate_required",
    tests: [
      "TLS 1.3: a server meets of the client's proof: no certificate where one is required",
      "a client without a certificate that must have one is told certificate_required",
    ],
  },
  {
    section: "§4.4.3",
    who: "both",
    what: "send CertificateVerify right behind their Certificate, if that is not empty",
    tests: [
      "TLS 1.3, full, client certificate shown: a server goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, full, client certificate shown: a client goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§4.4.3",
    who: "both",
    what: "sign with a scheme that the peer offered and that fits the key; check the signature",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a scheme that was not offered",
      "TLS 1.3: a server meets of the client's proof: a scheme that was not offered",
      "TLS 1.3: a client meets of the server's proof: a scheme of another kind of key",
      "TLS 1.3: a client meets of the server's proof: a signature with a byte changed",
      "TLS 1.3: a server meets of the client's proof: a signature with a byte changed",
    ],
  },
  {
    section: "§4.4.4",
    who: "both",
    what: "check Finished, and end with decrypt_error if it is wrong",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a Finished with a byte changed",
      "TLS 1.3: a server meets of the client's proof: a Finished with a byte changed",
    ],
  },
  {
    section: "§4.4.4, §6.2",
    who: "both",
    what: "refuse a Finished of another length with decode_error",
    tests: [
      "TLS 1.3: a client meets of the server's proof: a Finished that is a byte short",
      "TLS 1.3: a server meets of the client's proof: a Finished of 12 bytes, as before TLS 1.3",
    ],
  },
  {
    section: "§4.4.4",
    who: "both",
    what: "put everything behind Finished under the application keys",
    tests: [
      "TLS 1.3, full, client: a message under the keys before or after its own does not open",
      "TLS 1.3, full, server: a message under the keys before or after its own does not open",
    ],
  },
  {
    section: "§4.6.1",
    who: "server",
    what: "gives no ticket a lifetime of more than a week",
    tests: ["tickets sealed: no lifetime is longer than a week, whatever a policy says"],
  },
  {
    section: "§4.6.1",
    who: "client",
    what: "keeps no ticket for more than a week, and none whose lifetime is 0",
    tests: ["a client keeps a ticket for a week at most, and one of no lifetime not at all"],
  },
  {
    section: "§4.6.1",
    who: "server",
    what: "makes a nonce for each ticket of a connection, and a ticket_age_add for each",
    tests: ["tickets sealed: each of a connection has a nonce and an age of its own"],
  },
  {
    section: "§4.6.1",
    who: "client",
    what: "passes over unknown extensions of a NewSessionTicket",
    tests: ["TLS 1.3: a client meets a NewSessionTicket with an unknown extension"],
  },
  {
    section: "§4.6.1",
    who: "client",
    what: "resumes with the same server name alone",
    tests: ["tickets sealed: none is taken for another host"],
  },
  {
    section: "§4.6.2",
    who: "client",
    what: "answers a later CertificateRequest by Certificate, CertificateVerify and Finished in a row",
    tests: ["a certificate is asked for later, and shown: the server knows the client"],
  },
  {
    section: "§4.6.2",
    who: "server",
    what: "awaits messages in between, as the client may answer late",
    tests: [
      "data goes both ways between the question and the answer",
      "a client that updates its keys between the question and the answer",
    ],
  },
  {
    section: "§4.6.2",
    who: "client",
    what: "ends with unexpected_message if it is asked later and did not offer that",
    tests: ["a client that did not offer to be asked later, and is, ends with unexpected_message"],
  },
  {
    section: "§4.6.3",
    who: "both",
    what: "refuse a KeyUpdate before Finished with unexpected_message",
    tests: [
      "TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, full: a server goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§4.6.3",
    who: "both",
    what: "refuse a request_update that is neither 0 nor 1 with illegal_parameter",
    tests: [
      "TLS 1.3: a client meets a KeyUpdate that asks for neither 0 nor 1",
      "TLS 1.3: a server meets a KeyUpdate that asks for neither 0 nor 1",
    ],
  },
  {
    section: "§4.6.3",
    who: "both",
    what: "answer a request by a KeyUpdate that asks for nothing, before their next data",
    tests: [
      "a client changes its keys and asks the peer for the same: it is answered once",
      "a server changes its keys and asks the peer for the same: it is answered once",
    ],
  },
  {
    section: "§4.6.3",
    who: "both",
    what: "seal a KeyUpdate under the old keys, and await the peer's before its new keys",
    tests: ["requests that cross are both answered, and the keys of both ends are the same"],
  },
  {
    section: "§5",
    who: "both",
    what:
      "pass over a ChangeCipherSpec in the clear of one byte 01 during the handshake; any other is an unexpected_message, and so is one at another time",
    tests: [
      "TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it",
      "TLS 1.3, full: a server goes by the table, and any message in any wrong place ends it",
    ],
  },
  {
    section: "§5",
    who: "both",
    what: "refuse a record of another type with unexpected_message",
    tests: ["TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it"],
  },
  {
    section: "§5.1",
    who: "both",
    what: "put no other record between the parts of a message",
    tests: [
      "TLS 1.3, full, client: nothing stands between the parts of a message",
      "TLS 1.3, full, server: nothing stands between the parts of a message",
    ],
  },
  {
    section: "§5.1",
    who: "both",
    what: "let no message cross a change of keys",
    tests: [
      "TLS 1.3, full, client: no record holds messages of before and after a change of keys",
      "TLS 1.3, full, server: no record holds messages of before and after a change of keys",
      "TLS 1.3, full, server: a KeyUpdate ends its record",
    ],
  },
  {
    section: "§5.1, §5.4",
    who: "both",
    what: "send no empty records of handshake messages and alerts, and refuse them",
    tests: [
      "TLS 1.3, full, client: an empty sealed handshake record under handshake keys",
      "TLS 1.3, full, server: an empty sealed alert record under application keys",
    ],
  },
  {
    section: "§5.1",
    who: "both",
    what: "neither cut nor join alerts",
    tests: ["TLS 1.3, full, client: alerts under handshake keys are neither cut nor joined"],
  },
  {
    section: "§5.1",
    who: "both",
    what: "make nothing of a record's version",
    tests: [
      "TLS 1.3, full, client: what a record's header says of a version means nothing",
      "TLS 1.3, full, server: what a record's header says of a version means nothing",
    ],
  },
  {
    section: "§5.1",
    who: "both",
    what: "put at most 2^14 bytes into a record, and refuse more with record_overflow",
    tests: ["TLS 1.3, full, client: under application keys 2^14 bytes and a type may be sealed"],
  },
  {
    section: "§5.2",
    who: "both",
    what: "refuse a sealed record of more than 2^14 + 256 bytes with record_overflow",
    tests: [
      "TLS 1.3, full, client: a sealed record of more than 2^14 + 256 bytes under handshake keys",
      "TLS 1.3, full, server: a sealed record of more than 2^14 + 256 bytes under application keys",
    ],
  },
  {
    section: "§5.2",
    who: "both",
    what: "end with bad_record_mac when a record does not open",
    tests: [
      "TLS 1.3, full, client: any byte changed is noticed",
      "TLS 1.3, full, server: a sealed record too short for a type and a tag",
    ],
  },
  {
    section: "§5.3",
    who: "both",
    what: "count records from 0 under each key; none is taken twice or in another order",
    tests: ["TLS 1.3, full, client: a sealed record twice, or two in another order, is a bad_record_mac"],
  },
  {
    section: "§5.4",
    who: "both",
    what: "refuse a sealed record of zeros alone with unexpected_message",
    tests: [
      "TLS 1.3, full, client: a sealed record of zeros alone under handshake keys",
      "TLS 1.3, full, server: a sealed record of zeros alone under application keys",
    ],
  },
  {
    section: "§5.5",
    who: "both",
    what: "change a key before it has sealed too much",
    tests: [
      "a client's keys change after each limits.recordsPerKey records, by themselves",
      "a server's keys change after each limits.recordsPerKey records, by themselves",
    ],
  },
  {
    section: "§6",
    who: "both",
    what: "end the connection at an alert, whatever its level, but for close_notify and user_canceled",
    tests: [
      "TLS 1.3, full, client: an alert under application keys ends the connection, whatever its level",
      "TLS 1.3, full, server: an alert under handshake keys ends the connection, whatever its level",
    ],
  },
  {
    section: "§6",
    who: "both",
    what: "take an alert that they do not know for an error",
    tests: ["TLS 1.3, full, client: an alert under application keys ends the connection, whatever its level"],
  },
  {
    section: "§6",
    who: "both",
    what: "forget the secrets of a connection that ended in an error",
    tests: ["learns it from its first read as certificate_required, and forgets the session"],
  },
  {
    section: "§6.1",
    who: "both",
    what: "send nothing behind their close_notify, and may read on",
    tests: [
      "a client that has sent its close_notify answers no request for new keys, and still reads",
      "a server that has sent its close_notify answers no request for new keys, and still reads",
    ],
  },
  {
    section: "§6.2",
    who: "both",
    what: "tell an error by its alert, and close the connection",
    tests: ["TLS 1.3, full: a client goes by the table, and any message in any wrong place ends it"],
  },
];
