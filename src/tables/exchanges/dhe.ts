/** Ephemeral Diffie-Hellman over a finite field (RFC 5246 §7.4.3, §7.4.7.2; RFC 7919). @module */
import { Effect } from "../../deps.ts";
import { bitLength, ffdhe, ffdheGroupOf, isFfdhe } from "../../crypto/ffdhe.ts";
import { IllegalParameter, Refused } from "../../faults/errors/connection.ts";
import type { InvalidKeyShare } from "../../faults/errors/crypto.ts";
import { one } from "../../grammar/places.ts";
import { ClientKeyExchangeDHE, ServerDHParams } from "../../messages/mod.ts";
import type { Credential } from "../../ports/credentials.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { codec, make } from "../../wire/codec.ts";
import type { ClientShare, ExchangeSteps, KeyExchange, Parameters, ServerShare, Terms } from "./exchange.ts";

const params = codec(ServerDHParams);

const badShare = (subject: string, field: string) => (e: InvalidKeyShare) =>
  new IllegalParameter({ subject, field, reason: e.reason, rfc: "RFC 7919 §5.1" });

/** The premaster secret, which loses its leading zeros, unlike that of a curve (RFC 5246 §8.1.2). */
const withoutLeadingZeros = (secret: Bytes): Bytes => secret.subarray(secret.findIndex((byte) => byte !== 0));

const clientKeyExchange = one(ClientKeyExchangeDHE);

/** The client's share, given the server's parameters. */
const clientShare = Effect.fnUntraced(function* (
  terms: Terms,
  received: Parameters<typeof ServerDHParams.Type>,
  peerKey: PublicKey | undefined,
): ExchangeSteps<ClientShare> {
  const { dhP, dhG, dhYs } = received.message.params;
  const crypto = yield* Crypto;
  const scheme = yield* terms.vouching.check(terms, received, peerKey);
  const bits = bitLength(dhP);
  if (bits < terms.minimumDhPrimeBits) {
    return yield* new Refused({
      reason: "weak_parameters",
      detail: `the server's Diffie-Hellman prime has ${bits} bits, our policy wants ` +
        `${terms.minimumDhPrimeBits}`,
    });
  }
  // The generator of a known prime has a known order, so a shorter exponent is enough.
  const group = ffdheGroupOf(dhP, dhG);
  const share = yield* group === undefined
    ? Effect.mapError(
      crypto.finiteFieldShare(dhP, dhG),
      badShare("ServerKeyExchange", "params.dhP"),
    )
    : crypto.keyShare(group);
  const secret = yield* Effect.mapError(
    share.agree(dhYs),
    badShare("ServerKeyExchange", "params.dhYs"),
  );
  const message = make(ClientKeyExchangeDHE, { dhYc: share.publicKey });
  return { message, premaster: withoutLeadingZeros(secret), group, primeBits: bits, scheme };
});

/** The server's share: a ServerKeyExchange, and the place of the client's answer. */
const serverShare = Effect.fnUntraced(function* (
  terms: Terms,
  credential: Credential | undefined,
): ExchangeSteps<ServerShare> {
  const group = terms.groups.find(isFfdhe);
  const field = group && ffdhe(group);
  // The suite was chosen because there is a group in common.
  if (group === undefined || field === undefined) {
    return yield* Effect.dieMessage("DHE without a group in common");
  }
  const share = yield* (yield* Crypto).keyShare(group);
  const chosen = { dhP: field.prime, dhG: field.generator, dhYs: share.publicKey };
  const { members, scheme } = yield* terms.vouching.vouch(
    terms,
    params.unsafeEncode(chosen),
    credential,
  );
  return {
    messages: [terms.vouching.forms(terms.dialect).dhe.make({ params: chosen, ...members })],
    premaster: clientKeyExchange.map(({ dhYc }) =>
      share.agree(dhYc).pipe(
        Effect.map(withoutLeadingZeros),
        Effect.mapError(badShare("ClientKeyExchange", "dhYc")),
      )
    ),
    group,
    scheme,
  };
});

/** The key exchange DHE. */
export const dhe: KeyExchange = {
  usage: "digitalSignature",
  uses: isFfdhe,
  clientShare: (terms) =>
    terms.vouching.forms(terms.dialect).dhe.place.map((received) => (peerKey) =>
      clientShare(terms, received, peerKey)
    ),
  clientKeyExchange: () => clientKeyExchange,
  serverShare,
};
