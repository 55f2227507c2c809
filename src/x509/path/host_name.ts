/** Whether a certificate is for a name (RFC 9525): subjectAltName alone counts, the common name only by request. @module */
import { sameBytes } from "../../wire/bytes.ts";
import type { Certificate } from "../certificate/certificate.ts";
import { oids } from "../der/oids.ts";
import type { GeneralName } from "../names/general_name.ts";
import { parseIp } from "../names/ip_address.ts";

/** Whether the certificate names this host: a DNS name, or an IPv4 or IPv6 address as text. */
export const matchesName = (certificate: Certificate, name: string, commonName = false): boolean => {
  const names = hostNames(certificate, commonName);
  const address = parseIp(name);
  if (address) return names.some((n) => n._tag === "iPAddress" && sameBytes(n.value, address));
  const host = asciiName(name);
  if (host === undefined || !isDnsName(host)) return false;
  return names.some((n) => n._tag === "dNSName" && matchesDnsName(n.value.toLowerCase(), host));
};

/**
 * What a certificate is for: its subjectAltName; where it has none and `commonName` says so, the last common name that
 * is a DNS name (RFC 6125 §6.4.4).
 */
export const hostNames = (
  { subject, subjectAltName }: Certificate,
  commonName: boolean,
): ReadonlyArray<GeneralName> => {
  if (subjectAltName || !commonName) return subjectAltName ?? [];
  const value = subject.rdns.flat().findLast(({ type }) => type === oids.commonName)?.text;
  return value !== undefined && isDnsName(value, true) ? [{ _tag: "dNSName", value }] : [];
};

/**
 * A host name as it is compared and sent: lower case, no dot at the end, labels in ASCII (RFC 5890 §2.3.2.1);
 * `undefined` when it cannot be written so.
 */
export const asciiName = (name: string): string | undefined => {
  const bare = name.replace(/\.$/, "");
  if (/^[\0-\x7f]*$/.test(bare)) return bare.toLowerCase();
  // No host name holds what would end the host in a URL.
  return /[/?#@:\\]/.test(bare) ? undefined : URL.parse(`http://${bare}/`)?.hostname;
};

/**
 * Whether this is a DNS name: letters, digits, hyphens, and the underscore that real hosts have. `"*"` counts as the
 * first of at least three labels where `wildcard` says so: `*.com` is everybody (RFC 9525 §6.3).
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
