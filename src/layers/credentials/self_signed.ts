/** Makes certificates in memory: for development, tests, and peers that pin. @module */
import { Clock, Effect, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { among, decodeOption, list, text, word } from "../../options.ts";
import { Crypto, type PrivateKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import * as Build from "../../x509/certificate/build.ts";
import { oids } from "../../x509/der/oids.ts";
import * as Der from "../../x509/der/writer.ts";
import { privateKeyInfo, subjectPublicKeyInfo } from "../../x509/keys/build_key.ts";
import { asciiName } from "../../x509/path/host_name.ts";
import { freshKey, publicKeyOf } from "./keys.ts";
import type { AuthorityOptions, IssueOptions } from "./options.ts";

/** A number of days, limited so that the year of expiry has four digits (RFC 5280 §4.1.2.5). */
export const days = Schema.Number.pipe(
  Schema.filter((n) => n > 0 && n <= 1_000_000, { description: "a number of days, more than 0" }),
);
const authorityMembers = {
  key: Schema.optional(
    among(Object.keys(freshKey) as ReadonlyArray<keyof typeof freshKey>, Object.keys(freshKey).join(", ")),
  ),
  days: Schema.optional(days),
  commonName: Schema.optional(text(1)),
};
const authorityOptions: Schema.Schema<AuthorityOptions> = Schema.Struct(authorityMembers);
const issueOptions: Schema.Schema<IssueOptions> = Schema.Struct({
  ...authorityMembers,
  names: Schema.optional(list(text(1))),
  purposes: Schema.optional(list(word("serverAuth", "clientAuth"))),
});
const decodeAuthority = decodeOption(authorityOptions);
const decodeIssue = decodeOption(issueOptions);

/** A certificate made in memory, and what is needed to sign others with its key. */
export interface Made {
  readonly certificate: Bytes;
  readonly kind: keyof typeof freshKey;
  readonly privateKey: PrivateKey;
  /** The subject's name as DER. */
  readonly subject: Bytes;
  readonly keyId: Bytes;
}

/** Makes a certificate with a new key for host names, signed by an issuer or by itself. */
export const makeLeaf = (
  wanted: IssueOptions,
  issuer?: Made,
): Effect.Effect<Made, InvalidOption, Crypto> =>
  Effect.flatMap(decodeIssue(wanted), (decoded) => {
    const { names = ["localhost", "127.0.0.1", "::1"], purposes = ["serverAuth"], commonName, ...options } =
      decoded;
    const hosts = names.map((name) => asciiName(name) ?? name);
    return issue({ ...options, commonName: commonName ?? hosts[0] ?? "self-signed" }, issuer, (key) => [
      Build.basicConstraints(false),
      Build.keyUsage(key === "rsa" ? ["digitalSignature", "keyEncipherment"] : ["digitalSignature"]),
      Build.extendedKeyUsage(purposes.map((purpose) => oids[purpose])),
    ], hosts.length ? [Build.subjectAltName(hosts)] : []);
  });

/** Makes a CA certificate with a new key, signed by an issuer or by itself. */
export const makeAuthorityCertificate = (
  wanted: AuthorityOptions,
  issuer?: Made,
): Effect.Effect<Made, InvalidOption, Crypto> =>
  Effect.flatMap(
    decodeAuthority(wanted),
    ({ commonName = "Test Authority", ...options }) =>
      issue({ ...options, commonName }, issuer, () => [
        Build.basicConstraints(true),
        Build.keyUsage(["keyCertSign", "cRLSign"]),
      ], []),
  );

/** The private key as PKCS#8 DER. */
export const privateKeyDer = ({ privateKey }: Made): Bytes => privateKeyInfo(privateKey);

const issue = (
  { key = "ecdsa_p256", days = 365, commonName }: AuthorityOptions & { readonly commonName: string },
  issuer: Made | undefined,
  first: (key: keyof typeof freshKey) => ReadonlyArray<Bytes>,
  last: ReadonlyArray<Bytes>,
): Effect.Effect<Made, never, Crypto> =>
  Effect.gen(function* () {
    const crypto = yield* Crypto;
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000);
    const privateKey = freshKey[key](crypto.random);
    // A key that was just generated has consistent numbers.
    const spki = subjectPublicKeyInfo(publicKeyOf(privateKey)!);
    const { scheme, algorithm } = signatures[issuer?.kind ?? key];
    const subject = Build.distinguishedName({ commonName });
    const serialNumber = crypto.random(16);
    serialNumber[0] = serialNumber[0]! & 0x3f | 0x40; // positive, and always of the same length
    // The key identifier of RFC 7093 §2, method 1.
    const keyId = crypto.hash("sha256").digest([spki]).subarray(0, 20);
    const tbs = Build.tbsCertificate({
      serialNumber,
      signature: algorithm,
      issuer: issuer?.subject ?? subject,
      notBefore: now - CLOCK_SKEW,
      notAfter: now + days * 86_400,
      subject,
      subjectPublicKeyInfo: spki,
      extensions: [
        ...first(key),
        Build.subjectKeyIdentifier(keyId),
        ...(issuer ? [Build.authorityKeyIdentifier(issuer.keyId)] : []),
        ...last,
      ],
    });
    const signature = yield* Effect.orDie(crypto.sign(issuer?.privateKey ?? privateKey, scheme, tbs));
    return {
      certificate: Build.certificate(tbs, algorithm, signature),
      kind: key,
      privateKey,
      subject,
      keyId,
    };
  });

/** How far back the validity starts, in seconds: clocks of peers may be an hour behind. */
const CLOCK_SKEW = 3600;

const signedBy = (scheme: SignatureScheme, oid: string, ...parameters: ReadonlyArray<Bytes>) => ({
  scheme,
  algorithm: Der.sequence(Der.objectIdentifier(oid), ...parameters),
});

const signatures = {
  ecdsa_p256: signedBy(SignatureScheme.ecdsa_secp256r1_sha256, oids["ecdsa-with-SHA256"]),
  ecdsa_p384: signedBy(SignatureScheme.ecdsa_secp384r1_sha384, oids["ecdsa-with-SHA384"]),
  ecdsa_p521: signedBy(SignatureScheme.ecdsa_secp521r1_sha512, oids["ecdsa-with-SHA512"]),
  ed25519: signedBy(SignatureScheme.ed25519, oids["id-Ed25519"]),
  ed448: signedBy(SignatureScheme.ed448, oids["id-Ed448"]),
  rsa: signedBy(SignatureScheme.rsa_pkcs1_sha256, oids.sha256WithRSAEncryption, Der.nullValue),
} satisfies Record<keyof typeof freshKey, unknown>;
