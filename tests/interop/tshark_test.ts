import { assert, Effect } from "../deps.ts";
import { KeyLog, Policy } from "../../mod.ts";
import { ask, client, connect, listen, suites } from "./ends.ts";
import { start, temporary, withPeer } from "./peers.ts";
import { type From, proxy } from "../support/proxy.ts";

/** What passed, record by record. */
type Tape = Array<{ readonly from: From; readonly record: Uint8Array }>;

/** A tape in the form that text2pcap reads: who, then an offset and bytes in hexadecimal. */
const dump = (tape: Tape): string =>
  tape.map(({ from, record }) => {
    const bytes = Array.from(record, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return `${from === "client" ? "O" : "I"}\n000000 ${bytes}\n`;
  }).join("");

/**
 * The plaintext of a tape, as tshark finds it with a key log. The capture is made of the tape, because capturing on an
 * interface needs privileges.
 */
const follow = (tape: Tape, keys: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const [text, capture, log] = [`${folder}/tape.txt`, `${folder}/tape.pcap`, `${folder}/keys.log`];
    Deno.writeTextFileSync(text, dump(tape));
    Deno.writeTextFileSync(log, keys.map((line) => `${line}\n`).join(""));
    const writer = yield* start("text2pcap", ["-q", "-D", "-T", "50000,443", text, capture]);
    assert.equal(yield* writer.ended, 0, writer.output());
    const reader = yield* start("tshark", [
      ...["-r", capture, "-o", `tls.keylog_file:${log}`, "-q", "-z", "follow,tls,ascii,0"],
    ]);
    assert.equal(yield* reader.ended, 0, reader.output());
    return reader.output();
  });

/** A layer that keeps the lines of a key log. */
const keeping = (lines: Array<string>) => KeyLog.layerTo((line) => Effect.sync(() => void lines.push(line)));

const names = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "AES128-GCM-SHA256",
];

for (const name of names) {
  withPeer(
    "tshark",
    `tshark decrypts with our key log, full and resumed: ${name}`,
    Effect.gen(function* () {
      const [ours, theirs]: [Array<string>, Array<string>] = [[], []];
      const policy = { ...Policy.compatible, cipherSuites: [suites[name]!] };
      const port = yield* Effect.provide(
        listen(name.startsWith("ECDHE") ? "p256" : "rsa", { policy }),
        keeping(theirs),
      );
      let tape: Tape = [];
      const between = yield* proxy(port, (from, record) => {
        tape.push({ from, record });
        return record;
      });
      for (const resumed of [false, true]) {
        tape = [];
        yield* Effect.scoped(Effect.gen(function* () {
          const connection = yield* connect(between, { policy });
          assert.equal((yield* connection.negotiated).resumed, resumed);
          assert.equal(yield* ask(connection, "stressed"), "desserts");
          yield* connection.close;
        })).pipe(Effect.provide(keeping(ours)));
        const plain = yield* follow(tape, ours);
        assert.match(plain, /^stressed$/m);
        assert.match(plain, /^desserts$/m);
        // Without the key log there is nothing to read.
        assert.doesNotMatch(yield* follow(tape, []), /stressed|desserts/);
      }
      assert.equal(ours.length, 2);
      assert.deepEqual(ours, theirs);
    }).pipe(Effect.provide(client())),
  );
}
