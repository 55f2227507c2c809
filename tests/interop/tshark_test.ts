/** What tshark decrypts with our key log, and what it reads in our messages. @module */
import { assert, Effect } from "../deps.ts";
import { KeyLog, Names, Policy, SessionTickets } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, ask, client, connect, listen, renewed, suites, talk } from "./ends.ts";
import { only, suiteOf, versions } from "./old.ts";
import { only13, suites13 } from "./tls13.ts";
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
 * What tshark makes of a tape with a key log. The capture is made of the tape, because capturing on an interface needs
 * privileges.
 */
const tshark = (tape: Tape, keys: ReadonlyArray<string>, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const [text, capture, log] = [`${folder}/tape.txt`, `${folder}/tape.pcap`, `${folder}/keys.log`];
    Deno.writeTextFileSync(text, dump(tape));
    Deno.writeTextFileSync(log, keys.map((line) => `${line}\n`).join(""));
    const writer = yield* start("text2pcap", ["-q", "-D", "-T", "50000,4433", text, capture]);
    assert.equal(yield* writer.ended, 0, writer.output());
    const reader = yield* start("tshark", [
      ...["-r", capture, "-d", "tcp.port==4433,tls", "-o", `tls.keylog_file:${log}`, ...flags],
    ]);
    assert.equal(yield* reader.ended, 0, reader.output());
    return reader.output();
  });

/** The plaintext of a tape. */
const follow = (tape: Tape, keys: ReadonlyArray<string>) =>
  tshark(tape, keys, "-q", "-z", "follow,tls,ascii,0");

/** The same as text alone, in the order in which it passed. */
const conversation = (tape: Tape, keys: ReadonlyArray<string>) =>
  Effect.map(
    tshark(tape, keys, "-q", "-z", "follow,tls,raw,0"),
    (told) =>
      Array.from(told.matchAll(/^\t?((?:[0-9a-f]{2})+)$/gm), ([, line]) => line!.match(/../g)!)
        .flat().map((byte) => String.fromCharCode(parseInt(byte, 16))).join(""),
  );

/** What tshark calls what is in the records of a tape; the same again is left out. */
const contents = (tape: Tape, keys: ReadonlyArray<string>) =>
  Effect.map(tshark(tape, keys, "-Y", "tls", "-T", "fields", "-e", "_ws.col.Info"), (told) => {
    const lines = told.trim().split("\n").filter((line) => !line.startsWith("Running as"));
    return lines.filter((line, i) => line !== lines[i - 1]);
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

/** A full handshake as tshark tells of it; `finished` by whoever lacks the keys is just encrypted. */
const handshake = (has: { exchange: boolean; ticket: boolean; asks?: boolean }, finished = "Finished") => [
  ...["Client Hello", "Server Hello", "Certificate", ...has.exchange ? ["Server Key Exchange"] : []],
  ...[...has.asks ? ["Certificate Request"] : [], "Server Hello Done", ...has.asks ? ["Certificate"] : []],
  ...["Client Key Exchange", ...has.asks ? ["Certificate Verify"] : [], "Change Cipher Spec", finished],
  ...[...has.ticket ? ["New Session Ticket"] : [], "Change Cipher Spec", finished],
];

for (
  const [version, suite] of [
    [versions[3], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    [versions[1], "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"],
    [versions[0], "TLS_RSA_WITH_RC4_128_SHA"],
  ] as const
) {
  withPeer(
    "tshark",
    `tshark decrypts with our key log two renegotiations and the data after each: ${version.name}, ${suite}`,
    Effect.gen(function* () {
      const keys: Array<string> = [];
      const policy = only(version.id, [suiteOf(suite)]);
      const server = yield* Effect.provide(accept("rsa", { policy }), SessionTickets.layerRotating());
      const tape: Array<Tape[number]> = [];
      const between = yield* proxy(server.port, (from, record) => {
        tape.push({ from, record });
        return record;
      });
      const connected = Effect.flatMap(connect(between, { policy }), talk);
      const ours = yield* Effect.provide(connected, keeping(keys));
      const theirs = yield* server.next;
      const both = (question: string, answer: string) =>
        Effect.gen(function* () {
          yield* ours.tell(question);
          yield* theirs.hear(question);
          yield* theirs.tell(answer);
          yield* ours.hear(answer);
        });
      yield* both("stressed", "desserts");
      yield* renewed(ours, ours.connection.renegotiate);
      yield* both("drawer", "reward");
      yield* renewed(theirs, theirs.connection.renegotiateWith({ clientAuth: "require" }));
      yield* both("straw", "warts");
      yield* ours.connection.close;

      assert.equal(keys.length, 3);
      const said = ["stressed", "desserts", "drawer", "reward", "straw", "warts", ""].join("\n");
      assert.equal(yield* conversation(tape, keys), said);
      const has = { exchange: suite.includes("DHE"), ticket: version !== versions[0] };
      const data = "Application Data";
      assert.deepEqual(yield* contents(tape, keys), [
        ...[...handshake(has), data, ...handshake(has), data],
        ...["Hello Request", ...handshake({ ...has, asks: true }), data],
        "Alert (Level: Warning, Description: Close Notify)",
      ]);
      // With the first keys alone the second handshake is read as far as its new ones, and nothing after that.
      const first = keys.slice(0, 1);
      assert.equal(yield* conversation(tape, first), "stressed\ndesserts\n");
      const partly = [...handshake(has), data, ...handshake(has, "Encrypted Handshake Message"), data];
      assert.deepEqual((yield* contents(tape, first)).slice(0, partly.length), partly);
    }).pipe(Effect.provide(client(Golden.root, "rsa"))),
  );
}

const { CipherSuite, NamedGroup: G } = Names;

for (const suite of suites13) {
  withPeer(
    "tshark",
    `tshark decrypts TLS 1.3 with our key log, after a HelloRetryRequest and with changed keys, full and resumed: ${
      CipherSuite.nameOf(suite)
    }`,
    Effect.gen(function* () {
      const [ours, theirs]: [Array<string>, Array<string>] = [[], []];
      const policy = only13({ cipherSuites: [suite], groups: [G.secp384r1] });
      const port = yield* Effect.provide(listen("p256", { policy }), keeping(theirs));
      let tape: Array<Tape[number]> = [];
      const between = yield* proxy(port, (from, record) => {
        tape.push({ from, record });
        return record;
      });
      for (const resumed of [false, true]) {
        tape = [];
        yield* Effect.scoped(Effect.gen(function* () {
          const groups = [G.x25519, G.secp384r1];
          const connection = yield* connect(between, { policy: { ...policy, groups } });
          const { helloRetried, resumed: isResumed } = yield* connection.negotiated;
          assert.deepEqual([helloRetried, isResumed], [true, resumed]);
          assert.equal(yield* ask(connection, "stressed"), "desserts");
          yield* connection.updateKeys({ request: true });
          assert.equal(yield* ask(connection, "drawer"), "reward");
          yield* connection.close;
        })).pipe(Effect.provide(keeping(ours)));
        assert.equal(yield* conversation(tape, ours), "stressed\ndesserts\ndrawer\nreward\n");
        assert.equal(yield* conversation(tape, []), "");
      }
      assert.equal(ours.length, 10);
      assert.deepEqual(ours.toSorted(), theirs.toSorted());
    }).pipe(Effect.provide(client())),
  );
}
