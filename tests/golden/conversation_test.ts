/** Whole conversations, byte for byte as they were recorded: no change goes unseen on the wire. @module */
import { assert, Effect } from "../deps.ts";
import { layerDeterministic } from "../../src/layers/crypto/deterministic.ts";
import { layerSwift, type Setup } from "../support/handshake.ts";
import {
  conversations,
  conversations13,
  conversationsOfKeys,
  conversationsOfNoble,
  fileOf,
  record,
  record13,
  recordKeys,
} from "./conversation.ts";

const noble = { noble: layerDeterministic };
const both = { ...noble, native: layerSwift };

const until12 = { what: "a full handshake, its resumption and a renegotiation", record };
const keys = { what: "early data, taken and refused, and external keys", record: recordKeys };
const since13 = { what: "a full handshake, its resumption and what comes after them", record: record13 };

const all: ReadonlyArray<
  readonly [Readonly<Record<string, Setup>>, typeof until12, Readonly<Record<string, Setup["provider"]>>]
> = [
  [conversations, until12, both],
  [conversations13, since13, both],
  [conversationsOfNoble, since13, noble],
  [conversationsOfKeys, keys, both],
];
for (const [named, { what, record }, providers] of all) {
  for (const [name, setup] of Object.entries(named)) {
    for (const [by, provider] of Object.entries(providers)) {
      Deno.test(`${name}: ${what} are byte for byte as they were recorded, by ${by}`, () => {
        const recorded = Deno.readTextFileSync(fileOf(name));
        assert.equal(Effect.runSync(record({ ...setup, ...(provider ? { provider } : {}) })), recorded);
      });
    }
  }
}
