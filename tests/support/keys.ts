/** Keys made by node:crypto, which is the oracle here, as the library's data; and hexadecimal. @module */
import { NamedGroup } from "../../src/names/named_group.ts";
import type { PrivateKey, PublicKey } from "../../src/ports/crypto.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { Buffer } from "node:buffer";
import crypto from "node:crypto";

/** The bytes of hexadecimal text. */
export const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));

/** An RSA private key and its public half. */
export type RsaPair = {
  readonly native: crypto.KeyPairKeyObjectResult;
  readonly privateKey: PrivateKey & { readonly _tag: "rsa" | "rsa_pss" };
  readonly publicKey: PublicKey & { readonly _tag: "rsa" };
};

/** A fresh RSA pair with a modulus of exactly that many bits. */
export const rsaPair = (bits: number): RsaPair => {
  const native = crypto.generateKeyPairSync("rsa", { modulusLength: bits });
  const jwk = native.privateKey.export({ format: "jwk" });
  const publicKey = { _tag: "rsa", modulus: base64(jwk.n), publicExponent: base64(jwk.e) } as const;
  return {
    native,
    publicKey,
    privateKey: {
      ...publicKey,
      privateExponent: base64(jwk.d),
      prime1: base64(jwk.p),
      prime2: base64(jwk.q),
      exponent1: base64(jwk.dp),
      exponent2: base64(jwk.dq),
      coefficient: base64(jwk.qi),
    },
  };
};

/** The NIST curves under the names that JSON Web Keys have for them. */
export const curves = [
  { group: NamedGroup.secp256r1, name: "P-256" },
  { group: NamedGroup.secp384r1, name: "P-384" },
  { group: NamedGroup.secp521r1, name: "P-521" },
] as const;

/** A fresh pair on a curve. */
export const ecPair = ({ group, name }: (typeof curves)[number]) => {
  const native = crypto.generateKeyPairSync("ec", { namedCurve: name });
  const jwk = native.privateKey.export({ format: "jwk" });
  return {
    native,
    privateKey: { _tag: "ecdsa", group, privateKey: base64(jwk.d) },
    publicKey: { _tag: "ecdsa", group, point: concat(Uint8Array.of(4), base64(jwk.x), base64(jwk.y)) },
  } as const;
};

/** A point as node:crypto has public keys. */
export const ecPublicKey = (name: (typeof curves)[number]["name"], point: Bytes): crypto.KeyObject => {
  const length = (point.length - 1) / 2;
  const x = Buffer.from(point.subarray(1, 1 + length)).toString("base64url");
  const y = Buffer.from(point.subarray(1 + length)).toString("base64url");
  return crypto.createPublicKey({ format: "jwk", key: { kty: "EC", crv: name, x, y } });
};

const base64 = (text: string | undefined): Bytes => new Uint8Array(Buffer.from(text!, "base64url"));
