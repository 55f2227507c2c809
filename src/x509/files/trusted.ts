/** OpenSSL's TRUSTED CERTIFICATE: a certificate, and after it what OpenSSL is to trust it for. @module */
import type { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import {
  any,
  decodeDer,
  type Der,
  type DerError,
  implicit,
  optional,
  sequence,
  sequenceOf,
  tagged,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { objectIdentifier, octetString } from "../der/types.ts";

/** A certificate, and whether OpenSSL is told not to trust it for something that TLS needs. */
export interface TrustedCertificate {
  readonly certificate: Bytes;
  readonly limited: boolean;
}

/** Reads a certificate and what follows it. The certificate itself is not parsed. */
export const parseTrusted = (bytes: Bytes): Either.Either<TrustedCertificate, DerError> =>
  decodeDer("TRUSTED CERTIFICATE", trusted, bytes);

/** `X509_CERT_AUX` of OpenSSL. */
const auxiliary = sequence({
  trust: optional(sequenceOf(objectIdentifier, 0)),
  reject: optional(implicit(0, sequenceOf(objectIdentifier, 0))),
  alias: optional(tagged(0x0c, (r) => r.rest())),
  keyId: optional(octetString),
  other: optional(tagged(0xa1, (r) => r.rest())),
});

const trusted: Der<TrustedCertificate> = {
  accepts: any.accepts,
  read: (r) => {
    const { raw } = any.read(r);
    const { trust, reject = [] } = optional(auxiliary).read(r) ?? {};
    const allowed = !trust || trust.includes(oids.anyExtendedKeyUsage) ||
      trust.includes(oids.serverAuth) && trust.includes(oids.clientAuth);
    return { certificate: raw, limited: !allowed || reject.length > 0 };
  },
};
