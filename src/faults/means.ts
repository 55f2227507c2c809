/** What advice says to use, in the words of who reads it. @module */

import type { Readers } from "./circumstances.ts";

/** The names of one means. Node's are those of the options unless they are others. */
interface Means {
  readonly layers: string;
  readonly options: string;
  readonly node?: string;
}

/** The means, by the words in braces that stand for them in advice. */
const means: Readonly<Record<string, Means>> = {
  olderPolicies: {
    layers: "Policy.compatible, then Policy.legacy (--policy compatible, --policy legacy)",
    options: 'policy: "compatible", then "legacy"',
    node: 'minVersion: "TLSv1"',
  },
  legacyPolicy: {
    layers: "Policy.legacy (--policy legacy)",
    options: 'policy: "legacy"',
    node: 'minVersion: "SSLv3"',
  },
  versions: {
    layers: "Policy.versions, --versions",
    options: "versions of the policy",
    node: "minVersion, maxVersion",
  },
  cipherSuites: {
    layers: "Policy.cipherSuites, --cipher-suites",
    options: "cipherSuites of the policy",
    node: "ciphers",
  },
  groups: { layers: "Policy.groups, --groups", options: "groups of the policy", node: "ecdhCurve" },
  noCompression: { layers: "--compression null", options: "compressionMethods of the policy" },
  renegotiation: {
    layers: "Policy.renegotiation, --renegotiation",
    options: "renegotiation of the policy",
  },
  allowRenegotiation: {
    layers: '"allow" in the Policy (--renegotiation allow)',
    options: '"allow" in the policy',
  },
  insecureRenegotiation: {
    layers: "insecureRenegotiation in the Policy (--insecure-renegotiation)",
    options: "insecureRenegotiation in the policy",
  },
  noSecureRenegotiation: {
    layers: "requireSecureRenegotiation: false in the Policy (--no-secure-renegotiation)",
    options: "requireSecureRenegotiation: false in the policy",
  },
  shorterPrimes: {
    layers: "minimumDhPrimeBits in the Policy allows shorter primes (1024 in --policy legacy)",
    options: 'minimumDhPrimeBits in the policy allows shorter primes (1024 in "legacy")',
  },
  alpn: { layers: "alpn, --alpn", options: "alpnProtocols", node: "ALPNProtocols" },
  serverName: { layers: "serverName, --servername", options: "serverName", node: "servername" },
  starttls: {
    layers: "StartTls.connect, --starttls",
    options: "starttls, or ./starttls",
    node: "./starttls, and the option socket",
  },
  own: { layers: "Credentials.layerPem, --cert and --key", options: "cert and key" },
  anotherOwn: { layers: "--cert and --key", options: "cert and key" },
  roots: {
    layers: "CertificateVerifier.layerRoots; --ca FILE, or --client-ca FILE for clients",
    options: "caCerts, or trust: { roots }; clientCa for clients",
    node: "ca",
  },
  ownRoots: {
    layers: "CertificateVerifier.layerRoots, --ca",
    options: "caCerts, or trust: { roots }",
    node: "ca",
  },
  pins: {
    layers: "CertificateVerifier.layerPinned, --pin",
    options: "trust: { pins }",
    node: "rejectUnauthorized: false, and a check of your own",
  },
  verifier: { layers: "CertificateVerifier.layer", options: "CertificateVerifier.layer, by layers" },
  policies: {
    layers: "initialPolicies and requireExplicitPolicy of CertificateVerifier.layerRoots; --require-policies",
    options: "initialPolicies and requireExplicitPolicy beside trust.roots",
  },
  ctLogs: {
    layers: "logsFromJson, --ct-logs",
    options: "ctLogs beside trust.roots, from logsFromJson",
  },
  crls: {
    layers: "crls of CertificateVerifier.layerRoots; --crl FILE; " +
      "RevocationSource.layerFiles, provided to layerRoots and not beside it",
    options: "crls beside trust.roots",
    node: "crl",
  },
  crlCheckLeaf: { layers: 'crlCheck: "leaf", --crl-check leaf', options: 'crlCheck: "leaf"' },
};

/** Advice for those who read it: what it says to use has the names that they know. */
export const forReaders = (advice: string, readers: Readers = "layers"): string =>
  advice.replace(/\{(\w+)\}/g, (word, name) => {
    const one = means[name];
    return one === undefined ? word : readers === "node" ? one.node ?? one.options : one[readers];
  });
