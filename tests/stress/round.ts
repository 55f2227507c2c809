/** One round: two ends over a stream in memory do what a plan says, and what they promise is held against it. @module */
import { Cause, Effect, Exit, Fiber, Layer, Option, Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { SessionStoreError } from "../../src/faults/errors/sessions.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import * as Server from "../../src/server.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { legacy12 } from "../support/policies.ts";
import { told } from "../fuzz/told.ts";
import { ends } from "../support/handshake.ts";
import type { Plan, SidePlan, StorePlan, StreamPlan } from "./plan.ts";

/** Milliseconds that an end waits for its own writes and for its own end: a stream that hangs may hang both. */
const HANGS = 2_000;

/** Milliseconds in which a round must be over. */
const PATIENCE = 20_000;

const policyOf = (version: ProtocolVersion): Policy => ({
  ...legacy12,
  versions: [version],
  cipherSuites: version === ProtocolVersion.TLS_1_2
    ? [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
    : [CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA],
  compressionMethods: [CompressionMethod.null],
  limits: {
    ...legacy12.limits,
    handshakeTimeout: 1500,
    renegotiationWait: 300,
    closeWait: 30,
    writeWait: 60,
    storeWait: 20,
  },
});

/** The byte at a place of what an end writes: another at each of 64 Ki places or so. */
const byteAt = (at: number, salt: number): number => (at * 7 + (at >> 8) * 13 + salt) & 0xff;
const pattern = (at: number, length: number, salt: number) =>
  Uint8Array.from({ length }, (_, i) => byteAt(at + i, salt));

const never = Effect.async<never>(() => {});

/** A stream that does what its plan says; `closed` when it was closed. */
const faulty = (stream: ByteStream, { slow, breaks, piece, emptyReads }: StreamPlan) => {
  let written = 0;
  let reads = 0;
  const rest: Array<Uint8Array> = [];
  const state = { closed: false };
  const ways = {
    fails: Effect.fail(new TransportError({ operation: "write", cause: "by plan" })),
    dies: Effect.die(new Error("by plan")),
    hangs: never,
    interrupts: Effect.interrupt,
  };
  let wake: (() => void) | undefined;
  const broken = breaks?.how === "hangs"
    // As every stream: `close` breaks a pending write.
    ? Effect.async<void, TransportError>((resume) => {
      wake = () => resume(ways.fails);
      if (state.closed) wake();
    })
    : breaks && ways[breaks.how];
  const faulty: ByteStream = {
    read: Effect.suspend((): ByteStream["read"] => {
      if (emptyReads && ++reads % 3 === 0) return Effect.succeed(new Uint8Array(0));
      const waiting = rest.shift();
      if (waiting) {
        if (waiting.length > piece) rest.unshift(waiting.subarray(piece));
        return Effect.succeed(waiting.slice(0, piece));
      }
      return Effect.map(stream.read, (bytes) => {
        if (bytes && bytes.length > piece) rest.push(bytes.subarray(piece));
        return bytes?.slice(0, piece);
      });
    }),
    write: (bytes) =>
      Effect.suspend(() => {
        if (breaks && written + bytes.length > breaks.after) {
          const some = Math.max(0, breaks.after - written);
          written = Infinity;
          return Effect.zipRight(stream.write(bytes.slice(0, some)), broken!);
        }
        written += bytes.length;
        const write = stream.write(bytes);
        return slow > 0 ? Effect.zipRight(Effect.sleep(slow), write) : write;
      }),
    close: Effect.suspend(() => {
      state.closed = true;
      wake?.();
      return stream.close;
    }),
  };
  return { stream: faulty, state };
};

const storeOf = (kept: SessionStoreService, plan: StorePlan): SessionStoreService => {
  const all = (
    change: <A>(of: Effect.Effect<A, SessionStoreError>) => Effect.Effect<A, SessionStoreError>,
  ) => ({
    enabled: true,
    get: (key: string) => change(kept.get(key)),
    put: (...args: Parameters<SessionStoreService["put"]>) => change(kept.put(...args)),
    remove: (key: string) => change(kept.remove(key)),
  });
  switch (plan) {
    case "keeps":
      return kept;
    case "is slow":
      return all((of) => Effect.zipRight(Effect.sleep(3), of));
    case "fails":
      return all(() => Effect.fail(new SessionStoreError({ operation: "get", cause: "by plan" })));
    case "dies":
      return { ...kept, remove: () => Effect.die(new Error("by plan")) };
    case "hangs when it is to forget":
      return { ...kept, remove: () => never };
  }
};

/** What one end came to. */
interface Account {
  /** Bytes whose write succeeded, and those that a write was begun with. */
  confirmed: number;
  begun: number;
  /** Bytes that were read. */
  got: number;
  /** What the reader came to. */
  read: "nothing" | "the end" | TlsError["_tag"];
  /** It said close_notify, or may have. */
  saidGoodbye: boolean;
  readonly problems: Array<string>;
}

const account = (): Account => ({
  confirmed: 0,
  begun: 0,
  got: 0,
  read: "nothing",
  saidGoodbye: false,
  problems: [],
});

/** Anything but a success or an error of the union is a problem. */
const typed = (what: string, into: Account) => (exit: Exit.Exit<unknown, TlsError>): void => {
  if (Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) return;
  try {
    told(exit);
  } catch (e) {
    into.problems.push(`${what}: ${e}`);
  }
};

/** One end's deeds on its connection. */
const doing = (
  connection: Connection,
  scope: Scope.CloseableScope,
  plan: SidePlan,
  own: Account,
  salts: { readonly own: number; readonly theirs: number },
) => {
  const { interrupts } = plan;
  const perhaps = <A>(what: "write" | "renegotiate", of: Effect.Effect<A, TlsError>) =>
    interrupts?.what === what ? Effect.timeoutOption(of, interrupts.after) : Effect.map(of, Option.some);
  const writing = Effect.gen(function* () {
    for (const length of plan.writes) {
      const data = pattern(own.begun, length, salts.own);
      own.begun += length;
      const wrote = yield* perhaps("write", connection.write(data));
      if (Option.isNone(wrote)) return;
      own.confirmed += length;
    }
  });
  const reading = Effect.gen(function* () {
    for (;;) {
      const data = yield* connection.read;
      if (!data) {
        own.read = "the end";
        return;
      }
      const wrong = data.findIndex((byte, i) => byte !== byteAt(own.got + i, salts.theirs));
      if (wrong >= 0) own.problems.push(`byte ${own.got + wrong} is not the one that was written`);
      own.got += data.length;
      if (plan.readPause > 0) yield* Effect.sleep(plan.readPause);
    }
  }).pipe(Effect.tapError((error) => Effect.sync(() => void (own.read = error._tag))));
  const renegotiating = Effect.forEach(
    plan.renegotiations,
    (after) => Effect.zipRight(Effect.sleep(after), perhaps("renegotiate", connection.renegotiate)),
  );
  const goodbye = <A, E>(of: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      own.saidGoodbye = true;
      return of;
    });
  const ways: Record<SidePlan["end"], Effect.Effect<unknown, TlsError>> = {
    closeWrite: goodbye(connection.closeWrite),
    close: goodbye(connection.close),
    abort: connection.abort,
    "scope fails": Scope.close(scope, Exit.fail("by plan")),
    "scope succeeds": goodbye(Scope.close(scope, Exit.void)),
    waits: Effect.void,
  };
  return Effect.gen(function* () {
    const reader = yield* Effect.forkDaemon(Effect.exit(reading));
    const renegotiator = yield* Effect.forkDaemon(Effect.exit(renegotiating));
    const writer = yield* Effect.forkDaemon(Effect.exit(writing));
    if (plan.endsAfter === undefined) yield* Effect.timeoutOption(Fiber.await(writer), HANGS);
    else yield* Effect.sleep(plan.endsAfter);
    typed(plan.end, own)(yield* Effect.exit(Effect.timeoutOption(ways[plan.end], HANGS)));
    const wrote = Fiber.join(writer);
    const asked = Fiber.join(renegotiator);
    const read = Fiber.join(reader);
    return {
      /** What must end by itself once both ends have ended. */
      over: Effect.gen(function* () {
        typed("write", own)(yield* wrote);
        typed("renegotiate", own)(yield* asked);
        typed("read", own)(yield* read);
      }),
    };
  });
};

/** Plays the round and gives what is wrong: nothing, or sentences. */
export const play = (plan: Plan): Effect.Effect<ReadonlyArray<string>> => {
  const accounts = { client: account(), server: account() };
  const policy = policyOf(plan.version);
  const salts = { client: plan.seed & 0xff, server: plan.seed * 3 + 1 & 0xff };
  const round = Effect.gen(function* () {
    const layers = ends({ kind: "rsa", toy: true, tickets: plan.tickets });
    const built = { client: yield* Layer.build(layers.client), server: yield* Layer.build(layers.server) };
    const observe = (side: SidePlan) => () => {
      if (side.observerThrows) throw new Error("by plan");
    };
    const meet = Effect.fnUntraced(function* (faults: boolean) {
      const scopes = { client: yield* Scope.make(), server: yield* Scope.make() };
      const [a, b] = yield* makePair({ capacity: plan.capacity });
      const plain: StreamPlan = { slow: 0, breaks: undefined, piece: 1 << 16, emptyReads: false };
      const streams = {
        client: faulty(a, faults ? plan.client.stream : plain),
        server: faulty(b, faults ? plan.server.stream : plain),
      };
      const open = (role: "client" | "server") => {
        const side = plan[role];
        const { stream } = streams[role];
        const store = Effect.map(SessionStore, (kept) => faults ? storeOf(kept, side.store) : kept);
        const over: Effect.Effect<Connection, TlsError, Client.ClientRequirements> = role === "client"
          ? Client.over(stream, { serverName: "localhost", policy, observe: observe(side) })
          : Server.over(stream, { policy, observe: observe(side) });
        const made = Effect.provideServiceEffect(over, SessionStore, store).pipe(
          Effect.provide(built[role]),
          Scope.extend(scopes[role]),
        );
        const interrupts = faults && side.interrupts?.what === "handshake"
          ? side.interrupts.after
          : undefined;
        return Effect.exit(
          interrupts === undefined ? Effect.map(made, Option.some) : Effect.timeoutOption(made, interrupts),
        );
      };
      const [client, server] = yield* Effect.all([open("client"), open("server")], { concurrency: 2 });
      return { scopes, streams, client, server };
    });

    if (plan.metBefore) {
      const { scopes } = yield* meet(false);
      yield* Scope.close(scopes.client, Exit.void);
      yield* Scope.close(scopes.server, Exit.void);
    }
    const { scopes, streams, ...met } = yield* meet(true);
    const running = [];
    for (const role of ["client", "server"] as const) {
      const [own, other] = role === "client" ? [salts.client, salts.server] : [salts.server, salts.client];
      typed("handshake", accounts[role])(met[role]);
      const connection = Exit.isSuccess(met[role]) ? Option.getOrUndefined(met[role].value) : undefined;
      if (connection) {
        running.push(
          yield* Effect.fork(
            doing(connection, scopes[role], plan[role], accounts[role], { own, theirs: other }),
          ),
        );
      } else yield* Scope.close(scopes[role], Exit.fail("no connection"));
    }
    const deeds = [];
    for (const fiber of running) deeds.push(yield* Fiber.join(fiber));
    // Who waits for a peer that waits, too, waits no longer.
    yield* Effect.sleep(60);
    for (const role of ["client", "server"] as const) {
      if (plan[role].end === "waits") accounts[role].saidGoodbye = true;
      yield* Scope.close(scopes[role], Exit.void);
    }
    for (const { over } of deeds) yield* over;
    for (const role of ["client", "server"] as const) {
      if (!streams[role].state.closed) accounts[role].problems.push("its stream was never closed");
    }
    const judged = (reader: Account, writer: Account, both: boolean) => {
      if (!both || reader.read !== "the end") return;
      if (!writer.saidGoodbye) reader.problems.push("a good end, which the peer never said");
      if (reader.got < writer.confirmed) {
        reader.problems.push(`a good end after ${reader.got} bytes, where ${writer.confirmed} were written`);
      }
      if (reader.got > writer.begun) reader.problems.push("more than was written");
    };
    const both = deeds.length === 2;
    judged(accounts.client, accounts.server, both);
    judged(accounts.server, accounts.client, both);
  });
  return Effect.scoped(round).pipe(
    Effect.disconnect,
    Effect.timeoutFail({ duration: PATIENCE, onTimeout: () => new Error(`not over after ${PATIENCE} ms`) }),
    Effect.exit,
    Effect.map((exit) => [
      ...(Exit.isFailure(exit) ? [Cause.pretty(exit.cause)] : []),
      ...Object.entries(accounts).flatMap(([role, { problems }]) => problems.map((p) => `${role}: ${p}`)),
    ]),
  );
};
