/** Real ends that take a given course, with toys for public-key operations. @module */
import { assert, Context, Effect, Layer, Option, type Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import type { Course } from "../../src/flights/states.ts";
import { layerKeys } from "../../src/layers/tickets/rotating.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { CompressionMethod } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { type Credential, Credentials } from "../../src/ports/credentials.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import { KeyLog } from "../../src/ports/key_log.ts";
import type { ConnectionEvent, Observe } from "../../src/ports/observer.ts";
import { type Session, SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import { SessionTickets } from "../../src/ports/tickets.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import type { Protection } from "../../src/record/protection/protection.ts";
import * as Server from "../../src/server.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { legacy12 } from "./policies.ts";
import { type Suite, suites } from "../../src/tables/suites.ts";
import { dialects } from "../../src/tables/versions/mod.ts";
import { ascii, type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";
import * as Golden from "../golden/certificates.ts";
import { atFixedTime } from "./effect.ts";
import { credentialOf, recordsOf, taped } from "./handshake.ts";
import { makeToy } from "./toy_crypto.ts";
import { Buffer } from "node:buffer";

/** A suite of a course's kind. */
export const suiteOf = ({ version, exchange, authentication }: Course): Suite => {
  const fits = [...suites.values()].find((suite) =>
    suite.since <= version && suite.exchange === exchange && suite.authentication === authentication
  );
  if (!fits) throw new Error("no such suite");
  return fits;
};

const policyOf = (course: Course): Policy => ({
  ...legacy12,
  versions: [course.version],
  cipherSuites: [suiteOf(course).id],
  compressionMethods: [CompressionMethod.null],
  sessionTickets: course.newSessionTicket,
});

/** Always the same keys, of a time that the session is not older than. */
const tickets = Effect.runSync(Effect.scoped(Effect.map(
  Layer.build(layerKeys({
    keys: [{ name: new Uint8Array(16).fill(1), key: new Uint8Array(32).fill(2), createdAt: 0 }],
  })),
  (built) => Context.get(built as Context.Context<never>, SessionTickets),
)));

/** Sessions by their key. */
export type Kept = Map<string, Session>;

const storeOf = (kept: Kept): SessionStoreService => ({
  enabled: true,
  get: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
  put: (key, session) => Effect.sync(() => void kept.set(key, session)),
  take: (key) =>
    Effect.sync(() => {
      const session = Option.fromNullable(kept.get(key));
      kept.delete(key);
      return session;
    }),
  remove: (key) => Effect.sync(() => void kept.delete(key)),
});

/** An end's side of things. */
export type Role = "client" | "server";

/** What an end with these credentials is made of: the same bytes each time. */
export const madeOf = (role: Role, own: ReadonlyArray<Credential>, kept: Kept, sealed = true) =>
  Context.empty().pipe(
    Context.add(Crypto, makeToy(`course ${role}`)),
    Context.add(SessionStore, storeOf(kept)),
    Context.add(CertificateVerifier, { partition: "toy", verify: () => Effect.void }),
    Context.add(Credentials, { partition: "own", candidates: () => Effect.succeed(own) }),
    Context.add(SessionTickets, sealed ? tickets : undefined),
  );

const contextOf = (role: Role, course: Course, kept: Kept) => {
  const { clientCertificate, authentication, statusRequest } = course;
  const own: ReadonlyArray<Credential> = role === "client"
    ? clientCertificate === "shown" ? [credentialOf(Golden.client("rsa"))] : []
    : [{
      ...credentialOf(Golden.server(authentication === "ecdsa" ? "p256" : "rsa")),
      ...(statusRequest ? { ocspResponse: ascii("a response") } : {}),
    }];
  return madeOf(role, own, kept);
};

/** One end over a stream, which knows the sessions that it is given, and keeps its own there. */
export const open = (
  role: Role,
  course: Course,
  stream: ByteStream,
  kept: Kept,
  observe?: Observe,
): Effect.Effect<Connection, TlsError, Scope.Scope> => {
  const policy = policyOf(course);
  const clientAuth = course.clientCertificate === "not asked" ? "none" : "request";
  const connected = role === "client"
    ? Client.over(stream, { serverName: "localhost", policy, observe })
    : Server.over(stream, { policy, clientAuth, observe });
  // A ticket says when it was made.
  return atFixedTime(Effect.provide(connected, contextOf(role, course, kept)));
};

/** What was sent that has a place in a flight, of which an alert is one alone: no_certificate of SSL 3.0. */
export type Sent = ConnectionEvent;

/** A good handshake: what each side said, what it knew before, and how to say more under its keys. */
export interface Recording {
  readonly records: Record<Role, ReadonlyArray<Bytes>>;
  /** What the records hold, one each. */
  readonly sent: Record<Role, ReadonlyArray<Sent>>;
  readonly kept: Record<Role, Kept>;
  /** One direction's protection as it was before its first record, made anew. */
  readonly protection: (side: Role) => Protection;
}

/** Takes a course once, in memory; a resumed one after a full one. */
export const record = (course: Course): Recording => {
  const kept: Record<Role, Kept> = { client: new Map(), server: new Map() };
  if (course.resumed) take({ ...course, resumed: false, newSessionTicket: false }, kept);
  const before = { client: new Map(kept.client), server: new Map(kept.server) };
  return { ...take(course, kept), kept: before };
};

const take = (course: Course, kept: Record<Role, Kept>): Omit<Recording, "kept"> =>
  Effect.runSync(Effect.scoped(Effect.gen(function* () {
    const sent: Record<Role, Array<Sent>> = { client: [], server: [] };
    const note = (role: Role): Observe => (e) => {
      const placed = e._tag !== "alert" || e.description === AlertDescription.no_certificate;
      if (placed && e.direction === "sent") sent[role].push(e);
    };
    let master: Bytes = EMPTY;
    const log = (line: string) => Effect.sync(() => void (master = Buffer.from(line.split(" ")[2]!, "hex")));
    const { tape, ...streams } = yield* taped();
    const [, server] = yield* Effect.all([
      open("client", course, streams.client, kept.client, note("client")),
      Effect.provideService(
        open("server", course, streams.server, kept.server, note("server")),
        KeyLog,
        log,
      ),
    ], { concurrency: 2 });
    const { clientRandom, serverRandom, encryptThenMac, resumed } = yield* server.negotiated;
    assert.equal(resumed, course.resumed);
    const records = (side: Role) =>
      recordsOf(concat(...tape.flows.filter(({ from }) => from === side).map(({ bytes }) => bytes)));
    const random = { client: clientRandom, server: serverRandom };
    const derivation = dialects.get(course.version)!.derive(suiteOf(course), random, makeToy("forger"));
    return {
      records: { client: records("client"), server: records("server") },
      sent,
      protection: (side) => derivation.keys(master, encryptThenMac)[side],
    };
  })));
