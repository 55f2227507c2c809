/** Random bytes from a seed: the same for ever, and others for another seed. @module */
import { assert, Effect } from "../../deps.ts";
import { layerDeterministic } from "../../../src/layers/crypto/deterministic.ts";
import { layerNoble } from "../../../src/layers/crypto/noble/layer.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { Crypto, type CryptoService } from "../../../src/ports/crypto.ts";
import { ascii, toHex } from "../../../src/wire/bytes.ts";
import { rsaPair } from "../../support/keys.ts";

const pair = rsaPair(1024);

/** Everything that draws random bytes, one after another. */
const all = (crypto: CryptoService): ReadonlyArray<string> => [
  toHex(crypto.random(32)),
  ...crypto.groups.flatMap((group) => {
    const { publicKey } = Effect.runSync(crypto.keyShare(group));
    return [publicKey, Effect.runSync(crypto.answerShare(group, publicKey)).publicKey].map(toHex);
  }),
  toHex(Effect.runSync(crypto.sign(pair.privateKey, SignatureScheme.rsa_pss_rsae_sha256, ascii("data")))),
  toHex(Effect.runSync(crypto.rsaEncrypt(pair.publicKey, ascii("premaster")))),
  toHex(crypto.random(1)),
];

Deno.test("the same seed gives the same bytes, and each building of the layer starts over", () => {
  const layer = layerDeterministic("seed");
  const run = () => all(Effect.runSync(Crypto.pipe(Effect.provide(layer))));
  const first = run();
  assert.deepEqual(run(), first);
  assert.deepEqual(all(makeDeterministic("seed")), first);
});

Deno.test("another seed gives other bytes in every place", () => {
  const [a, b] = [all(makeDeterministic(1)), all(makeDeterministic(2))];
  for (const [i, value] of a.slice(0, -1).entries()) assert.notEqual(value, b[i]);
});

Deno.test("every seed has a stream of its own, whatever its characters", () => {
  const seeds = [0, 1, -1, 1.5, "", "a", "b", "\u{e5}", "\u{65e5}", "\u{e5}\u{2c}"];
  assert.equal(new Set(seeds.map((seed) => toHex(makeDeterministic(seed).random(16)))).size, seeds.length);
});

Deno.test("a stream never gives the same bytes twice, however much is drawn at a time", () => {
  const { random } = makeDeterministic("stream");
  const drawn = [16, 64, 65, 16, 200, 16, 0, 16].map((length) => random(length));
  assert.deepEqual(drawn.map((bytes) => bytes.length), [16, 64, 65, 16, 200, 16, 0, 16]);
  let before = "";
  for (const bytes of drawn.filter((some) => some.length > 0)) {
    assert.ok(!before.includes(toHex(bytes.subarray(0, 16))));
    before += toHex(bytes);
  }
});

Deno.test("the stream of a seed is the same for ever: recorded handshakes depend on it", () => {
  assert.equal(toHex(makeDeterministic(1).random(16)), "4b6adfc1106d3d3b28f21e016bd90b42");
  assert.equal(toHex(makeDeterministic("1").random(16)), "4b6adfc1106d3d3b28f21e016bd90b42");
});

Deno.test("the layer over the platform's random bytes gives other ones each time, and as many as are asked for", () => {
  const run = () => Effect.runSync(Crypto.pipe(Effect.provide(layerNoble)));
  const [a, b] = [all(run()), all(run())];
  for (const [i, value] of a.slice(0, -1).entries()) assert.notEqual(value, b[i]);
  const many = run().random(200_000);
  assert.equal(many.length, 200_000);
  assert.ok(many.subarray(-64).some((byte) => byte !== 0));
});
