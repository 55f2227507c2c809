/** A peer's certificate in Node's shape. @module */
import type { PeerCertificate, ReadableCertificate } from "../public/connections.ts";
import { Buffer, X509Certificate } from "./deps.ts";

/** A name as Node shows it: an attribute that is there several times is a list. */
export type NodeName = { readonly [attribute: string]: string | ReadonlyArray<string> };

/** A certificate in the shape of Node's `tls.PeerCertificate`. One that cannot be read has only `raw` and fingerprints. */
export interface NodeCertificate {
  /** The subject's attributes, by OpenSSL's short names, such as `CN`. */
  readonly subject?: NodeName;
  /** The issuer's attributes. */
  readonly issuer?: NodeName;
  /** The alternative names, as `DNS:example.org, IP Address:192.0.2.1`. */
  readonly subjectaltname?: string;
  /** Whether the certificate is an authority's. */
  readonly ca?: boolean;
  /** The length of the key in bits. */
  readonly bits?: number;
  /** The modulus of an RSA key, in hexadecimal. */
  readonly modulus?: string;
  /** The public exponent of an RSA key, in hexadecimal with `0x` in front. */
  readonly exponent?: string;
  /** The first moment of its validity, as `Jan  1 00:00:00 2020 GMT`. */
  readonly valid_from?: string;
  /** The last moment of its validity. */
  readonly valid_to?: string;
  /** The serial number, in hexadecimal. */
  readonly serialNumber?: string;
  /** The SHA-1 of `raw`, as `A9:7B:…`. */
  readonly fingerprint: string;
  /** The SHA-256 of `raw`. */
  readonly fingerprint256: string;
  /** The SHA-512 of `raw`. */
  readonly fingerprint512?: string;
  /** The certificate as DER. */
  readonly raw: Buffer;
  /** With `detailed`: the certificate of its issuer. That of a root is its own. */
  issuerCertificate?: NodeCertificate;
}

/** A certificate in Node's shape, without its issuer. */
export const nodeCertificate = (certificate: PeerCertificate): NodeCertificate => {
  const { raw, fingerprints } = certificate;
  const own = {
    raw: Buffer.from(raw),
    fingerprint: colons(fingerprints.sha1),
    fingerprint256: colons(fingerprints.sha256),
  };
  if (certificate._tag !== "Certificate") return own;
  return { ...asPlatformHas(raw), ...asRead(certificate), ...own };
};

/** The chain in Node's shape: each certificate with that of its issuer, the last, if it is a root, with itself. */
export const nodeChain = (certificates: ReadonlyArray<PeerCertificate>): NodeCertificate | undefined => {
  const chain = certificates.map(nodeCertificate);
  chain.forEach((one, i) => {
    const issuer = chain[i + 1];
    if (issuer) one.issuerCertificate = issuer;
    else if (isSelfIssued(certificates[i]!)) one.issuerCertificate = one;
  });
  return chain[0];
};

const isSelfIssued = (one: PeerCertificate): boolean =>
  one._tag === "Certificate" && one.subject === one.issuer;

/** What the platform reads of a certificate, which may be nothing: it is stricter than this library in some things. */
const asPlatformHas = (raw: Uint8Array): Partial<NodeCertificate> => {
  try {
    const { subject, issuer, ca, bits, modulus, exponent, fingerprint512 } = new X509Certificate(raw)
      .toLegacyObject() as unknown as Partial<NodeCertificate>; // its type in Node's declarations is wrong
    return { subject, issuer, ca, bits, modulus, exponent, fingerprint512 } as Partial<NodeCertificate>;
  } catch {
    return {};
  }
};

/** What this library reads itself, because the trust decision goes by it. */
const asRead = (certificate: ReadableCertificate): Partial<NodeCertificate> => ({
  ...(certificate.subjectAltNames.length > 0 &&
    { subjectaltname: certificate.subjectAltNames.map(alternative).join(", ") }),
  valid_from: opensslTime(certificate.notBefore),
  valid_to: opensslTime(certificate.notAfter),
  serialNumber: even(certificate.serialNumber).toUpperCase(),
});

const kinds: Readonly<Record<string, string>> = {
  dNSName: "DNS",
  iPAddress: "IP Address",
  rfc822Name: "email",
  uniformResourceIdentifier: "URI",
  directoryName: "DirName",
  registeredID: "Registered ID",
};

/**
 * An alternative name. One that could be taken for several, or for another kind, is in quotes, as Node has it: a name is
 * the peer's own word.
 */
const alternative = ({ type, value }: ReadableCertificate["subjectAltNames"][number]): string =>
  `${kinds[type] ?? "othername"}:${/^[\w.:@/*?&=%+~ -]*$/.test(value) ? value : JSON.stringify(value)}`;

const even = (hex: string): string => hex.length % 2 === 0 ? hex : `0${hex}`;

const colons = (hex: string): string => hex.toUpperCase().match(/../g)!.join(":");

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (n: number): string => String(n).padStart(2, "0");

/** A time as OpenSSL prints it: `Jan  1 00:00:00 2020 GMT`. */
const opensslTime = (at: Date): string => {
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  return `${months[at.getUTCMonth()]} ${
    String(at.getUTCDate()).padStart(2)
  } ${clock} ${at.getUTCFullYear()} GMT`;
};
