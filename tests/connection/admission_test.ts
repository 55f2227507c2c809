/**
 * How a server admits connections, and how it stops: limits that refuse with a typed error before the handshake, and
 * `shutdown`, which lets handlers end.
 *
 * @module
 */
import { assert, Cause, Deferred, Effect, Either, Fiber, Layer, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { makeAdmission } from "../../src/connection/admission.ts";
import type { ConnectionLimits } from "../../src/connection/connection_limits.ts";
import type { AdmissionLimit } from "../../src/faults/errors/admission.ts";
import { layerNone as noCredentials, layerPem } from "../../src/layers/credentials/credentials.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { layerMemory as sessions } from "../../src/layers/sessions/memory.ts";
import { layerMemory } from "../../src/layers/transport/memory.ts";
import { layerTcp } from "../../src/layers/transport/tcp.ts";
import { layerNone } from "../../src/layers/trust/layers.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import type { Address } from "../../src/names/address.ts";
import { Transport } from "../../src/ports/transport.ts";
import * as Server from "../../src/server.ts";
import * as Golden from "../golden/certificates.ts";
import { effect, failsWith, live, sync } from "../support/effect.ts";
import { bytesOf, textOf } from "../support/text.ts";

const server = Layer.mergeAll(
  layerNoble,
  sessions(),
  layerNone,
  Layer.orDie(layerPem(Golden.server("p256"))),
);
const client = Layer.mergeAll(layerNoble, sessions(), Layer.orDie(layerRoots(Golden.root)), noCredentials);
const listen = (
  options: Partial<Server.ListenOptions>,
  handler: (connection: Connection) => Effect.Effect<void, unknown>,
) => Effect.provide(Server.listen({ hostname: "127.0.0.1", port: 0, ...options }, handler), server);
const connect = (address: Address) =>
  Effect.provide(Client.connect({ ...address, serverName: "localhost" }), client);

const from = (hostname: string): Address => ({ hostname, port: 50_000 });

/** The limit by which each of these connections was refused; `undefined` where one was admitted. */
const refusals = (limits: ConnectionLimits, ...hosts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { admit } = makeAdmission(limits);
    const outcomes = yield* Effect.forEach(hosts, (host) => Effect.either(admit(from(host))));
    return outcomes.map((one): AdmissionLimit | undefined => Either.isLeft(one) ? one.left.limit : undefined);
  });

const limited: ReadonlyArray<
  readonly [string, ConnectionLimits, ReadonlyArray<string>, AdmissionLimit | undefined]
> = [
  ["no limit at all", {}, ["a", "a", "a"], undefined],
  ["connections in all", { connections: 2 }, ["a", "b", "c"], "connections"],
  ["handshakes at once", { handshakes: 2 }, ["a", "b", "c"], "handshakes"],
  ["connections of one address", { connectionsPerAddress: 2 }, ["a", "a", "a"], "connectionsPerAddress"],
  ["connections of three addresses", { connectionsPerAddress: 1 }, ["a", "b", "c"], undefined],
  ["a rate of one address", { ratePerAddress: 2 }, ["a", "a", "a"], "ratePerAddress"],
  ["an IPv6 network of 64 bits", { ratePerAddress: 2 }, [
    "2001:db8::1",
    "2001:db8:0:0:7::2",
    "2001:DB8::ffff",
  ], "ratePerAddress"],
  [
    "three IPv6 networks",
    { ratePerAddress: 1 },
    ["2001:db8::1", "2001:db8:0:1::1", "2001:db8:1::1"],
    undefined,
  ],
  [
    "IPv4 in IPv6 and plain",
    { ratePerAddress: 2 },
    ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"],
    "ratePerAddress",
  ],
  ["neighbours in IPv4", { ratePerAddress: 1 }, ["192.0.2.1", "192.0.2.2", "::1"], undefined],
];
for (const [name, limits, hosts, expected] of limited) {
  sync(
    `${name}: the last of three is ${expected === undefined ? "admitted" : `refused by ${expected}`}`,
    Effect.map(refusals(limits, ...hosts), (all) => assert.deepEqual(all, [undefined, undefined, expected])),
  );
}

effect(
  "a rate counts the connections of a window, open or not, and begins anew after it",
  Effect.gen(function* () {
    const { admit, counts } = makeAdmission({ ratePerAddress: 1, window: "10 seconds" });
    (yield* admit(from("a"))).gone();
    const refused = yield* failsWith(admit(from("a")), "AdmissionRefused");
    assert.match(refused.message, /from a was refused: 1 .* \(onConnection\.ratePerAddress\)/);
    yield* TestClock.adjust("10 seconds");
    yield* admit(from("a"));
    assert.deepEqual({ ...counts(), refused: counts().refused.ratePerAddress }, {
      handshakes: 1,
      connections: 1,
      admitted: 2,
      refused: 1,
    });
  }),
);

sync(
  "what is counted once is given back once, whatever order the handshake and the end come in",
  Effect.gen(function* () {
    const { admit, counts } = makeAdmission({ handshakes: 1, connections: 2, connectionsPerAddress: 2 });
    const first = yield* admit(from("a"));
    first.established();
    first.established();
    const second = yield* admit(from("a"));
    second.gone();
    first.gone();
    assert.deepEqual([counts().handshakes, counts().connections], [0, 0]);
    yield* admit(from("a"));
  }),
);

sync(
  "a flood of addresses does not grow what is remembered without bound, nor forget those that are connected",
  Effect.gen(function* () {
    const { admit } = makeAdmission({ connectionsPerAddress: 1 });
    yield* admit(from("192.0.2.1"));
    for (let i = 0; i < 40_000; i++) {
      (yield* admit(from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))).gone();
    }
    yield* failsWith(admit(from("192.0.2.1")), "AdmissionRefused");
  }),
);

for (const [name, network] of Object.entries({ layerMemory, layerTcp })) {
  const over = <A, E, R>(test: Effect.Effect<A, E, R | Transport>) => Effect.provide(test, network);

  live(
    `${name}: a connection beyond a limit is closed before its handshake, told to onFailure, and counted`,
    over(Effect.gen(function* () {
      const told = yield* Deferred.make<unknown>();
      const { address, counts } = yield* listen({
        onConnection: { connections: 1 },
        onFailure: (cause) => Effect.asVoid(Deferred.succeed(told, Cause.squash(cause))),
      }, (connection) => Effect.asVoid(connection.read));
      const first = yield* connect(address);
      const second = yield* (yield* Transport).open(address);
      assert.equal(yield* Effect.orElseSucceed(second.read, () => undefined), undefined);
      const refused = yield* Deferred.await(told);
      assert.equal((refused as { _tag: string })._tag, "AdmissionRefused");
      assert.equal((yield* counts).refused.connections, 1);
      assert.equal((yield* counts).admitted, 1);
      yield* first.close;
    })),
  );

  live(
    `${name}: shutdown accepts no more, waits for the handlers, and closes with close_notify`,
    over(Effect.gen(function* () {
      const asked = yield* Deferred.make<void>();
      const answer = yield* Deferred.make<void>();
      const listening = yield* listen({}, (connection) =>
        Effect.gen(function* () {
          yield* connection.read;
          yield* Deferred.succeed(asked, undefined);
          yield* Deferred.await(answer);
          yield* connection.write(bytesOf("the whole answer"));
        }));
      const connection = yield* connect(listening.address);
      yield* connection.write(bytesOf("?"));
      yield* Deferred.await(asked);
      const stopping = yield* Effect.fork(listening.shutdown());
      yield* listening.ended;
      yield* failsWith(connect(listening.address), "TransportError");
      yield* Deferred.succeed(answer, undefined);
      assert.equal(textOf(yield* connection.read), "the whole answer");
      assert.equal(yield* connection.read, undefined); // close_notify, no truncation
      yield* connection.close;
      assert.equal(yield* Fiber.join(stopping), 0);
      assert.equal((yield* listening.counts).connections, 0);
      // The address is free again.
      yield* listen({ port: listening.address.port }, () => Effect.void);
    })),
  );

  live(
    `${name}: what is still open after its time is interrupted, counted, and not closed as if it were whole`,
    over(Effect.gen(function* () {
      const listening = yield* listen({}, () => Effect.never);
      const clients = yield* Effect.all([connect(listening.address), connect(listening.address)]);
      assert.equal(yield* listening.shutdown({ within: "20 millis" }), 2);
      for (const connection of clients) yield* failsWith(connection.read, "PeerAlert");
      assert.equal(yield* listening.shutdown({ within: 0 }), 0);
    })),
  );
}

live(
  "a time that is none is refused by its name, and the server goes on",
  Effect.gen(function* () {
    const listening = yield* listen({}, (connection) => Effect.asVoid(connection.read));
    const refused = yield* failsWith(listening.shutdown({ within: NaN }), "InvalidOption");
    assert.match(refused.message, /^within: /);
    yield* (yield* connect(listening.address)).close;
  }).pipe(Effect.provide(layerMemory)),
);
