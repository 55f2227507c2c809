/**
 * Sessions of Go's TLS with OpenSSL, read by our own code. Go's end drew nothing but zeros for its tests, so that its
 * half of a key exchange is known to everybody, and with it the master secret; its server's RSA key is not.
 *
 * @module
 */
import {
  ClientKeyExchangeECDHE,
  ClientKeyExchangeRSA,
  ServerKeyExchangeECDHE,
  ServerKeyExchangeECDHELegacy,
} from "../../src/messages/mod.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { assert, Effect } from "../deps.ts";
import { dataFolder } from "../support/data.ts";
import { noble } from "../support/layers.ts";
import { eavesdrop, type Heard, type MasterOf, SEALED } from "./eavesdrop.ts";
import { flowsOf } from "./hexdump.ts";
import type { Segment } from "./pcap.ts";

type Side = Segment["from"];

/** What Go makes of zeros: of a curve's it sets one bit, for zero itself is no secret (crypto/elliptic, GenerateKey). */
const secretOf = (group: NamedGroup): Bytes =>
  group === NamedGroup.x25519 ? new Uint8Array(32) : new Uint8Array(32).with(1, 0x42);

/** From Go's secret and the other's share, or from a premaster secret of a version and zeros. */
const masterBeside = (go: Side): MasterOf => ({ hello, messages, derivation }) => {
  const server = messages.find((m) =>
    m instanceof ServerKeyExchangeECDHE || m instanceof ServerKeyExchangeECDHELegacy
  );
  const client = messages.find((m) => m instanceof ClientKeyExchangeECDHE);
  if (server && client) {
    const { namedCurve, public: point } = server.params;
    const share = Effect.runSync(noble.shareOf(namedCurve, secretOf(namedCurve)));
    return derivation.master(Effect.runSync(share.agree(go === "client" ? point : client.ecdhYc)));
  }
  if (go === "server" || !messages.some((m) => m instanceof ClientKeyExchangeRSA)) return undefined;
  const { clientVersion: version } = hello;
  return derivation.master(new Uint8Array(48).with(0, version >> 8).with(1, version & 0xff));
};

/** How each ends that does not end with both Finished and close_notify. */
const sealed = /^Server-TLSv1[0-2]-(RSA-(3DES|AES|RC4)$|ClientAuth|IssueTicket|Resume|SNI)/;
const refused: Readonly<Record<string, string>> = {
  "Server-TLSv11-FallbackSCSV": "server Alert 2 86",
  "Server-TLSv12-ALPN-NoMatch": "server Alert 2 120",
  "Server-TLSv13-RSA-RSAPSS-TooSmall": "server Alert 2 40",
};
const refusedAtTheEnd: Readonly<Record<string, string>> = {
  "Client-TLSv10-ClientCert-Ed25519": "server Alert 2 80",
};
/** How many handshakes there are where there is more than one. */
const handshakesIn: Readonly<Record<string, number>> = {
  "Client-TLSv12-RenegotiateOnce": 2,
  "Client-TLSv12-RenegotiateTwice": 3,
  "Client-TLSv12-RenegotiateTwiceRejected": 2,
};

const folder = dataFolder("go-tls-testdata");
const recordings = folder
  ? [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /^(Client|Server)-/.test(name))
  : [];

if (folder) assert.ok(recordings.length > 0);

for (const name of recordings.sort()) {
  const text = await Deno.readTextFile(new URL(name, folder));
  if (text === "") {
    Deno.test.ignore(`left out, for there is nothing in it: ${name}`, () => {});
    continue;
  }
  const go = name.startsWith("Client") ? "client" : "server";
  const test = (what: string, check: (heard: Heard) => void): void =>
    Deno.test(`${name}: ${what}`, () => check(eavesdrop(flowsOf(text), masterBeside(go))));

  if (refused[name]) {
    test("the ClientHello is decoded, and was refused", ({ leftOut, messages }) => {
      assert.equal(leftOut, undefined);
      assert.deepEqual(messages, ["client ClientHello", refused[name]]);
    });
  } else if (name.includes("TLSv13")) {
    test("left out after the server's answer, for its version is not ours", ({ leftOut, messages }) => {
      assert.match(leftOut ?? "", /the version is not ours/);
      const answer = name.includes("HelloRetryRequest") ? "HelloRetryRequest" : "ServerHello";
      assert.deepEqual(messages, ["client ClientHello", `server ${answer}`]);
    });
  } else if (sealed.test(name)) {
    test("decoded alone, up to the change of keys, which need the server's RSA key or that of its tickets", (heard) => {
      assert.equal(heard.leftOut, SEALED);
      assert.match(heard.messages.at(-1)!, /ChangeCipherSpec$/);
      assert.match(heard.handshakes.join(), /^TLS 1\.[0-2] TLS_RSA_\w+ null$/);
      const resumes = !heard.messages.includes("client ClientKeyExchange");
      assert.equal(resumes, name === "Server-TLSv12-Resume");
    });
  } else if (refusedAtTheEnd[name]) {
    test("every message is decoded, every record opened, and the client's Finished holds", (heard) => {
      assert.equal(heard.leftOut, undefined);
      assert.equal(heard.finished, 1);
      assert.equal(heard.messages.at(-1), refusedAtTheEnd[name]);
    });
  } else {
    test("every message is decoded, every record opened, every Finished holds", (heard) => {
      const count = handshakesIn[name] ?? 1;
      assert.equal(heard.leftOut, undefined);
      assert.equal(heard.handshakes.length, count);
      assert.equal(heard.finished, 2 * count, heard.messages.join(", "));
      const version = `TLS 1.${/TLSv1([0-2])/.exec(name)![1]} `;
      assert.ok(heard.handshakes.every((handshake) => handshake.startsWith(version)));
      assert.equal(heard.messages.at(-1), `${go} Alert 1 0`);
      // What Go's tests write; after each renegotiation the server says where it stands.
      assert.deepEqual(
        heard.data,
        go === "client"
          ? { client: "hello\n", server: "SENTINEL\n".repeat(count - 1) }
          : { client: "", server: "hello, world\n" },
      );
    });
  }
}
