/** Signed certificate timestamps: a log's promise to publish a certificate (RFC 6962 §3.2). @module */
import { Either, Schema } from "../../deps.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import { codec } from "../../wire/codec.ts";
import { fixed, opaque, uint8, vector } from "../../wire/schema.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { decodeDer } from "../der/der.ts";
import { valuesIn } from "../der/lenient.ts";
import { oids } from "../der/oids.ts";
import { objectIdentifier, octetString } from "../der/types.ts";
import * as Der from "../der/writer.ts";
import { ocspResponse } from "../ocsp/ocsp.ts";

/** `SignedCertificateTimestamp` (RFC 6962 §3.2). */
export class SignedCertificateTimestamp
  extends Schema.TaggedClass<SignedCertificateTimestamp>("effect-tls/SignedCertificateTimestamp")(
    "SignedCertificateTimestamp",
    {
      /** 0, which is version 1. */
      sctVersion: uint8,
      /** The SHA-256 of the log's key. */
      logId: fixed(32),
      /** When the log promised it, in milliseconds since the epoch. */
      timestamp: fixed(8),
      extensions: opaque(0, 2 ** 16 - 1),
      algorithm: SignatureScheme,
      signature: opaque(0, 2 ** 16 - 1),
    },
  ) {}

/** `SignedCertificateTimestampList` (RFC 6962 §3.3). */
class SignedCertificateTimestampList
  extends Schema.TaggedClass<SignedCertificateTimestampList>("effect-tls/SignedCertificateTimestampList")(
    "SignedCertificateTimestampList",
    { sctList: vector(opaque(1, 2 ** 16 - 1), 1, 2 ** 16 - 1) },
  ) {}

/** Decodes one timestamp; `undefined` when it is malformed. */
export const readTimestamp = (bytes: Bytes): SignedCertificateTimestamp | undefined =>
  Either.getOrUndefined(codec(SignedCertificateTimestamp).decode(bytes));

/** The timestamps in an extension, whose content is an OCTET STRING with a list; none when it is malformed. */
const listIn = (extension: { readonly value: Bytes } | undefined): ReadonlyArray<Bytes> => {
  const list = extension && Either.getOrUndefined(decodeDer("SCTs", octetString, extension.value));
  return list ? Either.getOrUndefined(codec(SignedCertificateTimestampList).decode(list))?.sctList ?? [] : [];
};

/** The timestamps that a certificate holds itself. */
export const embedded = ({ extensions }: Certificate): ReadonlyArray<Bytes> =>
  listIn(extensions.find(({ oid }) => oid === oids.signedCertificateTimestamps));

/** The timestamps in a stapled OCSP response, about whomever it is. */
export const inStaple = (staple: Bytes): ReadonlyArray<Bytes> =>
  Either.match(decodeDer("OCSPResponse", ocspResponse, staple), {
    onLeft: () => [],
    onRight: ({ basic }) =>
      (basic?.responses ?? []).flatMap(({ singleExtensions = [] }) =>
        listIn(singleExtensions.find(({ oid }) => oid === oids["signedCertificateTimestamps/ocsp"]))
      ),
  });

const EXTENSIONS = 0xa3;

/** The TBSCertificate that a log saw before the timestamps were put into it (RFC 6962 §3.2). */
export const precertificate = ({ tbs }: Certificate): Bytes =>
  Der.sequence(
    ...within(tbs).map(({ tag, content, raw }) =>
      tag === EXTENSIONS
        ? Der.explicit(3, Der.sequence(...within(content).filter(isNoList).map((one) => one.raw)))
        : raw
    ),
  );

/** The members of the one sequence in the bytes, which are known to be DER. */
const within = (bytes: Bytes) => valuesIn(valuesIn(bytes)?.[0]?.content ?? bytes) ?? [];

const isNoList = ({ content }: { readonly content: Bytes }): boolean => {
  const [oid] = valuesIn(content) ?? [];
  const read = oid && Either.getOrUndefined(decodeDer("extnID", objectIdentifier, oid.raw));
  return read !== oids.signedCertificateTimestamps;
};

/** What a log has signed: the certificate, or what it was before it held timestamps itself (RFC 6962 §3.2). */
export type Entry =
  | { readonly _tag: "certificate"; readonly der: Bytes }
  | { readonly _tag: "precertificate"; readonly tbs: Bytes; readonly issuerKeyHash: Bytes };

/** The bytes that a log's signature is over. */
export const signedBy = (
  { sctVersion, timestamp, extensions }: SignedCertificateTimestamp,
  entry: Entry,
): Bytes => {
  const body = entry._tag === "certificate" ? entry.der : entry.tbs;
  return concat(
    Uint8Array.of(sctVersion, 0),
    timestamp,
    entry._tag === "certificate" ? Uint8Array.of(0, 0) : concat(Uint8Array.of(0, 1), entry.issuerKeyHash),
    Uint8Array.of(body.length >> 16, body.length >> 8, body.length),
    body,
    Uint8Array.of(extensions.length >> 8, extensions.length),
    extensions,
  );
};
