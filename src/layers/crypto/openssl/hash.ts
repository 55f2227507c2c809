/** Hashes and HMAC with OpenSSL. @module */
import type { CryptoService, Hash, HashName, RunningHash } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { tableOf } from "../noble/hash.ts";
import type { Symbols } from "./symbols.ts";

/** A hash function as it is called, and the sizes of its digest, its block and its state in bytes. */
interface Shape {
  readonly functions: "MD5" | "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512";
  readonly length: number;
  readonly blockLength: number;
  readonly state: number;
}

const shapes: Readonly<Record<HashName, Shape>> = {
  md5: { functions: "MD5", length: 16, blockLength: 64, state: 92 },
  sha1: { functions: "SHA1", length: 20, blockLength: 64, state: 96 },
  sha224: { functions: "SHA224", length: 28, blockLength: 64, state: 112 },
  sha256: { functions: "SHA256", length: 32, blockLength: 64, state: 112 },
  sha384: { functions: "SHA384", length: 48, blockLength: 128, state: 216 },
  sha512: { functions: "SHA512", length: 64, blockLength: 128, state: 216 },
};

const INNER = 0x36;
const OUTER = 0x5c;

/** The hash functions. */
export const makeHash = (openssl: Symbols): CryptoService["hash"] => {
  const hashes = tableOf((name) => hashOf(openssl, name));
  return (name) => hashes[name];
};

const hashOf = (openssl: Symbols, name: HashName): Hash => {
  const { functions, length, blockLength, state: size } = shapes[name];
  const init = openssl[`${functions}_Init`] as (state: Bytes) => number;
  const update = openssl[`${functions}_Update`] as (state: Bytes, data: Bytes, length: bigint) => number;
  const final = openssl[`${functions}_Final`] as (digest: Bytes, state: Bytes) => number;
  const fresh = new Uint8Array(size);
  init(fresh);
  // One digest is made after the other, so that these serve them all.
  const [work, inner] = [new Uint8Array(size), new Uint8Array(length)];
  const feed = (state: Bytes, data: Bytes): void => void update(state, data, BigInt(data.length));
  const finished = (state: Bytes): Bytes => {
    const digest = new Uint8Array(length);
    final(digest, state);
    return digest;
  };
  const running = (state: Bytes): RunningHash => ({
    update: (data) => feed(state, data),
    copy: () => running(state.slice()),
    digest: () => finished(state),
  });
  const digest: Hash["digest"] = (data) => {
    work.set(fresh);
    for (const part of data) feed(work, part);
    return finished(work);
  };
  /** A state that has read the key's block (RFC 2104 §2). */
  const keyed = (key: Bytes, pad: number): Bytes => {
    const state = fresh.slice();
    feed(state, new Uint8Array(blockLength).map((_, i) => (key[i] ?? 0) ^ pad));
    return state;
  };
  return {
    name,
    length,
    blockLength,
    digest,
    create: () => running(fresh.slice()),
    hmac: (key) => {
      const short = key.length > blockLength ? digest([key]) : key;
      const [inside, outside] = [keyed(short, INNER), keyed(short, OUTER)];
      return (data) => {
        work.set(inside);
        for (const part of data) feed(work, part);
        final(inner, work);
        work.set(outside);
        feed(work, inner);
        return finished(work);
      };
    },
  };
};
