/** Comparison of secrets in constant time. @module */
import type { Bytes } from "../wire/bytes.ts";

/** Whether two byte strings are equal. The time depends only on their lengths. */
export const equal = (a: Bytes, b: Bytes): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
};
