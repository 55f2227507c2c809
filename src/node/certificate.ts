/** A peer's certificate in Node's shape. @module */
import type { PeerCertificate, ReadableCertificate } from "../public/connections.ts";
import { Buffer, createHash, X509Certificate } from "./deps.ts";

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

/**
 * The chain in Node's shape: each certificate with that of its issuer, the last, if it is a root, with itself. The trusted
 * path counts if there is one, and else what the peer sent.
 */
export const nodeChain = (
  sent: ReadonlyArray<PeerCertificate>,
  path?: ReadonlyArray<Uint8Array>,
): NodeCertificate | undefined => {
  const found = (raw: Uint8Array) => sent.find((one) => Buffer.compare(one.raw, raw) === 0);
  const chain = path?.map((raw) => shownAs(found(raw) ?? raw)) ?? sent.map(shownAs);
  chain.forEach(([one, isRoot], i) => {
    const issuer = chain[i + 1]?.[0];
    if (issuer) one.issuerCertificate = issuer;
    else if (isRoot) one.issuerCertificate = one;
  });
  return chain[0]?.[0];
};

/** A certificate in Node's shape, and whether it is its own issuer. One that the peer did not send is a trusted root. */
const shownAs = (one: PeerCertificate | Uint8Array): readonly [NodeCertificate, boolean] =>
  one instanceof Uint8Array ? [platformCertificate(one), true] : [nodeCertificate(one), isSelfIssued(one)];

/** A certificate in Node's shape, of which only the DER is known. */
export const platformCertificate = (raw: Uint8Array): NodeCertificate => {
  const hash = (name: string) => colons(createHash(name).update(raw).digest("hex"));
  const own = { raw: Buffer.from(raw), fingerprint: hash("sha1"), fingerprint256: hash("sha256") };
  return { ...legacy(raw), ...own };
};

const isSelfIssued = (one: PeerCertificate): boolean =>
  one._tag === "Certificate" && one.subject === one.issuer;

/** What the platform reads of a certificate, which may be nothing: it is stricter than this library in some things. */
const asPlatformHas = (raw: Uint8Array): Partial<NodeCertificate> => {
  const { subject, issuer, ca, bits, modulus, exponent, fingerprint512 } = legacy(raw);
  return { subject, issuer, ca, bits, modulus, exponent, fingerprint512 } as Partial<NodeCertificate>;
};

const legacy = (raw: Uint8Array): Partial<NodeCertificate> => {
  try {
    return new X509Certificate(raw).toLegacyObject() as unknown as Partial<NodeCertificate>; // its type in Node's declarations is wrong
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
const alternative = ({ type, value }: ReadableCertificate["subjectAltNames"][number]): string => {
  const shown = type === "iPAddress" ? longAddress(value) : value;
  return `${kinds[type] ?? "othername"}:${
    /^[\w.:@/*?&=%+~ -]*$/.test(shown) ? shown : JSON.stringify(shown)
  }`;
};

/** An IPv6 address with all of its groups, as OpenSSL has it; any other text as it is. */
const longAddress = (address: string): string => {
  if (!address.includes(":")) return address;
  const [left = [], right = []] = address.toUpperCase().split("::").map((half) =>
    half === "" ? [] : half.split(":")
  );
  const between = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...between, ...right].join(":");
};

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
