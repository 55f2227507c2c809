/** Names that were probably meant. @module */

/**
 * The name that was probably meant by another one: the nearest, if at most a third of it differs. For messages that ask "did you
 * mean …?".
 */
export const nearest = (name: string, names: ReadonlyArray<string>): string | undefined => {
  if (name.length > 64) return undefined; // not a typing error, and costly to compare
  const [best] = names.map((one) => [one, distance(name.toLowerCase(), one.toLowerCase())] as const)
    .sort(([, a], [, b]) => a - b);
  return best && best[1] <= Math.max(1, best[0].length / 3) ? best[0] : undefined;
};

/** How many letters must be inserted, removed or changed to turn one word into the other (Levenshtein distance). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
};
