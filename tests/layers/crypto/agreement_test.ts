/** All providers of cryptography give the same bytes and refuse the same, whatever they are given. @module */
import { assert, Effect, Either, FastCheck as fc } from "../../deps.ts";
import { ed25519 } from "../../../src/layers/crypto/noble/deps.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import {
  type AeadName,
  type CbcName,
  type CryptoService,
  type HashName,
  type PrivateKey,
  tagLength,
} from "../../../src/ports/crypto.ts";
import { authenticationOf } from "../../../src/tables/key_kinds.ts";
import { type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { privateKeyFromPem } from "../../../src/x509/pem.ts";
import * as Golden from "../../golden/certificates.ts";
import { credentialOf } from "../../support/handshake.ts";
import { hex } from "../../support/keys.ts";
import { layers, type Tried } from "../../support/layers.ts";
import { fewer } from "../../support/exhaustive.ts";

const [{ crypto: noble, make: makeNoble }, ...others] = layers as readonly [Tried, ...ReadonlyArray<Tried>];

/** Of any length up to the most: fast-check by itself keeps to ten or so. */
const bytes = (maxLength: number) => fc.uint8Array({ maxLength, size: "max" });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const agree = (a: unknown, b: unknown) => assert.deepEqual(b, a);
const few = fewer("random inputs to two providers", 5);
const runs = (times: number) => ({ numRuns: few(times) });

/** A copy with one bit changed. */
const flipped = (data: Bytes, at: number): Bytes =>
  data.map((byte, i) => i === at % data.length ? byte ^ (1 << (at % 8)) : byte);

const outcome = <A, E extends { readonly message: string }>(effect: Effect.Effect<A, E>): A | string =>
  Either.match(Effect.runSync(Effect.either(effect)), {
    onLeft: ({ message }) => message,
    onRight: (a) => a,
  });

for (const { name: provider, crypto: native, make } of others) {
  /** Both providers over the same random bytes. */
  const twins = (seed: string): readonly [CryptoService, CryptoService] => [
    makeNoble(makeDeterministic(seed).random),
    make(makeDeterministic(seed).random),
  ];

  Deno.test(`${provider} is another provider than noble's`, () => {
    assert.notEqual(native.aead, noble.aead);
    assert.notEqual(native.verify, noble.verify);
  });

  for (
    const name of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] satisfies ReadonlyArray<HashName>
  ) {
    Deno.test(`${provider}, ${name}: digests, copies under way and HMACs are the same`, () => {
      fc.assert(
        fc.property(fc.array(bytes(700), { maxLength: 4 }), bytes(200), (data, key) => {
          const [a, b] = [noble.hash(name), native.hash(name)];
          agree(a.digest(data), b.digest(data));
          const [ours, theirs] = [a.hmac(key), b.hmac(key)];
          agree(ours(data), theirs(data));
          // A key is good for more than one message, and one leaves nothing behind for the next.
          for (const part of data) agree(ours([part]), theirs([part]));
          agree(ours(data), b.hmac(key)(data));
          const mac = ours(data);
          key.fill(0);
          agree(mac, ours(data));
          agree(mac, theirs(data));
          const [one, other] = [a.create(), b.create()];
          for (const part of data) {
            one.update(part);
            other.update(part);
            agree(one.copy().digest(), other.copy().digest());
          }
          agree(one.digest(), other.digest());
          agree([a.name, a.length, a.blockLength], [b.name, b.length, b.blockLength]);
        }),
        runs(300),
      );
    });
  }

  for (
    const [name, length] of [
      ["aes_128_gcm", 16],
      ["aes_256_gcm", 32],
      ["chacha20_poly1305", 32],
      ["aes_128_ccm", 16],
      ["aes_256_ccm", 32],
      ["aes_128_ccm_8", 16],
      ["aes_256_ccm_8", 32],
    ] satisfies ReadonlyArray<[AeadName, number]>
  ) {
    Deno.test(`${provider}, ${name}: sealed and opened the same, and a changed bit or length opens under neither`, () => {
      fc.assert(
        fc.property(
          ...[exactly(length), exactly(12), bytes(40), bytes(3000), fc.nat()] as const,
          (key, nonce, additional, plaintext, at) => {
            const [a, b] = [noble.aead(name, key), native.aead(name, key)];
            const sealed = a.seal(nonce, additional, plaintext);
            agree(sealed, b.seal(nonce, additional, plaintext));
            agree(plaintext, b.open(nonce, additional, sealed));
            const cut = sealed.subarray(0, at % tagLength[name]);
            for (const bad of [flipped(sealed, at), sealed.subarray(1), cut]) {
              agree(a.open(nonce, additional, bad), undefined);
              agree(b.open(nonce, additional, bad), undefined);
            }
            agree(b.open(nonce, concat(additional, Uint8Array.of(0)), sealed), undefined);
          },
        ),
        runs(400),
      );
      for (const each of [noble, native]) {
        assert.throws(() => each.aead(name, new Uint8Array(length - 1)), RangeError);
        const cipher = each.aead(name, new Uint8Array(length));
        assert.throws(
          () => cipher.seal(new Uint8Array(11), new Uint8Array(0), new Uint8Array(0)),
          RangeError,
        );
        assert.throws(
          () => cipher.open(new Uint8Array(13), new Uint8Array(0), new Uint8Array(16)),
          RangeError,
        );
      }
    });
  }

  for (
    const [name, length, block] of [["aes_128_cbc", 16, 16], ["aes_256_cbc", 32, 16], [
      "3des_ede_cbc",
      24,
      8,
    ]] satisfies ReadonlyArray<[CbcName, number, number]>
  ) {
    Deno.test(`${provider}, ${name}: encrypted and decrypted the same`, () => {
      fc.assert(
        fc.property(exactly(length), exactly(block), fc.nat(60), fc.nat(255), (key, iv, blocks, fill) => {
          const data = new Uint8Array(blocks * block).map((_, i) => fill + i * 7);
          const [a, b] = [noble.cbc(name, key), native.cbc(name, key)];
          agree(a.blockLength, b.blockLength);
          const sealed = a.encrypt(iv, data);
          agree(sealed, b.encrypt(iv, data));
          agree(data, b.decrypt(iv, sealed));
          agree(a.decrypt(iv, data), b.decrypt(iv, data));
        }),
        runs(200),
      );
      for (const each of [noble, native]) {
        assert.throws(() => each.cbc(name, new Uint8Array(length + 1)), RangeError);
      }
    });
  }

  const curves: ReadonlyArray<NamedGroup> = [
    NamedGroup.x25519,
    NamedGroup.secp256r1,
    NamedGroup.secp384r1,
    NamedGroup.secp521r1,
    NamedGroup.x448,
  ];
  for (const group of curves) {
    Deno.test(`${provider}, ${NamedGroup.nameOf(group)}: shares, secrets and what is refused are the same`, () => {
      fc.assert(
        fc.property(fc.string(), fc.nat(), (seed, at) => {
          const [a, b] = twins(seed).map((crypto) => Effect.runSync(crypto.keyShare(group))) as [
            Effect.Effect.Success<ReturnType<CryptoService["keyShare"]>>,
            Effect.Effect.Success<ReturnType<CryptoService["keyShare"]>>,
          ];
          agree(a.publicKey, b.publicKey);
          const { publicKey } = Effect.runSync(noble.keyShare(group));
          const theirs = [
            publicKey,
            flipped(publicKey, at),
            publicKey.subarray(1),
            new Uint8Array(publicKey.length),
            publicKey.map(() => 0xff),
            concat(Uint8Array.of(2), publicKey.subarray(1)),
            new Uint8Array(0),
          ];
          for (const share of theirs) agree(outcome(a.agree(share)), outcome(b.agree(share)));
        }),
        runs(group === NamedGroup.x25519 ? 60 : 8),
      );
    });
  }

  for (const kind of ["rsa", "rsa_pss", "p256", "p384", "p521", "ed25519"] as const) {
    const privateKey = Effect.runSync(privateKeyFromPem(Golden.server(kind).privateKey));
    const { publicKey } = credentialOf(Golden.server(kind));
    const signing: PrivateKey = "modulus" in privateKey && "modulus" in publicKey
      ? { ...privateKey, _tag: publicKey._tag }
      : privateKey;
    const schemes = Object.values<number>(SignatureScheme.members).map(SignatureScheme.of).filter((scheme) =>
      authenticationOf(publicKey).makes(scheme, publicKey)
    );
    Deno.test(`${provider}, ${kind}: signatures and what is taken for one are the same`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.string(), bytes(200), fc.nat(), async (seed, data, at) => {
          for (const scheme of schemes) {
            const [a, b] = twins(seed);
            const signed = outcome(a.sign(signing, scheme, data));
            assert.ok(signed instanceof Uint8Array, String(signed));
            const other = await Effect.runPromise(b.sign(signing, scheme, data));
            // Who draws what differs; a signature without chance in it is the same.
            if (provider === "native" || kind === "ed25519") agree(signed, other);
            agree(Effect.runSync(a.verify(publicKey, scheme, data, other)), true);
            const tried = [
              signed,
              flipped(signed, at),
              flipped(signed, 0),
              signed.subarray(1),
              concat(signed, Uint8Array.of(0)),
              new Uint8Array(signed.length),
              new Uint8Array(0),
            ];
            for (const signature of tried) {
              const verdict = Effect.runSync(a.verify(publicKey, scheme, data, signature));
              agree([toHex(signature), verdict], [
                toHex(signature),
                Effect.runSync(b.verify(publicKey, scheme, data, signature)),
              ]);
            }
            agree(Effect.runSync(a.verify(publicKey, scheme, data, signed)), true);
            agree(
              Effect.runSync(b.verify(publicKey, scheme, concat(data, data, Uint8Array.of(1)), signed)),
              false,
            );
          }
        }),
        runs(4),
      );
    });
  }

  Deno.test(`${provider}, ed25519: what is odd is taken by both or by neither: small orders, torsion, encodings that are not canonical`, () => {
    const { Point } = ed25519;
    const order = Point.CURVE().n;
    const torsion = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const small = Array.from(
      { length: 8 },
      (_, i) => i === 0 ? Point.ZERO : torsion.multiplyUnsafe(BigInt(i)),
    );
    const scheme = SignatureScheme.ed25519;
    const same = (key: Bytes, signature: Bytes, data: Bytes, what: string) => {
      const [a, b] = [noble, native].map(({ verify }) =>
        Effect.runSync(verify({ _tag: "ed25519", key }, scheme, data, signature))
      );
      assert.equal(b, a, `${what}: ${toHex(key)} ${toHex(signature)}`);
      return a;
    };
    const little = (n: bigint) => Uint8Array.from(hex(n.toString(16).padStart(64, "0"))).reverse();
    const data = Uint8Array.of(1, 2, 3);
    // Under a small key: R is small as well, and S is nothing.
    const odd = [
      ...small.map((point) => point.toBytes()),
      ...[0, 1, 2, 0x12].map((low) =>
        Uint8Array.from([0xed + low & 0xff, ...new Array(30).fill(0xff), 0x7f])
      ),
      Uint8Array.from([1, ...new Array(30).fill(0), 0x80]),
    ];
    for (const key of odd) for (const r of odd) same(key, concat(r, new Uint8Array(32)), data, "small");
    // A key and a commitment with torsion in them.
    const [a, r] = [123456789n, 987654321n];
    let taken = 0;
    for (const inKey of small) {
      for (const inR of small) {
        const key = Point.BASE.multiply(a).add(inKey).toBytes();
        const commitment = Point.BASE.multiply(r).add(inR).toBytes();
        const digest = noble.hash("sha512").digest([commitment, key, data]);
        const k = BigInt(`0x${toHex(digest.slice().reverse())}`) % order;
        if (same(key, concat(commitment, little((r + k * a) % order)), data, "torsion")) taken++;
      }
    }
    assert.equal(taken, 64); // the equation has the cofactor in it (RFC 8032 §5.1.7)
  });
}
