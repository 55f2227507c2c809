/** Signatures before TLS 1.2, whose scheme follows from the key (RFC 4346 §4.7, RFC 4492 §5.4). @module */
import { Either, Option } from "../../deps.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import { form } from "../../grammar/form.ts";
import { one } from "../../grammar/places.ts";
import {
  CertificateRequestLegacy,
  CertificateVerifyLegacy,
  ServerKeyExchangeDHELegacy,
  ServerKeyExchangeECDHELegacy,
} from "../../messages/mod.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService, PublicKey } from "../../ports/crypto.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { hasRoomFor } from "../key_kinds.ts";
import type { Dialect, Signing } from "./dialect.ts";

/** The signature scheme of each kind of key that can sign (RFC 4346 §4.7, RFC 4492 §5.4). */
const schemes: Partial<Record<PublicKey["_tag"], SignatureScheme>> = {
  rsa: SignatureScheme.rsa_pkcs1_md5_sha1,
  ecdsa: SignatureScheme.ecdsa_sha1,
};

/** The bytes that a CertificateVerify signs. */
type Proof = (transcript: Snapshot, master: Bytes, crypto: CryptoService) => Bytes;

/** The MD5 and the SHA-1 of the same bytes, which RSA signs. */
export const md5Sha1 = (data: Bytes, crypto: CryptoService): Bytes =>
  concat(crypto.hash("md5").digest([data]), crypto.hash("sha1").digest([data]));

/** Whether a scheme signs the 36 bytes of two hashes; any other scheme applies its own hash. */
const isPair = (scheme: SignatureScheme): boolean => scheme === SignatureScheme.rsa_pkcs1_md5_sha1;

/** Signatures whose scheme follows from the key. `pair` and `single` say what a CertificateVerify signs: RSA two hashes, others one. */
export const signingBefore12 = (pair: Proof, single: Proof): Signing => {
  const schemeOfKey = (key: PublicKey) =>
    Option.filter(Option.fromNullable(schemes[key._tag]), (scheme) => hasRoomFor(scheme, key));
  return {
    serverKeyExchange: {
      ecdhe: form(ServerKeyExchangeECDHELegacy),
      dhe: form(ServerKeyExchangeDHELegacy),
    },
    certificateVerify: form(CertificateVerifyLegacy),
    nameCurves: false,
    schemesOf: (key) => Option.toArray(schemeOfKey(key)),
    schemeOf: ({ _tag }, key) =>
      Either.fromOption(schemeOfKey(key), () =>
        new IllegalParameter({
          subject: _tag,
          field: "signature",
          reason: `a key of ${key._tag} cannot sign before TLS 1.2`,
          rfc: "RFC 4346 §4.7",
        })),
    content: (scheme, data, crypto) => isPair(scheme) ? md5Sha1(data, crypto) : data,
    proof: (scheme, transcript, master, crypto) =>
      (isPair(scheme) ? pair : single)(transcript, master, crypto),
    members: (_, signature) => ({ signature }),
    trailer: ({ signature }) => 2 + signature.length,
  };
};

/** The CertificateRequest without signature algorithms (RFC 4346 §7.4.4). */
export const certificateRequestBefore12: Dialect["certificateRequest"] = {
  place: one(CertificateRequestLegacy).map(({ certificateTypes, certificateAuthorities }) => ({
    types: certificateTypes,
    schemes: undefined,
    authorities: certificateAuthorities,
  })),
  make: ({ types, authorities }) =>
    make(CertificateRequestLegacy, { certificateTypes: types, certificateAuthorities: authorities }),
};
