import { assert, Effect } from "../deps.ts";
import { conversations, fileOf, record } from "./conversation.ts";

for (const [name, setup] of Object.entries(conversations)) {
  Deno.test(`${name}: a full handshake, its resumption and a renegotiation are byte for byte as they were recorded`, () => {
    assert.equal(Effect.runSync(record(setup)), Deno.readTextFileSync(fileOf(name)));
  });
}
