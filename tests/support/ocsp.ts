/** An OCSP responder for tests: any response, right or wrong in any one way, signed by node:crypto. @module */
import { Either } from "../deps.ts";
import { type Bytes, EMPTY } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { keyBits } from "../../src/x509/keys/public_key.ts";
import { type Issued, type IssueOptions, type Signature, signatures, usualSignature } from "./ca.ts";
import crypto from "node:crypto";

/** What to say; what is left out is as a good response has it. */
export interface StapleOptions {
  readonly status?: "good" | "revoked" | "unknown";
  /** The number of a CRLReason. */
  readonly reason?: number;
  /** Seconds since the epoch; an hour ago and in a day if left out. `null` leaves it out. */
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** Who signs; the issuer if left out. Anybody else's certificate goes along. */
  readonly by?: Issued;
  readonly byName?: boolean;
  readonly certs?: ReadonlyArray<Bytes>;
  readonly signature?: Signature;
  readonly hash?: "sha1" | "sha256" | "sha384" | "sha512" | "md5";
  /** Whom it says to be about, where that is not the leaf, or not of its issuer. */
  readonly about?: Issued;
  readonly aboutIssuer?: Issued;
  /** Further SingleResponses, as DER, before this one. */
  readonly before?: ReadonlyArray<Bytes>;
  readonly producedAt?: number;
  readonly extensions?: ReadonlyArray<Bytes>;
  readonly singleExtensions?: ReadonlyArray<Bytes>;
  /** A last change to the ResponseData, after it was signed. */
  readonly forge?: (tbs: Bytes) => Bytes;
}

const now = Math.floor(Date.now() / 1000);
const enumerated = (value: number) => Der.element(0x0a, Uint8Array.of(value));
const hashOids = {
  sha1: oids["id-sha1"],
  sha256: oids["id-sha256"],
  sha384: oids["id-sha384"],
  sha512: oids["id-sha512"],
  md5: "1.2.840.113549.2.5",
};

/** `SingleResponse` (RFC 6960 §4.2.1). */
export const singleResponse = (issuer: Issued, leaf: Issued, options: StapleOptions = {}): Bytes => {
  const { status = "good", reason, hash = "sha1", thisUpdate = now - 3600, nextUpdate = now + 86400 } =
    options;
  const { about = leaf, aboutIssuer = issuer, singleExtensions = [] } = options;
  const digest = (bytes: Bytes) =>
    Der.octetString(new Uint8Array(crypto.createHash(hash).update(bytes).digest()));
  const { serialNumber } = Either.getOrThrow(parseCertificate(about.der));
  const statuses = {
    good: Der.context(0, EMPTY),
    revoked: Der.explicit(
      1,
      Der.generalizedTime(thisUpdate - 3600),
      ...(reason === undefined ? [] : [Der.explicit(0, enumerated(reason))]),
    ),
    unknown: Der.context(2, EMPTY),
  };
  return Der.sequence(
    Der.sequence(
      Der.sequence(Der.objectIdentifier(hashOids[hash]), Der.nullValue),
      digest(aboutIssuer.subject),
      digest(keyBits(aboutIssuer.key.spki)),
      Der.element(0x02, serialNumber),
    ),
    statuses[status],
    Der.generalizedTime(thisUpdate),
    ...(nextUpdate === null ? [] : [Der.explicit(0, Der.generalizedTime(nextUpdate))]),
    ...(singleExtensions.length ? [Der.explicit(1, Der.sequence(...singleExtensions))] : []),
  );
};

/** `OCSPResponse` about a leaf. */
export const makeStaple = (issuer: Issued, leaf: Issued, options: StapleOptions = {}): Bytes => {
  const { by = issuer, before = [], extensions = [], forge = (tbs: Bytes) => tbs } = options;
  const certs = options.certs ?? (by === issuer ? [] : [by.der]);
  const keyHash = crypto.createHash("sha1").update(keyBits(by.key.spki)).digest();
  const tbs = Der.sequence(
    options.byName ? Der.explicit(1, by.subject) : Der.explicit(2, Der.octetString(new Uint8Array(keyHash))),
    Der.generalizedTime(options.producedAt ?? options.thisUpdate ?? now - 3600),
    Der.sequence(...before, singleResponse(issuer, leaf, options)),
    ...(extensions.length ? [Der.explicit(1, Der.sequence(...extensions))] : []),
  );
  const how = signatures[options.signature ?? usualSignature[by.key.kind]];
  const basic = Der.sequence(
    forge(tbs),
    how.algorithm,
    Der.bitString(how.sign(tbs, by.key.privateKey)),
    ...(certs.length ? [Der.explicit(0, Der.sequence(...certs))] : []),
  );
  return Der.sequence(
    enumerated(0),
    Der.explicit(
      0,
      Der.sequence(Der.objectIdentifier(oids["id-pkix-ocsp-basic"]), Der.octetString(basic)),
    ),
  );
};

/** An `OCSPResponse` that says no more than why there is none: 3 is tryLater. */
export const refusedStaple = (status: number): Bytes => Der.sequence(enumerated(status));

/** A certificate that lets its key speak for the issuer (RFC 6960 §4.2.2.2). */
export const responderOf = (issuer: Issued, options: IssueOptions = {}): Issued =>
  issuer.issue({ subject: "Responder", names: [], extendedKeyUsage: [oids.OCSPSigning], ...options });

/** The TLS feature extension (RFC 7633): status_request unless told otherwise. */
export const tlsFeature = (features: ReadonlyArray<number> = [5], critical = false): Bytes =>
  Build.extension(oids.tlsFeature, Der.sequence(...features.map(Der.integer)), critical);
