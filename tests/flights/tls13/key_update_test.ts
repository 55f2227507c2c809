/** KeyUpdate (RFC 8446 §4.6.3): by either end, asked for or not, crossing, in great number, and by itself. @module */
import { assert, Effect } from "../../deps.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { KeyUpdate } from "../../../src/messages/mod.ts";
import { KeyUpdateRequest } from "../../../src/names/protocol.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { limits } from "../../../src/tables/limits.ts";
import { failsWith, sync } from "../../support/effect.ts";
import { handshake, pingPong, readText, recordsOf, type Setup } from "../../support/handshake.ts";
import { modern13 } from "../../support/policies.ts";
import { bytesOf } from "../../support/text.ts";

type Role = "client" | "server";
const roles = ["client", "server"] as const;
const other = { client: "server", server: "client" } as const;

/** Two ends of TLS 1.3, and the KeyUpdates that each sent. */
const ends = (setup: Setup = {}) =>
  Effect.gen(function* () {
    const said: Record<Role, Array<string>> = { client: [], server: [] };
    const observe = (role: Role) => (e: ConnectionEvent) => {
      if (e._tag === "message" && e.direction === "sent" && e.message instanceof KeyUpdate) {
        said[role].push(`${KeyUpdateRequest.nameOf(e.message.requestUpdate)} in epoch ${e.epoch}`);
      }
    };
    const { tape, ...both } = yield* handshake({
      toy: true,
      ...setup,
      client: { policy: modern13, ...setup.client, observe: observe("client") },
      server: { policy: modern13, ...setup.server, observe: observe("server") },
    });
    // By now the client has read its tickets.
    assert.equal(yield* pingPong(both.client, both.server), "ping pong");
    return { ...both, said, tape };
  });

/** Handshake keys and application keys are the first two changes. */
const FIRST = 2;
const asking = (n: number) => `update_requested in epoch ${FIRST + n}`;
const telling = (n: number) => `update_not_requested in epoch ${FIRST + n}`;

for (const role of roles) {
  sync(
    `a ${role} changes its keys, and asks for nothing: the peer keeps its own`,
    Effect.gen(function* () {
      const { said, ...both } = yield* ends();
      for (let i = 0; i < 3; i++) {
        yield* both[role].updateKeys();
        assert.equal(yield* pingPong(both.client, both.server), "ping pong");
      }
      assert.deepEqual(said[role], [telling(0), telling(1), telling(2)]);
      assert.deepEqual(said[other[role]], []);
    }),
  );
  sync(
    `a ${role} changes its keys and asks the peer for the same: it is answered once, and not asked back`,
    Effect.gen(function* () {
      const { said, ...both } = yield* ends();
      for (let i = 0; i < 3; i++) {
        yield* both[role].updateKeys({ request: true });
        assert.equal(yield* pingPong(both.client, both.server), "ping pong");
        assert.equal(yield* pingPong(both.client, both.server), "ping pong");
      }
      assert.deepEqual(said[role], [asking(0), asking(1), asking(2)]);
      assert.deepEqual(said[other[role]], [telling(0), telling(1), telling(2)]);
    }),
  );
  sync(
    `a ${role}'s update whose request is no boolean is refused, and changes no keys`,
    Effect.gen(function* () {
      const { said, ...both } = yield* ends();
      const refused = yield* failsWith(both[role].updateKeys({ request: "yes" as never }), "InvalidOption");
      assert.ok(refused.option.endsWith("request"), refused.option);
      assert.deepEqual(said[role], []);
      assert.equal(yield* pingPong(both.client, both.server), "ping pong");
    }),
  );
  sync(
    `a ${role}'s keys change after each limits.recordsPerKey records, by themselves, and no data is lost`,
    Effect.gen(function* () {
      const policy = { ...modern13, limits: { ...limits, recordsPerKey: 3 } };
      const { said, ...both } = yield* ends({ [role]: { policy } });
      const words = Array.from({ length: 20 }, (_, i) => `word ${i}, `);
      for (const word of words) yield* both[role].write(bytesOf(word));
      const text = words.join("");
      assert.equal(yield* readText(both[other[role]], text.length), text);
      const times = said[role].length;
      assert.ok(times >= 6, `${times} updates`);
      assert.deepEqual(said[role], Array.from({ length: times }, (_, i) => telling(i)));
      assert.deepEqual(said[other[role]], []);
      assert.equal(yield* pingPong(both.client, both.server), "ping pong");
    }),
  );
  sync(
    `one long write of a ${role} changes keys in its middle`,
    Effect.gen(function* () {
      const policy = { ...modern13, limits: { ...limits, recordsPerKey: 3 } };
      const { said, ...both } = yield* ends({ [role]: { policy } });
      const text = "0123456789abcdef".repeat(2 ** 14);
      yield* both[role].write(bytesOf(text));
      assert.equal(yield* readText(both[other[role]], text.length), text);
      assert.ok(said[role].length >= 2, `${said[role].length} updates`);
    }),
  );
  sync(
    `a ${role} that asks limits.postHandshakeMessages times without data in between is served, and not once more`,
    Effect.gen(function* () {
      const many = limits.postHandshakeMessages;
      const { said, ...both } = yield* ends();
      const [asker, asked] = [both[role], both[other[role]]];
      const talk = (times: number) =>
        Effect.zipRight(
          Effect.replicateEffect(asker.updateKeys({ request: true }), times, { discard: true }),
          asker.write(bytesOf(".")),
        );
      yield* talk(many);
      assert.equal(yield* readText(asked, 1), ".");
      // One answer is enough, and goes before the next data (RFC 8446 §4.6.3).
      assert.deepEqual(said[other[role]], []);
      yield* asked.write(bytesOf("!"));
      assert.equal(yield* readText(asker, 1), "!");
      assert.deepEqual(said[other[role]], [telling(0)]);
      yield* talk(many + 1);
      const { limit } = yield* failsWith(asked.read, "LimitExceeded");
      assert.equal(limit, "postHandshakeMessages");
    }),
  );
  sync(
    `a ${role} that has sent its close_notify answers no request for new keys, and still reads`,
    Effect.gen(function* () {
      const { said, tape, ...both } = yield* ends();
      yield* both[role].closeWrite;
      const sent = () => tape.flows.filter(({ from }) => from === role).flatMap((f) => recordsOf(f.bytes));
      const before = sent().length;
      yield* both[other[role]].updateKeys({ request: true });
      yield* both[other[role]].write(bytesOf("under new keys"));
      assert.equal(yield* readText(both[role], 14), "under new keys");
      assert.deepEqual(said[role], []);
      assert.equal(sent().length, before);
    }),
  );
}

/** Both ask before either has heard the other. */
const crossing = (client: Connection, server: Connection) =>
  Effect.zipRight(client.updateKeys({ request: true }), server.updateKeys({ request: true }));

sync(
  "requests that cross are both answered, and the keys of both ends are the same",
  Effect.gen(function* () {
    const { client, server, said } = yield* ends();
    for (let i = 0; i < 3; i++) {
      yield* crossing(client, server);
      assert.equal(yield* pingPong(client, server), "ping pong");
      assert.equal(yield* pingPong(client, server), "ping pong");
    }
    const all = [0, 2, 4].flatMap((n) => [asking(n), telling(n + 1)]);
    assert.deepEqual(said, { client: all, server: all });
  }),
);

sync(
  "before TLS 1.3 there is no KeyUpdate",
  Effect.gen(function* () {
    const { client } = yield* handshake({ toy: true });
    const { by } = yield* failsWith(client.updateKeys(), "RenegotiationRefused");
    assert.equal(by, "older");
  }),
);
