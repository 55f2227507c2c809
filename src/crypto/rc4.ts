/** RC4, which no package that is kept has any more (RFC 6229 for vectors; broken, RFC 7465). @module */
import type { StreamCipher } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";

/** The key stream of a key, exclusive or what is given. */
export const rc4 = (key: Bytes): StreamCipher => {
  const state = Uint8Array.from({ length: 256 }, (_, i) => i);
  const swap = (i: number, j: number): void => {
    const byte = state[i]!;
    state[i] = state[j]!;
    state[j] = byte;
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 0xff;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  return (data) =>
    data.map((byte) => {
      i = (i + 1) & 0xff;
      j = (j + state[i]!) & 0xff;
      swap(i, j);
      return byte ^ state[(state[i]! + state[j]!) & 0xff]!;
    });
};
