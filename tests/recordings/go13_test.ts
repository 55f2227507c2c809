/**
 * Sessions of Go's TLS 1.3 with OpenSSL, read by our own code to their ends. Go's half of a key exchange is known to
 * everybody, and with it each secret of the key schedule; so are the keys of its tickets.
 *
 * @module
 */
import { assert } from "../deps.ts";
import type { Psk } from "../../src/flights/hellos/psk.ts";
import { dataFolder } from "../support/data.ts";
import { eavesdrop } from "./eavesdrop.ts";
import { goIn, knownBeside, recordingsIn } from "./go.ts";
import type { Heard } from "./heard.ts";
import { flowsOf } from "./hexdump.ts";

/** Which ends before the handshake does, and how. */
const refused: Readonly<Record<string, ReadonlyArray<string>>> = {
  "Server-TLSv13-ALPN-NoMatch": ["client ClientHello", "server ServerHello", "server Alert 2 120"],
  "Server-TLSv13-RSA-RSAPSS-TooSmall": ["client ClientHello", "server Alert 2 40"],
};

/** Which offers the ticket of another. */
const issuedIn: Readonly<Record<string, string>> = {
  "Server-TLSv13-Resume": "Server-TLSv13-IssueTicket",
  "Server-TLSv13-Resume-HelloRetryRequest": "Server-TLSv13-IssueTicket",
  "Server-TLSv13-ResumeDisabled": "Server-TLSv13-IssueTicketPreDisable",
};

/** Which has a client's CertificateVerify, and of which scheme. */
const clientSigns: Readonly<Record<string, string>> = {
  "Client-TLSv13-ClientCert-ECDSA-RSA": "ecdsa_secp521r1_sha512",
  "Client-TLSv13-ClientCert-Ed25519": "ed25519",
  "Client-TLSv13-ClientCert-RSA-ECDSA": "rsa_pss_rsae_sha256",
  "Client-TLSv13-ClientCert-RSA-RSAPSS": "rsa_pss_rsae_sha256",
  "Server-TLSv13-ClientAuthRequestedAndECDSAGiven": "ecdsa_secp521r1_sha512",
  "Server-TLSv13-ClientAuthRequestedAndEd25519Given": "ed25519",
  "Server-TLSv13-ClientAuthRequestedAndGiven": "rsa_pss_rsae_sha256",
};

/** The scheme that the server's key signs with, by the recording's name. */
const serverSigns = (name: string): string =>
  /^Client-TLSv13-Ed25519|^Server-TLSv13-Ed25519/.test(name)
    ? "ed25519"
    : /TLSv13-ECDSA|ECDHE-ECDSA|ClientCert-RSA-ECDSA/.test(name)
    ? "ecdsa_secp521r1_sha512"
    : "rsa_pss_rsae_sha256";

/** The suite, by the recording's name; that which both ends have first unless it says another. */
const suiteIn = (name: string): string =>
  name.includes("AES256")
    ? "TLS_AES_256_GCM_SHA384"
    : /AES|Ticket|Resume|ClientAuth/.test(name)
    ? "TLS_AES_128_GCM_SHA256"
    : "TLS_CHACHA20_POLY1305_SHA256";

/** Every message between the first hello and the last alert, as the recording's name has it. */
const messagesIn = (name: string): ReadonlyArray<string> => {
  const resumed = name.includes("-Resume") && !name.includes("Disabled");
  const asked = /ClientCert|ClientAuth/.test(name);
  const go = goIn(name);
  const ticket = go === "server" && !name.includes("ResumeDisabled") ? ["server NewSessionTicket"] : [];
  return [
    "client ClientHello",
    ...(name.includes("HelloRetryRequest") ? ["server HelloRetryRequest", "client ClientHello"] : []),
    "server ServerHello",
    "server EncryptedExtensions",
    ...(asked ? ["server CertificateRequest"] : []),
    ...(resumed ? [] : ["server Certificate", "server CertificateVerify"]),
    "server Finished",
    // Go gives its ticket at once, unless it waits for a certificate.
    ...(asked ? [] : ticket),
    ...(asked ? ["client Certificate"] : []),
    ...(clientSigns[name] ? ["client CertificateVerify"] : []),
    "client Finished",
    ...(asked ? ticket : []),
    ...(name.includes("KeyUpdate") ? ["server KeyUpdate", "client KeyUpdate"] : []),
    `${go} Alert 1 0`,
  ];
};

const folder = dataFolder("go-tls-testdata");
const recordings = folder ? recordingsIn(folder, true) : [];

const hear = (name: string, psks?: ReadonlyArray<Psk>): Heard =>
  eavesdrop(flowsOf(Deno.readTextFileSync(new URL(name, folder))), knownBeside(goIn(name), psks));

for (const name of recordings) {
  if (refused[name]) {
    Deno.test(`${name}: the hellos are decoded, and the client was refused`, () => {
      const { leftOut, messages } = hear(name);
      assert.equal(leftOut, undefined);
      assert.deepEqual(messages, refused[name]);
    });
    continue;
  }
  Deno.test(`${name}: every message is decoded, every record opened, all that proves something holds`, () => {
    const issuer = issuedIn[name];
    const heard = hear(name, issuer === undefined ? [] : hear(issuer).psks);
    const go = goIn(name);
    assert.equal(heard.leftOut, undefined);
    assert.deepEqual(heard.handshakes, [`TLS 1.3 ${suiteIn(name)} null`]);
    assert.deepEqual(heard.messages, messagesIn(name));
    assert.equal(heard.finished, 2);
    assert.deepEqual(heard.proofs, [
      ...(heard.messages.includes("server CertificateVerify") ? [`server ${serverSigns(name)}`] : []),
      ...(clientSigns[name] ? [`client ${clientSigns[name]}`] : []),
    ]);
    // After a HelloRetryRequest the client binds its second hello as well.
    const bound = issuer === undefined ? 0 : name.includes("HelloRetryRequest") ? 2 : 1;
    assert.deepEqual(heard.binders, { held: bound, unknown: 0 });
    assert.equal(heard.psks.length, heard.messages.filter((m) => m.endsWith("NewSessionTicket")).length);
    assert.equal(heard.protocol, name.endsWith("-ALPN") ? "proto1" : undefined);
    const again = name.includes("KeyUpdate");
    assert.deepEqual(
      heard.data,
      go === "client"
        ? { client: again ? "hello\nhello again\n" : "hello\n", server: again ? "SENTINEL\n" : "" }
        : { client: "", server: "hello, world\n" },
    );
  });
}

if (folder) {
  Deno.test("of Go's 39 recordings of TLS 1.3, 37 are read to their ends, and 2 are of clients that were refused", () => {
    assert.equal(recordings.length, 39);
    assert.deepEqual(recordings.filter((name) => name in refused), Object.keys(refused));
    for (const name of [...Object.entries(issuedIn).flat(), ...Object.keys(clientSigns)]) {
      assert.ok(recordings.includes(name), name);
    }
  });

  Deno.test("without the key of its ticket, Go's resumed session is sealed after ServerHello", () => {
    const { leftOut, messages, binders } = hear("Server-TLSv13-Resume");
    assert.match(leftOut ?? "", /nobody knows/);
    assert.deepEqual(messages, ["client ClientHello", "server ServerHello"]);
    assert.deepEqual(binders, { held: 0, unknown: 1 });
  });
}
