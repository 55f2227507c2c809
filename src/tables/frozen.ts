/** Values that were decoded once and cannot change: they need no second look. @module */
/** Values that are known to be of their type: they and what their members hold are frozen. */
export const known = new WeakSet<object>();

/** Freezes a value and what its members hold, and makes it known. */
export const frozen = <A extends object>(value: A): A => {
  for (const member of Object.values(value)) Object.freeze(member);
  known.add(Object.freeze(value));
  return value;
};
