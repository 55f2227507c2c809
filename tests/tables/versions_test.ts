/**
 * The versions: the highest of some, and the sentinel by which a server says that it could speak more (RFC 8446
 * §4.1.3).
 *
 * @module
 */
import { assert } from "../deps.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import { downgradeSentinel, isDowngraded } from "../../src/tables/versions/downgrade.ts";
import { highest } from "../../src/tables/versions/mod.ts";
import { ascii, concat } from "../../src/wire/bytes.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 } = ProtocolVersion;
const sentinels = {
  "1.2": concat(ascii("DOWNGRD"), Uint8Array.of(1)),
  below: concat(ascii("DOWNGRD"), Uint8Array.of(0)),
};
const random = (end: Uint8Array) => concat(new Uint8Array(24).fill(7), end);

/** RFC 8446 §4.1.3, all of it: what is spoken, what could be, and how the random ends. */
const rows = [
  [TLS_1_2, TLS_1_2, undefined],
  [TLS_1_2, TLS_1_3, sentinels["1.2"]],
  [TLS_1_1, TLS_1_3, sentinels.below],
  [TLS_1_0, TLS_1_3, sentinels.below],
  [SSL_3_0, TLS_1_2, sentinels.below],
  [TLS_1_1, TLS_1_2, sentinels.below],
  [TLS_1_0, TLS_1_1, undefined],
  [TLS_1_3, TLS_1_3, undefined],
] as const;
for (const [spoken, best, expected] of rows) {
  Deno.test(`a server that speaks ${versionText(spoken)} and could speak ${versionText(best)} says so in its random`, () => {
    assert.deepEqual(downgradeSentinel(spoken, best), expected);
    if (expected) assert.equal(isDowngraded(random(expected), spoken, best), true);
  });
}

Deno.test("a client notices the sentinel only where it could have spoken more", () => {
  assert.equal(isDowngraded(random(sentinels["1.2"]), TLS_1_2, TLS_1_2), false);
  assert.equal(isDowngraded(random(sentinels.below), TLS_1_2, TLS_1_3), true);
  assert.equal(isDowngraded(random(sentinels["1.2"]), TLS_1_1, TLS_1_2), false);
  assert.equal(isDowngraded(random(ascii("DOWNGRDX")), TLS_1_1, TLS_1_3), false);
  assert.equal(isDowngraded(new Uint8Array(32), TLS_1_0, TLS_1_3), false);
});

Deno.test("the highest version is the highest, in whatever order they come", () => {
  assert.equal(highest([TLS_1_0, TLS_1_2, TLS_1_1]), TLS_1_2);
});
