/** The platform's `node:crypto`, as far as the layers use it, where there is one: the only file that asks for it. @module */
import type { Bytes } from "../../../wire/bytes.ts";

/** A hash or an HMAC under way. */
export interface NativeHash {
  readonly update: (data: Bytes) => unknown;
  readonly digest: () => Bytes;
  readonly copy: () => NativeHash;
}

/** A cipher under way. */
export interface NativeCipher {
  readonly update: (data: Bytes) => Bytes;
  readonly final: () => Bytes;
  readonly setAutoPadding: (on: boolean) => unknown;
  readonly setAAD: (data: Bytes, options: { readonly plaintextLength: number }) => unknown;
  readonly getAuthTag: () => Bytes;
  readonly setAuthTag: (tag: Bytes) => unknown;
}

/** A key that was read. */
export interface NativeKey {
  readonly export: (options: { readonly format: "jwk" }) => { readonly x: string };
}

type DerKey = { readonly key: Bytes; readonly format: "der"; readonly type: "pkcs8" | "spki" };
type JwkKey = {
  readonly key: { readonly kty: "EC"; readonly crv: string; readonly x: string; readonly y: string };
  readonly format: "jwk";
};

/** What is used of the module. */
export interface NativeCrypto {
  readonly createHash: (name: string) => NativeHash;
  readonly createHmac: (name: string, key: Bytes) => Omit<NativeHash, "copy">;
  readonly createCipheriv: (
    name: string,
    key: Bytes,
    iv: Bytes,
    options?: { readonly authTagLength: number },
  ) => NativeCipher;
  readonly createDecipheriv: NativeCrypto["createCipheriv"];
  readonly createECDH: (curve: string) => {
    readonly setPrivateKey: (key: Bytes) => void;
    readonly getPublicKey: () => Bytes;
    readonly computeSecret: (theirs: Bytes) => Bytes;
  };
  readonly createPrivateKey: (key: DerKey) => NativeKey;
  readonly createPublicKey: (key: DerKey | JwkKey) => NativeKey;
  readonly diffieHellman: (keys: { readonly privateKey: NativeKey; readonly publicKey: NativeKey }) => Bytes;
  readonly sign: (hash: string | null, data: Bytes, key: NativeKey) => Bytes;
  readonly verify: (hash: string | null, data: Bytes, key: NativeKey, signature: Bytes) => boolean;
}

/** The module; `undefined` on a platform without it. An import would make every program need it. */
export const nativeCrypto = (): NativeCrypto | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => NativeCrypto | undefined };
  };
  return process?.getBuiltinModule?.("node:crypto");
};

/** A Buffer as just a Uint8Array; a copy where it is one of many in a pool. */
export const bytesOf = (bytes: Bytes): Bytes =>
  bytes.buffer.byteLength === bytes.length
    ? new Uint8Array(bytes.buffer)
    : Uint8Array.prototype.slice.call(bytes);
