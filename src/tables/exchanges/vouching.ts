/** How a server vouches for the parameters of a key exchange. @module */
import { Effect } from "../../deps.ts";
import { DecryptError } from "../../faults/errors/connection.ts";
import { form } from "../../grammar/form.ts";
import { ServerKeyExchangeDHAnon, ServerKeyExchangeECDHAnon } from "../../messages/mod.ts";
import { Crypto } from "../../ports/crypto.ts";
import { concat } from "../../wire/bytes.ts";
import type { ServerKeyExchangeForms, Signed } from "../versions/mod.ts";
import type { Vouching } from "./exchange.ts";

/** Vouching by a signature over both randoms and the parameters (RFC 5246 §7.4.3). */
export const signed: Vouching = {
  forms: ({ signing }) => signing.serverKeyExchange,
  vouch: Effect.fnUntraced(
    function* ({ dialect: { signing }, random, schemes: [scheme] }, params, credential) {
      // The suite was chosen because there are both.
      if (scheme === undefined || credential === undefined) {
        return yield* Effect.dieMessage("a signed key exchange without a credential or a scheme in common");
      }
      const data = concat(random.client, random.server, params);
      const signature = yield* credential.sign(scheme, signing.content(scheme, data, yield* Crypto));
      return { members: signing.members(scheme, signature), scheme };
    },
  ),
  check: Effect.fnUntraced(
    function* ({ dialect: { signing }, random, schemes }, { message, body }, peerKey) {
      if (peerKey === undefined) {
        return yield* Effect.dieMessage("a signed key exchange without a certificate");
      }
      const crypto = yield* Crypto;
      // It came from a place that `forms` gave.
      const theirs = message as Signed;
      const scheme = yield* signing.schemeOf(theirs, peerKey, schemes);
      const params = body.subarray(0, body.length - signing.trailer(theirs));
      const content = signing.content(scheme, concat(random.client, random.server, params), crypto);
      if (!(yield* crypto.verify(peerKey, scheme, content, theirs.signature))) {
        return yield* new DecryptError({ what: "ServerKeyExchange" });
      }
      return scheme;
    },
  ),
};

const anonymous: ServerKeyExchangeForms<object> = {
  ecdhe: form(ServerKeyExchangeECDHAnon),
  dhe: form(ServerKeyExchangeDHAnon),
};

/** No vouching: an attacker in the middle is not noticed (RFC 5246 §F.1.1.1). */
export const unsigned: Vouching = {
  forms: () => anonymous,
  vouch: () => Effect.succeed({ members: {}, scheme: undefined }),
  check: () => Effect.succeed(undefined),
};
