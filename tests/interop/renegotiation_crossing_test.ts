/** Renegotiation where things cross: both ends ask at once, much data comes meanwhile, or too many are asked for. @module */
import { assert, Effect } from "../deps.ts";
import { accept, client, connect, exchange, renewed, type Talk, talk } from "./ends.ts";
import { only } from "./old.ts";
import { oldestAndNewest, type OpenSsl, sClient, sServer } from "./openssl.ts";
import { withPeer } from "./peers.ts";

/** Lines of which OpenSSL takes none for a command. */
const many = (who: string): string =>
  Array.from({ length: 8_000 }, (_, i) => `${who} ${i} ${"x".repeat(i % 40)}`).join("\n");

/** Much data from the peer, and then from us, and handshakes in the midst of each. */
const amidMuch = (us: Talk, peer: OpenSsl) =>
  Effect.gen(function* () {
    const thrice = Effect.forEach([false, true, false], (resume) =>
      Effect.zipRight(Effect.sleep("2 millis"), us.connection.renegotiateWith({ resume })));
    const [theirs, ours] = [many("theirs"), many("ours")];
    const typed = peer.say(`${theirs}\n`);
    yield* renewed(us, Effect.all([typed, thrice, us.hear(theirs)], { concurrency: "unbounded" }));
    yield* renewed(us, Effect.all([us.tell(ours), thrice], { concurrency: "unbounded" }));
    yield* peer.until(/ours 7999 x+\n/);
    const heard = peer.output().match(/^ours \d+ x*$/gm);
    assert.equal(heard?.join("\n"), ours);
    yield* exchange(us, peer, "after");
    assert.equal((yield* peer.trace).handshakes.length, 7);
  });

for (const { name, id, openssl } of oldestAndNewest) {
  const policy = only(id);

  withPeer(
    "openssl",
    `our server and s_client, ${name}: six handshakes amid much data, and not a byte is lost`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy });
      const peer = yield* sClient(server.port, openssl);
      yield* amidMuch(yield* server.next, peer);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, ${name}: six handshakes amid much data, and not a byte is lost`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer(openssl, "-client_renegotiation");
      yield* amidMuch(yield* Effect.flatMap(connect(port, { policy }), talk), peer);
    }).pipe(Effect.provide(client())),
  );

  withPeer(
    "openssl",
    `our server and s_client, ${name}: both ask at once, again and again, and the connection goes on`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      for (const i of Array(6).keys()) {
        const asked = Effect.zipRight(
          peer.say("R\n"),
          peer.until(new RegExp(`(RENEGOTIATING[^]*){${i + 1}}`)),
        );
        const both = [asked, Effect.delay(us.connection.renegotiate, `${i} millis`)];
        yield* renewed(us, Effect.all(both, { concurrency: "unbounded" }));
        yield* exchange(us, peer, `after ${i}`, "theirs");
      }
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, ${name}: both ask at once, again and again, and the connection goes on`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer(openssl, "-client_renegotiation");
      const us = yield* Effect.flatMap(connect(port, { policy }), talk);
      yield* exchange(us, peer, "before");
      for (const i of Array(6).keys()) {
        const both = [peer.say("r\n"), Effect.delay(us.connection.renegotiate, `${i} millis`)];
        yield* renewed(us, Effect.all(both, { concurrency: "unbounded" }));
        yield* peer.until(new RegExp(`(SSL_do_handshake -> 1[^]*){${i + 1}}`));
        yield* exchange(us, peer, `after ${i}`);
      }
    }).pipe(Effect.provide(client())),
  );

  withPeer(
    "openssl",
    `our server and s_client, ${name}: it asks once more than policy allows, and the connection ends; our own do not count`,
    Effect.gen(function* () {
      const limits = { ...policy.limits, renegotiations: 2 };
      const server = yield* accept("rsa", { policy: { ...policy, limits } });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      for (const i of [1, 2, 3]) {
        yield* renewed(us, us.connection.renegotiate);
        yield* exchange(us, peer, `before ${i}`);
        yield* peer.say("R\n");
        yield* peer.until(new RegExp(`(RENEGOTIATING[^]*){${i}}`));
        if (i < 3) yield* exchange(us, peer, `after ${i}`, "theirs");
      }
      const end = yield* us.end;
      assert.equal(end?._tag === "LimitExceeded" && end.limit, "renegotiations");
      yield* peer.until(/SSL alert number \d+/);
      assert.equal(yield* peer.ended, 1);
    }),
  );
}
