/** Sessions that OpenSSL, NSS and Java had with each other, read by our own code. @module */
import { assert } from "../deps.ts";
import { dataFolder } from "../support/data.ts";
import { eavesdrop } from "./eavesdrop.ts";
import type { Heard } from "./heard.ts";
import { knownBy } from "./key_log.ts";
import { connectionsOf } from "./pcap.ts";

const folder = dataFolder("captures");

interface Recording {
  readonly name: string;
  /** What the peer said of each session. */
  readonly sessions: ReadonlyArray<string>;
  readonly compression: ReadonlyArray<string>;
}

const index: ReadonlyArray<Recording> = folder
  ? JSON.parse(await Deno.readTextFile(new URL("index.json", folder)))
  : [];

/** What is not spoken here, and so decoded as far as ServerHello alone. */
const notOurs = /CAMELLIA|IDEA|CCM/;

if (folder) assert.ok(index.length > 0);

for (const { name, sessions, compression } of index) {
  const read = async (): Promise<ReadonlyArray<Heard>> => {
    const [pcap, log] = await Promise.all([
      Deno.readFile(new URL(`${name}.pcap`, folder!)),
      Deno.readTextFile(new URL(`${name}.keys`, folder!)),
    ]);
    return connectionsOf(pcap).map((segments) => eavesdrop(segments, knownBy(log)));
  };
  if (notOurs.test(name)) {
    Deno.test(`left out after the server's answer: ${name}`, async () => {
      const [heard] = await read();
      assert.match(heard!.leftOut ?? "", /the cipher suite is not ours/);
      assert.deepEqual(heard!.messages, ["client ClientHello", "server ServerHello"]);
    });
    continue;
  }
  if (name.startsWith("tls13")) {
    Deno.test(`${name}: every message is decoded, every record opened, every Finished and signature holds`, async () => {
      const all = await read();
      assert.equal(all.length, sessions.length);
      all.forEach((heard, i) => {
        const { data, finished, handshakes, leftOut, messages, proofs } = heard;
        const [, how, suite] = /^(New|Reused), TLSv1\.3, Cipher is (\w+)$/.exec(sessions[i]!) ?? [];
        const resumed = how === "Reused";
        assert.equal(leftOut, undefined);
        assert.deepEqual(handshakes, [`TLS 1.3 ${suite} null`]);
        assert.equal(finished, 2);
        const retried = ["server HelloRetryRequest", "client ClientHello"];
        const shown = ["server Certificate", "server CertificateVerify"];
        assert.deepEqual(messages.slice(0, messages.indexOf("client Finished") + 1), [
          "client ClientHello",
          ...(name.includes("hrr") ? retried : []),
          "server ServerHello",
          "server EncryptedExtensions",
          ...(resumed ? [] : shown),
          "server Finished",
          "client Finished",
        ]);
        const scheme = name.includes("-nss") ? "rsa_pss_rsae_sha256" : "ecdsa_secp256r1_sha256";
        assert.deepEqual(proofs, resumed ? [] : [`server ${scheme}`]);
        assert.equal(messages.includes("server NewSessionTicket"), !name.includes("-nss"));
        // Who came to resume said nothing else, and the key of its ticket follows from no traffic secret.
        assert.equal(data.client.length > 0 && data.server.length > 0, !resumed);
        assert.deepEqual(heard.binders, { held: 0, unknown: resumed ? 1 : 0 });
        assert.equal(heard.psks.length, 0);
      });
    });
    continue;
  }
  Deno.test(`${name}: every message is decoded, every record opened, every Finished holds`, async () => {
    const all = await read();
    assert.ok(all.length > 0);
    for (const { leftOut, handshakes, finished, messages, data } of all) {
      assert.equal(leftOut, undefined);
      assert.ok(handshakes.length > 0);
      assert.equal(finished, 2 * handshakes.length, messages.join(", "));
      // Who came to resume said nothing else.
      assert.ok(data.client.length + data.server.length > 0 || name.includes("resume"));
      assert.match(handshakes[0]!, compression.includes("zlib compression") ? /DEFLATE$/ : / null$/);
    }
    const resumed = sessions.filter((session) => session.startsWith("Reused")).length;
    const short = all.filter(({ messages }) => !messages.includes("client ClientKeyExchange")).length;
    assert.equal(short, resumed);
    if (name.includes("renegotiate")) assert.ok(all.some(({ handshakes }) => handshakes.length > 1));
    if (name.includes("ticket")) assert.ok(all[0]!.messages.includes("server NewSessionTicket"));
  });
}

if (folder) {
  Deno.test("of the 46 captures 5 are of TLS 1.3, and 4 are left out after ServerHello for their cipher suites", () => {
    const names = index.map(({ name }) => name);
    assert.equal(names.length, 46);
    assert.equal(names.filter((name) => name.startsWith("tls13")).length, 5);
    assert.deepEqual(names.filter((name) => notOurs.test(name)).sort(), [
      "tls11-openssl-CAMELLIA128-SHA",
      "tls11-openssl-IDEA-CBC-SHA",
      "tls12-openssl-AES128-CCM",
      "tls12-openssl-ECDHE-ECDSA-AES128-CCM8",
    ]);
  });
}
