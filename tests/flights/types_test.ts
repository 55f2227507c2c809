/** What the types of the flights forbid: a flight in the wrong place does not compile. @module */
import { assert, Effect } from "../deps.ts";
import type { Full } from "../../src/flights/agreed/agreed.ts";
import type { SentHello } from "../../src/flights/client_hello.ts";
import {
  afterServerHello,
  clientFlight,
  resumedFinish,
  serverFinish,
  serverFlight,
  serverHello,
} from "../../src/flights/until12/client.ts";
import type { ServerHello } from "../../src/messages/mod.ts";
import * as Server from "../../src/flights/until12/server.ts";
import type { Heard } from "../../src/flights/until12/server_hello.ts";

Deno.test("flights in the wrong order do not compile", () => {
  const client = (offer: SentHello, server: ServerHello) => [
    // @ts-expect-error our flight needs what the server's flight showed
    Effect.flatMap(serverHello(offer, server), clientFlight),
    // @ts-expect-error a session that is resumed has no server's flight, so the two must be told apart
    Effect.flatMap(serverHello(offer, server), serverFlight),
    // @ts-expect-error the server's Finished comes after ours
    Effect.flatMap(serverHello(offer, server), serverFinish),
    (full: Full) =>
      // @ts-expect-error a full handshake does not end as a resumed one
      resumedFinish({ offer, at: full }),
    afterServerHello(offer, server),
  ];
  const server = (heard: Extract<Heard, { _tag: "Full" }>) => [
    // @ts-expect-error the client's Finished needs keys
    Effect.flatMap(Server.serverFlight(heard), Server.clientFinish),
    // @ts-expect-error our Finished comes after the client's
    Server.serverFlight(heard).pipe(Effect.flatMap(Server.clientFlight), Effect.flatMap(Server.serverFinish)),
  ];
  assert.equal(typeof client, typeof server);
});
