/**
 * The state machine of docs/states.md: each course of a handshake goes by it, and each message in a wrong place ends
 * the handshake.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import {
  comingOf,
  type Course,
  courses,
  ESTABLISHED,
  next,
  placesOf,
  stateAt,
  transitions,
} from "../../src/flights/states.ts";
import { AlertDescription, AlertLevel } from "../../src/names/alert.ts";
import { ContentType, HandshakeType, versionText } from "../../src/names/protocol.ts";
import type { Coming } from "../../src/record/handshake_stream.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { page } from "../states.ts";
import { open, record, type Recording, type Role } from "../support/course.ts";
import { covering } from "../support/exhaustive.ts";
import { type Stray, strays } from "../support/strays.ts";
import { plainRecord, scripted } from "../support/replay.ts";

const other = { client: "server", server: "client" } as const;

/** What was sent, as the one who hears it. */
const heard = (recording: Recording, role: Role): ReadonlyArray<Coming> =>
  recording.sent[other[role]].map((e) =>
    e._tag === "message"
      ? comingOf(HandshakeType.of(e.raw[0]!))
      : { _tag: e._tag === "alert" ? "NoCertificate" : "ChangeCipherSpec" }
  );

/** A record that the peer could have sent after its first `at`, under the keys that it had then. */
const forged = (course: Course, recording: Recording, peer: Role, at: number, stray: Stray): Bytes => {
  const sent = recording.sent[peer].slice(0, at);
  const changed = sent.findIndex((e) => e._tag === "changeCipherSpec");
  if (changed < 0) return plainRecord(stray.type, stray.body, course.version);
  const protection = recording.protection(peer);
  for (const before of sent.slice(changed + 1)) {
    if (before._tag === "message") protection.seal(ContentType.handshake, before.raw);
  }
  return plainRecord(stray.type, concat(...protection.seal(stray.type, stray.body)), course.version);
};

/** What an end makes of input: its end, and the fatal alerts that it sent. */
const meets = (role: Role, course: Course, recording: Recording, input: ReadonlyArray<Bytes>) => {
  const { stream, state } = scripted(input);
  const alerts: Array<string> = [];
  const connected = open(role, course, stream, new Map(recording.kept[role]), (e) => {
    if (e._tag === "alert" && e.direction === "sent" && e.level === AlertLevel.fatal) {
      alerts.push(AlertDescription.nameOf(e.description));
    }
  });
  return Effect.runSync(Effect.scoped(
    Effect.map(
      Effect.either(Effect.flatMap(connected, (connection) => Effect.as(connection.read, ESTABLISHED))),
      (end) => ({
        end: end._tag === "Right" ? end.right : end.left._tag,
        alerts: [...alerts],
        closed: state.closed > 0,
      }),
    ),
  ));
};

/** What must come of a stray. */
const due = (role: Role, course: Course, keysChanged: boolean, established: boolean, stray: Stray) => {
  // RFC 5246 §7.4.1.1: a client in the middle of a handshake ignores it.
  if (role === "client" && stray.name === "HelloRequest" && !keysChanged && !established) {
    return "passed over";
  }
  // RFC 5246 §7.4.4: an anonymous server may not ask.
  return role === "client" && stray.name === "CertificateRequest" && course.authentication === "anonymous"
    ? "handshake_failure or unexpected_message"
    : "unexpected_message";
};

const titleOf = (course: Course): string =>
  [
    versionText(course.version),
    course.exchange,
    course.authentication,
    course.resumed ? "resumed" : "full",
    ...(course.statusRequest ? ["with an OCSP response"] : []),
    ...(course.newSessionTicket ? ["with a ticket"] : []),
    ...(course.clientCertificate === "not asked" ? [] : [`client certificate ${course.clientCertificate}`]),
  ].join(", ");

/**
 * Whether an end can tell a course from one that was tried: what a server says besides changes nothing in what it
 * awaits, nor whether a client that is asked for a certificate has one. Response and ticket are tried together.
 */
const isOwn = (role: Role, course: Course): boolean => {
  const { statusRequest, newSessionTicket, clientCertificate, resumed, authentication } = course;
  if (role === "server") return !statusRequest && !newSessionTicket;
  const together = statusRequest === newSessionTicket || resumed || authentication === "anonymous";
  return clientCertificate !== "none" && together;
};

/** The messages that these versions have somewhere. */
const known = new Set([...transitions().map(({ message }) => message), "application data"]);

/** What no place of any course has, a message of TLS 1.3 or none at all, is tried with one exchange of each version. */
const straysFor = ({ exchange }: Course): ReadonlyArray<Stray> =>
  exchange === "rsa" ? strays : strays.filter(({ name }) => known.has(name));

/** Every message in every place of a course where it has none. */
const misplaced = (role: Role, course: Course, recording: Recording): number => {
  const peer = other[role];
  const places = placesOf(role, course);
  const comes = heard(recording, role);
  let tried = 0;
  let at = 0;
  for (let k = 0; k <= comes.length; k++) {
    const established = k === comes.length;
    const keysChanged = !established && comes.slice(0, k).some(({ _tag }) => _tag === "ChangeCipherSpec");
    for (const stray of straysFor(course)) {
      const allowed = established
        ? stray.coming === undefined || stray.name === (role === "client" ? "HelloRequest" : "ClientHello")
        : stray.coming !== undefined && next(places, at, stray.coming) !== undefined;
      if (allowed) continue;
      const input = [
        ...recording.records[peer].slice(0, k),
        forged(course, recording, peer, k, stray),
        ...recording.records[peer].slice(k),
      ];
      const { end, alerts, closed } = meets(role, course, recording, input);
      const where = `${role}, ${stateAt(places, at)}, ${stray.name}: ${end}, ${alerts}`;
      const expected = due(role, course, keysChanged, established, stray);
      tried++;
      if (expected === "passed over") {
        assert.equal(end, "Truncated", where); // after the handshake, where the tape ends
        assert.deepEqual(alerts, [], where);
      } else {
        assert.equal(alerts.length, 1, where);
        assert.ok(expected.split(" or ").includes(alerts[0]!), where);
        assert.equal(end, alerts[0] === "unexpected_message" ? "UnexpectedMessage" : "Refused", where);
        assert.ok(closed, where);
      }
    }
    if (!established) at = next(places, at, comes[k]!)!;
  }
  return tried;
};

/** Each exchange of each version, and each thing that a flight may have more or less of. */
const traits = (course: Course): ReadonlyArray<unknown> => {
  const { version, exchange, authentication, resumed, statusRequest, newSessionTicket, clientCertificate } =
    course;
  return [
    [version, exchange],
    [exchange, authentication],
    [resumed, newSessionTicket],
    [statusRequest],
    [clientCertificate],
  ];
};

for (const course of covering("courses", courses, traits)) {
  Deno.test(`${titleOf(course)}: goes by the table, and any message in any wrong place ends it`, () => {
    const recording = record(course);
    for (const role of ["client", "server"] as const) {
      const places = placesOf(role, course);
      const end = heard(recording, role).reduce<number | undefined>(
        (at, coming) => at === undefined ? undefined : next(places, at, coming),
        0,
      );
      assert.equal(end, places.length);
      if (isOwn(role, course)) assert.ok(misplaced(role, course, recording) > 40);
    }
  });
}

Deno.test("docs/states.md is printed from the flights as they are", async () => {
  const file = new URL("../../docs/states.md", import.meta.url);
  assert.equal(await Deno.readTextFile(file), page(), "deno task states prints it anew");
});
