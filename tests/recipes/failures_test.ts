/** The programs of `docs/recipes` where nothing listens, or where something does: each says why in a line and ends. @module */
import { assert, Effect } from "../deps.ts";
import { freePort } from "../interop/peers.ts";
import { live } from "../support/effect.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { type Given, ran } from "./recipes.ts";

/** What programs are given, so that they meet a port. */
type Meeting = Readonly<Record<string, (port: number) => Given>>;

const toHost = (port: number): Given => ({ args: ["localhost", port] });
const clients: Meeting = {
  "old-appliance": (port) => ({ args: [`https://localhost:${port}/`, "0".repeat(64)] }),
  "proxy": (port) => ({ args: ["https://localhost/", `http://localhost:${port}`] }),
  "tunnel": (port) => ({ args: [`http://localhost:${port}`, "localhost", 443] }),
  "postgres": (port) => ({ env: { DATABASE_URL: `postgres://us@localhost:${port}/test` } }),
  "mysql": (port) => ({ env: { DATABASE_URL: `mysql://us@localhost:${port}/test` } }),
  "mail": (port) => ({ args: ["localhost", port, "root.pem"] }),
  "pins": toHost,
  "trust-on-first-use": toHost,
  "redis": toHost,
  "mqtt": toHost,
  "ldap": toHost,
  "ftps": toHost,
  "websocket-client": toHost,
};

const toListen = (port: number): Given => ({ args: [port] });
const servers: Meeting = {
  "express": toListen,
  "hono": toListen,
  "websocket-server": toListen,
  "starttls-server": (port) => ({ args: ["cert.pem", "key.pem", port] }),
};

const fails = (name: string, given: Given, why: RegExp) =>
  Effect.gen(function* () {
    const { code, complaints } = yield* ran(name, given);
    assert.equal(code, 1);
    assert.match(complaints, why);
    assert.equal(complaints.trimEnd().split("\n").length, 1, complaints);
  });

for (const [name, given] of Object.entries(clients)) {
  live(
    `${name}: where nothing listens, it says so in a line and ends`,
    exhaustiveOnly,
    Effect.flatMap(freePort, (port) => fails(name, given(port), /ECONNREFUSED|Connection refused/)),
  );
}

for (const [name, given] of Object.entries(servers)) {
  live(
    `${name}: where another listens, it says so in a line and ends`,
    exhaustiveOnly,
    Effect.gen(function* () {
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => Deno.listen({ hostname: "127.0.0.1", port: 0 })),
        (listener) => Effect.sync(() => listener.close()),
      );
      yield* fails(name, given(other.addr.port), /Address already in use/);
    }),
  );
}
