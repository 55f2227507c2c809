/** The parts of the platform's `node:crypto` that the layers use. No other file asks for that module. @module */
import type { Bytes } from "../../../wire/bytes.ts";

/** A hash or an HMAC in progress. */
export interface NativeHash {
  readonly update: (data: Bytes) => unknown;
  readonly digest: () => Bytes;
  readonly copy: () => NativeHash;
}

/** A cipher in progress. */
export interface NativeCipher {
  readonly update: (data: Bytes) => Bytes;
  readonly final: () => Bytes;
  readonly setAutoPadding: (on: boolean) => unknown;
  readonly setAAD: (data: Bytes, options: { readonly plaintextLength: number }) => unknown;
  readonly getAuthTag: () => Bytes;
  readonly setAuthTag: (tag: Bytes) => unknown;
}

/** An imported key. */
export interface NativeKey {
  readonly export: (options: { readonly format: "jwk" }) => { readonly x: string };
}

type DerKey = { readonly key: Bytes; readonly format: "der"; readonly type: "pkcs8" | "spki" };
type JwkKey = {
  readonly key: { readonly kty: "EC"; readonly crv: string; readonly x: string; readonly y: string };
  readonly format: "jwk";
};

/** The parts of `node:crypto` that are used here. */
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

/**
 * The module `node:crypto`; `undefined` on a platform without it. A static import would make every program need it.
 */
export const nativeCrypto = (): NativeCrypto | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => NativeCrypto | undefined };
  };
  return process?.getBuiltinModule?.("node:crypto");
};

/** A Buffer as a plain Uint8Array; copied if the Buffer is part of a pool. */
export const bytesOf = (bytes: Bytes): Bytes =>
  bytes.buffer.byteLength === bytes.length
    ? new Uint8Array(bytes.buffer)
    : Uint8Array.prototype.slice.call(bytes);
