/** Sessions that OpenSSL, NSS and Java had with each other, read by our own code. @module */
import { assert } from "../deps.ts";
import { dataFolder } from "../support/data.ts";
import { eavesdrop, type Heard, mastersOf } from "./eavesdrop.ts";
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
const notOurs = /tls13|CAMELLIA|IDEA|CCM/;

if (folder) assert.ok(index.length > 0);

for (const { name, sessions, compression } of index) {
  const read = async (): Promise<ReadonlyArray<Heard>> => {
    const [pcap, log] = await Promise.all([
      Deno.readFile(new URL(`${name}.pcap`, folder!)),
      Deno.readTextFile(new URL(`${name}.keys`, folder!)),
    ]);
    return connectionsOf(pcap).map((segments) => eavesdrop(segments, mastersOf(log)));
  };
  if (notOurs.test(name)) {
    Deno.test(`left out after the server's answer: ${name}`, async () => {
      const [heard] = await read();
      assert.match(heard!.leftOut ?? "", /the (version|cipher suite) is not ours/);
      const answer = name.includes("hrr") ? "HelloRetryRequest" : "ServerHello";
      assert.deepEqual(heard!.messages, ["client ClientHello", `server ${answer}`]);
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
