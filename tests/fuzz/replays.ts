/**
 * Whole engines, each against what an honest peer was recorded to say, changed: as messages, which are then sealed under
 * the keys that they had, and as bytes. Whatever it is, the end is an error of the union; and where the messages up to
 * Finished were changed it is never a handshake.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { courses } from "../../src/flights/states.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { ContentType, ProtocolVersion } from "../../src/names/protocol.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { open, record, type Recording, type Role } from "../support/course.ts";
import { plainRecord, scripted } from "../support/replay.ts";
import { anatomyOfMessage } from "./messages.ts";
import { fragmented, mutated, type Specimen, UNKNOWN } from "./mutate.ts";
import type { Random } from "./random.ts";
import { told } from "./told.ts";
import type { Input, Target, Verdict } from "./target.ts";

/** What stands in a record, in the clear. */
interface Said {
  readonly type: number;
  readonly body: Bytes;
}

const other = { client: "server", server: "client" } as const;
const roles = ["client", "server"] as const;

const recordings = new Map<number, Recording>();
const recordingOf = (at: number): Recording => {
  const known = recordings.get(at) ?? record(courses[at]!);
  recordings.set(at, known);
  return known;
};

/** What one side said in a good handshake. */
const saidBy = (at: number, side: Role): ReadonlyArray<Said> =>
  recordingOf(at).sent[side].map((e) => {
    if (e._tag === "message") return { type: 22, body: e.raw };
    return e._tag === "changeCipherSpec"
      ? { type: 20, body: Uint8Array.of(1) }
      : { type: 21, body: Uint8Array.of(e.level, e.description) };
  });

/** Without what a client passes over (RFC 5246 §7.4.1.1), wherever it stands. */
const withoutHelloRequests = (bytes: Bytes): string => {
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + ((bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0));
    const message = toHex(bytes.subarray(at, end));
    if (message !== "00000000") out += message;
    at = end;
  }
  return out;
};

/**
 * What the transcript and the order of a peer's messages are made of. A warning is passed over, but for the one that is a
 * message of SSL 3.0.
 */
export const gist = (said: ReadonlyArray<Said>, version: ProtocolVersion): string => {
  let out = "";
  let messages: Bytes = EMPTY;
  const end = (mark: string) => {
    out += withoutHelloRequests(messages) + mark;
    messages = EMPTY;
  };
  for (const { type, body } of said) {
    if (type === ContentType.handshake) messages = concat(messages, body);
    else if (type === ContentType.change_cipher_spec) {
      // In TLS 1.3 it means nothing (RFC 8446 §5).
      if (version !== ProtocolVersion.TLS_1_3) end("|");
    } else if (
      type === ContentType.alert && body[1] === AlertDescription.no_certificate &&
      version === ProtocolVersion.SSL_3_0
    ) end("!");
  }
  end("");
  return out;
};

const specimenOf = ({ type, body }: Said): Specimen =>
  type === 22 ? { bytes: body, anatomy: anatomyOfMessage(body) } : { bytes: body, anatomy: UNKNOWN };

/** Something that anybody could say. */
const stray = (random: Random, more: ReadonlyArray<Said>): Said => {
  switch (random.below(6)) {
    case 0:
      return {
        type: 21,
        body: Uint8Array.of(1 + random.below(2), random.pick([0, 10, 41, 90, 100, random.below(256)])),
      };
    case 1:
      return { type: 20, body: Uint8Array.of(1) };
    case 2:
      return { type: 22, body: Uint8Array.of(random.pick([0, 0, 14, 1, 20]), 0, 0, 0) };
    case 3:
      return { type: random.pick([20, 21, 22, 23]), body: EMPTY };
    case 4:
      return { type: 23, body: random.bytes(random.below(20)) };
    default:
      return random.pick(more);
  }
};

/** Other messages, or others' order. */
const retold = (
  said: ReadonlyArray<Said>,
  random: Random,
  more: ReadonlyArray<Said>,
): ReadonlyArray<Said> => {
  const at = random.below(said.length);
  const one = said[at]!;
  switch (random.below(8)) {
    case 0:
      return said.toSpliced(at, 1);
    case 1:
      return said.toSpliced(at, 0, one);
    case 2:
      return said.toSpliced(at, 0, stray(random, more));
    case 3: {
      const b = random.below(said.length);
      return said.with(at, said[b]!).with(b, one);
    }
    case 4:
      return said.with(at, stray(random, more));
    default:
      return said.with(at, {
        ...one,
        body: mutated(specimenOf(one), random, () => specimenOf(random.pick(more))),
      });
  }
};

/** The same in other records: messages that share one, and messages in pieces. */
const repacked = (said: ReadonlyArray<Said>, random: Random): ReadonlyArray<Said> => {
  const how = random.below(4);
  if (how === 0) {
    return said.flatMap(({ type, body }) =>
      type === 22
        ? fragmented(body, random).slice(0, 300).map((piece) => ({ type, body: piece }))
        : [{ type, body }]
    );
  }
  if (how > 1) return said;
  const out: Array<Said> = [];
  for (const one of said) {
    const last = out.at(-1);
    if (last?.type === 22 && one.type === 22) {
      out[out.length - 1] = { type: 22, body: concat(last.body, one.body) };
    } else out.push(one);
  }
  return out;
};

/** As records, sealed from the first change of keys on. */
const sealed = (said: ReadonlyArray<Said>, at: number, peer: Role): ReadonlyArray<Bytes> => {
  const { version } = courses[at]!;
  let protection: ReturnType<Recording["protection"]> | undefined;
  return said.flatMap(({ type, body }) => {
    const pieces = Array.from(
      { length: Math.max(1, Math.ceil(body.length / 2 ** 14)) },
      (_, i) => body.subarray(i * 2 ** 14, (i + 1) * 2 ** 14),
    );
    const out = pieces.map((piece) =>
      plainRecord(type, protection ? concat(...protection.seal(ContentType.of(type), piece)) : piece, version)
    );
    if (type === 20) protection ??= recordingOf(at).protection(peer);
    return out;
  });
};

/** Course, role, and whether the handshake may succeed. */
const head = (at: number, role: Role, good: boolean): Bytes =>
  Uint8Array.of(at, roles.indexOf(role), good ? 1 : 0);

const run = ([head, ...input]: Input): Verdict => {
  const [at, roleAt, good] = head as unknown as readonly [number, 0 | 1, number];
  const role = roles[roleAt];
  const { stream } = scripted(input);
  let established = false;
  const exit = Effect.runSyncExit(Effect.scoped(
    Effect.flatMap(open(role, courses[at]!, stream, new Map(recordingOf(at).kept[role])), (connection) => {
      established = true;
      return connection.read;
    }),
  ));
  assert.ok(good === 1 || !established, "a handshake that was changed is no handshake");
  told(exit);
  return established ? "accepted" : "refused";
};

const messages: Target = {
  name: "replay/messages",
  weight: 10,
  draw: (random) => {
    const at = random.below(courses.length);
    const role = random.pick(roles);
    const peer = other[role];
    const honest = saidBy(at, peer);
    const more = [...honest, ...saidBy(at, role)];
    let said = honest;
    do said = retold(said, random, more); while (random.once(4));
    const { version } = courses[at]!;
    // What follows Finished may be anything.
    const good = gist(said, version).startsWith(gist(honest, version));
    return [head(at, role, good), ...sealed(repacked(said, random), at, peer)];
  },
  run,
};

/** The records of some bytes as they say they are: what is sealed counts as it is. */
export const recordsIn = (bytes: Bytes): ReadonlyArray<Said & { readonly raw: Bytes }> => {
  const out: Array<Said & { readonly raw: Bytes }> = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + (bytes[at + 3]! << 8 | bytes[at + 4]!);
    if (end > bytes.length) break;
    out.push({ type: bytes[at]!, body: bytes.subarray(at + 5, end), raw: bytes.subarray(at, end) });
    at = end;
  }
  return out;
};

const bytes: Target = {
  name: "replay/bytes",
  weight: 10,
  draw: (random) => {
    const at = random.below(courses.length);
    const role = random.pick(roles);
    const { records } = recordingOf(at);
    const honest = concat(...records[other[role]]);
    const shuffled = random.once(2) ? records[other[role]] : jumbled(records[other[role]], random);
    const boxes = { bytes: concat(...shuffled), anatomy: recordAnatomy(shuffled) };
    const changed = mutated(boxes, random, () => ({ bytes: honest, anatomy: UNKNOWN }));
    const { version } = courses[at]!;
    const good = gist(recordsIn(changed), version).startsWith(gist(recordsIn(honest), version));
    return [head(at, role, good), ...fragmented(changed, random)];
  },
  run,
};

/** Whole records: one less, one twice, two in each other's place. */
export const jumbled = (records: ReadonlyArray<Bytes>, random: Random): ReadonlyArray<Bytes> => {
  const [a, b] = [random.below(records.length), random.below(records.length)];
  return random.pick([
    records.toSpliced(a, 1),
    records.toSpliced(a, 0, records[b]!),
    records.with(a, records[b]!).with(b, records[a]!),
  ]);
};

/** Records as boxes, so that their lengths are changed like others. */
export const recordAnatomy = (records: ReadonlyArray<Bytes>) => {
  const boxes: Array<{ readonly at: number; readonly width: number; readonly end: number }> = [];
  let from = 0;
  for (const { length } of records) {
    boxes.push({ at: from + 3, width: 2, end: from + length });
    from += length;
  }
  return { boxes, parts: boxes.map(({ at, end }) => ({ start: at + 2, end })) };
};

/** All of them. */
export const replays: ReadonlyArray<Target> = [messages, bytes];
