/** Handshake messages by their number, in every form that they have. @module */
import { Either } from "../deps.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { declarationOf } from "../../src/wire/layout.ts";
import { type AnySchema, numbered } from "../messages/all.ts";
import { type Anatomy, anatomyOf, UNKNOWN } from "./mutate.ts";

/** A form of a handshake message. */
export interface Form {
  readonly name: string;
  readonly type: number;
  readonly schema: AnySchema;
}

/** Every form of every message; extensions are called otherwise. */
export const forms: ReadonlyArray<Form> = numbered.filter(([, schema]) =>
  /^[A-Z]/.test(declarationOf(schema).tag)
).map(([name, schema]) => ({ name, type: declarationOf(schema).meta.type, schema }));

/** Where the parts of a message are, header and all; by the first form that it has. */
export const anatomyOfMessage = (raw: Bytes): Anatomy => {
  const form = forms.find(({ type, schema }) =>
    type === raw[0] && Either.isRight(codec(schema).decode(raw.subarray(4)))
  );
  if (!form) return UNKNOWN;
  const { boxes, parts } = anatomyOf(form.schema, raw.subarray(4), 4);
  return { boxes: [{ at: 1, width: 3, end: raw.length }, ...boxes], parts };
};
