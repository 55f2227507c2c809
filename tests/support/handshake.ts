/** A client and a server over memory, and what passes between them. @module */
import { assert, Deferred, Effect, Fiber, Layer, type Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection, Renegotiation } from "../../src/connection/connection.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import {
  credentialFromPem,
  layer,
  layerNone,
  type PemPair,
} from "../../src/layers/credentials/credentials.ts";
import { makeNative } from "../../src/layers/crypto/native/provider.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { layerRotating } from "../../src/layers/tickets/rotating.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { layerInsecure } from "../../src/layers/trust/layers.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import { AlertDescription, AlertLevel } from "../../src/names/alert.ts";
import { ContentType } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import type { Credential } from "../../src/ports/credentials.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import * as Server from "../../src/server.ts";
import { ascii, type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Golden from "../golden/certificates.ts";
import { layerToy } from "./toy_crypto.ts";
import { modern12 } from "./policies.ts";
import { bytesOf, textOf } from "./text.ts";

/** What passed on a stream, in the order in which it was written. */
export interface Tape {
  readonly flows: Array<{ readonly from: "client" | "server"; readonly bytes: Bytes }>;
}

/** What a test may do to what is written, before it is written. */
export type Tamper = (from: "client" | "server", bytes: Bytes, index: number) => Bytes;

/** A pair of streams, the client's first, with a tape of what passed. */
export const taped = (tamper: Tamper = (_, bytes) => bytes) =>
  Effect.map(makePair(), ([a, b]) => {
    const tape: Tape = { flows: [] };
    const recording = (from: "client" | "server", stream: ByteStream): ByteStream => ({
      ...stream,
      write: (bytes) => {
        const said = tamper(from, bytes, tape.flows.length);
        tape.flows.push({ from, bytes: said });
        return stream.write(said);
      },
    });
    return { client: recording("client", a), server: recording("server", b), tape };
  });

/** A stream that tells when somebody first reads from it: by then an end has said what it says by itself. */
export const tellingOfReads = (stream: ByteStream) =>
  Effect.map(Deferred.make<void>(), (isRead) => ({
    stream: { ...stream, read: Effect.zipRight(Deferred.succeed(isRead, undefined), stream.read) },
    isRead: Deferred.await(isRead),
  }));

/** How a test's two ends are set up; what is left out is usual. */
export interface Setup {
  readonly kind?: Golden.Kind;
  /** The client's certificate; layerNone if left out. */
  readonly clientKind?: Golden.ClientKind | undefined;
  readonly seed?: string;
  /** Public-key operations are toys, and everybody is trusted. */
  readonly toy?: boolean;
  /** Cryptography by a seed; the native provider's operations unless given. */
  readonly provider?: (seed: string) => Layer.Layer<Crypto>;
  /** The server gives tickets. */
  readonly tickets?: boolean;
  readonly client?: Partial<Client.OverOptions>;
  readonly server?: Server.ServerOptions;
  readonly tamper?: Tamper;
}

/** What the layers of two ends are made from. */
export type Parts = Pick<Setup, "kind" | "seed" | "clientKind" | "toy" | "tickets" | "provider">;

/** Deterministic bytes, and the platform's operations where they are faster, which are noble's to the bit. */
export const layerSwift = (seed: string): Layer.Layer<Crypto> =>
  Layer.sync(Crypto, () => makeNative(makeDeterministic(seed).random));

const credentials = new Map<PemPair["certificate"], Credential>();

/** A golden credential, read once. */
export const credentialOf = (pem: PemPair): Credential => {
  const known = credentials.get(pem.certificate);
  if (known) return known;
  const made = Effect.runSync(credentialFromPem(pem));
  credentials.set(pem.certificate, made);
  return made;
};

/** The layers of a client and a server that trust each other; the stores live as long as the layers. */
export const ends = (
  { kind = "p256", seed = "handshake", clientKind, toy = false, tickets = false, provider = layerSwift }:
    Parts = {},
) => {
  const crypto = toy ? layerToy : provider;
  const trust = toy ? layerInsecure : layerRoots(Golden.root);
  return {
    client: Layer.mergeAll(
      layerMemory(),
      trust,
      clientKind ? layer([credentialOf(Golden.client(clientKind))]) : layerNone,
    ).pipe(Layer.provideMerge(crypto(`${seed} client`)), Layer.orDie),
    server: Layer.mergeAll(
      layerMemory(),
      trust,
      layer([credentialOf(Golden.server(kind))]),
      tickets ? layerRotating() : Layer.empty,
    ).pipe(Layer.provideMerge(crypto(`${seed} server`)), Layer.orDie),
  };
};

/** The requirements of both ends, built once so that several handshakes share their stores. */
export const build = (setup: Parts = {}) =>
  Effect.gen(function* () {
    const { client, server } = ends(setup);
    return { client: yield* Layer.build(client), server: yield* Layer.build(server) };
  });

/** Two ends that were built: what each is made of. */
export type Built = Effect.Effect.Success<ReturnType<typeof build>>;

/** How each side makes a stream a connection. */
export interface Sides {
  readonly client: (
    stream: ByteStream,
  ) => Effect.Effect<Connection, TlsError, Client.ClientRequirements>;
  readonly server: (
    stream: ByteStream,
  ) => Effect.Effect<Connection, TlsError, Server.ServerRequirements | Scope.Scope>;
}

/** One handshake between ends that were built: both results, whatever they are, and the tape. */
export const bothHandshakeBy = (built: Built, setup: Setup, sides: Sides) =>
  Effect.gen(function* () {
    const { client, server, tape } = yield* taped(setup.tamper);
    const [c, s] = yield* Effect.all([
      Effect.provide(Effect.either(sides.client(client)), built.client),
      Effect.provide(Effect.either(sides.server(server)), built.server),
    ], { concurrency: 2 });
    return { client: c, server: s, tape };
  });

/** The same between ends of ours, up to TLS 1.2 unless a policy says otherwise. */
export const bothHandshake = (built: Built, setup: Setup = {}) =>
  bothHandshakeBy(built, setup, {
    client: (stream) => {
      const client = { serverName: "localhost", policy: modern12, ...setup.client };
      return Client.over(stream, { sessionKey: client.serverName, ...client });
    },
    server: (stream) => Server.over(stream, { policy: modern12, ...setup.server }),
  });

/** A handshake that must succeed. */
export const handshake = (setup: Setup = {}) =>
  Effect.gen(function* () {
    const built = yield* build(setup);
    const { client, server, tape } = yield* bothHandshake(built, setup);
    return { client: yield* client, server: yield* server, tape, built };
  });

/** Sends text each way and gives what arrived. */
export const pingPong = (client: Connection, server: Connection) =>
  Effect.gen(function* () {
    yield* client.write(bytesOf("ping"));
    const there = yield* readText(server, 4);
    yield* server.write(bytesOf("pong"));
    return `${there} ${yield* readText(client, 4)}`;
  });

/** So many bytes as text, in however many records they come, or what there was before the end. */
export const readText = (connection: Connection, length: number) =>
  Effect.gen(function* () {
    let heard = "";
    while (heard.length < length) {
      const data = yield* connection.read;
      if (!data) break;
      heard += textOf(data);
    }
    return heard;
  });

/** Another handshake on a connection, asked for by the client, and data under the new keys. */
export const renegotiated = (client: Connection, server: Connection, changes: Renegotiation) =>
  Effect.gen(function* () {
    const asked = yield* Effect.fork(client.renegotiateWith(changes));
    const heard = yield* Effect.fork(readText(server, 1));
    yield* Fiber.join(asked);
    yield* client.write(ascii("."));
    assert.equal(yield* Fiber.join(heard), ".");
  });

/** The records in what passed. */
export const recordsOf = (bytes: Bytes): ReadonlyArray<Bytes> => {
  const out: Array<Bytes> = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + (bytes[at + 3]! << 8 | bytes[at + 4]!);
    out.push(bytes.subarray(at, end));
    at = end;
  }
  return out;
};

/** What an alert in the clear says, as `fatal bad_record_mac`; under keys it is `sealed`. */
export const alertOfRecord = (record: Bytes): string =>
  record.length === 7
    ? `${AlertLevel.nameOf(AlertLevel.of(record[5]!))} ${
      AlertDescription.nameOf(AlertDescription.of(record[6]!))
    }`
    : "sealed";

/** The alert that is the last record of a side, where it is one. */
export const lastAlert = (tape: Tape, from: "client" | "server"): string => {
  const last = recordsOf(concat(...tape.flows.filter((f) => f.from === from).map((f) => f.bytes))).at(-1);
  return last && last[0] === ContentType.alert ? alertOfRecord(last) : "no alert";
};
