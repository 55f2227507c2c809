/**
 * RC4. It is broken (RFC 7465), and no maintained package still has it. RFC 6229 has test vectors.
 *
 * @module
 */
import type { StreamCipher } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";

/** An RC4 cipher under a key: each call XORs the data with the next bytes of the key stream. */
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
