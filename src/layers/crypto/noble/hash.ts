/** The hashes and HMAC, on @noble/hashes. @module */
import { hmac, md5, sha1, sha224, sha256, sha384, sha512 } from "./deps.ts";
import type { Hash, HashName, RunningHash } from "../../../ports/crypto.ts";
import { type Bytes, EMPTY } from "../../../wire/bytes.ts";

/** Noble's hash functions, by the port's names. */
export const nobleHashes = { md5, sha1, sha224, sha256, sha384, sha512 } satisfies Record<HashName, unknown>;

/** The hash function with the given name. */
export const hash = (name: HashName): Hash => hashes[name];

/** The common part of noble's hashes and its HMAC. */
interface Stateful {
  readonly update: (bytes: Bytes) => unknown;
  readonly digest: () => Bytes;
  readonly clone: () => Stateful;
}

const running = (state: Stateful): RunningHash => ({
  update: (bytes) => void state.update(bytes),
  copy: () => running(state.clone()),
  digest: () => state.digest(),
});

/** The digest of the parts, in order. */
export const over = (state: Pick<Stateful, "update" | "digest">, data: ReadonlyArray<Bytes>): Bytes => {
  for (const bytes of data) state.update(bytes);
  return state.digest();
};

const make = (name: HashName): Hash => {
  const { create, outputLen, blockLen } = nobleHashes[name];
  // An HMAC is made in one go, so that one state serves them all.
  const used = hmac.create(nobleHashes[name], EMPTY);
  return {
    name,
    length: outputLen,
    blockLength: blockLen,
    create: () => running(create()),
    digest: (data) => over(create(), data),
    hmac: (key) => {
      const ready = hmac.create(nobleHashes[name], key);
      return (data) => over(ready._cloneInto(used), data);
    },
  };
};

/** A table of all hash functions, each made by `make`. */
export const tableOf = (make: (name: HashName) => Hash): Readonly<Record<HashName, Hash>> => ({
  md5: make("md5"),
  sha1: make("sha1"),
  sha224: make("sha224"),
  sha256: make("sha256"),
  sha384: make("sha384"),
  sha512: make("sha512"),
});

const hashes = tableOf(make);
