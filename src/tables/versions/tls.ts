/** What TLS 1.0, 1.1 and 1.2 have in common. @module */
import type { Prf } from "../../crypto/prf.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { form } from "../../grammar/form.ts";
import { one } from "../../grammar/places.ts";
import { Certificate, ClientKeyExchangeRSA } from "../../messages/mod.ts";
import { AlertLevel } from "../../names/alert.ts";
import { ClientCertificateType, HandshakeType } from "../../names/protocol.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import type { RecordForm } from "../../record/protection/cipher.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Suite } from "../suites.ts";
import type { Dialect } from "./dialect.ts";
import { protections } from "./key_block.ts";

/** The hashing of a version: its PRF, and the digest of a transcript. */
export interface Hashing {
  readonly prf: Prf;
  readonly digest: (transcript: Snapshot) => Bytes;
}

const MASTER_SECRET_LENGTH = 48;
const VERIFY_DATA_LENGTH = 12;

/** The key derivation (RFC 5246 §5, §6.3, §7.4.9, §8.1; RFC 7627 §4). */
export const deriveTls =
  (records: RecordForm, hashing: (suite: Suite, crypto: CryptoService) => Hashing): Dialect["derive"] =>
  (suite, random, crypto) => {
    const { prf, digest } = hashing(suite, crypto);
    return {
      master: (premaster) =>
        prf(premaster, "master secret", concat(random.client, random.server), MASTER_SECRET_LENGTH),
      extendedMaster: (premaster, transcript) =>
        prf(premaster, "extended master secret", digest(transcript), MASTER_SECRET_LENGTH),
      keys: (master, encryptThenMac) =>
        protections(
          suite,
          records,
          crypto,
          encryptThenMac,
          (length) => prf(master, "key expansion", concat(random.server, random.client), length),
        ),
      verifyData: (master, side, transcript) =>
        prf(master, `${side} finished`, digest(transcript), VERIFY_DATA_LENGTH),
      exporter: prf,
    };
  };

/** What TLS 1.0, 1.1 and 1.2 share. */
export const tlsCommon: Pick<
  Dialect,
  | "era"
  | "afterHandshake"
  | "alert"
  | "isFatal"
  | "helloRequests"
  | "noCertificate"
  | "certificateTypes"
  | "compresses"
  | "resumes"
  | "clientKeyExchangeRSA"
  | "clientCertificate"
> = {
  era: "until12",
  afterHandshake: { client: [HandshakeType.hello_request], server: [HandshakeType.client_hello] },
  alert: (level, description) => ({ level, description }),
  noCertificate: false,
  isFatal: (level) => level === AlertLevel.fatal,
  helloRequests: true,
  certificateTypes: [ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign],
  compresses: true,
  resumes: ({ cipherSuite, masterSecret }, { cipherSuites }) =>
    masterSecret.length === MASTER_SECRET_LENGTH && cipherSuites.includes(cipherSuite),
  clientKeyExchangeRSA: form(ClientKeyExchangeRSA),
  clientCertificate: {
    place: one(Certificate).map(({ certificateList }) => certificateList),
    // An empty list means that the client has no certificate (RFC 5246 §7.4.6).
    none: make(Certificate, { certificateList: [] }),
  },
};
