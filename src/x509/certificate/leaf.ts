/** A leaf certificate as far as a handshake needs it: its key, and what the key may be used for. @module */
import { Either } from "../../deps.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { decodeDer, type DerError } from "../der/der.ts";
import { asDer, type Value, valuesIn } from "../der/lenient.ts";
import * as Der from "../der/writer.ts";
import { subjectPublicKeyInfo, type UnsupportedKey } from "../keys/public_key.ts";
import { name } from "../names/distinguished_name.ts";
import { parseCertificate } from "./certificate.ts";
import { type KeyUsage, usagesOf } from "./key_usage.ts";

/** A leaf's key. */
export interface LeafKey {
  readonly publicKey: PublicKey | UnsupportedKey;
  /**
   * The SubjectPublicKeyInfo, from which pins are computed: as the certificate has it, and if that is no DER, written anew as
   * well, as OpenSSL prints it.
   */
  readonly spkis: readonly [Bytes, ...ReadonlyArray<Bytes>];
  /** The keyUsage; `undefined` if the certificate has none, and so allows everything. */
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  /** The subject as text, for errors; empty when it cannot be read. */
  readonly subject: string;
}

/**
 * Reads the key of a leaf. Devices have certificates that are not strict DER; then the key is found by the place where it must
 * be. Nothing else of such a certificate is believed. Fails with the DerError of the strict reading.
 */
export const readLeaf = (der: Bytes): Either.Either<LeafKey, DerError> =>
  Either.match(parseCertificate(der), {
    onLeft: (e) => Either.fromNullable(lenient(der), () => e),
    onRight: ({ publicKey, spki, keyUsage, subject }) =>
      Either.right({ publicKey, spkis: [spki], keyUsage, subject: subject.text }),
  });

const SEQUENCE = 0x30;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

/** The members of a sequence that is alone in the bytes; `undefined` when these are something else. */
const sequenceIn = (bytes: Bytes): ReadonlyArray<Value> | undefined => {
  const [sequence, ...more] = valuesIn(bytes) ?? [];
  return sequence?.tag === SEQUENCE && more.length === 0 ? valuesIn(sequence.content) : undefined;
};
const membersOf = (bytes: Bytes): ReadonlyArray<Value> => sequenceIn(bytes) ?? [];

const lenient = (der: Bytes): LeafKey | undefined => {
  const [tbs] = membersOf(der);
  const members = tbs ? membersOf(tbs.raw) : [];
  // After the version, if there is one: serialNumber, signature, issuer, validity, subject (RFC 5280 §4.1).
  const [, , , , subject, key, ...rest] = members[0]?.tag === VERSION ? members.slice(1) : members;
  const found = key && keyOf(key.raw);
  if (!subject || !found) return undefined;
  const read = Either.getOrUndefined(decodeDer("subject", name, subject.raw));
  return {
    publicKey: found.publicKey,
    spkis: [key.raw, found.spki],
    keyUsage: usagesIn(rest.find(({ tag }) => tag === EXTENSIONS)?.content),
    subject: read?.text ?? "",
  };
};

/** The key, after its SubjectPublicKeyInfo and what its BIT STRING holds are written anew as DER, and what was written. */
const keyOf = (
  spki: Bytes,
): { readonly publicKey: PublicKey | UnsupportedKey; readonly spki: Bytes } | undefined => {
  const [algorithm, bits] = membersOf(spki);
  const algorithmDer = algorithm && asDer(algorithm.raw);
  if (!algorithmDer || !bits) return undefined;
  const key = bits.content.subarray(1);
  const candidates = [asDer(key), key].filter((one) => one !== undefined);
  for (const candidate of candidates) {
    const rewritten = Der.sequence(algorithmDer, Der.bitString(candidate, bits.content[0]));
    const read = decodeDer("SubjectPublicKeyInfo", subjectPublicKeyInfo, rewritten);
    if (Either.isRight(read)) return { publicKey: read.right, spki: rewritten };
  }
  return undefined;
};

/** What an object identifier of keyUsage, 2.5.29.15, has as its content, however its length is written. */
const KEY_USAGE = Uint8Array.of(0x55, 0x1d, 0x0f);

/** What every keyUsage allows; one that cannot be read allows nothing, and nor does what may be one. */
const usagesIn = (extensions: Bytes | undefined): ReadonlySet<KeyUsage> | undefined => {
  if (!extensions) return undefined;
  const all = sequenceIn(extensions)?.map(({ raw }) => membersOf(raw));
  if (!all || all.some((members) => members.length === 0)) return new Set();
  const found = all.filter(([oid]) => sameBytes(oid!.content, KEY_USAGE)).map((members) => {
    const [bits] = valuesIn(members.at(-1)!.content) ?? [];
    return usagesOf(bits?.content.subarray(1) ?? new Uint8Array());
  });
  return found.length === 0 ? undefined : found.reduce((a, b) => a.intersection(b));
};
