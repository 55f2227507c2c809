/** 3DES-EDE-CBC, on des.js. @module */
import { des as untyped } from "../deps.ts";
import type { Cbc } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";

/** The part of des.js that is used here. */
interface Des {
  readonly EDE: unknown;
  readonly CBC: {
    readonly instantiate: (cipher: unknown) => { readonly create: (options: Options) => Cipher };
  };
}
interface Options {
  readonly type: "encrypt" | "decrypt";
  readonly key: ReadonlyArray<number>;
  readonly iv: Bytes;
  readonly padding: boolean;
}
interface Cipher {
  readonly update: (data: Bytes) => ReadonlyArray<number>;
  readonly final: () => ReadonlyArray<number>;
}

// The package has no types of its own.
const des: Des = untyped;
const EdeCbc = des.CBC.instantiate(des.EDE);

/** A 3DES-EDE cipher in CBC mode under a key of 24 bytes. The key's parity bits are ignored. */
export const tripleDes = (key: Bytes): Cbc => {
  const own = Array.from(key);
  const run = (type: "encrypt" | "decrypt") => (iv: Bytes, data: Bytes): Bytes => {
    if (data.length === 0) return new Uint8Array(0);
    const cipher = EdeCbc.create({ type, key: own, iv, padding: false });
    const out = new Uint8Array(data.length);
    const most = cipher.update(data);
    out.set(most);
    out.set(cipher.final(), most.length); // the last decrypted block comes only now
    return out;
  };
  return { blockLength: 8, encrypt: run("encrypt"), decrypt: run("decrypt") };
};
