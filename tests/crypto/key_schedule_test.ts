/**
 * The key schedule of TLS 1.3 beyond its vectors: node:crypto's HKDF and HMAC are the oracle, and what is prepared is
 * prepared once.
 *
 * @module
 */
import { createHmac, hkdfSync } from "node:crypto";
import { assert } from "../deps.ts";
import { expand } from "../../src/crypto/hkdf.ts";
import { exportKeys, importedPsk, keySchedule, ticketPsk, trafficOf } from "../../src/crypto/key_schedule.ts";
import { hash } from "../../src/layers/crypto/noble/hash.ts";
import { ImportedIdentity } from "../../src/messages/mod.ts";
import { KdfIdentifier, ProtocolVersion } from "../../src/names/mod.ts";
import type { Hash, HashName } from "../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";

const hashes: ReadonlyArray<HashName> = ["sha256", "sha384"];

const hmac = (name: HashName, key: Bytes, data: Bytes): Bytes =>
  new Uint8Array(createHmac(name, key).update(data).digest());

/** HKDF-Expand-Label as RFC 8446 §7.1 draws it, of blocks of node:crypto's HMAC. */
const label = (name: HashName, secret: Bytes, text: string, context: Bytes, length: number): Bytes => {
  const full = ascii(`tls13 ${text}`);
  const info = concat(
    Uint8Array.of(0, length, full.length),
    full,
    Uint8Array.of(context.length),
    context,
  );
  let [out, block] = [EMPTY, EMPTY];
  for (let n = 1; out.length < length; n++) {
    block = hmac(name, secret, concat(block, info, Uint8Array.of(n)));
    out = concat(out, block);
  }
  return out.subarray(0, length);
};

const secretOf = (of: Hash): Bytes => new Uint8Array(of.length).fill(0x5a);
const digestOf = (of: Hash): Bytes => of.digest([ascii("hello")]);

Deno.test("HKDF is what node:crypto has, for every length of a few blocks, and none longer than 255 of them", () => {
  const [of, key, info] = [hash("sha256"), ascii("key"), ascii("info")];
  const prk = of.hmac(ascii("salt"))([key]);
  for (const length of [0, 1, 31, 32, 33, 64, 100, 255 * 32]) {
    const theirs = new Uint8Array(hkdfSync("sha256", key, ascii("salt"), info, length));
    assert.equal(toHex(expand(of, prk)(info, length)), toHex(theirs));
  }
  assert.throws(() => expand(of, prk)(info, 255 * 32 + 1), RangeError);
});

for (const name of hashes) {
  const of = hash(name);
  const secret = secretOf(of);

  Deno.test(`${name}: keys, IV, Finished and the next secret are of the traffic secret, by their labels`, () => {
    const traffic = trafficOf(of, secret);
    for (const length of [16, 32]) {
      assert.deepEqual(traffic.keys(length), {
        key: label(name, secret, "key", EMPTY, length),
        iv: label(name, secret, "iv", EMPTY, 12),
      });
    }
    const finishedKey = label(name, secret, "finished", EMPTY, of.length);
    assert.deepEqual(traffic.finished(digestOf(of)), hmac(name, finishedKey, digestOf(of)));
    assert.deepEqual(traffic.next().secret, label(name, secret, "traffic upd", EMPTY, of.length));
  });

  Deno.test(`${name}: a binder is a Finished of the PSK, which says where the PSK comes from`, () => {
    const early = hmac(name, new Uint8Array(of.length), secret);
    for (const origin of ["ext", "res", "imp"] as const) {
      const key = label(name, early, `${origin} binder`, of.digest([]), of.length);
      const finishedKey = label(name, key, "finished", EMPTY, of.length);
      assert.deepEqual(
        keySchedule(of, secret).binder(origin, digestOf(of)),
        hmac(name, finishedKey, digestOf(of)),
      );
    }
  });

  Deno.test(`${name}: a ticket's PSK is of the resumption secret and its nonce`, () => {
    const nonce = Uint8Array.of(0, 1);
    assert.deepEqual(ticketPsk(of, secret, nonce), label(name, secret, "resumption", nonce, of.length));
  });

  Deno.test(`${name}: exported keys are of a label and a context, and no context is an empty one`, () => {
    const ours = (context: Bytes | undefined) => exportKeys(of, secret, "EXPORTER-test", context, 40);
    const inner = label(name, secret, "EXPORTER-test", of.digest([]), of.length);
    const theirs = (context: Bytes) => label(name, inner, "exporter", of.digest([context]), 40);
    assert.deepEqual(ours(ascii("context")), theirs(ascii("context")));
    assert.deepEqual(ours(EMPTY), theirs(EMPTY));
    assert.deepEqual(ours(undefined), theirs(EMPTY));
  });

  Deno.test(`${name}: without (EC)DHE the handshake secret is of zeros`, () => {
    const said = { digest: () => digestOf(of) };
    const secretOfClient = (shared?: Bytes) =>
      toHex(keySchedule(of, secret).handshake(shared).traffic(said).client.secret);
    assert.equal(secretOfClient(), secretOfClient(new Uint8Array(of.length)));
    assert.notEqual(secretOfClient(), secretOfClient(secret));
  });
}

Deno.test("an imported PSK is of the external one and the whole identity, as long as its KDF wants", () => {
  const of = hash("sha256");
  const identity = codec(ImportedIdentity).unsafeEncode({
    externalIdentity: ascii("id"),
    context: ascii("ctx"),
    targetProtocol: ProtocolVersion.TLS_1_3,
    targetKdf: KdfIdentifier.HKDF_SHA384,
  });
  assert.equal(toHex(identity), "0002" + "6964" + "0003" + "637478" + "0304" + "0002");
  const external = ascii("external");
  const extracted = hmac("sha256", new Uint8Array(32), external);
  assert.deepEqual(
    importedPsk(of, external, identity, 48),
    label("sha256", extracted, "derived psk", of.digest([identity]), 48),
  );
});

/** A hash that counts the HMAC keys that are prepared. */
const counting = (): { readonly of: Hash; readonly keys: () => number } => {
  let count = 0;
  const of = { ...hash("sha256"), hmac: (key: Bytes) => (count++, hash("sha256").hmac(key)) };
  return { of, keys: () => count };
};

Deno.test("a traffic secret prepares its HMAC key once, and only when something is asked of it", () => {
  const { of, keys } = counting();
  const traffic = trafficOf(of, secretOf(of));
  assert.equal(keys(), 0);
  traffic.keys(16);
  traffic.next();
  assert.equal(keys(), 1);
  traffic.finished(digestOf(of));
  assert.equal(keys(), 2, "the finished key is one of its own");
});

Deno.test("what is the same in every handshake is prepared once for a hash", () => {
  const { of, keys } = counting();
  const said = { digest: () => digestOf(of) };
  const handshake = () => keySchedule(of).handshake(secretOf(of)).traffic(said);
  const first = handshake();
  const once = keys();
  const second = handshake();
  assert.equal(keys() - once, 1, "the handshake secret's own");
  assert.deepEqual(first.client.secret, second.client.secret);
});
