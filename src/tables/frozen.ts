/** Values that were decoded once and cannot change, so that they need not be decoded again. @module */
/** The values that are known to be of their type. They and the values of their members are frozen. */
export const known = new WeakSet<object>();

/** Freezes a value and the values of its members, and adds it to `known`. */
export const frozen = <A extends object>(value: A): A => {
  for (const member of Object.values(value)) Object.freeze(member);
  known.add(Object.freeze(value));
  return value;
};
