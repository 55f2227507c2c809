/** DER made into other DER: a tree whose lengths stay right while its nodes change. @module */
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { element } from "../../src/x509/der/writer.ts";
import { mutated, UNKNOWN } from "./mutate.ts";
import type { Random } from "./random.ts";

/** A value and what it is made of, or its bytes. */
interface Node {
  tag: number;
  inner: Array<Node> | Bytes;
}

/** The values in these bytes; `undefined` where they are none. */
const nodesOf = (bytes: Bytes): Array<Node> | undefined => {
  const nodes: Array<Node> = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? 0x80;
    let from = at + 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 3) return undefined;
      length = 0;
      for (let i = 0; i < octets; i++) length = length << 8 | (bytes[from++] ?? 0);
    }
    if (tag === 0 || from + length > bytes.length) return undefined;
    const content = bytes.subarray(from, from + length);
    // What an OCTET STRING or a BIT STRING holds is often DER again; that of a BIT STRING begins later.
    const inside = (tag & 0x20) !== 0 || tag === 0x04 ? nodesOf(content) : undefined;
    nodes.push({ tag, inner: inside && (inside.length > 0 || tag === 0x30) ? inside : content });
    at = from + length;
  }
  return nodes;
};

const written = ({ tag, inner }: Node): Bytes =>
  element(tag, inner instanceof Uint8Array ? inner : concat(...inner.map(written)));

/** Where each list of nodes is. */
const listsOf = (nodes: Array<Node>): ReadonlyArray<Array<Node>> => [
  nodes,
  ...nodes.flatMap(({ inner }) => inner instanceof Uint8Array ? [] : listsOf(inner)),
];

const TAGS = [
  0x01,
  0x02,
  0x03,
  0x04,
  0x05,
  0x06,
  0x0c,
  0x13,
  0x16,
  0x17,
  0x18,
  0x1e,
  0x30,
  0x31,
  0x80,
  0x82,
  0x87,
  0xa0,
  0xa3,
  0x1f,
];
const copy = (node: Node): Node => ({
  ...node,
  inner: node.inner instanceof Uint8Array ? node.inner : node.inner.map(copy),
});

const change = (root: Array<Node>, random: Random, other: () => Bytes): void => {
  const list = random.pick(listsOf(root).filter((l) => l.length > 0));
  if (!list) return;
  const at = random.below(list.length);
  const node = list[at]!;
  switch (random.below(8)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(
        at,
        0,
        ...Array.from({ length: 1 + random.below(random.once(8) ? 200 : 3) }, () => copy(node)),
      );
      break;
    case 2:
      node.tag = random.pick(TAGS);
      break;
    case 3: {
      const b = random.below(list.length);
      [list[at], list[b]] = [list[b]!, node];
      break;
    }
    case 4:
      list[at] = copy(
        random.pick(random.pick(listsOf(nodesOf(other()) ?? root).filter((l) => l.length > 0))),
      );
      break;
    case 5:
      for (let i = 0; i < random.pick([1, 4, 400]); i++) {
        list[at] = { tag: random.pick([0x30, 0x31, 0xa0, 0x04]), inner: [list[at]!] };
      }
      break;
    case 6: {
      const bytes = random.bytes(random.below(random.once(8) ? 400 : 20));
      node.inner = bytes;
      break;
    }
    default:
      if (node.inner instanceof Uint8Array) {
        const same = { bytes: node.inner, anatomy: UNKNOWN };
        node.inner = mutated(same, random, () => same);
      }
  }
};

/** Other DER, or in one case of four other bytes. */
export const mutatedDer = (bytes: Bytes, random: Random, other: () => Bytes): Bytes => {
  const root = random.once(4) ? undefined : nodesOf(bytes);
  if (!root || root.length === 0) {
    return mutated({ bytes, anatomy: UNKNOWN }, random, () => ({ bytes: other(), anatomy: UNKNOWN }));
  }
  do change(root, random, other); while (random.once(3));
  return concat(...root.map(written));
};
