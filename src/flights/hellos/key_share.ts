/** The shares that a client offers in its ClientHello (RFC 8446 §4.2.8). @module */
import { Effect } from "../../deps.ts";
import { ffdhe, isFfdhe } from "../../crypto/ffdhe.ts";
import type { ClientHelloExtension } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** A share of ours, and its group. */
export interface OfferedShare {
  readonly group: NamedGroup;
  readonly share: KeyShare;
}

/**
 * A share of a group. A hybrid group's has its curve's share beside it, which costs nothing, if that curve is among
 * `groups`: so a server that has only the curve need not ask for it.
 */
export const sharesOf = (
  group: NamedGroup | undefined,
  groups: ReadonlyArray<NamedGroup>,
  crypto: CryptoService,
): Effect.Effect<ReadonlyArray<OfferedShare>> =>
  group === undefined ? Effect.succeed([]) : Effect.map(crypto.keyShare(group), (share) => [
    { group, share },
    ...(share.part && groups.includes(share.part.group) ? [share.part] : []),
  ]);

/** The extension key_share of a ClientHello. */
export const keyShare = (shares: ReadonlyArray<OfferedShare>): ClientHelloExtension => ({
  _tag: "key_share",
  clientShares: shares.map(({ group, share }) => ({ group, keyExchange: share.publicKey })),
});

/** Why the length of a peer's share is wrong; `undefined` if it is not. A finite field's is as long as its prime (RFC 8446 §4.2.8.1). */
export const wrongLength = (group: NamedGroup, share: Bytes): string | undefined => {
  const length = isFfdhe(group) ? ffdhe(group)?.prime.length : undefined;
  return length === undefined || length === share.length
    ? undefined
    : `the share has ${share.length} bytes, not ${length}`;
};
