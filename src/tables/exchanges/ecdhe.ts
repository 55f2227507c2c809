/** Ephemeral elliptic-curve Diffie-Hellman (RFC 8422 §5.4, §5.7). @module */
import { Effect } from "../../deps.ts";
import { isFfdhe } from "../../crypto/ffdhe.ts";
import { isKem } from "../../crypto/kem.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import type { InvalidKeyShare } from "../../faults/errors/crypto.ts";
import { one } from "../../grammar/places.ts";
import { ClientKeyExchangeECDHE, ServerECDHParams } from "../../messages/mod.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { ECCurveType } from "../../names/protocol.ts";
import type { Credential } from "../../ports/credentials.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import { codec, make } from "../../wire/codec.ts";
import type { ClientShare, ExchangeSteps, KeyExchange, Parameters, ServerShare, Terms } from "./exchange.ts";

const params = codec(ServerECDHParams);

const illegal = (subject: string, field: string, reason: string) =>
  new IllegalParameter({ subject, field, reason, rfc: "RFC 8422 §5.4" });

const badShare = (subject: string, field: string, group: NamedGroup) => (e: InvalidKeyShare) =>
  illegal(subject, field, `${e.reason} (${NamedGroup.nameOf(group)})`);

/** Whether a group is an elliptic curve, and nothing beside it. */
const isCurve = (group: NamedGroup): boolean => !isFfdhe(group) && !isKem(group);

const clientKeyExchange = one(ClientKeyExchangeECDHE);

/** The client's share, given the server's parameters. */
const clientShare = Effect.fnUntraced(function* (
  terms: Terms,
  received: Parameters<typeof ServerECDHParams.Type>,
  peerKey: PublicKey | undefined,
): ExchangeSteps<ClientShare> {
  const { curveType, namedCurve, public: point } = received.message.params;
  if (curveType !== ECCurveType.named_curve) {
    return yield* illegal("ServerKeyExchange", "params.curveType", "not a named curve");
  }
  if (!isCurve(namedCurve) || !terms.groups.includes(namedCurve)) {
    const reason = `${NamedGroup.nameOf(namedCurve)} was not offered`;
    return yield* illegal("ServerKeyExchange", "params.namedCurve", reason);
  }
  const scheme = yield* terms.vouching.check(terms, received, peerKey);
  const share = yield* (yield* Crypto).keyShare(namedCurve);
  const premaster = yield* Effect.mapError(
    share.agree(point),
    badShare("ServerKeyExchange", "params.public", namedCurve),
  );
  const message = make(ClientKeyExchangeECDHE, { ecdhYc: share.publicKey });
  return { message, premaster, group: namedCurve, scheme };
});

/** The server's share: a ServerKeyExchange, and the place of the client's answer. */
const serverShare = Effect.fnUntraced(function* (
  terms: Terms,
  credential: Credential | undefined,
): ExchangeSteps<ServerShare> {
  const group = terms.groups.find(isCurve);
  // The suite was chosen because there is a group in common.
  if (group === undefined) return yield* Effect.dieMessage("ECDHE without a group in common");
  const share = yield* (yield* Crypto).keyShare(group);
  const chosen = { curveType: ECCurveType.named_curve, namedCurve: group, public: share.publicKey };
  const { members, scheme } = yield* terms.vouching.vouch(
    terms,
    params.unsafeEncode(chosen),
    credential,
  );
  return {
    messages: [terms.vouching.forms(terms.dialect).ecdhe.make({ params: chosen, ...members })],
    premaster: clientKeyExchange.map(({ ecdhYc }) =>
      Effect.mapError(share.agree(ecdhYc), badShare("ClientKeyExchange", "ecdhYc", group))
    ),
    group,
    scheme,
  };
});

/** The key exchange ECDHE. Its secret keeps leading zeros (RFC 8422 §5.10). */
export const ecdhe: KeyExchange = {
  usage: "digitalSignature",
  uses: isCurve,
  clientShare: (terms) =>
    terms.vouching.forms(terms.dialect).ecdhe.place.map((received) => (peerKey) =>
      clientShare(terms, received, peerKey)
    ),
  clientKeyExchange: () => clientKeyExchange,
  serverShare,
};
