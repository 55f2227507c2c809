/** Small changes to a source, by rules: each should make a test fail. @module */
import { parse } from "npm:@babel/parser@^7.28.0";

/** One change: the text from `start` to `end` becomes `to`. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly rule: Rule;
  readonly start: number;
  readonly end: number;
  /** What stood there, on one line. */
  readonly from: string;
  readonly to: string;
}

/** What is changed, in words for people. */
export const rules = {
  negate: "a condition is negated",
  guard: "a guard that refuses or returns early is dropped",
  bound: "a comparison includes, or leaves out, its bound",
  equality: "an equality is turned round",
  term: "one term of a conjunction or disjunction is dropped",
  alert: "an alert is another",
  call: "a statement that only calls is dropped",
} as const;

/** The name of a rule. */
export type Rule = keyof typeof rules;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

const bounds: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const equalities: Readonly<Record<string, string>> = { "===": "!==", "!==": "===" };

/** Whether a statement ends what surrounds it. */
const leaves = (node: Node): boolean => {
  if (node.type === "BlockStatement") return (node["body"] as ReadonlyArray<Node>).some(leaves);
  return ["ReturnStatement", "ThrowStatement", "ContinueStatement", "BreakStatement"].includes(node.type);
};

/** Every change that the rules make of a source. */
export const mutantsOf = (file: string, source: string): ReadonlyArray<Mutant> => {
  const out: Array<Mutant> = [];
  const text = (node: Node): string => source.slice(node.start, node.end);
  const add = (rule: Rule, node: Node, to: string): void => {
    const from = text(node).replaceAll(/\s+/g, " ");
    out.push({ file, line: node.loc.start.line, rule, start: node.start, end: node.end, from, to });
  };
  const visit = (node: Node): void => {
    // Types change nothing at run time.
    if (
      node.type.startsWith("TS") &&
      !["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"].includes(node.type)
    ) {
      return;
    }
    if (node.type === "ImportDeclaration") return;
    switch (node.type) {
      case "IfStatement": {
        const test = node["test"] as Node;
        const consequent = node["consequent"] as Node;
        add("negate", test, `!(${text(test)})`);
        if (!node["alternate"] && leaves(consequent)) add("guard", node, "{}");
        break;
      }
      case "ConditionalExpression": {
        const test = node["test"] as Node;
        add("negate", test, `!(${text(test)})`);
        break;
      }
      case "BinaryExpression": {
        const operator = node["operator"] as string;
        const [left, right] = [text(node["left"] as Node), text(node["right"] as Node)];
        if (bounds[operator]) add("bound", node, `${left} ${bounds[operator]} ${right}`);
        if (equalities[operator]) add("equality", node, `${left} ${equalities[operator]} ${right}`);
        break;
      }
      case "LogicalExpression": {
        if (node["operator"] === "??") break;
        for (const side of ["left", "right"]) add("term", node, `(${text(node[side] as Node)})`);
        break;
      }
      case "ObjectProperty": {
        const [key, value] = [node["key"] as Node, node["value"] as Node];
        if (key["name"] === "alert" && value.type === "StringLiteral") {
          add("alert", value, value["value"] === "internal_error" ? `"decode_error"` : `"internal_error"`);
        }
        break;
      }
      case "ExpressionStatement": {
        const expression = node["expression"] as Node;
        const called = expression.type === "YieldExpression" ? expression["argument"] as Node : expression;
        if (called.type === "CallExpression") add("call", node, ";");
        break;
      }
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === "loc" || key.endsWith("Comments")) continue;
      if (Array.isArray(value)) value.filter(isNode).forEach(visit);
      else if (isNode(value)) visit(value);
    }
  };
  const parsed = parse(source, { sourceType: "module", plugins: ["typescript"] });
  visit(parsed.program as unknown as Node);
  return out;
};

/** The source with one change made. */
export const changed = (source: string, { start, end, to }: Mutant): string =>
  source.slice(0, start) + to + source.slice(end);

/** What tells a change from others, wherever it moves in its file. */
export const nameOf = ({ file, rule, from, to }: Mutant): string => `${file} | ${rule} | ${from} | ${to}`;
