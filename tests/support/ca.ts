/**
 * A certificate authority for tests: any chain, right or wrong in any one way. Keys and signatures are node:crypto's,
 * so that what the library reads was not signed by the library.
 *
 *     const ca = makeCa();
 *     const { certificatePem, privateKeyPem } = ca.issue({ names: ["localhost"] });
 *
 * @module
 */
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import type { KeyUsage } from "../../src/x509/certificate/key_usage.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { Buffer } from "node:buffer";
import crypto from "node:crypto";

/** The keys there are; `rsa` has 2048 bits, `rsa_pss` is one whose SubjectPublicKeyInfo says id-RSASSA-PSS. */
export type KeyKind = "rsa" | "rsa1024" | "rsa_pss" | "p256" | "p384" | "p521" | "ed25519" | "ed448";

/** A key pair of a kind. */
export interface KeyPair {
  readonly kind: KeyKind;
  readonly privateKey: crypto.KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly spki: Bytes;
  /** PKCS#8. */
  readonly privateKeyPem: string;
}

/** How a certificate is signed: a row of `signatures`. */
export type Signature = keyof typeof signatures;

/** What to issue; what is left out is as a good certificate has it. */
export interface IssueOptions {
  /** Random if left out. */
  readonly serialNumber?: Bytes;
  /** The common name; the first of `names` if left out. */
  readonly subject?: string;
  /** The whole subject as DER, instead. */
  readonly subjectDer?: Bytes;
  /** What the issuer field says, where it should not be the issuer's subject. */
  readonly issuerDer?: Bytes;
  /** DNS names and IP addresses for subjectAltName. */
  readonly names?: ReadonlyArray<string>;
  /** A kind (P-256 if left out), or a key that exists. */
  readonly key?: KeyKind | KeyPair;
  /** Seconds since the epoch; 2020 to 2040 if left out. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** `true` makes it a CA; `undefined` leaves basicConstraints out. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** `null` leaves the extension out. */
  readonly keyUsage?: ReadonlyArray<KeyUsage> | null;
  /** Object identifiers; `null` leaves the extension out. */
  readonly extendedKeyUsage?: ReadonlyArray<string> | null;
  /** Further extensions, as DER; see `src/x509/certificate/build.ts`. */
  readonly extensions?: ReadonlyArray<Bytes>;
  /** No extension at all, so that it is version 1. */
  readonly version1?: boolean;
  /** What fits the issuer's key if left out. */
  readonly signature?: Signature;
  /** A last change to the TBSCertificate, before it is signed. */
  readonly alter?: (tbs: Bytes) => Bytes;
  /** What the outer signatureAlgorithm says, where it should not be the inner one. */
  readonly outerSignature?: Signature;
}

/** What was issued, and who can issue below it. */
export interface Issued {
  readonly der: Bytes;
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** This certificate and those between it and the root, as a server sends them. */
  readonly chain: ReadonlyArray<Bytes>;
  readonly chainPem: string;
  readonly root: boolean;
  readonly key: KeyPair;
  /** The subject as DER. */
  readonly subject: Bytes;
  readonly keyId: Bytes;
  /** A leaf below. */
  readonly issue: (options?: IssueOptions) => Issued;
  /** An intermediate authority below. */
  readonly intermediate: (options?: IssueOptions) => Issued;
}

/** A root. */
export const makeCa = (options: IssueOptions = {}): Issued =>
  issue(undefined, { subject: "Test Root", ca: true, ...options });

/** A certificate of an issuer, or one that signs itself. */
export const issue = (issuer: Issued | undefined, options: IssueOptions): Issued => {
  const key = typeof options.key === "object" ? options.key : makeKey(options.key ?? "p256");
  const names = options.names ?? [];
  const subject = options.subjectDer ??
    Build.distinguishedName({ organizationName: "Test", commonName: options.subject ?? names[0] ?? "leaf" });
  const signer = issuer?.key ?? key;
  const keyId = hash(key.spki);
  const how = options.signature ?? usualSignature[signer.kind];
  const alter = options.alter ?? ((tbs: Bytes) => tbs);
  const tbs = alter(Build.tbsCertificate({
    serialNumber: options.serialNumber ?? Uint8Array.from([1, ...crypto.randomBytes(15)]),
    signature: signatures[how].algorithm,
    issuer: options.issuerDer ?? issuer?.subject ?? subject,
    notBefore: options.notBefore ?? Date.UTC(2020, 0) / 1000,
    notAfter: options.notAfter ?? Date.UTC(2040, 0) / 1000,
    subject,
    subjectPublicKeyInfo: key.spki,
    extensions: options.version1 ? [] : [
      ...usualExtensions(options, key.kind),
      ...(names.length ? [Build.subjectAltName(names)] : []),
      Build.subjectKeyIdentifier(keyId),
      ...(issuer ? [Build.authorityKeyIdentifier(issuer.keyId)] : []),
      ...(options.extensions ?? []),
    ],
  }));
  const der = Build.certificate(
    tbs,
    signatures[options.outerSignature ?? how].algorithm,
    signatures[how].sign(tbs, signer.privateKey),
  );
  const chain = issuer && !issuer.root ? [der, ...issuer.chain] : [der];
  const issued: Issued = {
    der,
    certificatePem: pem("CERTIFICATE", der),
    privateKeyPem: key.privateKeyPem,
    chain,
    chainPem: chain.map((one) => pem("CERTIFICATE", one)).join(""),
    root: issuer === undefined,
    key,
    subject,
    keyId,
    issue: (below = {}) => issue(issued, { names: ["localhost", "127.0.0.1", "::1"], ...below }),
    intermediate: (below = {}) => issue(issued, { subject: "Test Intermediate", ca: true, ...below }),
  };
  return issued;
};

/** A key pair that the last few had not. RSA takes 0.1 s, so that of these there are a few, which come round again. */
export const makeKey = (kind: KeyKind): KeyPair => {
  const pool = pools[kind];
  if (!pool) return keyPair(kind, generators[kind]());
  const next = pool.length < POOL ? keyPair(kind, generators[kind]()) : pool.shift()!;
  pool.push(next);
  return next;
};

/** More than the keys of any chain in the tests. */
const POOL = 6;
const pools: Partial<Record<KeyKind, Array<KeyPair>>> = { rsa: [], rsa1024: [], rsa_pss: [] };

/** The key pair of a PEM file. */
export const readKey = (kind: KeyKind, privateKeyPem: string): KeyPair =>
  keyPair(kind, {
    privateKey: crypto.createPrivateKey(privateKeyPem),
    publicKey: crypto.createPublicKey(privateKeyPem),
  });

const keyPair = (kind: KeyKind, { privateKey, publicKey }: Pair): KeyPair => {
  const pss = kind === "rsa_pss";
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const pkcs8 = new Uint8Array(privateKey.export({ type: "pkcs8", format: "der" }));
  return {
    kind,
    privateKey,
    spki: pss ? renamed(spki) : spki,
    privateKeyPem: pem("PRIVATE KEY", pss ? renamed(pkcs8) : pkcs8),
  };
};

/** A PEM block (RFC 7468). */
export const pem = (label: string, der: Bytes): string => {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};

const hash = (bytes: Bytes): Bytes => new Uint8Array(crypto.createHash("sha1").update(bytes).digest());

const usualExtensions = (options: IssueOptions, kind: KeyKind): ReadonlyArray<Bytes> => {
  const { ca } = options;
  const rsa = kind === "rsa" || kind === "rsa1024";
  const usage = options.keyUsage === undefined ? ca ? caUsage : rsa ? rsaUsage : leafUsage : options.keyUsage;
  const purposes = options.extendedKeyUsage === undefined
    ? ca ? null : [oids.serverAuth, oids.clientAuth]
    : options.extendedKeyUsage;
  return [
    ...(ca === undefined ? [] : [Build.basicConstraints(ca, options.pathLength)]),
    ...(usage ? [Build.keyUsage(usage)] : []),
    ...(purposes ? [Build.extendedKeyUsage(purposes)] : []),
  ];
};

const caUsage: ReadonlyArray<KeyUsage> = ["keyCertSign", "cRLSign"];
const leafUsage: ReadonlyArray<KeyUsage> = ["digitalSignature"];
const rsaUsage: ReadonlyArray<KeyUsage> = ["digitalSignature", "keyEncipherment"];

type Pair = { readonly privateKey: crypto.KeyObject; readonly publicKey: crypto.KeyObject };
const rsa = (modulusLength: number) => (): Pair => crypto.generateKeyPairSync("rsa", { modulusLength });
const ec = (namedCurve: string) => (): Pair => crypto.generateKeyPairSync("ec", { namedCurve });

const generators: Record<KeyKind, () => Pair> = {
  rsa: rsa(2048),
  rsa1024: rsa(1024),
  rsa_pss: rsa(2048),
  p256: ec("P-256"),
  p384: ec("P-384"),
  p521: ec("P-521"),
  ed25519: () => crypto.generateKeyPairSync("ed25519"),
  ed448: () => crypto.generateKeyPairSync("ed448"),
};

/** The key information of an RSA key with id-RSASSA-PSS in place of rsaEncryption (RFC 4055 §1.2). */
const renamed = (der: Bytes): Bytes => {
  const from = Der.sequence(Der.objectIdentifier(oids.rsaEncryption), Der.nullValue);
  const at = Buffer.from(der).indexOf(from);
  const contentStart = der[1]! < 0x80 ? 2 : 2 + (der[1]! & 0x7f);
  return Der.sequence(
    der.subarray(contentStart, at),
    Der.sequence(Der.objectIdentifier(oids["id-RSASSA-PSS"])),
    der.subarray(at + from.length),
  );
};

const identifier = (oid: string, ...parameters: ReadonlyArray<Bytes>) =>
  Der.sequence(Der.objectIdentifier(oid), ...parameters);

type Sign = (data: Bytes, key: crypto.KeyObject) => Bytes;
const plain = (hash: string | null): Sign => (data, key) => new Uint8Array(crypto.sign(hash, data, key));
const pss = (name: "sha256" | "sha384" | "sha512", saltLength: number) => {
  const hash = identifier(oids[`id-${name}`], Der.nullValue);
  return {
    algorithm: identifier(
      oids["id-RSASSA-PSS"],
      Der.sequence(
        Der.explicit(0, hash),
        Der.explicit(1, identifier(oids["id-mgf1"], hash)),
        Der.explicit(2, Der.integer(saltLength)),
      ),
    ),
    sign: (data: Bytes, key: crypto.KeyObject) =>
      new Uint8Array(
        crypto.sign(name, data, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }),
      ),
  };
};
const pkcs1 = (oid: string, name: string) => ({
  algorithm: identifier(oid, Der.nullValue),
  sign: plain(name),
});
const ecdsa = (oid: string, name: string) => ({ algorithm: identifier(oid), sign: plain(name) });

/** The AlgorithmIdentifier and the signing function of each way to sign. */
export const signatures = {
  rsa_md5: pkcs1(oids.md5WithRSAEncryption, "md5"),
  rsa_sha1: pkcs1(oids.sha1WithRSAEncryption, "sha1"),
  rsa_sha224: pkcs1(oids.sha224WithRSAEncryption, "sha224"),
  rsa_sha256: pkcs1(oids.sha256WithRSAEncryption, "sha256"),
  rsa_sha384: pkcs1(oids.sha384WithRSAEncryption, "sha384"),
  rsa_sha512: pkcs1(oids.sha512WithRSAEncryption, "sha512"),
  pss_sha256: pss("sha256", 32),
  pss_sha384: pss("sha384", 48),
  pss_sha512: pss("sha512", 64),
  /** RFC 4055 allows any length of salt; TLS and we only that of the hash. */
  pss_sha256_short_salt: pss("sha256", 20),
  ecdsa_sha1: ecdsa(oids["ecdsa-with-SHA1"], "sha1"),
  ecdsa_sha224: ecdsa(oids["ecdsa-with-SHA224"], "sha224"),
  ecdsa_sha256: ecdsa(oids["ecdsa-with-SHA256"], "sha256"),
  ecdsa_sha384: ecdsa(oids["ecdsa-with-SHA384"], "sha384"),
  ecdsa_sha512: ecdsa(oids["ecdsa-with-SHA512"], "sha512"),
  ed25519: { algorithm: identifier(oids["id-Ed25519"]), sign: plain(null) },
  ed448: { algorithm: identifier(oids["id-Ed448"]), sign: plain(null) },
  /** An algorithm that nobody has. */
  unheard: { algorithm: identifier("1.3.6.1.4.1.55555.1"), sign: plain("sha256") },
  /** A signature that is well-formed and wrong: over other bytes. */
  forged: {
    algorithm: identifier(oids["ecdsa-with-SHA256"]),
    sign: (data: Bytes, key: crypto.KeyObject) => plain("sha256")(concat(data, Uint8Array.of(0)), key),
  },
} satisfies Record<string, { readonly algorithm: Bytes; readonly sign: Sign }>;

/** What fits each key. */
export const usualSignature = {
  rsa: "rsa_sha256",
  rsa1024: "rsa_sha256",
  rsa_pss: "pss_sha256",
  p256: "ecdsa_sha256",
  p384: "ecdsa_sha384",
  p521: "ecdsa_sha512",
  ed25519: "ed25519",
  ed448: "ed448",
} as const satisfies Record<KeyKind, Signature>;
