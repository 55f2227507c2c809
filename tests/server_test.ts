/**
 * A server of many connections: what fails on one harms no other, how many are served at once, and how it ends.
 *
 * @module
 */
import { assert, Cause, Deferred, Effect, Exit, Layer, Logger, Scope } from "./deps.ts";
import * as Client from "../src/client.ts";
import type { Connection } from "../src/connection/connection.ts";
import { layerNone as noCredentials, layerPem } from "../src/layers/credentials/credentials.ts";
import { layerNoble } from "../src/layers/crypto/noble/layer.ts";
import { layerMemory as sessions } from "../src/layers/sessions/memory.ts";
import { layerRotating } from "../src/layers/tickets/rotating.ts";
import { layerMemory } from "../src/layers/transport/memory.ts";
import { layerTcp } from "../src/layers/transport/tcp.ts";
import { layerNone } from "../src/layers/trust/layers.ts";
import { layerRoots } from "../src/layers/trust/roots.ts";
import type { Address } from "../src/names/address.ts";
import { Transport } from "../src/ports/transport.ts";
import * as Server from "../src/server.ts";
import { modern } from "../src/tables/policy.ts";
import { modern12 } from "./support/policies.ts";
import { ascii } from "../src/wire/bytes.ts";
import * as Golden from "./golden/certificates.ts";
import { failsWith, live, withoutLogs } from "./support/effect.ts";
import { textOf } from "./support/text.ts";

const server = Layer.mergeAll(
  layerNoble,
  sessions(),
  layerNone,
  Layer.orDie(layerPem(Golden.server("p256"))),
);
const client = Layer.mergeAll(layerNoble, sessions(), Layer.orDie(layerRoots(Golden.root)), noCredentials);

const echo = (connection: Connection): Effect.Effect<void, unknown> =>
  Effect.flatMap(
    connection.read,
    (data) => data ? Effect.zipRight(connection.write(data), echo(connection)) : Effect.void,
  );

const listen = (
  options: Partial<Server.ListenOptions>,
  handler: (connection: Connection, number: number, remote: Address) => Effect.Effect<void, unknown> = echo,
) => Effect.provide(Server.listen({ hostname: "127.0.0.1", port: 0, ...options }, handler), server);
const connect = (address: Address) =>
  Effect.provide(Client.connect({ ...address, serverName: "localhost" }), client);
const ask = (connection: Connection, question: string) =>
  Effect.zipRight(connection.write(ascii(question)), Effect.map(connection.read, textOf));

for (const [name, network] of Object.entries({ layerMemory, layerTcp })) {
  const over = <A, E, R>(test: Effect.Effect<A, E, R | Transport>) => Effect.provide(test, network);

  live(
    `${name}: a server serves many clients at once, each in a fiber of its own`,
    over(Effect.gen(function* () {
      const { address } = yield* listen({});
      const clients = yield* Effect.forEach(Array.from({ length: 8 }), () => connect(address), {
        concurrency: 4,
      });
      const answers = yield* Effect.forEach(clients, (c, i) => ask(c, `client ${i}`), {
        concurrency: "unbounded",
      });
      assert.deepEqual(answers, clients.map((_, i) => `client ${i}`));
      yield* Effect.forEach(clients, (c) => c.close, { concurrency: "unbounded" });
    })),
  );

  live(
    `${name}: what fails on one connection is told, and harms no other`,
    over(Effect.gen(function* () {
      const failures: Array<string> = [];
      const told = yield* Deferred.make<void>();
      const { address } = yield* listen({
        onFailure: (cause, number) =>
          Effect.zipRight(
            Effect.sync(() => failures.push(`${number} ${(Cause.squash(cause) as { _tag: string })._tag}`)),
            failures.length === 2 ? Deferred.succeed(told, undefined) : Effect.void,
          ),
      }, (connection, number) => number === 2 ? Effect.fail({ _tag: "Mine" }) : echo(connection));
      const transport = yield* Transport;
      const stranger = yield* transport.open(address);
      yield* stranger.write(ascii("GET / HTTP/1.1\r\n\r\n"));
      const alert = yield* stranger.read;
      assert.deepEqual([...alert!], [21, 3, 1, 0, 2, 2, 10]);
      assert.equal(yield* stranger.read, undefined);
      const second = yield* connect(address);
      yield* failsWith(second.read, "PeerAlert");
      const third = yield* connect(address);
      assert.equal(yield* ask(third, "still there"), "still there");
      assert.deepEqual(failures.sort(), ["1 NotTls", "2 Mine"]);
      yield* third.close;
    })),
  );

  live(
    `${name}: no more are served at once than is allowed, and the next is served when one ends`,
    over(Effect.gen(function* () {
      const { address } = yield* listen({ maxConnections: 1 });
      const first = yield* connect(address);
      assert.equal(yield* ask(first, "one"), "one");
      const second = yield* Effect.fork(connect(address));
      yield* Effect.sleep("20 millis");
      assert.equal(second.unsafePoll(), null);
      yield* first.close;
      const connection = yield* second;
      assert.equal(yield* ask(connection, "two"), "two");
      yield* connection.close;
    })),
  );

  live(
    `${name}: silent peers take no place of those that are served, and are let go after firstByteTimeout`,
    over(Effect.gen(function* () {
      const limits = { ...modern12.limits, firstByteTimeout: 400, handshakeTimeout: 5000 };
      const failures: Array<string> = [];
      const { address } = yield* listen({
        maxConnections: 4,
        policy: { ...modern12, limits },
        onFailure: (cause) => Effect.sync(() => failures.push((Cause.squash(cause) as Error).message)),
      });
      const transport = yield* Transport;
      const silent = yield* Effect.forEach(Array.from({ length: 8 }), () => transport.open(address));
      const honest = yield* connect(address);
      assert.equal(yield* ask(honest, "hello"), "hello");
      assert.equal(failures.length, 0, "it was served beside them");
      yield* honest.close;
      for (const stream of silent) while (yield* stream.read) { /* user_canceled, close_notify, the end */ }
      assert.deepEqual([...new Set(failures)], ["the peer sent nothing within 400 ms"]);
    })),
  );

  live(
    `${name}: an observer that can't be made, and a teller of failures that dies, cost no place`,
    withoutLogs(over(Effect.gen(function* () {
      const { address } = yield* listen({
        maxConnections: 1,
        observe: () => {
          throw new Error("no log file");
        },
        onFailure: () => Effect.die(new Error("no log either")),
      }, (connection) => Effect.zipRight(Effect.ignore(echo(connection)), Effect.fail("by the test")));
      for (let i = 0; i < 3; i++) {
        const client = yield* connect(address);
        assert.equal(yield* ask(client, "hello"), "hello");
        yield* client.closeWrite;
        yield* failsWith(client.read, "PeerAlert");
      }
    }))),
  );

  live(
    `${name}: when its scope closes a server breaks off every answer, and listens no more`,
    over(Effect.gen(function* () {
      const scope = yield* Scope.make();
      const { address, ended } = yield* Scope.extend(listen({}), scope);
      const clients = yield* Effect.all([connect(address), connect(address)]);
      yield* ask(clients[0], "hello");
      yield* Scope.close(scope, Exit.void);
      for (const one of clients) yield* failsWith(one.read, "PeerAlert");
      yield* ended;
      const late = yield* Effect.either(connect(address));
      assert.equal(late._tag === "Left" && late.left._tag, "TransportError");
    })),
  );

  live(
    `${name}: from when its scope begins to close a server accepts nothing, however long its handlers take to end`,
    over(Effect.gen(function* () {
      const counts = { accepted: 0, closed: 0 };
      const scope = yield* Scope.make();
      const [serving, mayEnd] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()];
      const { address, ended } = yield* listen(
        {},
        () =>
          Effect.zipRight(
            Deferred.succeed(serving, undefined),
            Effect.onInterrupt(Effect.never, () => Deferred.await(mayEnd)),
          ),
      ).pipe(Scope.extend(scope), Effect.provide(counting(yield* Transport, counts)));
      yield* connect(address);
      yield* Deferred.await(serving);
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void));
      yield* ended;
      const late = yield* Effect.fork(
        Effect.either(Effect.flatMap((yield* Transport).open(address), (s) => s.read)),
      );
      yield* Effect.sleep("50 millis");
      yield* Deferred.succeed(mayEnd, undefined);
      yield* closing;
      const heard = yield* late;
      assert.ok(heard._tag === "Left" || heard.right === undefined, "the late stream ends without a byte");
      assert.deepEqual(counts, { accepted: 1, closed: 1 });
    })),
  );
}

const sealing = layerRotating();
for (
  const [what, earlyData, sessionTickets, tickets, warnings] of [
    ["earlyData and SessionTickets", 100, true, sealing, 1],
    ["earlyData, and the store for its sessions", 100, true, Layer.empty, 0],
    ["earlyData, and a policy that gives no tickets", 100, false, sealing, 0],
    ["SessionTickets, and no earlyData", 0, true, sealing, 0],
  ] as const
) {
  live(
    `a server with ${what} logs ${warnings === 0 ? "no warning" : "that it accepts no early data"}`,
    Effect.gen(function* () {
      const logged: Array<string> = [];
      const logger = Logger.make(({ logLevel, message }) => {
        logged.push(`${logLevel.label} ${message}`);
      });
      yield* listen({ earlyData, policy: { ...modern, sessionTickets } }).pipe(
        Effect.provide(tickets),
        Effect.provide([layerNoble, layerMemory, Logger.replace(Logger.defaultLogger, logger)]),
      );
      assert.equal(logged.length, warnings);
      for (const line of logged) {
        assert.match(line, /^WARN no early data will be accepted: SessionTickets .*leave it out/);
      }
    }),
  );
}

/** A transport that counts the streams it accepts, and those whose scope is closed. */
const counting = (transport: Transport["Type"], counts: { accepted: number; closed: number }) =>
  Layer.succeed(Transport, {
    ...transport,
    listen: (at: Address) =>
      Effect.map(transport.listen(at), (listener) => ({
        ...listener,
        accept: Effect.zipLeft(
          listener.accept,
          Effect.zipRight(
            Effect.sync(() => void counts.accepted++),
            Effect.addFinalizer(() => Effect.sync(() => void counts.closed++)),
          ),
        ),
      })),
  });
