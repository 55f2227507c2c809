/** What a server left unanswered of a client's offer. @module */
import { ExtensionType } from "../../names/extension_type.ts";

/** An extension of any message: its tag, or its number if the message does not know it. */
export type AnyExtension = { readonly _tag: string; readonly type?: number | undefined };

/** The number of an extension. */
export const typeOf = (e: AnyExtension): number =>
  e._tag === "unknown" ? e.type! : ExtensionType.members[e._tag as keyof typeof ExtensionType.members];

/** The types of the extensions that were offered and not answered, of those that could be: a certificate may demand them. */
export const unansweredOf = (
  offered: ReadonlyArray<AnyExtension> | undefined,
  answered: ReadonlyArray<AnyExtension> | undefined,
  canBeAnswered: (type: number) => boolean,
): ReadonlySet<number> =>
  new Set(offered?.map(typeOf).filter(canBeAnswered)).difference(new Set(answered?.map(typeOf)));
