/** CRLs as they are given, and by their issuer. @module */
import { Either } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import { PemError } from "../../faults/errors/pem.ts";
import { type Bytes, isBytes } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../certificate/certificate.ts";
import { parsePem } from "../pem.ts";
import { type CertificateList, parseCrl } from "./crl.ts";

/** CRLs by the key of their issuer's name, the newest first. */
export type Pool = ReadonlyMap<string, ReadonlyArray<CertificateList>>;

/** CRLs as they were given, and certificates that stand beside them. */
export interface Given {
  readonly crls: ReadonlyArray<CertificateList>;
  readonly issuers: ReadonlyArray<Certificate>;
}

/** Indexes CRLs by their issuer. */
export const poolOf = (crls: ReadonlyArray<CertificateList>): Pool =>
  Map.groupBy(crls.toSorted((a, b) => b.thisUpdate - a.thisUpdate), ({ issuer }) => issuer.key);

/** No CRLs. */
export const NOTHING: Given = { crls: [], issuers: [] };

const joined = (all: ReadonlyArray<Given>): Given => ({
  crls: all.flatMap(({ crls }) => crls),
  issuers: all.flatMap(({ issuers }) => issuers),
});

/**
 * Reads CRLs from PEM text, in which certificates may stand as well, or from DER. Fails with PemError for a text, and with
 * InvalidOption for DER; `option` names what was given.
 */
export const readCrls = (
  given: string | Bytes | ReadonlyArray<string | Bytes>,
  option: string,
): Either.Either<Given, PemError | InvalidOption> => {
  const one = typeof given === "string" || isBytes(given);
  return Either.map(
    Either.all(
      (one ? [given] : given).map((item, i) =>
        // Bytes may be those of a file of either kind. DER begins with a SEQUENCE of more than 127 bytes; PEM is ASCII.
        typeof item !== "string" && item[0] === 0x30 && item[1]! >= 0x80
          ? fromDer(item, one ? option : `${option}.${i}`)
          : fromPem(typeof item === "string" ? item : decoder.decode(item))
      ),
    ),
    joined,
  );
};

const decoder = new TextDecoder("latin1");

const fromDer = (der: Bytes, option: string): Either.Either<Given, InvalidOption> =>
  Either.mapBoth(parseCrl(der), {
    onLeft: ({ message }) =>
      new InvalidOption({ option, expected: "a CRL", got: "other bytes", fault: message }),
    onRight: (crl) => ({ crls: [crl], issuers: [] }),
  });

/** What a PEM block can hold, by its label (RFC 7468 §5, §6). */
const kinds: Readonly<Record<string, (der: Bytes) => Either.Either<Given, { readonly message: string }>>> = {
  "X509 CRL": (der) => Either.map(parseCrl(der), (crl) => ({ crls: [crl], issuers: [] })),
  "CERTIFICATE": (der) => Either.map(parseCertificate(der), (issuer) => ({ crls: [], issuers: [issuer] })),
};

const fromPem = (text: string): Either.Either<Given, PemError> =>
  Either.flatMap(parsePem(text), (blocks) => {
    const read = Either.all(blocks.flatMap(({ label, bytes, line }) => {
      const of = kinds[label];
      return of
        ? [Either.mapLeft(
          of(bytes),
          ({ message }) => new PemError({ reason: "malformed", line, detail: message }),
        )]
        : [];
    }));
    return Either.flatMap(Either.map(read, joined), (found) =>
      found.crls.length > 0 ? Either.right(found) : Either.left(
        new PemError({ reason: "missing", line: 0, detail: "there is no X509 CRL" }),
      ));
  });
