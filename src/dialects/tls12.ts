/** TLS 1.2 (RFC 5246). @module */
import { Either } from "../deps.ts";
import { authenticationOf } from "../authentications/mod.ts";
import { prf12 } from "../crypto/prf.ts";
import { IllegalParameter } from "../errors.ts";
import {
  CertificateRequest,
  CertificateVerify,
  ClientKeyExchangeRSA,
  Finished,
  ServerKeyExchangeECDHE,
} from "../messages/mod.ts";
import { ProtocolVersion } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { aeadProtection } from "../record/aead.ts";
import { concat } from "../wire/bytes.ts";
import type { Derivation, Dialect, Signing } from "./dialect.ts";

/** A signature says its algorithm, which must be one that was offered and one that the key can make. */
const digitallySigned: Signing = {
  schemeOf: (message, key, offered) => {
    const { algorithm } = message;
    const reason = !offered.includes(algorithm)
      ? "was not offered"
      : !authenticationOf(key).makes(algorithm, key)
      ? `is not for a key of ${key._tag}`
      : undefined;
    return reason === undefined ? Either.right(algorithm) : Either.left(
      new IllegalParameter({
        subject: message._tag,
        field: "algorithm",
        reason: `${SignatureScheme.nameOf(algorithm)} ${reason}`,
        rfc: "RFC 5246 §7.4.3",
      }),
    );
  },
  trailer: ({ signature }) => 4 + signature.length,
};

const VERIFY_DATA_LENGTH = 12;

/** RFC 5246 §5, §6.3, §7.4.9, §8.1; RFC 7627 §4. */
const derive: Dialect["derive"] = (suite, random, crypto): Derivation => {
  const hash = crypto.hash(suite.hash);
  const { aead, key, nonce } = suite.cipher;
  return {
    master: (premaster) => prf12(hash, premaster, "master secret", concat(random.client, random.server), 48),
    extendedMaster: (premaster, said) =>
      prf12(hash, premaster, "extended master secret", said.digest(hash), 48),
    keys: (master) => {
      const seed = concat(random.server, random.client);
      const block = prf12(hash, master, "key expansion", seed, 2 * (key + nonce.fixed));
      const protection = (index: 0 | 1) => {
        const iv = 2 * key + index * nonce.fixed;
        return aeadProtection(
          ProtocolVersion.TLS_1_2,
          crypto.aead(aead, block.subarray(index * key, (index + 1) * key)),
          block.subarray(iv, iv + nonce.fixed),
          nonce,
        );
      };
      return { client: protection(0), server: protection(1) };
    },
    verifyData: (master, side, said) =>
      prf12(hash, master, `${side} finished`, said.digest(hash), VERIFY_DATA_LENGTH),
  };
};

/** TLS 1.2. */
export const tls12: Dialect = {
  version: ProtocolVersion.TLS_1_2,
  derive,
  signing: digitallySigned,
  defaultSchemes: [SignatureScheme.rsa_pkcs1_sha1, SignatureScheme.ecdsa_sha1],
  messages: {
    finished: Finished,
    serverKeyExchangeECDHE: ServerKeyExchangeECDHE,
    clientKeyExchangeRSA: ClientKeyExchangeRSA,
    certificateRequest: CertificateRequest,
    certificateVerify: CertificateVerify,
  },
};
