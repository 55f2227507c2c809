/** RSA key transport: the client encrypts the premaster secret to the server's certificate (RFC 5246 §7.4.7.1). @module */
import { Effect } from "../../deps.ts";
import { PREMASTER_LENGTH, unpadPremaster } from "../../crypto/pkcs1.ts";
import { absent } from "../../grammar/places.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { Credential } from "../../ports/credentials.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Dialect } from "../versions/mod.ts";
import type { ClientShare, ExchangeSteps, KeyExchange } from "./exchange.ts";

/** `struct { ProtocolVersion client_version; opaque random[46]; } PreMasterSecret`, with the version that was offered. */
const preMasterSecret = (version: number, random: Uint8Array): Uint8Array => {
  random[0] = version >> 8;
  random[1] = version;
  return random;
};

/** The client's share: a premaster secret, encrypted to the server's key. */
const clientShare = Effect.fnUntraced(function* (
  dialect: Dialect,
  clientVersion: ProtocolVersion,
  peerKey: PublicKey | undefined,
): ExchangeSteps<ClientShare> {
  const crypto = yield* Crypto;
  // The certificate was checked against the suite before, so a key of another kind is a defect of ours.
  if (peerKey?._tag !== "rsa") {
    return yield* Effect.dieMessage(`RSA key transport to a key of ${peerKey?._tag}`);
  }
  const premaster = preMasterSecret(clientVersion, crypto.random(PREMASTER_LENGTH));
  const encryptedPreMasterSecret = yield* crypto.rsaEncrypt(peerKey, premaster);
  return { message: dialect.clientKeyExchangeRSA.make({ encryptedPreMasterSecret }), premaster };
});

/** The premaster secret that the client encrypted, or a random one that nobody knows. */
const premasterOf = Effect.fnUntraced(function* (
  encryptedPreMasterSecret: Bytes,
  clientVersion: ProtocolVersion,
  credential: Credential | undefined,
): ExchangeSteps<Bytes> {
  const crypto = yield* Crypto;
  if (credential === undefined) {
    return yield* Effect.dieMessage("RSA key transport without a credential");
  }
  // The random one is drawn before the decryption and used if that fails. The handshake then fails at Finished, and nothing
  // tells bad padding from a bad version or a bad length (RFC 5246 §7.4.7.1).
  const random = crypto.random(PREMASTER_LENGTH);
  const block = yield* credential.decrypt(encryptedPreMasterSecret);
  return unpadPremaster(block, clientVersion, random);
});

/** The key exchange of RSA key transport (RFC 5246 §7.4.7.1). */
export const rsa: KeyExchange = {
  usage: "keyEncipherment",
  uses: undefined,
  clientShare: ({ dialect, clientVersion }) =>
    absent.map(() => (peerKey) => clientShare(dialect, clientVersion, peerKey)),
  clientKeyExchange: ({ clientKeyExchangeRSA }) => clientKeyExchangeRSA.place,
  serverShare: ({ dialect, clientVersion }, credential) =>
    Effect.succeed({
      messages: [],
      premaster: dialect.clientKeyExchangeRSA.place.map(({ message: { encryptedPreMasterSecret } }) =>
        premasterOf(encryptedPreMasterSecret, clientVersion, credential)
      ),
    }),
};
