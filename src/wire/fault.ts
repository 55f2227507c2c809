/** What readers and writers throw at each other. @module */

/** Thrown inside, never seen outside. No Error: a stack would cost more than the message. */
export class Fault {
  readonly path: Array<string> = [];
  constructor(readonly offset: number, readonly reason: string) {}
}

/** The fault, with the member that it happened in put before its path. */
export const inside = (e: unknown, name: string): unknown => {
  if (e instanceof Fault) e.path.unshift(name);
  return e;
};
