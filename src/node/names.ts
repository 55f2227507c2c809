/** What Node and OpenSSL call versions, cipher suites and groups. @module */
import { CipherSuite, NamedGroup, opensslName, ProtocolVersion } from "../names/mod.ts";

/** A cipher suite, as `tls.TLSSocket.getCipher` gives it. */
export interface CipherInfo {
  /** OpenSSL's name, as `ECDHE-RSA-AES128-GCM-SHA256`. */
  readonly name: string;
  /** IANA's name, as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
  readonly standardName: string;
  /** The lowest version that has the suite, as `TLSv1.2`. */
  readonly version: string;
}

/** The key of an ephemeral key exchange, as `tls.TLSSocket.getEphemeralKeyInfo` gives it; empty when there is none. */
export interface EphemeralKeyInfo {
  /** `DH` for a finite field, otherwise `ECDH`. */
  readonly type?: "DH" | "ECDH";
  /** The group's name. */
  readonly name?: string;
  /** The length of its keys in bits; not there for a group with a KEM. */
  readonly size?: number;
}

/** A version as Node writes it: `TLSv1.2`. */
export const protocolName = (version: ProtocolVersion): string =>
  version === ProtocolVersion.SSL_3_0
    ? "SSLv3"
    : ProtocolVersion.nameOf(version).replace("TLS_", "TLSv").replace("_", ".").replace("TLSv1.0", "TLSv1");

/** A cipher suite as Node describes it. */
export const cipherInfo = (suite: CipherSuite): CipherInfo => {
  const standardName = CipherSuite.nameOf(suite);
  return { name: opensslName(standardName), standardName, version: since(standardName) };
};

const isTls13 = (standardName: string): boolean =>
  standardName.startsWith("TLS_") && !standardName.includes("_WITH_");

/** The version that introduced a suite, as OpenSSL has it. */
const since = (standardName: string): string => {
  if (isTls13(standardName)) return "TLSv1.3";
  if (/GCM|CCM|POLY1305|SHA256$|SHA384$/.test(standardName)) return "TLSv1.2";
  return standardName.includes("ECDH") ? "TLSv1" : "SSLv3";
};

/** The key exchange's group, as Node describes it. */
export const ephemeralKeyInfo = (group: NamedGroup | undefined): EphemeralKeyInfo => {
  if (group === undefined) return {};
  const iana = NamedGroup.nameOf(group);
  if (iana.startsWith("ffdhe")) return { type: "DH", name: iana, size: Number(iana.slice(5)) };
  const [name, size] = opensslGroups[iana] ?? [iana];
  return { type: "ECDH", name, ...(size !== undefined && { size }) };
};

/** What OpenSSL calls the groups, and how many bits it says they have. */
const opensslGroups: Readonly<Record<string, readonly [name: string, size: number]>> = {
  secp256r1: ["prime256v1", 256],
  secp384r1: ["secp384r1", 384],
  secp521r1: ["secp521r1", 521],
  x25519: ["X25519", 253],
  x448: ["X448", 448],
};
