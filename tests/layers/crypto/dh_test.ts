/** Diffie-Hellman over prime fields: the groups of RFC 7919, and the shares that are refused. @module */
import { assert, Effect } from "../../deps.ts";
import { bitLength, ffdhe, ffdheGroupOf, ffdheGroups } from "../../../src/crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../src/faults/errors/crypto.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { hex } from "../../support/keys.ts";
import { createDiffieHellman } from "node:crypto";

const crypto = makeDeterministic("dh");

/** The SHA-256 of each prime, and how it ends but for 64 ones (RFC 7919 §A). */
const primes: ReadonlyArray<readonly [NamedGroup, number, string, string]> = [
  [
    NamedGroup.ffdhe2048,
    2048,
    "886b423861285c97",
    "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966",
  ],
  [
    NamedGroup.ffdhe3072,
    3072,
    "25e41d2b66c62e37",
    "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17",
  ],
  [
    NamedGroup.ffdhe4096,
    4096,
    "c68a007e5e655f6a",
    "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e",
  ],
  [
    NamedGroup.ffdhe6144,
    6144,
    "a40e329cd0e40e65",
    "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7",
  ],
  [
    NamedGroup.ffdhe8192,
    8192,
    "d68c8bb7c5c6424c",
    "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833",
  ],
];

for (const [group, bits, end, digest] of primes) {
  Deno.test(`the prime of ${NamedGroup.nameOf(group)} is that of RFC 7919`, () => {
    const { prime, generator } = ffdhe(group)!;
    assert.equal(bitLength(prime), bits);
    assert.equal(toHex(prime.subarray(0, 16)), "ffffffffffffffffadf85458a2bb4a9a");
    assert.equal(toHex(prime.subarray(-16)), `${end}ffffffffffffffff`);
    assert.equal(toHex(crypto.hash("sha256").digest([prime])), digest);
    assert.equal(ffdheGroupOf(prime, generator), group);
    assert.equal(ffdheGroupOf(prime, Uint8Array.of(5)), undefined);
  });
}

const { prime, generator } = ffdhe(NamedGroup.ffdhe2048)!;

for (const group of ffdheGroups.slice(0, 2)) {
  Deno.test(`two shares of ${NamedGroup.nameOf(group)} agree, and with node:crypto`, () => {
    const field = ffdhe(group)!;
    const a = Effect.runSync(crypto.keyShare(group));
    const b = Effect.runSync(crypto.finiteFieldShare(field.prime, field.generator));
    const secret = Effect.runSync(a.agree(b.publicKey));
    assert.equal(secret.length, field.prime.length);
    assert.equal(toHex(Effect.runSync(b.agree(a.publicKey))), toHex(secret));
    const node = createDiffieHellman(field.prime, field.generator);
    node.generateKeys();
    const theirs = Uint8Array.from(node.computeSecret(a.publicKey));
    const ours = Effect.runSync(a.agree(Uint8Array.from(node.getPublicKey())));
    assert.equal(BigInt(`0x${toHex(ours)}`), BigInt(`0x${toHex(theirs)}`));
  });
}

const lessOne = (n: Bytes): Bytes => n.with(-1, n.at(-1)! - 1) as Bytes;

const degenerate: ReadonlyArray<readonly [string, Bytes]> = [
  ["0", Uint8Array.of(0)],
  ["no bytes", new Uint8Array(0)],
  ["1", Uint8Array.of(1)],
  ["1 with leading zeros", new Uint8Array(256).with(255, 1) as Bytes],
  ["p - 1", lessOne(prime)],
  ["p", prime],
  ["p + 2", concat(prime.subarray(0, -1), Uint8Array.of(0xff)).fill(0xff)],
  ["a byte more than p", concat(Uint8Array.of(1), prime)],
];
for (const [name, share] of degenerate) {
  Deno.test(`a Diffie-Hellman share of ${name} is refused`, () => {
    const ours = Effect.runSync(crypto.keyShare(NamedGroup.ffdhe2048));
    assert.ok(Effect.runSync(Effect.flip(ours.agree(share))) instanceof InvalidKeyShare);
  });
}

Deno.test("a share with leading zeros is the number it is", () => {
  const ours = Effect.runSync(crypto.keyShare(NamedGroup.ffdhe2048));
  const theirs = Effect.runSync(crypto.keyShare(NamedGroup.ffdhe2048));
  assert.equal(
    toHex(Effect.runSync(ours.agree(concat(new Uint8Array(9), theirs.publicKey)))),
    toHex(Effect.runSync(theirs.agree(ours.publicKey))),
  );
});

const fields: ReadonlyArray<readonly [string, Bytes, Bytes]> = [
  ["an even prime", lessOne(prime), generator],
  ["a prime of 511 bits", hex("7f".padEnd(128, "f")), generator],
  ["a prime of 4104 bits", hex("ff".repeat(513)), generator],
  ["no prime at all", new Uint8Array(0), generator],
  ["the generator 0", prime, Uint8Array.of(0)],
  ["the generator 1", prime, Uint8Array.of(1)],
  ["the generator p - 1", prime, lessOne(prime)],
  ["a generator longer than the prime", prime, concat(prime, prime)],
];
for (const [name, p, g] of fields) {
  Deno.test(`a finite field with ${name} is refused`, () => {
    assert.ok(Effect.runSync(Effect.flip(crypto.finiteFieldShare(p, g))) instanceof InvalidKeyShare);
  });
}
