/** Every declared message and extension, for the tests that hold of all of them. @module */
import type { Schema } from "../deps.ts";
import * as Messages from "../../src/messages/mod.ts";
import { Session } from "../../src/ports/sessions.ts";
import { layoutOf } from "../../src/wire/layout.ts";

// deno-lint-ignore no-explicit-any
export type AnySchema = Schema.Schema<any, any>;

const isSchema = (v: unknown): v is AnySchema =>
  (typeof v === "object" || typeof v === "function") && v !== null && "ast" in v;

/** Name and schema of all that `Messages` exports, and of a stored session. */
export const all: ReadonlyArray<readonly [string, AnySchema]> = [
  ...Object.entries(Messages as Record<string, unknown>).filter((e): e is [string, AnySchema] =>
    isSchema(e[1])
  ),
  ["Session", Session],
];

/** Those that have a number of their own: messages and extensions. */
export const numbered = all.filter(([, schema]) => {
  const layout = layoutOf(schema);
  return layout.kind === "struct" && layout.meta !== undefined;
});
