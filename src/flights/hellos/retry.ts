/** What a HelloRetryRequest asks to be changed, and the ClientHello that has it (RFC 8446 §4.1.2, §4.1.4). @module */
import type { ClientHello, ClientHelloExtension } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { keyShare, type OfferedShare } from "./key_share.ts";

/** What a HelloRetryRequest asks to be changed. */
export interface Retry {
  /** The suite, which the ServerHello must repeat. */
  readonly suite: Suite13;
  /** The group of the share that is wanted; `undefined` if the shares are to stay. */
  readonly group: NamedGroup | undefined;
  readonly cookie: Bytes | undefined;
}

/** The extensions of the second ClientHello. Those at its end are made anew, and early data is given up. */
export const changed = (
  { extensions = [] }: ClientHello,
  { cookie }: Retry,
  shares: ReadonlyArray<OfferedShare>,
): ReadonlyArray<ClientHelloExtension> =>
  extensions.flatMap((e): ReadonlyArray<ClientHelloExtension> => {
    switch (e._tag) {
      case "early_data":
      case "padding":
      case "pre_shared_key":
        return [];
      case "key_share":
        return [keyShare(shares), ...(cookie ? [{ _tag: "cookie", cookie } as const] : [])];
      default:
        return [e];
    }
  });
