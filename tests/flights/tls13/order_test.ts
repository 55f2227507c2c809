/**
 * What a flight of TLS 1.3 is when its records are cut, joined, changed, left out or filled otherwise: handshake messages
 * and records go by RFC 8446 §5. What stands in a wrong place is in `states_test.ts`.
 *
 * @module
 */
import { assert, Effect } from "../../deps.ts";
import { type Course13, courses13 } from "../../../src/flights/tls13/states.ts";
import { AlertDescription, AlertLevel } from "../../../src/names/alert.ts";
import { ContentType, HandshakeType, KeyUpdateRequest } from "../../../src/names/protocol.ts";
import { limits } from "../../../src/tables/limits.ts";
import { type Bytes, concat, EMPTY } from "../../../src/wire/bytes.ts";
import type { Role } from "../../support/course.ts";
import {
  meets13,
  record13,
  type Recording13,
  type Said,
  sealedRecord,
  type Under,
} from "../../support/course13.ts";
import { sync } from "../../support/effect.ts";
import { stride } from "../../support/exhaustive.ts";
import { handshake, recordsOf } from "../../support/handshake.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";
import { handshakeMessage, plainRecord } from "../../support/replay.ts";

const peers = { client: "server", server: "client" } as const;
const roles = ["client", "server"] as const;

const find = (wanted: Partial<Course13>): Course13 =>
  courses13.find((course) =>
    !course.earlyData &&
    Object.entries({ retried: false, psk: false, ...wanted }).every(([key, value]) =>
      course[key as keyof Course13] === value
    )
  )!;

/** The handshakes whose records are tried, by name. */
const handshakes: Readonly<Record<string, Course13>> = {
  full: find({ clientCertificate: "shown" }),
  "HelloRetryRequest and resumed": find({ retried: true, psk: true }),
};

/** The longest content of a record. */
const MOST = 2 ** 14;

const changed = (bytes: Bytes, at: number): Bytes => {
  const out = bytes.slice();
  out[at]! ^= 1 << (at % 8);
  return out;
};

/** What the peer says by records of its own, from its first. */
const recordsBy = (recording: Recording13, peer: Role, said: ReadonlyArray<Said>): ReadonlyArray<Bytes> =>
  said.map(recording.sealing(peer));

/** A message in as many records as there are parts. */
const inParts = (said: Said, ...at: ReadonlyArray<number>): ReadonlyArray<Said> => {
  const ends = [...at, said.content.length];
  return ends.map((end, i) => ({ ...said, content: said.content.subarray(i === 0 ? 0 : ends[i - 1], end) }));
};

/** Messages that follow one another under the same keys, in one record. */
const joined = (said: ReadonlyArray<Said>): ReadonlyArray<Said> =>
  said.reduce<ReadonlyArray<Said>>((all, one) => {
    const last = all.at(-1);
    const fits = last?.type === ContentType.handshake && one.type === last.type && one.under === last.under &&
      last.content[0] !== HandshakeType.server_hello;
    return fits
      ? [...all.slice(0, -1), { ...last, content: concat(last.content, one.content) }]
      : [...all, one];
  }, []);

const isHandshake = ({ type }: Said): boolean => type === ContentType.handshake;

/** From one byte to the next that is changed. */
const STEP = stride("bytes of a handshake of TLS 1.3", 37);

for (const [name, course] of Object.entries(handshakes)) {
  for (const role of roles) {
    const peer = peers[role];
    const title = `TLS 1.3, ${name}, ${role}`;
    const prepared = () => {
      const recording = record13(course);
      const said = recording.said[peer];
      const meet = (input: ReadonlyArray<Bytes>) => meets13(role, course, recording, input);
      const hear = (said: ReadonlyArray<Said>) => meet(recordsBy(recording, peer, said));
      return { recording, said, meet, hear };
    };

    Deno.test(`${title}: the peer is understood whole, byte by byte, and message by message or in one record`, () => {
      const { hear, meet, recording, said } = prepared();
      const bytes = concat(...recordsBy(recording, peer, said));
      assert.equal(meet([bytes]).end, "established");
      assert.equal(meet([...bytes].map((b) => Uint8Array.of(b))).end, "established");
      assert.equal(hear(joined(said)).end, "established");
    });

    Deno.test(`${title}: a message may be cut anywhere (RFC 8446 §5.1)`, () => {
      const { hear, said } = prepared();
      const all = (cut: (one: Said) => ReadonlyArray<Said>) =>
        hear(said.flatMap((one) => isHandshake(one) ? cut(one) : [one]));
      assert.equal(
        all((one) => inParts(one, ...Array.from({ length: one.content.length - 1 }, (_, i) => i + 1))).end,
        "established",
      );
      for (const [i, one] of said.entries()) {
        if (!isHandshake(one)) continue;
        for (let at = 1; at < one.content.length; at += STEP) {
          const { end } = hear([...said.slice(0, i), ...inParts(one, at), ...said.slice(i + 1)]);
          assert.equal(end, "established", `message ${i} at ${at}`);
        }
      }
    });

    Deno.test(`${title}: nothing stands between the parts of a message`, () => {
      const { hear, said } = prepared();
      for (const [i, one] of said.entries()) {
        if (!isHandshake(one)) continue;
        const [head, tail] = inParts(one, 5) as [Said, Said];
        const { under } = one;
        const between: ReadonlyArray<readonly [string, Said]> = [
          ["data", { type: ContentType.application_data, content: Uint8Array.of(1), under }],
          ["a ChangeCipherSpec", {
            type: ContentType.change_cipher_spec,
            content: Uint8Array.of(1),
            under: "nothing",
          }],
          [
            "an alert",
            {
              type: ContentType.alert,
              content: Uint8Array.of(AlertLevel.warning, AlertDescription.user_canceled),
              under,
            },
          ],
        ];
        for (const [what, stray] of between) {
          // Until a version is known, an older one may be meant: there an alert may interrupt (RFC 5246 §6.2.1).
          if (i === 0 && what === "an alert") continue;
          const { alerts } = hear([...said.slice(0, i), head, stray, tail, ...said.slice(i + 1)]);
          assert.deepEqual(alerts, ["unexpected_message"], `${what} in message ${i}`);
        }
      }
    });

    Deno.test(`${title}: any record left out ends in an error, but for ChangeCipherSpec`, () => {
      const { hear, said } = prepared();
      for (const [i, one] of said.entries()) {
        const { end, alerts, closed } = hear(said.filter((_, j) => j !== i));
        if (!isHandshake(one)) assert.equal(end, "established", `without ${i}`);
        else if (i === said.length - 1) assert.equal(end, "Truncated", `without ${i}`);
        else assert.equal(alerts.length, 1, `without ${i}: ${end}`);
        assert.ok(closed);
      }
    });

    Deno.test(`${title}: a sealed record twice, or two in another order, is a bad_record_mac`, () => {
      const { meet, recording, said } = prepared();
      const records = recordsBy(recording, peer, said);
      const first = said.findIndex(({ under }) => under === "handshake");
      const [one, next] = [records[first]!, records[first + 1]];
      const twice = [...records.slice(0, first), one, one, ...records.slice(first + 1)];
      // A Finished ends the keys that it came under.
      assert.deepEqual(meet(twice).alerts, ["bad_record_mac"]);
      if (!next) return;
      const crossed = [...records.slice(0, first), next, one, ...records.slice(first + 2)];
      assert.deepEqual(meet(crossed).alerts, ["bad_record_mac"]);
    });

    Deno.test(`${title}: any byte changed is noticed, but for the version of a record`, () => {
      const { meet, recording, said } = prepared();
      const records = recordsBy(recording, peer, said);
      for (const [i, record] of records.entries()) {
        for (let at = i % STEP; at < record.length; at += STEP) {
          const input = records.map((one, j) => j === i ? changed(one, at) : one);
          const { end, closed } = meet(input);
          if (at === 2) assert.equal(end, "established", `record ${i}`);
          else assert.notEqual(end, "established", `record ${i}, byte ${at}`);
          assert.ok(closed);
        }
      }
    });

    Deno.test(`${title}: an end anywhere is Truncated, and nobody is told`, () => {
      const { meet, recording, said } = prepared();
      const bytes = concat(...recordsBy(recording, peer, said));
      for (let n = 0; n < bytes.length; n += 2 * STEP + 1) {
        const { end, alerts, closed } = meet([bytes.subarray(0, n)]);
        assert.deepEqual(
          { end, alerts, closed },
          { end: "Truncated", alerts: [], closed: true },
          `after ${n}`,
        );
      }
    });

    Deno.test(`${title}: what a record's header says of a version means nothing (RFC 8446 §5.1)`, () => {
      const { meet, recording, said } = prepared();
      for (const minor of [0, 1, 2, 3, 4, 0x7f]) {
        const records = recordsBy(recording, peer, said).map((record) => {
          const out = record.slice();
          out[2] = minor;
          return out;
        });
        assert.equal(meet(records).end, "established", `3.${minor}`);
      }
      const other = recordsBy(recording, peer, said).map((record) => record.slice());
      other.at(-1)![1] = 2;
      assert.deepEqual(meet(other).alerts, ["protocol_version"]);
    });

    // ---- changes of keys ----

    Deno.test(`${title}: no record holds messages of before and after a change of keys (RFC 8446 §5.1)`, () => {
      const { hear, said } = prepared();
      let tried = 0;
      for (const [i, one] of said.entries()) {
        const next = said.slice(i + 1).find(isHandshake);
        if (!isHandshake(one) || one.under === (next?.under ?? "application")) continue;
        for (const more of [next?.content ?? EMPTY, Uint8Array.of(24, 0, 0, 1, 0), Uint8Array.of(8)]) {
          if (more.length === 0) continue;
          const longer = { ...one, content: concat(one.content, more) };
          const { alerts } = hear([...said.slice(0, i), longer, ...said.slice(i + 1)]);
          assert.deepEqual(alerts, ["unexpected_message"], `message ${i} and ${more.length} bytes`);
          tried++;
        }
      }
      assert.ok(tried > 3, `${tried} tried`);
    });

    Deno.test(`${title}: a KeyUpdate ends its record (RFC 8446 §5.1)`, () => {
      const { hear, said } = prepared();
      const update = handshakeMessage(
        HandshakeType.key_update,
        Uint8Array.of(KeyUpdateRequest.update_not_requested),
      );
      const content = concat(update, update);
      const both: Said = { type: ContentType.handshake, content, under: "application" };
      assert.deepEqual(hear([...said, both]).alerts, ["unexpected_message"]);
    });

    Deno.test(`${title}: a message under the keys before or after its own does not open, or is in the clear`, () => {
      const { hear, said } = prepared();
      for (const [i, one] of said.entries()) {
        if (!isHandshake(one)) continue;
        for (const under of ["nothing", "handshake", "application"] as const) {
          if (under === one.under) continue;
          const { alerts } = hear([...said.slice(0, i), { ...one, under }, ...said.slice(i + 1)]);
          const expected = under === "nothing" || one.under === "nothing"
            ? "unexpected_message"
            : "bad_record_mac";
          assert.deepEqual(alerts, [expected], `message ${i} under ${under}`);
        }
      }
    });

    // ---- what is sealed ----

    /** The peer's handshake up to its first sealed record or to its end, and what seals the next. */
    const sealing = (under: Exclude<Under, "nothing">) => {
      const { meet, recording, said } = prepared();
      const before = under === "application" ? said : said.slice(
        0,
        said.findIndex((one) => one.under === under),
      );
      const protection = recording.protection(peer, under);
      const input = recordsBy(recording, peer, before);
      const seal = (type: number, content: Bytes) => sealedRecord(protection, ContentType.of(type), content);
      return { seal, meet: (...more: ReadonlyArray<Bytes>) => meet([...input, ...more]) };
    };

    for (const under of ["handshake", "application"] as const) {
      for (const [what, type] of [["alert", 21], ["handshake", 22]] as const) {
        Deno.test(`${title}: an empty sealed ${what} record under ${under} keys is an unexpected_message (RFC 8446 §5.4)`, () => {
          const { meet, seal } = sealing(under);
          assert.deepEqual(meet(seal(type, EMPTY)).alerts, ["unexpected_message"]);
        });
      }
      Deno.test(`${title}: a sealed record of zeros alone under ${under} keys is an unexpected_message (RFC 8446 §5.4)`, () => {
        for (const length of [0, 1, 100]) {
          const { meet, seal } = sealing(under);
          assert.deepEqual(meet(seal(0, new Uint8Array(length))).alerts, ["unexpected_message"]);
        }
      });
      Deno.test(`${title}: under ${under} keys 2^14 bytes and a type may be sealed, and one more is a record_overflow (RFC 8446 §5.2, §5.4)`, () => {
        const { meet, seal } = sealing(under);
        assert.deepEqual(meet(seal(23, new Uint8Array(MOST + 1))).alerts, ["record_overflow"]);
        const padded = sealing(under);
        // Its type is the 200th byte, and the rest is padding.
        const zeros = new Uint8Array(MOST + 1);
        zeros[199] = 23;
        assert.deepEqual(padded.meet(padded.seal(0, zeros)).alerts, ["record_overflow"]);
        const longest = sealing(under);
        const { end, alerts } = longest.meet(longest.seal(23, new Uint8Array(MOST)));
        if (under === "application") assert.equal(end, "established");
        else assert.deepEqual(alerts, ["unexpected_message"]);
      });
      Deno.test(`${title}: a sealed record of more than 2^14 + 256 bytes under ${under} keys is a record_overflow at its header (RFC 8446 §5.2)`, () => {
        const { meet } = sealing(under);
        const length = MOST + 257;
        assert.deepEqual(meet(Uint8Array.of(23, 3, 3, length >> 8, length & 255)).alerts, [
          "record_overflow",
        ]);
      });
      Deno.test(`${title}: a sealed record too short for a type and a tag under ${under} keys is a bad_record_mac`, () => {
        for (const length of [0, 1, 16]) {
          const { meet } = sealing(under);
          assert.deepEqual(meet(plainRecord(23, new Uint8Array(length))).alerts, ["bad_record_mac"]);
        }
      });
      Deno.test(
        `${title}: an alert in the clear under ${under} keys is ${
          under === "handshake"
            ? "heard, until the first sealed record"
            : "an unexpected_message, and so is any in the clear after a sealed one"
        }`,
        () => {
          const alert = plainRecord(21, Uint8Array.of(AlertLevel.fatal, AlertDescription.decode_error));
          const { meet } = sealing(under);
          const { end, alerts } = meet(alert);
          if (under === "handshake") assert.equal(`${end} ${alerts}`, "PeerAlert ");
          else assert.deepEqual(alerts, ["unexpected_message"]);
          if (under === "application") return;
          const { meet: later, recording, said } = prepared();
          const sealed = said.findIndex((one) => one.under === "handshake") + 1;
          if (sealed === said.length) return;
          const input = [...recordsBy(recording, peer, said.slice(0, sealed)), alert];
          assert.deepEqual(later(input).alerts, ["unexpected_message"]);
        },
      );
      Deno.test(`${title}: an alert under ${under} keys ends the connection, whatever its level (RFC 8446 §6)`, () => {
        for (const level of [AlertLevel.warning, AlertLevel.fatal]) {
          for (const description of [AlertDescription.decode_error, AlertDescription.of(255)]) {
            const { meet, seal } = sealing(under);
            const { end, alerts } = meet(seal(21, Uint8Array.of(level, description)));
            assert.equal(`${end} ${alerts}`, "PeerAlert ");
          }
        }
      });
      Deno.test(`${title}: alerts under ${under} keys are neither cut nor joined (RFC 8446 §5.1)`, () => {
        const { decode_error } = AlertDescription;
        for (const content of [Uint8Array.of(2), Uint8Array.of(2, decode_error, 2, decode_error)]) {
          const { meet, seal } = sealing(under);
          assert.deepEqual(meet(seal(21, content)).alerts, ["decode_error"]);
        }
      });
    }

    Deno.test(`${title}: limits.emptyRecords empty records of data in a row are passed over, and not one more`, () => {
      const { meet, seal } = sealing("application");
      const many = Array.from({ length: limits.emptyRecords }, () => seal(23, EMPTY));
      assert.equal(meet(...many).end, "established");
      const more = sealing("application");
      const tooMany = Array.from({ length: limits.emptyRecords + 1 }, () => more.seal(23, EMPTY));
      assert.equal(more.meet(...tooMany).end, "LimitExceeded");
    });

    Deno.test(`${title}: as many ChangeCipherSpecs in a row are passed over, and not one more`, () => {
      const { meet, recording, said } = prepared();
      const at = said.findIndex(({ type }) => type === ContentType.change_cipher_spec);
      const flood = (n: number) => {
        const records = recordsBy(recording, peer, said);
        return meet([...records.slice(0, at), ...Array(n).fill(records[at]!), ...records.slice(at + 1)]);
      };
      assert.equal(flood(limits.emptyRecords).end, "established");
      assert.equal(flood(limits.emptyRecords + 1).end, "LimitExceeded");
    });
  }
}

sync(
  "the sealed messages of a flight share one record",
  Effect.gen(function* () {
    const setup = bothUnder(modern13, { toy: true, clientKind: "p256" });
    const { tape } = yield* handshake({ ...setup, server: { ...setup.server, clientAuth: "require" } });
    const types = tape.flows.slice(0, 3).map(({ bytes }) => recordsOf(bytes).map(([type]) => type));
    const { handshake: plain, change_cipher_spec, application_data: sealed } = ContentType;
    assert.deepEqual(types, [[plain], [plain, change_cipher_spec, sealed], [change_cipher_spec, sealed]]);
  }),
);
