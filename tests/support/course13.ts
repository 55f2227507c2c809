/**
 * Real ends that take a given course of TLS 1.3, with toys for public-key operations; and what each says in it, message by
 * message, so that it can be said otherwise, under the same keys.
 *
 * @module
 */
import { assert, Effect, type Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { trafficOf } from "../../src/crypto/key_schedule.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import type { Course13 } from "../../src/flights/tls13/states.ts";
import { AlertDescription, AlertLevel } from "../../src/names/alert.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { ContentType, HandshakeType } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { KeyLog } from "../../src/ports/key_log.ts";
import type { Observe } from "../../src/ports/observer.ts";
import { plaintext, type Protection } from "../../src/record/protection/protection.ts";
import * as Server from "../../src/server.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { suites13 } from "../../src/tables/suites13.ts";
import { protection13 } from "../../src/tables/versions/mod.ts";
import { ascii, type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Golden from "../golden/certificates.ts";
import { type Kept, madeOf, type Role } from "./course.ts";
import { atFixedTime } from "./effect.ts";
import { credentialOf, pingPong, readText, recordsOf, taped } from "./handshake.ts";
import { hex } from "./keys.ts";
import { modern13 } from "./policies.ts";
import { plainRecord, scripted } from "./replay.ts";
import { makeToy } from "./toy_crypto.ts";

const suite = suites13.get(CipherSuite.TLS_AES_128_GCM_SHA256)!;

const policyOf = (role: Role, { retried }: Course13): Policy => ({
  ...modern13,
  cipherSuites: [suite.id],
  groups: retried && role === "server" ? [NamedGroup.secp256r1] : [NamedGroup.x25519, NamedGroup.secp256r1],
});

/** One end over a stream, which knows the sessions that it is given, and keeps its own there. */
export const open13 = (
  role: Role,
  course: Course13,
  stream: ByteStream,
  kept: Kept,
  observe?: Observe,
): Effect.Effect<Connection, TlsError, Scope.Scope> => {
  const policy = policyOf(role, course);
  const { clientCertificate, earlyData } = course;
  const connected = role === "client"
    ? Client.over(stream, {
      serverName: "localhost",
      policy,
      observe,
      earlyData: earlyData ? EARLY : undefined,
    })
    : Server.over(stream, {
      policy,
      clientAuth: clientCertificate === "not asked" ? "none" : "request",
      observe,
      earlyData: earlyData ? EARLY.length : 0,
    });
  const own = role === "server"
    ? [credentialOf(Golden.server("p256"))]
    : clientCertificate === "shown"
    ? [credentialOf(Golden.client("p256"))]
    : [];
  return atFixedTime(Effect.provide(connected, madeOf(role, own, kept, !earlyData)));
};

const EARLY = ascii("early");

/** The keys that a record comes under. */
export type Under = "nothing" | "early" | "handshake" | "application";

/** The secret of each, by its name in a key log, without the side. */
const secretNames = {
  early: "EARLY_TRAFFIC_SECRET",
  handshake: "HANDSHAKE_TRAFFIC_SECRET",
  application: "TRAFFIC_SECRET_0",
} as const;

/** A message of a side, or a ChangeCipherSpec: what a record of its own would hold. */
export interface Said {
  readonly type: ContentType;
  readonly content: Bytes;
  readonly under: Under;
}

/** A good handshake: what each side said, what it knew before, and how to say it, or something else. */
export interface Recording13 {
  /** From the ClientHello to the side's Finished. */
  readonly said: Record<Role, ReadonlyArray<Said>>;
  readonly kept: Record<Role, Kept>;
  /** One direction's protection under some keys, from their first record. */
  readonly protection: (side: Role, under: Under) => Protection;
  /** Makes records of one side, one after the other, from its first. */
  readonly sealing: (side: Role) => (said: Said) => Bytes;
}

/** A record under a protection. */
export const sealedRecord = (protection: Protection, type: ContentType, content: Bytes): Bytes =>
  plainRecord(protection.outer ?? type, concat(...protection.seal(type, content)));

/** Handshake messages, one after the other. */
const messagesIn = (content: Bytes): ReadonlyArray<Bytes> => {
  const out: Array<Bytes> = [];
  for (let at = 0; at < content.length;) {
    const end = at + 4 + (content[at + 1]! << 16 | content[at + 2]! << 8 | content[at + 3]!);
    out.push(content.subarray(at, end));
    at = end;
  }
  return out;
};

/** What the records of a side say, up to its Finished; `early` if its sealed records begin with early data. */
const heardIn = (
  records: ReadonlyArray<Bytes>,
  keys: (under: Under) => Protection,
  early: boolean,
): ReadonlyArray<Said> => {
  const out: Array<Said> = [];
  let under: Under = early ? "early" : "handshake";
  let protection = keys(under);
  for (const record of records) {
    const sealed = record[0] === ContentType.application_data;
    const { type, fragment } = sealed
      ? protection.open(ContentType.application_data, record.slice(5))
      : { type: ContentType.of(record[0]!), fragment: record.slice(5) };
    for (const content of type === ContentType.handshake ? messagesIn(fragment) : [fragment]) {
      out.push({ type, content, under: sealed ? under : "nothing" });
      if (content[0] === HandshakeType.end_of_early_data && type === ContentType.handshake) {
        under = "handshake";
        protection = keys(under);
      }
      if (content[0] === HandshakeType.finished && type === ContentType.handshake) return out;
    }
  }
  return assert.fail("there is no Finished");
};

/** Takes a course once, in memory; one with a pre-shared key after a full one. */
export const record13 = (course: Course13): Recording13 => {
  const kept: Record<Role, Kept> = { client: new Map(), server: new Map() };
  if (course.psk) take({ ...course, retried: false, psk: false }, kept);
  const before = { client: new Map(kept.client), server: new Map(kept.server) };
  return { ...take(course, kept), kept: before };
};

const take = (course: Course13, kept: Record<Role, Kept>): Omit<Recording13, "kept"> =>
  Effect.runSync(Effect.scoped(Effect.gen(function* () {
    const secrets = new Map<string, Bytes>();
    const log = (line: string) =>
      Effect.sync(() => {
        const [name, , secret] = line.split(" ");
        secrets.set(name!, hex(secret!));
      });
    const { tape, ...streams } = yield* taped();
    const [client, server] = yield* Effect.all([
      open13("client", course, streams.client, kept.client),
      Effect.provideService(open13("server", course, streams.server, kept.server), KeyLog, log),
    ], { concurrency: 2 });
    const { helloRetried, resumed } = yield* server.negotiated;
    assert.deepEqual({ helloRetried, resumed }, { helloRetried: course.retried, resumed: course.psk });
    if (course.earlyData && course.psk) assert.equal(yield* readText(server, EARLY.length), "early");
    yield* atFixedTime(pingPong(client, server)); // and the client has its tickets
    const crypto = makeToy("forger");
    const protection: Recording13["protection"] = (side, under) => {
      if (under === "nothing") return plaintext;
      const secret = secrets.get(`${side.toUpperCase()}_${secretNames[under]}`)!;
      return protection13(suite, crypto, trafficOf(crypto.hash(suite.hash), secret));
    };
    const said = (side: Role) =>
      heardIn(
        recordsOf(concat(...tape.flows.filter(({ from }) => from === side).map(({ bytes }) => bytes))),
        (under) => protection(side, under),
        side === "client" && course.earlyData && course.psk,
      );
    return {
      said: { client: said("client"), server: said("server") },
      protection,
      sealing: (side) => {
        const keys: Record<Under, Protection> = {
          nothing: plaintext,
          early: side === "client" && course.earlyData ? protection(side, "early") : plaintext,
          handshake: protection(side, "handshake"),
          application: protection(side, "application"),
        };
        return ({ type, content, under }) => sealedRecord(keys[under], type, content);
      },
    };
  })));

/** How an end met what it was told. */
export interface Met {
  /** `established`, if it then waited for data in vain; otherwise the error's tag. */
  readonly end: string;
  /** The error's message; empty without one. */
  readonly message: string;
  /** The fatal alerts that it sent. */
  readonly alerts: ReadonlyArray<string>;
  readonly closed: boolean;
}

/** What an end makes of input, and of an end after it. */
export const meets13 = (
  role: Role,
  course: Course13,
  recording: Recording13,
  input: ReadonlyArray<Bytes>,
): Met => {
  const { stream, state } = scripted(input);
  const alerts: Array<string> = [];
  const connected = open13(role, course, stream, new Map(recording.kept[role]), (e) => {
    if (e._tag === "alert" && e.direction === "sent" && e.level === AlertLevel.fatal) {
      alerts.push(AlertDescription.nameOf(e.description));
    }
  });
  let established = false;
  const reading = Effect.flatMap(connected, (connection) => {
    established = true;
    return Effect.repeat(connection.read, { while: (data) => data !== undefined });
  });
  return Effect.runSync(Effect.scoped(Effect.map(Effect.either(reading), (end) => {
    const error = end._tag === "Left" ? end.left : undefined;
    const waited = established && (error === undefined || error._tag === "Truncated");
    return {
      end: waited ? "established" : error?._tag ?? "",
      message: error?.message ?? "",
      alerts: [...alerts],
      closed: state.closed > 0,
    };
  })));
};
