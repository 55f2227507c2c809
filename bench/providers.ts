/**
 * The operations for which the native provider uses the faster of noble and `node:crypto`: noble's time ÷
 * node:crypto's.
 *
 * @module
 */
import { type Crypto, Names } from "../mod.ts";
import { Effect } from "../src/deps.ts";
import { publicKeyOf } from "../src/layers/credentials/keys.ts";
import { makeNative } from "../src/layers/crypto/native/provider.ts";
import { makeNoble } from "../src/layers/crypto/noble/provider.ts";
import { privateKeyFromPem } from "../src/x509/pem.ts";
import * as Golden from "../tests/golden/certificates.ts";
import node from "node:crypto";

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
/** The two providers. */
export const providers = { noble: makeNoble(random), native: makeNative(random) };

const run = Effect.runSync;
const { NamedGroup: G, SignatureScheme: S } = Names;
const data = new Uint8Array(133);

type Make = (crypto: Crypto.CryptoService) => () => unknown;

const agreement = (group: Names.NamedGroup): Make => (crypto) => {
  const { publicKey } = run(crypto.keyShare(group));
  return () => run(run(crypto.keyShare(group)).agree(publicKey));
};
/** A share, the answer to it, and the secret on either side: asynchronous where the platform's ML-KEM is. */
export const exchanging = (crypto: Crypto.CryptoService, group: Names.NamedGroup) => (): Promise<unknown> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const share = yield* crypto.keyShare(group);
      const { publicKey } = yield* crypto.answerShare(group, share.publicKey);
      return yield* share.agree(publicKey);
    }),
  );
const keyOf = (kind: Golden.Kind) => {
  const privateKey = run(privateKeyFromPem(Golden.server(kind).privateKey));
  return { privateKey, publicKey: publicKeyOf(privateKey)! };
};
const signing = (kind: Golden.Kind, scheme: Names.SignatureScheme): Make => (crypto) => {
  const { privateKey } = keyOf(kind);
  return () => run(crypto.sign(privateKey, scheme, data));
};
const verifying = (kind: Golden.Kind, scheme: Names.SignatureScheme): Make => (crypto) => {
  const { privateKey, publicKey } = keyOf(kind);
  const signature = run(crypto.sign(privateKey, scheme, data));
  return () => run(crypto.verify(publicKey, scheme, data, signature));
};
const sealing = (name: Crypto.AeadName, size: number): Make => (crypto) => {
  const cipher = crypto.aead(name, new Uint8Array(name.startsWith("aes_128") ? 16 : 32).fill(1));
  const [nonce, plaintext] = [new Uint8Array(12), new Uint8Array(size)];
  return () => cipher.seal(nonce, data, plaintext);
};
const cbc = (name: Crypto.CbcName, size: number): Make => (crypto) => {
  const cipher = crypto.cbc(name, new Uint8Array(name === "aes_128_cbc" ? 16 : 24).map((_, i) => 7 * i));
  const [iv, plaintext] = [new Uint8Array(cipher.blockLength), new Uint8Array(size)];
  return () => cipher.encrypt(iv, plaintext);
};
const hashing = (size: number): Make => (crypto) => {
  const bytes = new Uint8Array(size);
  return () => crypto.hash("sha256").digest([bytes]);
};
const hmac = (size: number): Make => (crypto) => {
  const bytes = new Uint8Array(size);
  return () => crypto.hash("sha256").hmac(data)([bytes]);
};

/** The operations by name, each with a given provider. */
export const operations: Readonly<Record<string, Make>> = {
  "x25519": agreement(G.x25519),
  "secp256r1": agreement(G.secp256r1),
  "secp384r1": agreement(G.secp384r1),
  "x448": agreement(G.x448),
  "sign/ed25519": signing("ed25519", S.ed25519),
  "verify/ed25519": verifying("ed25519", S.ed25519),
  "verify/ecdsa_secp256r1_sha256": verifying("p256", S.ecdsa_secp256r1_sha256),
  "verify/ecdsa_secp384r1_sha384": verifying("p384", S.ecdsa_secp384r1_sha384),
  "aes_128_gcm/16384": sealing("aes_128_gcm", 16384),
  "aes_128_gcm/64": sealing("aes_128_gcm", 64),
  "chacha20_poly1305/16384": sealing("chacha20_poly1305", 16384),
  "chacha20_poly1305/64": sealing("chacha20_poly1305", 64),
  "aes_128_ccm/16384": sealing("aes_128_ccm", 16384),
  "aes_128_ccm/64": sealing("aes_128_ccm", 64),
  "aes_128_cbc/16384": cbc("aes_128_cbc", 16384),
  "3des_ede_cbc/16384": cbc("3des_ede_cbc", 16384),
  "sha256/64": hashing(64),
  "sha256/16384": hashing(16384),
  "hmac_sha256/16384": hmac(16384),
};

/** The groups whose shares may be asynchronous. */
export const hybrids = [G.X25519MLKEM768, G.SecP256r1MLKEM768] as const;

const pemOf = (kind: Golden.Kind) => node.createPrivateKey(Golden.server(kind).privateKey);

const publicBytes = (key: node.KeyObject) =>
  new Uint8Array(key.export({ type: "spki", format: "der" })).slice(-57);

/** Operations left to noble in both providers, as `node:crypto` would do them. */
export const refused: Readonly<
  Record<string, { readonly noble: () => unknown; readonly native: () => unknown }>
> = (() => {
  const { noble } = providers;
  const key = new Uint8Array(64).fill(1);
  const short = new Uint8Array(64);
  const iv = new Uint8Array(16);
  const aes = noble.cbc("aes_128_cbc", key.subarray(0, 16));
  const rsa = keyOf("rsa");
  const rsaPublic = rsa.publicKey as Extract<Crypto.PublicKey, { readonly _tag: "rsa" }>;
  const [ecdsa, rsaKey] = [pemOf("p256"), pemOf("rsa")];
  const padding = node.constants.RSA_NO_PADDING;
  const sealed = run(noble.rsaEncrypt(rsaPublic, new Uint8Array(48)));
  const field = node.getDiffieHellman("modp14");
  const theirs = node.getDiffieHellman("modp14").generateKeys();
  const ed448 = node.generateKeyPairSync("ed448");
  const ed448Der = ed448.privateKey.export({ type: "pkcs8", format: "der" });
  const seed = new Uint8Array(ed448Der).slice(-57);
  const ed448Key = { _tag: "ed448", key: publicBytes(ed448.publicKey) } as const;
  const ed448Signature = run(noble.sign({ _tag: "ed448", seed }, S.ed448, data));
  return {
    "sign/ed448": {
      noble: () => run(noble.sign({ _tag: "ed448", seed }, S.ed448, data)),
      native: () => node.sign(null, data, ed448.privateKey),
    },
    "verify/ed448": {
      noble: () => run(noble.verify(ed448Key, S.ed448, data, ed448Signature)),
      native: () => node.verify(null, data, ed448.publicKey, ed448Signature),
    },
    "sign/ecdsa_secp256r1_sha256": {
      noble: signing("p256", S.ecdsa_secp256r1_sha256)(noble),
      native: () => node.sign("sha256", data, ecdsa),
    },
    "rsa/private": {
      noble: () => run(noble.rsaDecryptRaw(rsa.privateKey, sealed)),
      native: () => node.privateDecrypt({ key: rsaKey, padding }, sealed),
    },
    "rsa/public": {
      noble: () => run(noble.rsaEncrypt(rsaPublic, short)),
      native: () => node.publicEncrypt({ key: rsaKey, padding }, sealed),
    },
    "dh/2048": {
      noble: agreement(G.ffdhe2048)(noble),
      native: () => {
        field.generateKeys();
        return field.computeSecret(theirs);
      },
    },
    "hmac_sha256/64": {
      noble: () => noble.hash("sha256").hmac(key)([short]),
      native: () => node.createHmac("sha256", key).update(short).digest(),
    },
    "aes_128_cbc/64": {
      noble: () => aes.encrypt(iv, short),
      native: () => {
        const state = node.createCipheriv("aes-128-cbc", key.subarray(0, 16), iv);
        state.setAutoPadding(false);
        const out = state.update(short);
        state.final();
        return out;
      },
    },
  };
})();
