/** Padding by a user's own rule, which cannot end a connection. @module */
import type { Padding } from "../../ports/record_padding.ts";

/** A rule that fills the record up where the given one throws or gives no whole number; the first time, `failed` is told. */
export const boundedPadding = (padding: Padding, failed: (why: unknown) => void): Padding => {
  let told = false;
  const tell = (why: unknown) => {
    if (!told) failed(why);
    told = true;
  };
  return (length, room) => {
    try {
      const zeros: unknown = padding(length, room);
      if (Number.isInteger(zeros)) return Number(zeros);
      tell(new TypeError(`${String(zeros)} is no whole number`));
    } catch (thrown) {
      tell(thrown);
    }
    return room;
  };
};
