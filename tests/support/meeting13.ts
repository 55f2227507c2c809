/** Two ends of TLS 1.3 that meet, also a second time and with early data, and the messages that the client saw. @module */
import { assert, Effect } from "../deps.ts";
import { ClientHello, findExtension } from "../../src/messages/mod.ts";
import type { ConnectionEvent } from "../../src/ports/observer.ts";
import type { Policy } from "../../src/tables/policy.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { bothHandshake, build, type Built, pingPong, type Setup } from "./handshake.ts";
import { bothUnder, modern13 } from "./policies.ts";

/** Two ends under one policy, whose public-key operations are free of cost. */
export const toy = (policy: Policy, more: Setup = {}): Setup => bothUnder(policy, { toy: true, ...more });

/** A client that sends early data when it has a session, and a server that accepts so many bytes of it. */
export const asking = (earlyData: Bytes, accepted: number, client = modern13, server = modern13): Setup => ({
  toy: true,
  client: { policy: client, serverName: "localhost", earlyData },
  server: { policy: server, earlyData: accepted },
});

/** A message as the client sent it or received it. */
export interface Seen {
  readonly message: object;
  readonly sent: boolean;
}

/** Two ends meet, and must agree. */
export const meet = (built: Built, setup: Setup) =>
  Effect.gen(function* () {
    const seen: Array<Seen> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message") seen.push({ message: e.message, sent: e.direction === "sent" });
    };
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    return { client: yield* ends.client, server: yield* ends.server, seen, tape: ends.tape };
  });

/** The messages of a class among those seen. */
export const seenOf = <A>(
  Class: abstract new (...of: never) => A,
  seen: ReadonlyArray<Seen>,
): ReadonlyArray<A> => seen.flatMap(({ message }) => message instanceof Class ? [message] : []);

/** Whether a ClientHello among those seen says that early data follows it. */
export const sentEarly = (seen: ReadonlyArray<Seen>): boolean =>
  seenOf(ClientHello, seen).some(({ extensions }) => findExtension(extensions, "early_data") !== undefined);

/** Ends that have met and talked, so that the client has tickets. */
export const acquainted = (setup: Setup, tickets = false) =>
  Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets });
    const { client, server, seen } = yield* meet(built, setup);
    assert.equal(sentEarly(seen), false, "no session, no early data");
    assert.equal((yield* client.negotiated).earlyData, undefined);
    assert.equal(yield* pingPong(client, server), "ping pong");
    return built;
  });
