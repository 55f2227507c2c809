/** Chains under the rules of browsers (`profile: "webpki"`). @module */
import type { CertificateReason } from "../../../src/faults/errors/trust.ts";
import { ascii, type Bytes } from "../../../src/wire/bytes.ts";
import * as Build from "../../../src/x509/certificate/build.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { type IssueOptions, type KeyKind, makeCa } from "../../support/ca.ts";
import { type Chain, constraints, dns, type Rows } from "./base.ts";

const looser = "it does not hold certificates to this";
const strength = {
  profile: "webpki",
  isPublicSuffix: (domain: string) => domain === "co.uk",
} as const;

/** A server's chain as browsers want it, with what is changed about its certificates. */
const chain = (
  change: { readonly leaf?: IssueOptions; readonly middle?: IssueOptions; readonly root?: IssueOptions } = {},
  rest: Partial<Chain> = {},
): Chain => {
  const root = makeCa(change.root);
  const middle = root.intermediate(change.middle);
  const leaf = middle.issue({ subject: "localhost", extendedKeyUsage: [oids.serverAuth], ...change.leaf });
  return { roots: [root], chain: leaf.chain, strength, ...rest };
};

const broken = (change: Parameters<typeof chain>[0], rest: Partial<Chain> = {}) => () =>
  chain(change, { openssl: looser, ...rest });

const serial = (...bytes: ReadonlyArray<number>) => ({ serialNumber: Uint8Array.from(bytes) });
/** A change of the TBSCertificate that replaces bytes by as many others. */
const replacing = (from: Bytes, to: Bytes) => ({
  alter: (tbs: Bytes): Bytes => {
    const at = tbs.findIndex((_, i) => from.every((byte, j) => tbs[i + j] === byte));
    const changed = tbs.slice();
    changed.set(to, at);
    return changed;
  },
});
const kind = (key: KeyKind) => ({ root: { key }, middle: { key }, leaf: { key } });
const names = (critical: boolean) => ({
  names: [],
  extensions: [Build.extension(oids.subjectAltName, Der.sequence(dns("localhost")), critical)],
});
const oidOf = (oid: string) => Der.objectIdentifier(oid);

/** What is to be trusted. */
export const good: Rows = {
  "a chain as the public's authorities issue it": () => chain(),
  "RSA": () => chain(kind("rsa")),
  "P-384": () => chain(kind("p384")),
  "no common name": () =>
    chain({ leaf: { subjectDer: Build.distinguishedName({ organizationName: "Test" }) } }),
  "no subject, and a critical subjectAltName": () =>
    chain({ leaf: { subjectDer: Der.sequence(), ...names(true) } }),
  "a common name that is an address among the names": () =>
    chain({ leaf: { subject: "0:0:0:0::1", names: ["localhost", "::1"] } }),
  "a common name in other letters": () => chain({ leaf: { subject: "LOCALHOST" } }),
  "a wildcard below a name that somebody owns": () =>
    chain({ leaf: { subject: "*.example.co.uk", names: ["*.example.co.uk"] } }, { host: "a.example.co.uk" }),
  "a serial number of 20 bytes": () => chain({ leaf: serial(1, ...new Array<number>(19).fill(7)) }),
  "a client's without a purpose": () =>
    chain({ leaf: { extendedKeyUsage: null } }, { purpose: "clientAuth", host: null }),
};

/** What is not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  invalid: {
    "an intermediate without subjectKeyIdentifier": broken({
      middle: replacing(oidOf(oids.subjectKeyIdentifier), oidOf("2.5.29.99")),
    }, { index: 1 }),
    "a serial number of zero": broken({ leaf: serial(0) }),
    "a serial number of 21 bytes": broken({ leaf: serial(1, ...new Array<number>(20).fill(7)) }),
    "no authorityKeyIdentifier": broken({
      leaf: replacing(oidOf(oids.authorityKeyIdentifier), oidOf("2.5.29.99")),
    }),
    "a keyUsage that is not critical": broken({
      leaf: {
        keyUsage: null,
        extensions: [Build.extension(oids.keyUsage, Der.bitString(Uint8Array.of(0x80), 7))],
      },
    }),
    "a critical extendedKeyUsage": broken({
      leaf: { extendedKeyUsage: null, extensions: [Build.extendedKeyUsage([oids.serverAuth], true)] },
    }),
    "an intermediate without keyUsage": broken({ middle: { keyUsage: null } }, { index: 1 }),
    "name constraints in a leaf": broken({ leaf: constraints([dns("localhost")]) }),
    "no subjectAltName, where the common name would count": broken({ leaf: { names: [] } }, {
      strength: { ...strength, commonName: true },
    }),
    "a critical subjectAltName beside a subject": broken({ leaf: names(true) }),
    "no subject, and a subjectAltName that is not critical": broken({
      leaf: { subjectDer: Der.sequence(), ...names(false) },
    }),
    "a common name that is not among the names": broken({ leaf: { subject: "other.example" } }),
    "a wildcard below a public suffix": broken({
      leaf: { subject: "*.co.uk", names: ["*.co.uk"] },
    }, { host: "a.co.uk" }),
    "a path length in a leaf": broken({
      leaf: {
        extensions: [Build.extension(oids.basicConstraints, Der.sequence(Der.integer(0)), true)],
      },
    }),
    "an authorityKeyIdentifier with an issuer": broken({
      leaf: {
        ...replacing(oidOf(oids.authorityKeyIdentifier), oidOf("2.5.29.99")),
        extensions: [
          Build.extension(
            oids.authorityKeyIdentifier,
            Der.sequence(Der.context(0, ascii("id")), Der.context(2, Uint8Array.of(1))),
          ),
        ],
      },
    }, { openssl: undefined }),
  },
  unsupported: {
    "Ed25519": broken({ leaf: { key: "ed25519" } }),
    "RSASSA-PSS keys": broken({ leaf: { key: "rsa_pss" } }),
  },
  wrong_usage: {
    "no extendedKeyUsage": broken({ leaf: { extendedKeyUsage: null } }),
    "an extendedKeyUsage for everything": broken({
      leaf: { extendedKeyUsage: [oids.serverAuth, oids.anyExtendedKeyUsage] },
    }),
    "a root with extendedKeyUsage": broken({ root: { extendedKeyUsage: [oids.serverAuth] } }, { index: 2 }),
  },
};
