/**
 * How a connection ends: each event in each state of its two halves, over each transport. docs/ends.md is the table.
 *
 * @module
 */
import { assert, Context, Effect, Either, Exit, Fiber, Option, Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection, Reading, Writing } from "../../src/connection/connection.ts";
import {
  type EndEvent,
  endEvents,
  makeState,
  type Parting,
  readerSees,
  readingSteps,
  writerSees,
  writingSteps,
} from "../../src/connection/state.ts";
import { Truncated } from "../../src/faults/errors/connection.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import { fromConn, fromStreams, makePair } from "../../src/layers/transport/byte_stream.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { Socket } from "../../src/platform/deps.ts";
import { fromSocket } from "../../src/platform/mod.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import { ascii, concat, toHex } from "../../src/wire/bytes.ts";
import { page } from "../ends.ts";
import { sync } from "../support/effect.ts";
import { covering } from "../support/exhaustive.ts";
import { bothHandshake, build } from "../support/handshake.ts";

// ---- the tables ----

const events = Object.keys(endEvents) as ReadonlyArray<EndEvent>;
const readings = Object.keys(readerSees) as ReadonlyArray<Reading>;
const writings = Object.keys(writerSees) as ReadonlyArray<Writing>;

Deno.test("nothing leads back: a half that is over never opens, and what failed or closed stays so", () => {
  for (const event of events) {
    for (const from of readings) {
      const to = readingSteps[event][from] ?? from;
      if (from !== "open") assert.notEqual(to, "open");
      if (from === "ended" || from === "failed" || from === "closed") assert.equal(to, from, event);
    }
    for (const from of writings) {
      const step = writingSteps[event][from];
      if (from !== "open") {
        assert.notEqual(step?.to, "open");
        assert.equal(step?.says, undefined, `${event} in ${from}: nothing follows what was said before`);
      }
    }
  }
});

Deno.test("the first reason stays, but that the peer's alert says why the stream took no more", () => {
  const [first, second] = [new Truncated({ handshaking: false }), new Truncated({ handshaking: true })];
  const state = makeState();
  state.happened("write_failed", first);
  state.happened("write_failed", second);
  assert.equal(state.writeFault(), first);
  assert.equal(state.readFault(), undefined);
  state.happened("peer_alert", second);
  assert.equal(state.writeFault(), second);
  assert.equal(state.readFault(), second);
  state.happened("fault", first);
  assert.equal(state.readFault(), second);
});

Deno.test("docs/ends.md is printed from the tables as they are", async () => {
  assert.equal(await Deno.readTextFile(new URL("../../docs/ends.md", import.meta.url)), page());
});

// ---- real connections ----

type Streams = Effect.Effect<readonly [ByteStream, ByteStream], unknown, Scope.Scope>;

const roomy = { highWaterMark: 64 };
const transforms = () => {
  const there = new TransformStream<Uint8Array, Uint8Array>({}, roomy, roomy);
  const back = new TransformStream<Uint8Array, Uint8Array>({}, roomy, roomy);
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ] as const;
};
const transports: Readonly<Record<string, Streams>> = {
  memory: makePair(),
  "web streams": Effect.sync(() => {
    const [a, b] = transforms();
    return [fromStreams(a), fromStreams(b)] as const;
  }),
  TCP: Effect.promise(async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [a, b] = await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
    listener.close();
    return [fromConn(a), fromConn(b)] as const;
  }),
  Sockets: Effect.gen(function* () {
    const [a, b] = transforms();
    return [
      yield* fromSocket(yield* Socket.fromTransformStream(Effect.succeed(a))),
      yield* fromSocket(yield* Socket.fromTransformStream(Effect.succeed(b))),
    ] as const;
  }),
};

/** A connection to try, its peer, and what can be done to either. */
interface Trial {
  readonly tried: Connection;
  readonly peer: Connection;
  readonly peersStream: ByteStream;
  readonly scope: Scope.CloseableScope;
  /** What the stream makes of the next write. */
  readonly writes: { how: "pass" | "fail" | "hang" };
  readonly said: Array<string>;
}

const limits = { ...modern12.limits, closeWait: 10, writeWait: 50 };
const policy = { ...modern12, limits };

const trial = (streams: Streams, role: "client" | "server") =>
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [a, b] = yield* streams;
    const writes: Trial["writes"] = { how: "pass" };
    const fails = Effect.fail(new TransportError({ operation: "write", cause: "by the test" }));
    const stream: ByteStream = {
      ...a,
      write: (bytes) =>
        Effect.suspend(() => ({ pass: a.write(bytes), fail: fails, hang: Effect.never })[writes.how]),
    };
    const said: Array<string> = [];
    const observe: Server.ServerOptions["observe"] = (e) => {
      if (e._tag === "alert" && e.direction === "sent") said.push(AlertDescription.nameOf(e.description));
    };
    const scope = yield* Scope.make();
    const client = (stream: ByteStream, observe?: Server.ServerOptions["observe"]) =>
      Effect.provide(Client.over(stream, { serverName: "localhost", policy, observe }), built.client);
    const server = (stream: ByteStream, observe?: Server.ServerOptions["observe"]) =>
      Effect.provide(Server.over(stream, { policy, observe }), built.server);
    const [tried, peer] = role === "client"
      ? yield* Effect.all([Scope.extend(client(stream, observe), scope), server(b)], { concurrency: 2 })
      : yield* Effect.all([Scope.extend(server(stream, observe), scope), client(b)], { concurrency: 2 });
    return { tried, peer, peersStream: b, scope, writes, said } satisfies Trial;
  });

/** What brings an event about, and what happens then. */
interface Deed {
  readonly does: (trial: Trial) => Effect.Effect<unknown, unknown>;
  readonly happens: ReadonlyArray<EndEvent>;
  /** It is met by who reads, or by who writes: where that half is over, nothing happens. */
  readonly by?: "reading" | "writing";
  /** The peer reads no more. */
  readonly leaves?: boolean;
}
const fails = <A>(of: Effect.Effect<A, unknown>) => Effect.either(of);

const deeds: Readonly<Record<string, Deed>> = {
  "the peer's closeWrite": {
    does: ({ tried, peer }) => Effect.zipRight(fails(peer.closeWrite), fails(tried.read)),
    happens: ["peer_closed"],
    by: "reading",
  },
  "the peer's fatal alert": {
    does: ({ tried, peer }) => Effect.zipRight(peer.abort, fails(tried.read)),
    happens: ["peer_alert", "released"],
    leaves: true,
    by: "reading",
  },
  "the stream's end": {
    does: ({ tried, peersStream }) => Effect.zipRight(peersStream.close, fails(tried.read)),
    happens: ["stream_ended", "released"],
    leaves: true,
    by: "reading",
  },
  "a record that does not decrypt": {
    does: ({ tried, peersStream }) =>
      Effect.zipRight(
        fails(peersStream.write(Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40)))),
        fails(tried.read),
      ),
    happens: ["fault", "released"],
    by: "reading",
  },
  "a write that fails": {
    does: ({ tried, writes }) =>
      Effect.suspend(() => {
        writes.how = "fail";
        return fails(tried.write(ascii("lost")));
      }),
    happens: ["write_failed"],
    by: "writing",
  },
  "a write that is interrupted": {
    does: ({ tried, writes }) =>
      Effect.gen(function* () {
        writes.how = "hang";
        const writing = yield* Effect.fork(tried.write(ascii("lost")));
        yield* Effect.yieldNow();
        yield* Fiber.interrupt(writing);
      }),
    happens: ["write_interrupted"],
    by: "writing",
  },
  closeWrite: { does: ({ tried }) => fails(tried.closeWrite), happens: ["half_closed"] },
  close: { does: ({ tried }) => tried.close, happens: ["closing", "released"] },
  abort: { does: ({ tried }) => tried.abort, happens: ["aborted", "released"] },
  "a scope that closes with success": {
    does: ({ scope }) => Scope.close(scope, Exit.void),
    happens: ["closing", "released"],
  },
  "a scope that closes with a failure": {
    does: ({ scope }) => Scope.close(scope, Exit.fail("by the test")),
    happens: ["aborted", "released"],
  },
};

/** Where the tables lead, and what is said on the way. */
const foretold = (names: ReadonlyArray<string>) => {
  let reading: Reading = "open";
  let writing: Writing = "open";
  const said: Array<Parting> = [];
  for (const name of names) {
    const { by, happens } = deeds[name]!;
    // A reader meets what comes, a writer what the stream makes of it.
    if (by === "reading" && reading !== "open" || by === "writing" && writing !== "open") continue;
    for (const event of happens) {
      reading = readingSteps[event][reading] ?? reading;
      const step: { readonly to: Writing; readonly says?: Parting } | undefined =
        writingSteps[event][writing];
      if (step?.says) said.push(step.says);
      writing = step?.to ?? writing;
    }
  }
  return { reading, writing, said: said.map((parting) => parting === "alert" ? "bad_record_mac" : parting) };
};

/** A stream that fails or hangs still does so when the last words want to go. */
const lostWords = (writing: Writing): Writing =>
  writing === "closed" || writing === "ended" ? "broken" : writing;

const held = (streams: Streams, role: "client" | "server", names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const of = yield* trial(streams, role);
    for (const name of names) yield* deeds[name]!.does(of);
    const where = `${role}: ${names.join(", then ")}`;
    const { reading, writing, said } = foretold(names);
    const ends = yield* of.tried.state;
    assert.equal(ends.reading, reading, where);
    if (of.writes.how === "pass") assert.equal(ends.writing, writing, where);
    else assert.ok([writing, lostWords(writing)].includes(ends.writing), `${where}: ${ends.writing}`);
    assert.deepEqual(of.said, said, where);
    if (reading !== "open") {
      const sees = readerSees[reading];
      const read = yield* Effect.either(of.tried.read);
      if (sees === "the end") assert.ok(Either.isRight(read) && read.right === undefined, where);
      else assert.ok(Either.isLeft(read) && (read.left._tag === "Closed") === (sees === "Closed"), where);
      const again = yield* Effect.either(of.tried.read);
      if (sees === "why") assert.equal(Either.isLeft(again) && again.left, Either.isLeft(read) && read.left);
    }
    of.writes.how = "pass";
    const wrote = yield* Effect.either(of.tried.write(ascii("x")));
    const sees = writerSees[ends.writing];
    const left = names.some((name) => deeds[name]!.leaves);
    if (sees === "success") assert.ok(Either.isRight(wrote) || left, where);
    else if (sees === "Closed") assert.ok(Either.isLeft(wrote) && wrote.left._tag === "Closed", where);
    else assert.ok(Either.isLeft(wrote), where);
    yield* Scope.close(of.scope, Exit.void);
    yield* of.peersStream.close;
  });

const names = Object.keys(deeds);
const pairs = names.flatMap((first) => names.map((second) => [first, second]));

const rows = Object.keys(transports).flatMap((transport) =>
  (transport === "memory" ? ["client", "server"] as const : ["client"] as const).flatMap((role) =>
    names.map((first) => ({ transport, role, first }))
  )
);
const traits = ({ transport, role, first }: typeof rows[number]) => [
  transport === "memory" ? [role, first] : [transport],
];

for (const { transport, role, first } of covering("ends over other transports", rows, traits)) {
  Deno.test(`${transport}, ${role}: ${first}, and then every other end, as docs/ends.md says`, () =>
    Effect.runPromise(
      Effect.forEach(
        pairs.filter(([name]) => name === first),
        (pair) => Effect.scoped(held(transports[transport]!, role, pair)),
        { concurrency: 4, discard: true },
      ),
    ));
}

// ---- last words ----

sync(
  "after our close_notify a broken record of the peer's is answered by nothing, and ends the reading half",
  Effect.gen(function* () {
    const { tried, peersStream, said } = yield* trial(makePair(), "server");
    yield* tried.closeWrite;
    yield* peersStream.write(Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40)));
    const read = yield* Effect.either(tried.read);
    assert.equal(Either.isLeft(read) && read.left._tag, "BadRecordMac");
    assert.deepEqual(said, ["close_notify"]);
    assert.equal((yield* tried.state).reading, "failed");
  }),
);

sync(
  "a broken record that arrives in one chunk behind good data is told to the peer, and ends the connection",
  Effect.gen(function* () {
    const good: Array<Uint8Array> = [];
    const [a, b] = yield* makePair();
    const built = yield* build({ toy: true });
    const said: Array<string> = [];
    let broken = false;
    // What the client says is held back, so that it arrives together with what is broken.
    const holding: ByteStream = {
      ...a,
      write: (bytes) => broken ? Effect.sync(() => void good.push(bytes)) : a.write(bytes),
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(holding, { serverName: "localhost", policy }), built.client),
      Effect.provide(
        Server.over(b, {
          policy,
          observe: (e) => {
            if (e._tag === "alert" && e.direction === "sent") {
              said.push(AlertDescription.nameOf(e.description));
            }
          },
        }),
        built.server,
      ),
    ], { concurrency: 2 });
    broken = true;
    yield* client.write(ascii("good"));
    yield* a.write(concat(...good, Uint8Array.of(23, 3, 3, 0, 40, ...new Uint8Array(40))));
    assert.deepEqual(yield* server.read, ascii("good"));
    const read = yield* Effect.either(server.read);
    assert.equal(Either.isLeft(read) && read.left._tag, "BadRecordMac");
    assert.deepEqual(said, ["bad_record_mac"]);
    assert.deepEqual(yield* server.state, { reading: "failed", writing: "failed" });
    const told = yield* Effect.either(client.read);
    assert.match(Either.isLeft(told) ? told.left.message : "", /fatal alert bad_record_mac/);
  }),
);

sync(
  "a defect of ours in a renegotiation is an internal_error, and takes the session out of the store",
  Effect.gen(function* () {
    const allowing = { ...policy, renegotiation: "allow" } as const;
    const built = yield* build({ toy: true });
    let dying = false;
    const own = Context.get(built.server, Credentials);
    const defective = Context.add(built.server, Credentials, {
      ...own,
      candidates: (request) => dying ? Effect.die(new Error("a defect")) : own.candidates(request),
    });
    const { client, server } = yield* bothHandshake({ ...built, server: defective }, {
      client: { policy: allowing },
      server: { policy: allowing },
    });
    const [c, s] = [yield* client, yield* server];
    const { sessionId } = yield* c.negotiated;
    const store = Context.get(built.server, SessionStore);
    assert.equal(Option.isSome(yield* store.get(toHex(sessionId))), true);
    dying = true;
    const reading = yield* Effect.fork(Effect.exit(s.read));
    const asked = yield* Effect.either(c.renegotiate);
    assert.match(Either.isLeft(asked) ? asked.left.message : "", /fatal alert internal_error/);
    assert.equal(Exit.isFailure(yield* Fiber.join(reading)), true);
    assert.equal(Option.isNone(yield* store.get(toHex(sessionId))), true);
  }),
);
