/** Chains, each right or wrong in one way, with the verdict that each must have. @module */
import type { CertificateReason } from "../../../src/faults/errors/trust.ts";
import type { TrustOptions, Verification } from "../../../src/ports/trust.ts";
import { ascii, type Bytes } from "../../../src/wire/bytes.ts";
import * as Build from "../../../src/x509/certificate/build.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { type Issued, type IssueOptions, makeCa, makeKey } from "../../support/ca.ts";

/** A chain and what must come of it. */
export interface Chain {
  readonly roots: ReadonlyArray<Issued>;
  /** Leaf first. */
  readonly chain: ReadonlyArray<Bytes>;
  /** `localhost` if left out; `null` for none. */
  readonly host?: string | null;
  readonly purpose?: Verification["purpose"];
  /** Seconds since the epoch; in 2030 if left out. */
  readonly time?: number;
  readonly strength?: TrustOptions;
  /** The certificate that is at fault; the leaf if left out. */
  readonly index?: number;
  /** Why OpenSSL sees it otherwise. */
  readonly openssl?: string | undefined;
}

/** Chains by what is told of them. */
export type Rows = Readonly<Record<string, () => Chain>>;

/** When the chains are judged. */
export const NOW = Date.UTC(2030, 0) / 1000;

/** One root, one intermediate, one leaf: what `leaf`, `middle` and `root` change about them. */
export const three = (
  change: { readonly leaf?: IssueOptions; readonly middle?: IssueOptions; readonly root?: IssueOptions },
  rest: Omit<Partial<Chain>, "roots" | "chain"> = {},
): Chain => {
  const root = makeCa(change.root);
  return { roots: [root], chain: root.intermediate(change.middle).issue(change.leaf).chain, ...rest };
};

/** An extension that nobody knows. */
export const unknownExtension = (critical: boolean) =>
  Build.extension("1.3.6.1.4.1.55555.2", Der.nullValue, critical);

export const dns = (name: string) => Der.context(2, ascii(name));
export const ip = (...bytes: ReadonlyArray<number>) => Der.context(7, Uint8Array.from(bytes));
export const email = (name: string) => Der.context(1, ascii(name));
export const directory = (attributes: Parameters<typeof Build.distinguishedName>[0]) =>
  Der.explicit(4, Build.distinguishedName(attributes));

export const constraints = (permitted: ReadonlyArray<Bytes>, excluded: ReadonlyArray<Bytes> = []) => {
  const subtrees = (n: number, bases: ReadonlyArray<Bytes>) =>
    bases.length ? [Der.explicit(n, ...bases.map((base) => Der.sequence(base)))] : [];
  const value = Der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded));
  return { extensions: [Build.extension(oids.nameConstraints, value, true)] };
};

/** 2001:db8::/32 */
const V6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const V6_MASK = [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const year = (n: number) => Date.UTC(n, 0) / 1000;

/** A chain whose leaf was changed in the last byte of its signature. */
const spoilt = (chain: Chain): Chain => {
  const changed = chain.chain[0]!.slice();
  changed[changed.length - 1]! ^= 1;
  return { ...chain, chain: chain.chain.with(0, changed) };
};

/** So many authorities between the root and the leaf. */
const deep = (count: number, rest: Partial<Chain> = {}): Chain => {
  const root = makeCa();
  let last = root;
  for (let i = 0; i < count; i++) last = last.intermediate({ subject: `${i}` });
  return { roots: [root], chain: last.issue().chain, ...rest };
};

/** A key on a curve that is not known: P-256's bytes under the name of secp256k1. */
export const strangeCurve = () => {
  const key = makeKey("p256");
  const algorithm = Der.sequence(
    Der.objectIdentifier(oids["id-ecPublicKey"]),
    Der.objectIdentifier("1.3.132.0.10"),
  );
  return { ...key, spki: Der.sequence(algorithm, Der.bitString(key.spki.slice(-65))) };
};

/** An RSA key whose public exponent has five bytes. */
export const dearExponent = () => {
  const key = makeKey("p256");
  const algorithm = Der.sequence(Der.objectIdentifier(oids.rsaEncryption), Der.nullValue);
  const modulus = Uint8Array.from({ length: 256 }, () => 0xff);
  const numbers = Der.sequence(Der.integer(modulus), Der.integer(Uint8Array.of(1, 0, 0, 0, 1)));
  return { ...key, kind: "rsa", spki: Der.sequence(algorithm, Der.bitString(numbers)) } as const;
};

/** What is to be trusted. */
export const good: Rows = {
  "a leaf right below the root": () => {
    const root = makeCa();
    return { roots: [root], chain: root.issue().chain };
  },
  "as many certificates as a path may have": () => deep(10),
  "a root whose own signature is forged": () => three({ root: { signature: "forged" } }),
  "an intermediate between": () => three({}),
  "three intermediates, shuffled": () => {
    const root = makeCa();
    const [leaf, ...rest] = root.intermediate({ subject: "A" }).intermediate({ subject: "B" })
      .intermediate({ subject: "C" }).issue().chain;
    return { roots: [root], chain: [leaf!, rest[2]!, rest[0]!, rest[1]!] };
  },
  "certificates that nobody needs, and the root": () => {
    const root = makeCa();
    const chain = root.intermediate().issue().chain;
    return { roots: [root], chain: [...chain, makeCa().der, makeCa().issue().der, root.der, chain[1]!] };
  },
  "a certificate that cannot be read and that nobody needs": () => {
    const made = three({});
    return { ...made, chain: [...made.chain, ascii("no certificate")] };
  },
  "a CA certificate as a server's own, where that is allowed": () =>
    three({ leaf: { ca: true, keyUsage: ["digitalSignature", "keyCertSign"] } }, {
      strength: { caAsLeaf: true },
    }),
  "another root of the same name": () => {
    const root = makeCa();
    return { roots: [makeCa(), root, makeCa()], chain: root.intermediate().issue().chain };
  },
  "a certificate of the same name with another key before the right one": () => {
    const root = makeCa();
    const [leaf, middle] = root.intermediate().issue().chain;
    return { roots: [root], chain: [leaf!, root.intermediate().der, makeCa().intermediate().der, middle!] };
  },
  "a cross-signed intermediate of which one issuer is trusted": () => {
    const [known, unknown] = [makeCa({ subject: "Known" }), makeCa({ subject: "Unknown" })];
    const key = makeKey("p256");
    const [leaf, byKnown] = known.intermediate({ key }).issue().chain;
    return {
      roots: [known],
      chain: [leaf!, unknown.intermediate({ key }).der, byKnown!],
      openssl: "it takes the first issuer there is and does not go back",
    };
  },
  "authorities that certify each other": () => {
    const root = makeCa();
    const a = root.intermediate({ subject: "A" });
    const b = root.intermediate({ subject: "B" });
    const aByB = b.intermediate({ subject: "A", key: a.key });
    const bByA = a.intermediate({ subject: "B", key: b.key });
    return { roots: [root], chain: [a.issue().der, aByB.der, bByA.der, a.der] };
  },
  "a self-signed leaf that is itself trusted": () => {
    const leaf = makeCa({ subject: "leaf", names: ["localhost"], ca: false, keyUsage: ["digitalSignature"] });
    return { roots: [leaf], chain: [leaf.der] };
  },
  "an intermediate that is itself trusted": () => {
    const middle = makeCa().intermediate();
    return {
      roots: [middle],
      chain: [middle.issue().der],
      openssl: "it wants a root, or -partial_chain",
    };
  },
  "a root of version 1": () => three({ root: { version1: true } }),
  "RSA": () => three({ root: { key: "rsa" }, middle: { key: "rsa" }, leaf: { key: "rsa" } }),
  "RSA with SHA-384": () => three({ root: { key: "rsa" }, middle: { signature: "rsa_sha384" } }),
  "RSA with SHA-512": () => three({ root: { key: "rsa" }, middle: { signature: "rsa_sha512" } }),
  "RSASSA-PSS by a plain RSA key": () => three({ root: { key: "rsa" }, middle: { signature: "pss_sha256" } }),
  "RSASSA-PSS by a key that is for nothing else": () =>
    three({ root: { key: "rsa_pss" }, middle: { signature: "pss_sha384" } }),
  "P-384": () => three({ root: { key: "p384" }, middle: { key: "p384" }, leaf: { key: "p384" } }),
  "P-521": () => three({ root: { key: "p521" }, middle: { key: "p521" }, leaf: { key: "p521" } }),
  "P-384 with SHA-256": () => three({ root: { key: "p384" }, middle: { signature: "ecdsa_sha256" } }),
  "Ed25519": () => three({ root: { key: "ed25519" }, middle: { key: "ed25519" }, leaf: { key: "ed25519" } }),
  "Ed448": () => three({ root: { key: "ed448" }, middle: { key: "ed448" }, leaf: { key: "ed448" } }),
  "SHA-1, where it is allowed": () =>
    three({ leaf: { signature: "ecdsa_sha1" } }, {
      strength: { sha1: true },
      openssl: "its level forbids it",
    }),
  "SHA-1 in the root's own signature": () => three({ root: { signature: "ecdsa_sha1" } }),
  "1024 bits of RSA, where they are allowed": () =>
    three({ leaf: { key: "rsa1024" } }, {
      strength: { minimumRsaBits: 1024 },
      openssl: "its level forbids it",
    }),
  "the last second": () => three({ leaf: { notAfter: NOW } }, { openssl: "for it the end is not within" }),
  "the first second": () => three({ leaf: { notBefore: NOW } }),
  "the year 2050, which is written otherwise": () => three({ leaf: { notAfter: year(2051) } }),
  "a common name alone, where it counts": () =>
    three({ leaf: { subject: "localhost", names: [] } }, { strength: { commonName: true } }),
  "a common name that is an address, where it counts": () =>
    three({ leaf: { subject: "127.0.0.1", names: [] } }, {
      host: "127.0.0.1",
      strength: { commonName: true },
      openssl: "to it, no common name is an address",
    }),
  "a name written in Unicode": () =>
    three({ leaf: { names: ["xn--bcher-kva.example"] } }, {
      host: "bücher.example",
      openssl: "it wants it as it is sent",
    }),
  "an IPv4 address": () => three({}, { host: "127.0.0.1" }),
  "an IPv6 address": () => three({}, { host: "0:0::1" }),
  "a wildcard": () => three({ leaf: { names: ["*.example.com"] } }, { host: "www.Example.com" }),
  "no name expected": () => three({ leaf: { names: [] } }, { host: null }),
  "a client's": () => three({}, { purpose: "clientAuth", host: null }),
  "neither keyUsage nor extendedKeyUsage": () =>
    three({
      middle: { keyUsage: null },
      leaf: { keyUsage: null, extendedKeyUsage: null },
    }),
  "an intermediate for servers alone": () => three({ middle: { extendedKeyUsage: [oids.serverAuth] } }),
  "any extended key usage": () =>
    three({ leaf: { extendedKeyUsage: [oids.anyExtendedKeyUsage] } }, {
      openssl: "it does not take anyExtendedKeyUsage for serverAuth",
    }),
  "as many intermediates as pathLength allows": () =>
    three({ root: { pathLength: 1 }, middle: { pathLength: 0 } }),
  "one more that is self-issued": () => {
    const root = makeCa({ pathLength: 0 });
    // A rollover of the root's key: the same name above and below.
    const rolled = root.intermediate({ subject: "Test Root" });
    return { roots: [root], chain: rolled.issue().chain };
  },
  "an extension that is not known and not critical": () =>
    three({ leaf: { extensions: [unknownExtension(false)] } }),
  "critical policies": () => {
    const policies = Der.sequence(Der.sequence(Der.objectIdentifier("2.23.140.1.2.1")));
    return three({ leaf: { extensions: [Build.extension(oids.certificatePolicies, policies, true)] } });
  },
  "an issuer written in other letters": () => {
    const root = makeCa({ subject: "Groß  Root" });
    const issuerDer = Build.distinguishedName({ organizationName: "TEST", commonName: " groß ROOT" });
    return { roots: [root], chain: root.issue({ issuerDer }).chain };
  },
  "names that are permitted": () =>
    three({
      root: constraints([
        dns("example.com"),
        ip(10, 0, 0, 0, 255, 0, 0, 0),
        directory({ organizationName: "Test" }),
      ]),
      leaf: { names: ["www.example.com", "example.com", "10.1.2.3"] },
    }, { host: "example.com" }),
  "an IPv6 address that is permitted": () =>
    three({
      root: constraints([ip(...V6, ...V6_MASK)]),
      leaf: { names: ["2001:db8::1"] },
    }, { host: "2001:db8::1" }),
  "names beside those that are excluded": () =>
    three({
      middle: constraints([], [dns("bad.example.com"), ip(10, 0, 0, 0, 255, 0, 0, 0)]),
      leaf: { names: ["good.example.com", "notbad.example.com", "11.0.0.1"] },
    }, { host: "good.example.com" }),
  "an IPv6 address that has the bytes of an IPv4 network that is excluded": () =>
    three({
      middle: constraints([], [ip(...V6.slice(0, 4), 255, 255, 255, 255)]),
      leaf: { names: ["2001:db8::1"] },
    }, { host: "2001:db8::1" }),
  "an IPv4 address that has the bytes of an IPv6 network that is excluded": () =>
    three({ middle: constraints([], [ip(...V6, ...V6_MASK)]), leaf: { names: ["32.1.13.184"] } }, {
      host: "32.1.13.184",
    }),
  "constraints on a form of name that the leaf does not have": () =>
    three({ middle: constraints([email("example.com")]) }),
};

/** What is not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  unknown_ca: {
    "no root of that name": () => ({ ...three({}), roots: [makeCa({ subject: "Other" })], index: 1 }),
    "a root of the same name with another key": () => ({ ...three({}), roots: [makeCa()], index: 1 }),
    "a missing intermediate": () => {
      const root = makeCa();
      return { roots: [root], chain: [root.intermediate().issue().der] };
    },
    "a self-signed leaf": () => ({
      roots: [makeCa()],
      chain: [makeCa({ subject: "x", names: ["localhost"] }).der],
    }),
    "no root at all": () => ({ ...three({}), roots: [], index: 1 }),
    "authorities that certify each other and nobody else": () => {
      const [a, b] = [makeCa({ subject: "A" }), makeCa({ subject: "B" })];
      const aByB = b.intermediate({ subject: "A", key: a.key });
      const bByA = a.intermediate({ subject: "B", key: b.key });
      return { roots: [makeCa()], chain: [a.issue().der, aByB.der, bByA.der], index: 2 };
    },
    "one certificate more than a path may have": () => deep(11, { openssl: "its limit is 100" }),
  },
  expired: {
    "a leaf": () => three({ leaf: { notAfter: NOW - 1 } }),
    "an intermediate": () => three({ middle: { notAfter: NOW - 1 } }, { index: 1 }),
    "a root": () => three({ root: { notAfter: NOW - 1 } }, { index: 2 }),
  },
  not_yet_valid: {
    "a leaf": () => three({ leaf: { notBefore: NOW + 1 } }),
    "an intermediate": () => three({ middle: { notBefore: NOW + 1 } }, { index: 1 }),
    "a root": () => three({ root: { notBefore: NOW + 1 } }, { index: 2 }),
  },
  name_mismatch: {
    "another host": () => three({}, { host: "example.com" }),
    "another address": () => three({}, { host: "127.0.0.2" }),
    "a common name beside another name, where it would count alone": () =>
      three({ leaf: { subject: "localhost", names: ["example.com"] } }, { strength: { commonName: true } }),
    "a common name that is no DNS name, where it would count": () =>
      three({ leaf: { subject: "local host", names: [] } }, { strength: { commonName: true } }),
    "a common name alone": () =>
      three({ leaf: { subject: "localhost", names: [] } }, { openssl: "it falls back to the common name" }),
    "an address as a DNS name": () =>
      three({
        leaf: {
          extensions: [Build.extension(oids.subjectAltName, Der.sequence(dns("10.0.0.1")))],
          names: [],
        },
      }, {
        host: "10.0.0.1",
      }),
    "a common name that is another address, where it counts": () =>
      three({ leaf: { subject: "127.0.0.1", names: [] } }, {
        host: "127.0.0.2",
        strength: { commonName: true },
      }),
    "another IPv6 address": () => three({}, { host: "::2" }),
    "a wildcard that is a part of a label": () =>
      three({ leaf: { names: ["w*.example.com"] } }, {
        host: "www.example.com",
        openssl: "it lets a star stand for a part of a label",
      }),
    "a wildcard that is not left-most": () =>
      three({ leaf: { names: ["www.*.com"] } }, { host: "www.example.com" }),
    "a wildcard for everybody": () => three({ leaf: { names: ["*.com"] } }, { host: "example.com" }),
    "no label under a wildcard": () => three({ leaf: { names: ["*.example.com"] } }, { host: "example.com" }),
    "two labels under a wildcard": () =>
      three({ leaf: { names: ["*.example.com"] } }, { host: "a.b.example.com" }),
  },
  invalid: {
    "a forged leaf": () => three({ leaf: { signature: "forged" } }),
    "a forged intermediate": () => three({ middle: { signature: "forged" } }, { index: 1 }),
    "a leaf changed after it was signed, ECDSA": () => spoilt(three({})),
    "a leaf changed after it was signed, RSA": () => spoilt(three({ middle: { key: "rsa" } })),
    "a leaf changed after it was signed, RSASSA-PSS": () =>
      spoilt(three({ middle: { key: "rsa" }, leaf: { signature: "pss_sha256" } })),
    "a leaf changed after it was signed, Ed25519": () => spoilt(three({ middle: { key: "ed25519" } })),
    "a leaf changed after it was signed, Ed448": () => spoilt(three({ middle: { key: "ed448" } })),
    "an issuer that is a leaf": () => three({ middle: { ca: false } }, { index: 1 }),
    "an issuer that does not say what it is": () => {
      const root = makeCa();
      return { roots: [root], chain: root.issue({ keyUsage: null }).issue().chain, index: 1 };
    },
    "an intermediate of version 1": () => three({ middle: { version1: true } }, { index: 1 }),
    "one intermediate too many": () => {
      const root = makeCa({ pathLength: 0 });
      return { roots: [root], chain: root.intermediate().issue().chain, index: 2 };
    },
    "SHA-1": () => three({ leaf: { signature: "ecdsa_sha1" } }),
    "SHA-1 in an intermediate": () =>
      three({ root: { key: "rsa" }, middle: { signature: "rsa_sha1" } }, { index: 1 }),
    "MD5, even where SHA-1 is allowed": () =>
      three({ root: { key: "rsa" }, middle: { signature: "rsa_md5" } }, {
        index: 1,
        strength: { sha1: true },
      }),
    "1024 bits of RSA": () => three({ leaf: { key: "rsa1024" } }),
    "1024 bits of RSA in a root": () => three({ root: { key: "rsa1024" } }, { index: 2 }),
    "a constraint with a mask that is none": () =>
      three({
        root: constraints([ip(127, 0, 0, 1, 255, 0, 255, 255)]),
        leaf: { names: ["localhost", "127.0.0.1"] },
      }, { openssl: "it does not look at the mask" }),
  },
  name_not_permitted: {
    "a DNS name that is not permitted": () =>
      three({ root: constraints([dns("example.com")]), leaf: { names: ["localhost", "badexample.com"] } }),
    "an address that is not permitted": () => three({ root: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) }),
    "an IPv6 address that is not permitted": () =>
      three({ root: constraints([ip(...V6, ...V6_MASK)]), leaf: { names: ["2001:db9::1"] } }, {
        host: "2001:db9::1",
      }),
    "an IPv6 address where none but IPv4 addresses are permitted": () =>
      three({
        root: constraints([ip(...V6.slice(0, 4), 255, 255, 255, 255)]),
        leaf: { names: ["2001:db8::1"] },
      }, { host: "2001:db8::1" }),
    "an IPv4 address where none but IPv6 addresses are permitted": () =>
      three({ root: constraints([ip(...V6, ...V6_MASK)]), leaf: { names: ["32.1.13.184"] } }, {
        host: "32.1.13.184",
      }),
    "a leaf that has its issuer's name, as an authority may that is not constrained": () => {
      const middle = makeCa().intermediate();
      return three({ middle: constraints([dns("example.com")]), leaf: { subjectDer: middle.subject } });
    },
    "an address that is excluded": () =>
      three({ middle: constraints([], [ip(127, 0, 0, 0, 255, 0, 0, 0)]) }, { host: "127.0.0.1" }),
    "a DNS name that is excluded": () => three({ middle: constraints([], [dns("localhost")]) }),
    "a wildcard that can be what is excluded": () =>
      three({
        middle: constraints([], [dns("bad.example.com")]),
        leaf: { names: ["localhost", "*.example.com"] },
      }, { openssl: "it compares the letters of the wildcard" }),
    "a subject that is not permitted": () =>
      three({ middle: constraints([directory({ organizationName: "Other" })]) }),
    "an intermediate of a name that is not permitted": () =>
      three({
        root: constraints([directory({ organizationName: "Test", commonName: "Test Intermediate" })]),
        leaf: { subject: "leaf" },
      }),
    "a common name that is excluded, where it counts": () =>
      three({
        middle: constraints([], [dns("example.com")]),
        leaf: { subject: "www.example.com", names: [] },
      }, {
        host: "www.example.com",
        strength: { commonName: true },
      }),
  },
  ca_as_leaf: {
    "an intermediate as a server's own": () =>
      three({ leaf: { ca: true, keyUsage: ["digitalSignature", "keyCertSign"] } }, {
        openssl: "it lets an authority's key serve as a host's",
      }),
    "an intermediate as a client's own": () =>
      three({ leaf: { ca: true, keyUsage: ["digitalSignature", "keyCertSign"] } }, {
        purpose: "clientAuth",
        host: null,
        openssl: "it lets an authority's key serve as a host's",
      }),
  },
  unreadable: {
    "an intermediate that is no certificate": () => {
      const made = three({});
      return { ...made, chain: made.chain.with(1, ascii("no certificate")), index: 1 };
    },
    "an intermediate with two signature algorithms": () =>
      three({ middle: { outerSignature: "rsa_sha256" } }, { index: 1 }),
  },
  unsupported: {
    "a critical extension that is not known": () => three({ leaf: { extensions: [unknownExtension(true)] } }),
    "one in an intermediate": () => three({ middle: { extensions: [unknownExtension(true)] } }, { index: 1 }),
    "a signature of an algorithm that nobody has": () => three({ leaf: { signature: "unheard" } }),
    "RSASSA-PSS with a salt of its own length": () =>
      three({ root: { key: "rsa" }, middle: { signature: "pss_sha256_short_salt" } }, {
        index: 1,
        openssl: "it takes any length",
      }),
    "an RSA key with an exponent that is dear to compute": () =>
      three({ leaf: { key: dearExponent() } }, {
        openssl: "it bounds the exponents of larger keys alone",
      }),
    "a curve that is not known": () => three({ leaf: { key: strangeCurve() } }),
  },
  wrong_usage: {
    "an intermediate that may not sign certificates": () =>
      three({ middle: { keyUsage: ["cRLSign"] } }, { index: 1 }),
    "a root that may not": () => three({ root: { keyUsage: ["cRLSign"] } }, { index: 2 }),
    "a server's for a client": () =>
      three({ leaf: { extendedKeyUsage: [oids.serverAuth] } }, { purpose: "clientAuth", host: null }),
    "a client's for a server": () => three({ leaf: { extendedKeyUsage: [oids.clientAuth] } }),
    "a root for clients alone": () => three({ root: { extendedKeyUsage: [oids.clientAuth] } }, { index: 2 }),
    "an intermediate for clients alone": () =>
      three({ middle: { extendedKeyUsage: [oids.clientAuth] } }, { index: 1 }),
    "a client's that may not sign": () =>
      three({ leaf: { keyUsage: ["keyEncipherment"] } }, { purpose: "clientAuth", host: null }),
  },
};
