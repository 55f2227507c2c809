/** OCSP responses (RFC 6960 §4.2.1) as plain values. `ocsp/validate.ts` decides whether to believe one. @module */
import type { Bytes } from "../../wire/bytes.ts";
import { extension } from "../certificate/extensions.ts";
import {
  any,
  choice,
  containing,
  type Der,
  explicit,
  implicit,
  map,
  optional,
  sequence,
  sequenceOf,
  type TypeOf,
  withDefault,
  withRaw,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import {
  bitString,
  count,
  enumerated,
  generalizedTime,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
} from "../der/types.ts";
import { algorithmIdentifier, signatureAlgorithm } from "../keys/algorithms.ts";
import { name } from "../names/distinguished_name.ts";

/** `OCSPResponseStatus` (RFC 6960 §4.2.1); 4 is not used. */
const responseStatuses: Readonly<Record<number, string>> = {
  0: "successful",
  1: "malformedRequest",
  2: "internalError",
  3: "tryLater",
  5: "sigRequired",
  6: "unauthorized",
};

/** `CRLReason` (RFC 5280 §5.3.1); 7 is not used. */
export const crlReasons: Readonly<Record<number, string>> = {
  0: "unspecified",
  1: "keyCompromise",
  2: "cACompromise",
  3: "affiliationChanged",
  4: "superseded",
  5: "cessationOfOperation",
  6: "certificateHold",
  8: "removeFromCRL",
  9: "privilegeWithdrawn",
  10: "aACompromise",
};

const named = (names: Readonly<Record<number, string>>): Der<string> =>
  map(enumerated, (value, fail) => names[value] ?? fail(`the value ${value} is not used`));

/** `CertID` (RFC 6960 §4.1.1). */
const certId = sequence({
  hashAlgorithm: algorithmIdentifier,
  issuerNameHash: octetString,
  issuerKeyHash: octetString,
  serialNumber: integer,
});

/** The certificate that a response is about. */
export type CertId = TypeOf<typeof certId>;

const good = map(implicit(0, nullValue), () => ({ _tag: "good" } as const));
const revoked = map(
  implicit(
    1,
    sequence({ revocationTime: generalizedTime, reason: optional(explicit(0, named(crlReasons))) }),
  ),
  (info) => ({ _tag: "revoked", ...info } as const),
);
const unknown = map(implicit(2, nullValue), () => ({ _tag: "unknown" } as const));

const extensions = sequenceOf(extension);

const singleResponse = sequence({
  certID: certId,
  certStatus: choice(good, revoked, unknown),
  thisUpdate: generalizedTime,
  nextUpdate: optional(explicit(0, generalizedTime)),
  singleExtensions: optional(explicit(1, extensions)),
});

/** The status of one certificate. Times are in seconds since the epoch. */
export type SingleResponse = TypeOf<typeof singleResponse>;

const responderId = choice(
  map(explicit(1, name), (value) => ({ _tag: "byName", value } as const)),
  map(explicit(2, octetString), (value) => ({ _tag: "byKey", value } as const)),
);

/** The responder's identity: its name, or the SHA-1 hash of its key. */
export type ResponderId = TypeOf<typeof responderId>;

const responseData = sequence({
  version: withDefault(explicit(0, map(count, (n, fail) => n === 0 ? n : fail(`version ${n}`))), 0),
  responderID: responderId,
  producedAt: generalizedTime,
  responses: sequenceOf(singleResponse, 0),
  responseExtensions: optional(explicit(1, extensions)),
});

/** Certificates are left undecoded: most are not needed, and an unneeded one may be malformed. */
const certificates: Der<ReadonlyArray<Bytes>> = sequenceOf(map(any, ({ raw }) => raw), 0);

const basicResponse = map(
  sequence({
    tbsResponseData: withRaw(responseData),
    signatureAlgorithm: map(algorithmIdentifier, signatureAlgorithm),
    signature: map(
      bitString,
      ({ bytes, unused }, fail) => unused > 0 ? fail("a signature that is no whole number of bytes") : bytes,
    ),
    certs: optional(explicit(0, certificates)),
  }),
  ({ tbsResponseData: { raw, value }, certs = [], ...signed }) => ({ ...value, ...signed, tbs: raw, certs }),
);

/** `BasicOCSPResponse` (RFC 6960 §4.2.1), flattened. */
export type BasicResponse = TypeOf<typeof basicResponse>;

const responseBytes = map(
  sequence({
    responseType: map(
      objectIdentifier,
      (oid, fail) => oid === oids["id-pkix-ocsp-basic"] ? oid : fail(`a response of the type ${oid}`),
    ),
    response: containing(basicResponse),
  }),
  ({ response }) => response,
);

/** `OCSPResponse` (RFC 6960 §4.2.1): its status, and the basic response if it succeeded. */
export const ocspResponse = map(
  sequence({
    responseStatus: named(responseStatuses),
    responseBytes: optional(explicit(0, responseBytes)),
  }),
  ({ responseStatus: status, responseBytes: basic }, fail) =>
    (status === "successful") === (basic !== undefined)
      ? { status, basic }
      : fail(`the status ${status} ${basic ? "with" : "without"} a response`),
);
