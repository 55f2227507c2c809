/** Whole conversations, byte for byte as they were recorded: no change goes unseen on the wire. @module */
import { assert, Effect } from "../deps.ts";
import { layerDeterministic } from "../../src/layers/crypto/deterministic.ts";
import { layerSwift } from "../support/handshake.ts";
import { conversations, fileOf, record } from "./conversation.ts";

const providers = { noble: layerDeterministic, native: layerSwift };
for (const [name, setup] of Object.entries(conversations)) {
  for (const [by, provider] of Object.entries(providers)) {
    Deno.test(`${name}: a full handshake, its resumption and a renegotiation are byte for byte as they were recorded, by ${by}`, () => {
      assert.equal(Effect.runSync(record({ ...setup, provider })), Deno.readTextFileSync(fileOf(name)));
    });
  }
}
