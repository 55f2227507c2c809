/** Encodes keys: public keys as in certificates, private keys as PKCS#8. @module */
import type { NamedGroup } from "../../names/named_group.ts";
import type { PrivateKey, PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { oids } from "../der/oids.ts";
import * as Der from "../der/writer.ts";
import { curves } from "./public_key.ts";

/** `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7). */
export const subjectPublicKeyInfo = (key: PublicKey): Bytes =>
  Der.sequence(algorithm(key), Der.bitString(publicKeyBytes(key)));

/** `OneAsymmetricKey` (RFC 5958 §2), labelled PRIVATE KEY in PEM. */
export const privateKeyInfo = (key: PrivateKey): Bytes =>
  Der.sequence(Der.integer(0), algorithm(key), Der.octetString(privateKeyBytes(key)));

/** The `AlgorithmIdentifier` of a key (RFC 3279 §2.3, RFC 4055 §1.2, RFC 5480 §2.1, RFC 8410 §3). */
const algorithm = (key: PublicKey | PrivateKey): Bytes => {
  const named = (oid: string, ...parameters: ReadonlyArray<Bytes>) =>
    Der.sequence(Der.objectIdentifier(oid), ...parameters);
  switch (key._tag) {
    case "rsa":
      return named(oids.rsaEncryption, Der.nullValue);
    case "rsa_pss":
      return named(oids["id-RSASSA-PSS"]);
    case "ecdsa":
      return named(oids["id-ecPublicKey"], Der.objectIdentifier(curveOid(key.group)));
    case "ed25519":
      return named(oids["id-Ed25519"]);
    case "ed448":
      return named(oids["id-Ed448"]);
  }
};

const curveOid = (group: NamedGroup): string => {
  const curve = curves.find((row) => row.group === group);
  // Keys of other groups cannot occur: parsing and generating support only these curves.
  if (!curve) throw new RangeError(`no curve for certificates: group ${group}`);
  return curve.oid;
};

const publicKeyBytes = (key: PublicKey): Bytes =>
  key._tag === "ecdsa"
    ? key.point
    : "key" in key
    ? key.key
    : Der.sequence(Der.integer(key.modulus), Der.integer(key.publicExponent));

const privateKeyBytes = (key: PrivateKey): Bytes =>
  key._tag === "ecdsa"
    ? Der.sequence(Der.integer(1), Der.octetString(key.privateKey))
    : "seed" in key
    ? Der.octetString(key.seed)
    : Der.sequence(
      Der.integer(0),
      ...[
        key.modulus,
        key.publicExponent,
        key.privateExponent,
        key.prime1,
        key.prime2,
        key.exponent1,
        key.exponent2,
        key.coefficient,
      ].map(Der.integer),
    );
