/** What a client offers for an external PSK and what a server makes of an identity, imported (RFC 9258) or not. @module */
import { assert } from "../deps.ts";
import { makeNoble } from "../../src/layers/crypto/noble/provider.ts";
import type { ExternalPsk, PskHash } from "../../src/ports/pre_shared_keys.ts";
import { lookedUpFor, namedBy, offeredFor } from "../../src/psks/offered.ts";
import { isExternalPsk } from "../../src/psks/option.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { hex } from "../support/keys.ts";
import { createHash, hkdfSync } from "node:crypto";

const crypto = makeNoble((length) => new Uint8Array(length));
const key = hex("00112233445566778899aabbccddeeff");
const external: ExternalPsk = { identity: ascii("device"), key };
const imported: ExternalPsk = { ...external, imported: { context: ascii("client a, server b") } };

/** `ImportedIdentity` by hand: the external identity, the context, TLS 1.3, a KDF. */
const identityOf = (name: string, context: string, kdf: number, version = 0x0304): Bytes =>
  concat(
    Uint8Array.of(0, name.length),
    ascii(name),
    Uint8Array.of(0, context.length),
    ascii(context),
    Uint8Array.of(version >> 8, version & 0xff, kdf >> 8, kdf & 0xff),
  );

/** RFC 9258 §5.1 with the platform's HKDF: Extract of zeros and the key, Expand with the label. */
const derived = (hash: PskHash, identity: Bytes, length: number): Bytes => {
  const digest = Uint8Array.from(createHash(hash).update(identity).digest());
  const label = ascii("tls13 derived psk");
  const info = concat(
    Uint8Array.of(length >> 8, length & 0xff, label.length),
    label,
    Uint8Array.of(digest.length),
    digest,
  );
  return new Uint8Array(hkdfSync(hash, key, EMPTY, info, length));
};

Deno.test("an external key is offered as it is, for SHA-256 unless it says otherwise", () => {
  assert.deepEqual(offeredFor(crypto, external), [
    { identity: ascii("device"), key, hash: "sha256", origin: "ext" },
  ]);
  assert.equal(offeredFor(crypto, { ...external, hash: "sha384" })[0]?.hash, "sha384");
});

for (const hash of ["sha256", "sha384"] as const) {
  Deno.test(`of an external key for ${hash} a key for each KDF is made, as the platform's HKDF makes it`, () => {
    const [one, two] = [1, 2].map((kdf) => identityOf("device", "client a, server b", kdf)) as [Bytes, Bytes];
    assert.deepEqual(offeredFor(crypto, { ...imported, hash }), [
      { identity: one, key: derived(hash, one, 32), hash: "sha256", origin: "imp" },
      { identity: two, key: derived(hash, two, 48), hash: "sha384", origin: "imp" },
    ]);
  });

  for (const client of [external, imported, { ...imported, imported: { context: EMPTY } }]) {
    Deno.test(`a server finds what a client offers for ${hash}, ${client.imported?.context.length ?? "not"} imported`, () => {
      const both = { ...client, hash };
      for (const offered of offeredFor(crypto, both)) {
        const names = lookedUpFor(offered.identity).map(toHex);
        assert.ok(names.includes(toHex(client.identity)));
        assert.equal(names[0], toHex(offered.identity));
        assert.deepEqual(namedBy(crypto, both, offered.identity), offered);
      }
    });
  }
}

Deno.test("the keys that are made differ by the context, the KDF, the hash and the key", () => {
  const all = [
    imported,
    { ...imported, imported: { context: ascii("client b, server a") } },
    { ...imported, hash: "sha384" as const },
    { ...imported, key: key.toReversed() },
    { ...imported, identity: ascii("other") },
  ].flatMap((one) => offeredFor(crypto, one).map((psk) => toHex(psk.key)));
  assert.equal(new Set(all).size, all.length);
});

const strangers: ReadonlyArray<readonly [string, ExternalPsk, Bytes]> = [
  ["itself, when the key is only imported", imported, external.identity],
  ["an imported one, when the key is used as it is", external, identityOf("device", "", 1)],
  ["another", external, ascii("Device")],
  ["one of another context", imported, identityOf("device", "client b, server a", 1)],
  ["one without a context", imported, identityOf("device", "", 1)],
  ["one of another external identity", imported, identityOf("devic2", "client a, server b", 1)],
  ["one for TLS 1.2", imported, identityOf("device", "client a, server b", 1, 0x0303)],
  ["one for DTLS 1.3", imported, identityOf("device", "client a, server b", 1, 0xfefc)],
  ["one for an unknown KDF", imported, identityOf("device", "client a, server b", 3)],
  ["one that is cut off", imported, identityOf("device", "client a, server b", 1).subarray(0, -1)],
  ["one with a byte more", imported, concat(identityOf("device", "client a, server b", 1), Uint8Array.of(0))],
];
for (const [what, one, identity] of strangers) {
  Deno.test(`an identity of a key is not ${what}`, () =>
    assert.equal(namedBy(crypto, one, identity), undefined));
}

Deno.test("an identity that can't be an imported one is looked up as it is, and only so", () => {
  for (const identity of [ascii("device"), Uint8Array.of(0), Uint8Array.of(0, 0, 0, 0, 3, 4, 0, 1)]) {
    assert.deepEqual(lookedUpFor(identity), [identity]);
  }
  assert.deepEqual(lookedUpFor(identityOf("d", "c", 9)).map(toHex), ["00016400016303040009", "64"]);
});

Deno.test("the longest identity and context that go together are offered, and no longer ones are keys", () => {
  const long = (identity: number, context: number): ExternalPsk => ({
    identity: new Uint8Array(identity),
    key,
    imported: { context: new Uint8Array(context) },
  });
  for (const [identity, context] of [[65_527, 0], [1, 65_526], [30_000, 35_527]] as const) {
    const most = long(identity, context);
    assert.ok(isExternalPsk(most));
    assert.deepEqual(offeredFor(crypto, most).map((psk) => psk.identity.length), [65_535, 65_535]);
    assert.ok(!isExternalPsk(long(identity, context + 1)));
  }
  assert.ok(isExternalPsk({ identity: new Uint8Array(65_535), key }));
});

Deno.test("what a service of the user's own gives and is no key is known as such", () => {
  for (
    const lie of [
      undefined,
      null,
      "key",
      {},
      { identity: "device", key },
      { identity: EMPTY, key },
      { identity: new Uint8Array(65_536), key },
      { identity: external.identity, key: EMPTY },
      { ...external, hash: "sha512" },
      { ...external, imported: true },
      { ...external, imported: {} },
    ]
  ) assert.ok(!isExternalPsk(lie), Deno.inspect(lie).slice(0, 60));
  assert.ok(isExternalPsk({ ...imported, hash: "sha384" }));
});
