/** The certificates of a PKCS#7 file: a SignedData that signs nothing (RFC 2315 §9, RFC 5652 §5.1). @module */
import type { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { decodeBer } from "../der/ber.ts";
import {
  any,
  type Der,
  type DerError,
  explicit,
  map,
  optional,
  sequence,
  setOf,
  tagged,
} from "../der/der.ts";
import { named, oids } from "../der/oids.ts";
import { count, objectIdentifier } from "../der/types.ts";

/** The certificates as DER, in their order. Signatures are not looked at. */
export const certificatesOfPkcs7 = (bytes: Bytes): Either.Either<ReadonlyArray<Bytes>, DerError> =>
  decodeBer("PKCS#7", signedOnly, bytes);

/** `CertificateSet`: other forms than X.509 have tags of their own, and are passed over. */
const certificateSet = tagged(0xa0, (r) => {
  const found: Array<Bytes> = [];
  while (r.more) {
    const { tag, raw } = any.read(r);
    if (tag === 0x30) found.push(raw);
  }
  return found;
});

const signedData = sequence({
  version: count,
  digestAlgorithms: setOf(any, 0),
  contentInfo: any,
  certificates: optional(certificateSet),
  crls: optional(tagged(0xa1, (r) => r.rest())),
  signerInfos: setOf(any, 0),
});

const contentInfo = sequence({
  contentType: map(
    objectIdentifier,
    (oid, fail) =>
      oid === oids["pkcs7-signedData"] ? oid : fail(`content of type ${named(oid)}, not SignedData`),
  ),
  content: explicit(0, signedData),
});

const signedOnly: Der<ReadonlyArray<Bytes>> = map(
  contentInfo,
  ({ content: { certificates } }) => certificates ?? [],
);
