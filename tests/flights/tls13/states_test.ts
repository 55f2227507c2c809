/**
 * The state machine of docs/states.md in TLS 1.3: each course goes by it, and each message in a wrong place ends the
 * handshake, in the clear and under the keys that are due there.
 *
 * @module
 */
import { assert } from "../../deps.ts";
import { comings, ESTABLISHED, next, placesOf13, stateAt } from "../../../src/flights/states.ts";
import { type Course13, courses13 } from "../../../src/flights/tls13/states.ts";
import { ContentType, HandshakeType } from "../../../src/names/protocol.ts";
import type { Coming } from "../../../src/record/handshake_stream.ts";
import { HELLO_RETRY_REQUEST_RANDOM } from "../../../src/messages/mod.ts";
import { tls13 } from "../../../src/tables/versions/mod.ts";
import { concat } from "../../../src/wire/bytes.ts";
import type { Role } from "../../support/course.ts";
import { meets13, record13, type Recording13, type Said, type Under } from "../../support/course13.ts";
import { covering, stride } from "../../support/exhaustive.ts";
import { handshakeMessage } from "../../support/replay.ts";
import { type Stray, strays } from "../../support/strays.ts";

const peers = { client: "server", server: "client" } as const;

/** What is tried in TLS 1.3 beside `strays`. */
const more: ReadonlyArray<Stray> = [
  {
    name: "HelloRetryRequest",
    type: ContentType.handshake,
    body: handshakeMessage(
      HandshakeType.server_hello,
      concat(Uint8Array.of(3, 3), HELLO_RETRY_REQUEST_RANDOM),
    ),
    coming: comings[0],
  },
  {
    name: "a ChangeCipherSpec of two bytes",
    type: ContentType.change_cipher_spec,
    body: Uint8Array.of(1, 1),
    coming: undefined,
  },
  {
    name: "a ChangeCipherSpec that is not 01",
    type: ContentType.change_cipher_spec,
    body: Uint8Array.of(2),
    coming: undefined,
  },
  {
    name: "an empty ChangeCipherSpec",
    type: ContentType.change_cipher_spec,
    body: new Uint8Array(0),
    coming: undefined,
  },
  { name: "a heartbeat", type: ContentType.of(24), body: Uint8Array.of(1), coming: undefined },
  { name: "a record of type 99", type: ContentType.of(99), body: Uint8Array.of(1), coming: undefined },
];

/** What was said, as the one who hears it; `undefined` for a ChangeCipherSpec, which means nothing. */
const comingOf = ({ type, content }: Said): Coming | undefined =>
  type !== ContentType.handshake ? undefined : {
    _tag: "Handshake",
    type: HandshakeType.of(content[0]!),
    raw: content,
    body: content.subarray(4),
  };

/** The keys that are due before the `k`th thing that a side says. */
const dueAt = (said: ReadonlyArray<Said>, k: number): Under =>
  said.slice(k).find(({ type }) => type === ContentType.handshake)?.under ?? "application";

/** What must come of a stray in the clear. */
const inClear = (role: Role, stray: Stray, under: Under, before: ReadonlyArray<Said>): string => {
  const heard = before.some(({ type }) => type === ContentType.handshake);
  // From the first hello that was received to the keys of data it is passed over (RFC 8446 §5).
  if (stray.name === "ChangeCipherSpec" && heard && under !== "application") return "passed over";
  if (under === "nothing") {
    if (stray.type === ContentType.change_cipher_spec && stray.coming === undefined && !heard) {
      return "illegal_parameter";
    }
    // Until ServerHello a client may have met a server of an older version (RFC 5246 §7.4.1.1).
    if (role === "client" && stray.name === "HelloRequest" && !heard) return "passed over";
    // Nobody sends another type first.
    if (stray.type > ContentType.application_data && !heard) return "not TLS";
    return "unexpected_message";
  }
  // What looks sealed, and is not.
  return stray.type === ContentType.application_data ? "bad_record_mac" : "unexpected_message";
};

/** Each place is met by some of the strays, and each stray is met in some of the places. */
const STEP = stride("misplaced messages of TLS 1.3", 3);

/** Every message in every place of a course where it has none. Gives how many were tried. */
const misplaced = (role: Role, course: Course13, recording: Recording13): number => {
  const said = recording.said[peers[role]];
  const places = placesOf13(role, course);
  let tried = 0;
  let at = 0;
  for (let k = 0; k <= said.length; k++) {
    const under = dueAt(said, k);
    const awaited = stateAt(places, at).split(" ");
    const isAllowed = ({ name, type, body }: Stray): boolean =>
      at < places.length
        ? awaited.includes(name) || under === "early" && type === ContentType.application_data
        : type === ContentType.application_data ||
          (type === ContentType.handshake &&
            tls13.afterHandshake[role].includes(HandshakeType.of(body[0]!)));
    for (const [i, stray] of [...strays, ...more].entries()) {
      if ((i + k) % STEP !== 0) continue;
      for (const sealed of under === "nothing" ? [false] : [true, false]) {
        if ((sealed || under === "nothing") && isAllowed(stray)) continue;
        const seal = recording.sealing(peers[role]);
        const before = said.slice(0, k);
        const input = before.map(seal);
        const { type, body: content } = stray;
        input.push(seal({ type, content, under: sealed ? under : "nothing" }));
        input.push(...said.slice(k).map(seal));
        const { end, alerts, closed } = meets13(role, course, recording, input);
        const where = `${role}, ${stateAt(places, at)}, ${stray.name}${sealed ? ", sealed" : ""}: ${end}`;
        const expected = sealed ? "unexpected_message" : inClear(role, stray, under, before);
        tried++;
        if (expected === "passed over") assert.equal(`${end} ${alerts}`, "established ", where);
        else if (expected === "not TLS") assert.equal(end, "NotTls", where);
        else assert.deepEqual(alerts, [expected], where);
        assert.ok(closed, where);
      }
    }
    const coming = said[k] && comingOf(said[k]!);
    if (coming) at = next(places, at, coming)!;
  }
  assert.equal(stateAt(places, at), ESTABLISHED);
  return tried;
};

const traits = ({ retried, psk, earlyData, clientCertificate }: Course13): ReadonlyArray<unknown> => [
  [retried],
  [psk, earlyData],
  [clientCertificate],
];

const titleOf = ({ retried, psk, earlyData, clientCertificate }: Course13): string =>
  [
    "TLS 1.3",
    ...(retried ? ["HelloRetryRequest"] : []),
    psk ? "resumed" : "full",
    ...(earlyData ? ["early data"] : []),
    ...(clientCertificate === "not asked" ? [] : [`client certificate ${clientCertificate}`]),
  ].join(", ");

for (const course of covering("courses of TLS 1.3", courses13, traits)) {
  for (const role of ["client", "server"] as const) {
    // A client that is asked awaits the same, whether it has a certificate or not.
    if (role === "client" && course.clientCertificate === "none") continue;
    Deno.test(`${titleOf(course)}: a ${role} goes by the table, and any message in any wrong place ends it`, () => {
      assert.ok(misplaced(role, course, record13(course)) > 100 / STEP);
    });
  }
}
