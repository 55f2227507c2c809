/** What a second ClientHello must repeat of the first, and what a HelloRetryRequest changes (RFC 8446 §4.1.2). @module */
import { Either } from "../../../deps.ts";
import { IllegalParameter } from "../../../faults/errors/connection.ts";
import { ClientHello, type ClientHelloExtension, findExtension } from "../../../messages/mod.ts";
import { ExtensionType } from "../../../names/extension_type.ts";
import type { NamedGroup } from "../../../names/named_group.ts";
import type { Suite13 } from "../../../tables/suites13.ts";
import { type Bytes, EMPTY, sameBytes } from "../../../wire/bytes.ts";
import { codec, make } from "../../../wire/codec.ts";
import type { Checked } from "../../hellos/wish.ts";
import { typeOf } from "../../base/unanswered.ts";
import type { Wish13 } from "./negotiation.ts";

/** What a HelloRetryRequest asked for. */
export interface Asked {
  readonly suite: Suite13;
  /** The group of the one share that is wanted; `undefined` if the shares are to stay. */
  readonly group: NamedGroup | undefined;
  readonly cookie: Bytes | undefined;
}

const bad = (field: string, reason: string, rfc = "RFC 8446 §4.1.2") =>
  Either.left(new IllegalParameter({ subject: "ClientHello", field, reason, rfc }));

/** Whether a second ClientHello has what was asked for: its suite, its share, its cookie, and no early data. */
export const hasWhatWasAsked = (
  { earlyData, extensions, shares, suites }: Wish13,
  { cookie, group, suite }: Asked,
): Checked<void> => {
  if (!suites.includes(suite)) return bad("cipherSuites", "lost the suite of the HelloRetryRequest");
  if (earlyData) return bad("extensions.early_data", "follows a HelloRetryRequest");
  if (cookie && !sameBytes(findExtension(extensions, "cookie")?.cookie ?? EMPTY, cookie)) {
    return bad("extensions.cookie", "is not that of the HelloRetryRequest", "RFC 8446 §4.2.2");
  }
  const [share, ...more] = shares;
  return group === undefined || (share?.group === group && more.length === 0)
    ? Either.void
    : bad("extensions.key_share", "is not the one share that was asked for", "RFC 8446 §4.2.8");
};

const CHANGED = "is another than the first in more than the HelloRetryRequest asked for";

/** Whether a second ClientHello is the first but for what was asked for. */
export const repeats = (first: ClientHello, second: ClientHello): Checked<void> => {
  const lost = "is not that of the first ClientHello";
  if (!sameBytes(first.random, second.random)) return bad("random", lost);
  if (!sameBytes(first.sessionId, second.sessionId)) return bad("sessionId", lost);
  const names = (hello: ClientHello) => new Set(kept(hello).map((e) => ExtensionType.nameOf(typeOf(e))));
  const [had, has] = [names(first), names(second)];
  const name = [...had].find((n) => !has.has(n)) ?? [...has].find((n) => !had.has(n));
  if (name !== undefined) return bad(`extensions.${name}`, lost);
  return sameBytes(repeatedPart(first), repeatedPart(second)) ? Either.void : bad("", CHANGED);
};

/** As `repeats`, where the hash of what must be repeated is all that is known of the first ClientHello. */
export const repeatsHash = (first: Bytes, second: Bytes): Checked<void> =>
  sameBytes(first, second) ? Either.void : bad("", CHANGED);

/** The bytes that a second ClientHello must repeat. */
export const repeatedPart = (hello: ClientHello): Bytes =>
  codec(ClientHello).unsafeEncode(make(ClientHello, { ...hello, extensions: kept(hello) }));

/** The extensions that a second ClientHello may have or not. */
const changeable: ReadonlySet<string> = new Set(["early_data", "cookie", "pre_shared_key", "padding"]);

/**
 * The extensions that must come again, without what may be another: JSSE makes its shares anew even if none is asked for, and
 * what we do not know may be such as encrypted_client_hello, which is. wolfSSL gives them in another order.
 */
const kept = ({ extensions = [] }: ClientHello): ReadonlyArray<ClientHelloExtension> =>
  extensions.filter(({ _tag }) => !changeable.has(_tag)).map((e) =>
    e._tag === "unknown" ? { ...e, data: EMPTY } : e._tag === "key_share" ? { ...e, clientShares: [] } : e
  ).toSorted((a, b) => typeOf(a) - typeOf(b));
