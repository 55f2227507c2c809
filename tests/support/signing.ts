/** Signing and verifying by the portable layer, and the schemes by their hashes. @module */
import { assert, Effect } from "../deps.ts";
import { PrivateKeyError } from "../../src/faults/errors/crypto.ts";
import { makeNoble } from "../../src/layers/crypto/noble/provider.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import type { HashName, PrivateKey, PublicKey } from "../../src/ports/crypto.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";

/** The layer under test, with real random bytes. */
export const noble = makeNoble((length) => crypto.getRandomValues(new Uint8Array(length)));

/** What is signed, and what is not. */
export const message = ascii("the message");
/** Something else. */
export const other = ascii("another message");

/** A signature that must succeed. */
export const sign = (key: PrivateKey, scheme: SignatureScheme, data: Bytes): Bytes =>
  Effect.runSync(noble.sign(key, scheme, data));

/** Whether a signature holds. */
export const verify = (key: PublicKey, scheme: SignatureScheme, data: Bytes, signature: Bytes): boolean =>
  Effect.runSync(noble.verify(key, scheme, data, signature));

/** Asserts that signing fails, and why. */
export const cannotSign = (key: PrivateKey, scheme: SignatureScheme, reason: RegExp): void => {
  const error = Effect.runSync(Effect.flip(noble.sign(key, scheme, message)));
  assert.ok(error instanceof PrivateKeyError);
  assert.equal(error.operation, "sign");
  assert.match(error.message, reason);
};

const S = SignatureScheme;

/** RSASSA-PKCS1-v1_5. */
export const pkcs1 = {
  sha1: S.rsa_pkcs1_sha1,
  sha224: S.rsa_pkcs1_sha224,
  sha256: S.rsa_pkcs1_sha256,
  sha384: S.rsa_pkcs1_sha384,
  sha512: S.rsa_pkcs1_sha512,
};
/** RSASSA-PSS with keys of rsaEncryption. */
export const pss = {
  sha256: S.rsa_pss_rsae_sha256,
  sha384: S.rsa_pss_rsae_sha384,
  sha512: S.rsa_pss_rsae_sha512,
};
/** RSASSA-PSS with keys of id-RSASSA-PSS. */
export const pssPss = {
  sha256: S.rsa_pss_pss_sha256,
  sha384: S.rsa_pss_pss_sha384,
  sha512: S.rsa_pss_pss_sha512,
};
/** ECDSA, by the hash alone. */
export const ecdsa = {
  sha1: S.ecdsa_sha1,
  sha224: S.ecdsa_sha224,
  sha256: S.ecdsa_secp256r1_sha256,
  sha384: S.ecdsa_secp384r1_sha384,
  sha512: S.ecdsa_secp521r1_sha512,
};

/** A table's rows, with the hashes' names as what they are. */
export const byHash = <N extends HashName>(table: Readonly<Record<N, SignatureScheme>>) =>
  (Object.keys(table) as Array<N>).map((name) => [name, table[name]] as const);
