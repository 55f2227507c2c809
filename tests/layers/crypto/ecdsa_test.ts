/** ECDSA: RFC 6979's signatures, node:crypto's, and what does not hold. @module */
import { assert } from "../../deps.ts";
import { nistCurves } from "../../../src/layers/crypto/noble/groups.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { curves, ecPair, ecPublicKey, hex } from "../../support/keys.ts";
import { byHash, cannotSign, ecdsa, message, other, sign, verify } from "../../support/signing.ts";
import { deterministic } from "./rfc6979.ts";
import crypto from "node:crypto";

/** DER of an INTEGER, and of an ECDSA-Sig-Value (RFC 3279 §2.2.3). */
const integer = (digits: string): string => {
  const shortest = digits.replace(/^(00)+(?=.)/, "");
  const body = /^[89a-f]/.test(shortest) ? `00${shortest}` : shortest;
  return `02${octet(body.length / 2)}${body}`;
};
const sequence = (body: string): string =>
  `30${body.length / 2 < 128 ? "" : "81"}${octet(body.length / 2)}${body}`;
const octet = (n: number): string => n.toString(16).padStart(2, "0");

/** The pairs that node:crypto signs in Deno; of others it says that they do not hold. RFC 6979 has them all. */
const knownToNode: Readonly<Record<string, ReadonlyArray<string>>> = {
  "P-256": ["sha1", "sha224", "sha256", "sha384", "sha512"],
  "P-384": ["sha384", "sha512"],
  "P-521": ["sha512"],
};

for (const curve of curves) {
  const { group, name } = curve;
  const known = deterministic[name];
  const fixed = { _tag: "ecdsa", group, privateKey: hex(known.privateKey) } as const;

  for (const [hash, scheme] of byHash(ecdsa)) {
    Deno.test(`ECDSA on ${name} with ${hash} signs as RFC 6979 §A.2 has it`, () => {
      const [r, s] = known[hash];
      assert.equal(toHex(sign(fixed, scheme, ascii("sample"))), sequence(integer(r) + integer(s)));
    });

    Deno.test(`ECDSA on ${name} with ${hash} verifies its own, and of node:crypto what that can`, () => {
      const { native, privateKey, publicKey } = ecPair(curve);
      const ours = sign(privateKey, scheme, message);
      assert.equal(verify(publicKey, scheme, message, ours), true);
      assert.equal(verify(publicKey, scheme, other, ours), false);
      assert.equal(verify(ecPair(curve).publicKey, scheme, message, ours), false);
      for (const [, wrong] of byHash(ecdsa)) {
        assert.equal(verify(publicKey, wrong, message, ours), wrong === scheme);
      }
      if (!knownToNode[name]!.includes(hash)) return;
      assert.equal(crypto.verify(hash, message, ecPublicKey(name, publicKey.point), ours), true);
      const theirs = new Uint8Array(crypto.sign(hash, message, native.privateKey));
      assert.equal(verify(publicKey, scheme, message, theirs), true);
    });
  }

  Deno.test(`${name} takes a high s as well as a low one`, () => {
    const order = nistCurves.get(group)!.Point.Fn.ORDER;
    const [r, s] = known.sha512;
    const flipped = (order - BigInt(`0x${s}`)).toString(16).padStart(s.length, "0");
    const point = pointOf(fixed);
    for (const either of [s, flipped]) {
      const signature = hex(sequence(integer(r) + integer(either)));
      assert.equal(verify({ _tag: "ecdsa", group, point }, ecdsa.sha512, ascii("sample"), signature), true);
    }
  });

  Deno.test(`${name} takes a signature in strict DER and no other`, () => {
    const [r, s] = known.sha256;
    const key = { _tag: "ecdsa", group, point: pointOf(fixed) } as const;
    const holds = (signature: string) => verify(key, ecdsa.sha256, ascii("sample"), hex(signature));
    const [R, s1] = [integer(r), integer(s)];
    assert.equal(holds(sequence(R + s1)), true);
    const padded = (i: string) => `02${octet(i.length / 2 - 1)}00${i.slice(4)}`;
    const longForm = (i: string) => `0281${i.slice(2)}`;
    const zero = "020100";
    const wrong: Readonly<Record<string, string>> = {
      "nothing": "",
      "a leading zero": sequence(padded(R) + s1),
      "a long length": sequence(longForm(R) + s1),
      "an indefinite length": `3080${R}${s1}0000`,
      "bytes behind": `${sequence(R + s1)}00`,
      "bytes inside": sequence(`${R}${s1}0500`),
      "another tag": `31${sequence(R + s1).slice(2)}`,
      "only r": sequence(R),
      "r of zero": sequence(zero + s1),
      "s of zero": sequence(R + zero),
      "both zero": sequence(zero + zero),
      "r and s as they are (IEEE P1363)": r + s,
      "cut short": sequence(R + s1).slice(0, -2),
      "a negative r": sequence(`02${octet(r.length / 2)}ff${r.slice(2)}${s1}`),
    };
    for (const [what, signature] of Object.entries(wrong)) assert.equal(holds(signature), false, what);
  });

  Deno.test(`${name} verifies nothing under a key that is no uncompressed point of the curve`, () => {
    const point = pointOf(fixed);
    const length = (point.length - 1) / 2;
    const signature = sign(fixed, ecdsa.sha256, message);
    const holds = (bad: Bytes) =>
      verify({ _tag: "ecdsa", group, point: bad }, ecdsa.sha256, message, signature);
    assert.equal(holds(point), true);
    const compressed = concat(Uint8Array.of(2 + (point.at(-1)! & 1)), point.subarray(1, 1 + length));
    const hybrid = point.with(0, 6 + (point.at(-1)! & 1));
    const zeros = new Uint8Array(point.length).with(0, 4);
    for (
      const bad of [EMPTY, compressed, hybrid, zeros, Uint8Array.of(0), point.with(-1, point.at(-1)! ^ 1)]
    ) {
      assert.equal(holds(bad), false);
    }
  });

  Deno.test(`${name} signs nothing with a private key that is no scalar of its length`, () => {
    const { length } = fixed.privateKey;
    const bad = [
      EMPTY,
      new Uint8Array(length),
      new Uint8Array(length).fill(0xff),
      fixed.privateKey.subarray(1),
      concat(Uint8Array.of(0), fixed.privateKey),
    ];
    for (const privateKey of bad) {
      cannotSign({ ...fixed, privateKey }, ecdsa.sha256, /between 0 and the order/);
    }
  });
}

/** The public key of a private one. */
function pointOf({ group, privateKey }: { readonly group: NamedGroup; readonly privateKey: Bytes }): Bytes {
  return nistCurves.get(group)!.getPublicKey(privateKey, false);
}

Deno.test("a curve that is not among them signs and verifies nothing", () => {
  const { privateKey, publicKey } = ecPair(curves[0]);
  const group = NamedGroup.secp256k1;
  cannotSign({ ...privateKey, group }, ecdsa.sha256, /no such curve/);
  const signature = sign(privateKey, ecdsa.sha256, message);
  assert.equal(verify({ ...publicKey, group }, ecdsa.sha256, message, signature), false);
});
