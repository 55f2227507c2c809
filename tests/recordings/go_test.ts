/**
 * Sessions of Go's TLS up to 1.2 with OpenSSL, read by our own code. Go's end drew nothing but zeros for its tests, so that its
 * half of a key exchange is known to everybody, and with it the master secret; its server's RSA key is not.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { dataFolder } from "../support/data.ts";
import { eavesdrop } from "./eavesdrop.ts";
import { goIn, knownBeside, recordingsIn } from "./go.ts";
import { type Heard, SEALED } from "./heard.ts";
import { flowsOf } from "./hexdump.ts";

/** How each ends that does not end with both Finished and close_notify. */
const sealed = /^Server-TLSv1[0-2]-(RSA-(3DES|AES|RC4)$|ClientAuth|IssueTicket|Resume|SNI)/;
const refused: Readonly<Record<string, string>> = {
  "Server-TLSv11-FallbackSCSV": "server Alert 2 86",
  "Server-TLSv12-ALPN-NoMatch": "server Alert 2 120",
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
const recordings = folder ? recordingsIn(folder, false) : [];

for (const name of recordings) {
  const text = await Deno.readTextFile(new URL(name, folder));
  if (text === "") {
    Deno.test.ignore(`left out, for there is nothing in it: ${name}`, () => {});
    continue;
  }
  const go = goIn(name);
  const test = (what: string, check: (heard: Heard) => void): void =>
    Deno.test(`${name}: ${what}`, () => check(eavesdrop(flowsOf(text), knownBeside(go))));

  if (refused[name]) {
    test("the ClientHello is decoded, and was refused", ({ leftOut, messages }) => {
      assert.equal(leftOut, undefined);
      assert.deepEqual(messages, ["client ClientHello", refused[name]]);
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

if (folder) {
  Deno.test("of Go's 80 recordings up to TLS 1.2, 19 are sealed when the keys change, and 2 are of clients that were refused", () => {
    assert.equal(recordings.length, 80);
    assert.equal(recordings.filter((name) => sealed.test(name)).length, 19);
    assert.deepEqual(recordings.filter((name) => name in refused), Object.keys(refused));
  });
}
