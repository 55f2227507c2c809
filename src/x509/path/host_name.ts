/**
 * Whether a certificate is valid for a host (RFC 9525): only subjectAltName counts, the common name only on request.
 *
 * @module
 */
import { sameBytes } from "../../wire/bytes.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { oids } from "../der/oids.ts";
import type { GeneralName } from "../names/general_name.ts";
import { parseIp } from "../names/ip_address.ts";

/** Whether a certificate is valid for a host, given as a DNS name or as an IPv4 or IPv6 address in text form. */
export const matchesName = (certificate: Certificate, name: string, commonName = false): boolean => {
  const names = hostNames(certificate, commonName);
  const address = parseIp(name);
  if (address) return names.some((n) => n._tag === "iPAddress" && sameBytes(n.value, address));
  const host = asciiName(name);
  if (host === undefined || !isDnsName(host)) return false;
  return names.some((n) => n._tag === "dNSName" && matchesDnsName(n.value.toLowerCase(), host));
};

/**
 * The names that a certificate is valid for: its subjectAltName. Without one, and if `commonName` allows it, the last
 * common name that is a DNS name (RFC 6125 §6.4.4) or an IP address, as old devices have it.
 */
export const hostNames = (
  { subject, subjectAltName }: Certificate,
  commonName: boolean,
): ReadonlyArray<GeneralName> => {
  if (subjectAltName || !commonName) return subjectAltName ?? [];
  const value = subject.rdns.flat().findLast(({ type }) => type === oids.commonName)?.text;
  const address = value === undefined ? undefined : parseIp(value);
  if (address) return [{ _tag: "iPAddress", value: address }];
  return value !== undefined && isDnsName(value, true) ? [{ _tag: "dNSName", value }] : [];
};

/**
 * A host name as it is compared and sent: in lower case, without a dot at the end, labels in ASCII
 * (RFC 5890 §2.3.2.1). `undefined` when the name has no such form.
 */
export const asciiName = (name: string): string | undefined => {
  const bare = name.replace(/\.$/, "");
  if (/^[\0-\x7f]*$/.test(bare)) return bare.toLowerCase();
  // A host name cannot contain characters that end the host in a URL.
  return /[/?#@:\\]/.test(bare) ? undefined : URL.parse(`http://${bare}/`)?.hostname;
};

/**
 * Whether a text is a DNS name: letters, digits, hyphens, and underscores, which real hosts have. With `wildcard`,
 * `*` is allowed as the first of at least three labels, because `*.com` would match everybody (RFC 9525 §6.3).
 */
export const isDnsName = (name: string, wildcard = false): boolean => {
  if (wildcard && name.startsWith("*.")) return name.indexOf(".", 2) > 0 && isDnsName(name.slice(2));
  return name.length <= 253 && name.split(".").every((label) => LABEL.test(label));
};

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

const matchesDnsName = (presented: string, host: string): boolean => {
  if (!isDnsName(presented, true)) return false;
  // The star stands for exactly one whole label.
  return presented.startsWith("*.")
    ? host.includes(".") && host.slice(host.indexOf(".")) === presented.slice(1)
    : presented === host;
};
