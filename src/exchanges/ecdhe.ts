/** Ephemeral elliptic-curve Diffie-Hellman, signed by the server (RFC 8422 §5.4, §5.7). @module */
import { Effect } from "../deps.ts";
import { DecryptError, IllegalParameter } from "../errors.ts";
import { one, proof } from "../grammar/places.ts";
import { ClientKeyExchangeECDHE, ServerECDHParams } from "../messages/mod.ts";
import { NamedGroup } from "../names/named_group.ts";
import { ECCurveType } from "../names/protocol.ts";
import { Crypto, type InvalidKeyShare } from "../services/crypto.ts";
import { concat } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import type { KeyExchange } from "./exchange.ts";

const params = codec(ServerECDHParams);

const illegal = (subject: string, field: string, reason: string) =>
  new IllegalParameter({ subject, field, reason, rfc: "RFC 8422 §5.4" });

const badShare = (subject: string, field: string) => (e: InvalidKeyShare) =>
  illegal(subject, field, `${e.reason} (${NamedGroup.nameOf(e.group)})`);

/** Ephemeral elliptic-curve Diffie-Hellman. */
export const ecdhe: KeyExchange = {
  usage: "digitalSignature",
  needsGroup: true,
  answer: ({ dialect, random, groups, schemes }) =>
    proof(dialect.messages.serverKeyExchangeECDHE).map(({ message, body }) => (peerKey) =>
      Effect.gen(function* () {
        const { curveType, namedCurve } = message.params;
        if (curveType !== ECCurveType.named_curve) {
          return yield* illegal("ServerKeyExchange", "params.curveType", "not a named curve");
        }
        if (!groups.includes(namedCurve)) {
          const reason = `${NamedGroup.nameOf(namedCurve)} was not offered`;
          return yield* illegal("ServerKeyExchange", "params.namedCurve", reason);
        }
        const crypto = yield* Crypto;
        const scheme = yield* dialect.signing.schemeOf(message, peerKey, schemes);
        const signed = body.subarray(0, body.length - dialect.signing.trailer(message));
        const data = concat(random.client, random.server, signed);
        if (!(yield* crypto.verify(peerKey, scheme, data, message.signature))) {
          return yield* new DecryptError({ what: "ServerKeyExchange" });
        }
        const share = yield* crypto.keyShare(namedCurve);
        const premaster = yield* Effect.mapError(
          share.agree(message.params.public),
          badShare("ServerKeyExchange", "params.public"),
        );
        return {
          message: make(ClientKeyExchangeECDHE, { ecdhYc: share.publicKey }),
          premaster,
          group: namedCurve,
          scheme,
        };
      })
    ),
  offer: ({ dialect, random, groups, schemes }, credential) =>
    Effect.gen(function* () {
      const crypto = yield* Crypto;
      const [group] = groups;
      const [algorithm] = schemes;
      // The suite was chosen because both are there.
      if (group === undefined || algorithm === undefined) {
        return yield* Effect.dieMessage("ECDHE without a group or a scheme in common");
      }
      const share = yield* crypto.keyShare(group);
      const chosen = { curveType: ECCurveType.named_curve, namedCurve: group, public: share.publicKey };
      const data = concat(random.client, random.server, params.unsafeEncode(chosen));
      const signature = yield* credential.sign(algorithm, data);
      return {
        messages: [make(dialect.messages.serverKeyExchangeECDHE, { params: chosen, algorithm, signature })],
        premaster: one(ClientKeyExchangeECDHE).map(({ ecdhYc }) =>
          Effect.mapError(share.agree(ecdhYc), badShare("ClientKeyExchange", "ecdhYc"))
        ),
        group,
        scheme: algorithm,
      };
    }),
};
