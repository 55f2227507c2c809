/**
 * What a flight is when something is missing from it or changed in it: a record left out, a byte changed, an end at any
 * byte, and the early messages of SKIP-TLS and CVE-2014-0224. What stands in a wrong place is in `states_test.ts`.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { ContentType, HandshakeType } from "../../src/names/protocol.ts";
import { compatible12 } from "../support/policies.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { sync } from "../support/effect.ts";
import { stride } from "../support/exhaustive.ts";
import { bothHandshake, build, recordsOf, type Setup } from "../support/handshake.ts";
import { handshakeMessage, plainRecord, replay } from "../support/replay.ts";

const rsa = { ...compatible12, cipherSuites: [CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256] };
/** The handshakes whose order is tested, by name. */
const handshakes: Readonly<Record<string, Setup>> = {
  ECDHE: { kind: "p256", toy: true },
  RSA: { kind: "rsa", toy: true, client: { policy: rsa }, server: { policy: rsa } },
};

/** What each side says in a good handshake, record by record. */
const recorded = (setup: Setup) =>
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build(setup), setup);
    const from = (side: "client" | "server") =>
      recordsOf(concat(...tape.flows.slice(0, 4).filter((f) => f.from === side).map((f) => f.bytes)));
    return { client: from("client"), server: from("server") };
  });

/** From one byte to the next that is changed. */
const STEP = 3 * stride("bytes of a handshake", 5);

for (const [name, setup] of Object.entries(handshakes)) {
  for (const role of ["client", "server"] as const) {
    const peer = role === "client" ? "server" : "client";

    sync(
      `${name}, ${role}: the recorded peer is accepted, also one byte at a time`,
      Effect.gen(function* () {
        const said = yield* recorded(setup);
        const whole = yield* replay(role, said[peer], setup);
        assert.equal(whole.end, "established");
        assert.deepEqual(whole.said, concat(...said[role]));
        const bytes = [...concat(...said[peer])].map((b) => Uint8Array.of(b));
        assert.equal((yield* replay(role, bytes, setup)).end, "established");
      }),
    );

    sync(
      `${name}, ${role}: any record left out ends in an error, and never in a handshake`,
      Effect.gen(function* () {
        const said = yield* recorded(setup);
        for (let at = 0; at < said[peer].length; at++) {
          const input = said[peer].filter((_, i) => i !== at);
          const { end, closed } = yield* replay(role, input, setup);
          assert.ok(
            ["UnexpectedMessage", "BadRecordMac", "DecodeError", "LimitExceeded", "Truncated"].includes(end),
            `without record ${at}: ${end}`,
          );
          assert.ok(closed > 0);
        }
      }),
    );

    sync(
      `${name}, ${role}: any byte of the handshake changed is noticed`,
      Effect.gen(function* () {
        const said = yield* recorded(setup);
        const bytes = concat(...said[peer]);
        for (let at = 0; at < bytes.length; at += STEP) {
          const changed = bytes.slice();
          changed[at]! ^= 1 << (at % 8);
          const { end, error } = yield* replay(role, [changed], setup);
          // Before keys are agreed on any 3.x in a record's header will do (RFC 5246 §E.1).
          const harmless = end === "established" && isRecordVersion(said[peer], at);
          assert.ok(error !== undefined || harmless, `byte ${at} of ${bytes.length}: ${end}`);
        }
      }),
    );

    sync(
      `${name}, ${role}: an end anywhere is Truncated, and the stream is closed`,
      Effect.gen(function* () {
        const said = yield* recorded(setup);
        const bytes = concat(...said[peer]);
        for (let n = 0; n < bytes.length; n += 2 * STEP + 1) {
          const { end, closed, alerts } = yield* replay(role, [bytes.subarray(0, n)], setup);
          assert.equal(end, "Truncated", `after ${n}`);
          assert.ok(closed > 0);
          assert.deepEqual(alerts, []);
        }
      }),
    );
  }
}

/** Whether a byte is the minor version in a record's header. */
const isRecordVersion = (records: ReadonlyArray<Bytes>, at: number): boolean => {
  let start = 0;
  for (const record of records) {
    if (at === start + 2) return true;
    start += record.length;
  }
  return false;
};

sync(
  "Finished before ChangeCipherSpec is refused (SKIP-TLS, early Finished)",
  Effect.gen(function* () {
    const said = yield* recorded({});
    const finished = plainRecord(
      ContentType.handshake,
      handshakeMessage(HandshakeType.finished, new Uint8Array(12)),
    );
    const { end, error } = yield* replay("client", [...said.server.slice(0, 4), finished], {});
    assert.equal(end, "UnexpectedMessage");
    assert.equal(error?.message, "expected ChangeCipherSpec, got Finished");
  }),
);

sync(
  "a ChangeCipherSpec before the keys are known is refused (CVE-2014-0224)",
  Effect.gen(function* () {
    const said = yield* recorded({});
    const ccs = plainRecord(ContentType.change_cipher_spec, Uint8Array.of(1));
    for (let at = 0; at < 4; at++) {
      const input = [...said.server.slice(0, at), ccs, ...said.server.slice(at)];
      const { end, alerts } = yield* replay("client", input, {});
      assert.equal(`${end} ${alerts}`, "UnexpectedMessage fatal unexpected_message");
    }
  }),
);

sync(
  "what is out of place is named, and so is what was due",
  Effect.gen(function* () {
    const said = yield* recorded({});
    const { error } = yield* replay("client", [said.server[0]!, said.server[2]!], {});
    assert.equal(error?.message, "expected Certificate, got ServerKeyExchange");
    const later = yield* replay("client", [...said.server.slice(0, 3), said.server[1]!], {});
    assert.equal(later.error?.message, "expected CertificateRequest or ServerHelloDone, got Certificate");
  }),
);
