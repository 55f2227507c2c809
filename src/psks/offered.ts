/**
 * The PSKs of TLS 1.3 that an external key is used as: itself, or the keys that are made of it, one for each KDF
 * (RFC 9258 §5.1). A key is used in one of the two ways only (RFC 9258 §4).
 *
 * @module
 */
import { Either } from "../deps.ts";
import { importedPsk, type PskOrigin } from "../crypto/key_schedule.ts";
import { ImportedIdentity } from "../messages/mod.ts";
import { KdfIdentifier, ProtocolVersion } from "../names/protocol.ts";
import type { CryptoService } from "../ports/crypto.ts";
import type { ExternalPsk, PskHash } from "../ports/pre_shared_keys.ts";
import { type Bytes, sameBytes } from "../wire/bytes.ts";
import { codec } from "../wire/codec.ts";

/** A PSK as a ClientHello names it and the key schedule takes it. */
export interface Psk {
  /** What a ClientHello calls the key. */
  readonly identity: Bytes;
  readonly key: Bytes;
  /** The hash of the suites that the key can be used with. */
  readonly hash: PskHash;
  readonly origin: Exclude<PskOrigin, "res">;
}

type Hashes = Pick<CryptoService, "hash">;

/** The PSKs that a client offers for an external one, in this order. */
export const offeredFor = (crypto: Hashes, external: ExternalPsk): ReadonlyArray<Psk> => {
  const { imported } = external;
  if (!imported) return [plain(external)];
  return [...kdfs.keys()].map((targetKdf) => {
    const identity = codec(ImportedIdentity).unsafeEncode({
      externalIdentity: external.identity,
      context: imported.context,
      targetProtocol: ProtocolVersion.TLS_1_3,
      targetKdf,
    });
    return importedAs(crypto, external, identity, kdfs.get(targetKdf)!);
  });
};

/**
 * What a server asks `PreSharedKeys.lookup` for, one after the other, when a client names an identity: the identity, and
 * the external one within it if it can be read as that of an imported key.
 */
export const lookedUpFor = (identity: Bytes): ReadonlyArray<Bytes> => {
  const within = importedIdentityIn(identity);
  return within ? [identity, within.externalIdentity] : [identity];
};

/**
 * The PSK that an identity of a ClientHello means, given the external one that was found for it; `undefined` if the
 * identity is not one of that key: because it is used in the other way, with another context, or for another version or
 * KDF.
 */
export const namedBy = (crypto: Hashes, external: ExternalPsk, identity: Bytes): Psk | undefined => {
  const { imported } = external;
  if (!imported) return sameBytes(external.identity, identity) ? plain(external) : undefined;
  const within = importedIdentityIn(identity);
  const hash = within && kdfs.get(within.targetKdf);
  return hash !== undefined && within?.targetProtocol === ProtocolVersion.TLS_1_3 &&
      sameBytes(within.externalIdentity, external.identity) && sameBytes(within.context, imported.context)
    ? importedAs(crypto, external, identity, hash)
    : undefined;
};

/** The hash of each KDF that keys are imported for. */
const kdfs: ReadonlyMap<KdfIdentifier, PskHash> = new Map([
  [KdfIdentifier.HKDF_SHA256, "sha256"],
  [KdfIdentifier.HKDF_SHA384, "sha384"],
]);

/** Unless an external key is said to be for another hash, it is for SHA-256 (RFC 8446 §4.2.11, RFC 9258 §5.1). */
const hashOf = ({ hash = "sha256" }: ExternalPsk): PskHash => hash;

const plain = (external: ExternalPsk): Psk => ({
  identity: external.identity,
  key: external.key,
  hash: hashOf(external),
  origin: "ext",
});

const importedAs = (crypto: Hashes, external: ExternalPsk, identity: Bytes, hash: PskHash): Psk => ({
  identity,
  key: importedPsk(crypto.hash(hashOf(external)), external.key, identity, crypto.hash(hash).length),
  hash,
  origin: "imp",
});

const importedIdentityIn = (identity: Bytes): ImportedIdentity | undefined =>
  Either.getOrUndefined(codec(ImportedIdentity).decode(identity));
