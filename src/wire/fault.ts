/** The fault that readers and writers throw internally. @module */

/**
 * A decoding or encoding fault. It never leaves the codec. Not an Error: a stack would cost more than the message.
 */
export class Fault {
  readonly path: Array<string> = [];
  constructor(readonly offset: number, readonly reason: string) {}
}

/** Prepends a member's name to the path of a fault. Returns any other thrown value as it is. */
export const inside = (e: unknown, name: string): unknown => {
  if (e instanceof Fault) e.path.unshift(name);
  return e;
};
