/** What the flags mean in this library: a policy, credentials and a trust decision. @module */
import { Effect, Layer } from "../../src/deps.ts";
import type { RefusalAlert } from "../../src/faults/errors/trust.ts";
import type { CredentialError } from "../../src/faults/errors/credentials.ts";
import { PrivateKeyError } from "../../src/faults/errors/crypto.ts";
import { CertificateError } from "../../src/faults/errors/trust.ts";
import { credentialFromPem } from "../../src/layers/credentials/credentials.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import { type Credential, type CredentialRequest, Credentials } from "../../src/ports/credentials.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Policy from "../../src/public/policy.ts";
import { compressorsOf } from "./compression.ts";
import { type Config, Unexpected, Unimplemented } from "./flags.ts";

/** Every version, the highest first, and the flag that forbids it. */
const versions = [
  [ProtocolVersion.TLS_1_3, "no-tls13"],
  [ProtocolVersion.TLS_1_2, "no-tls12"],
  [ProtocolVersion.TLS_1_1, "no-tls11"],
  [ProtocolVersion.TLS_1_0, "no-tls1"],
  [ProtocolVersion.SSL_3_0, "no-ssl3"],
] as const;

/** Which a runner does not say that has no SSL 3.0, unless it names its shims; so whoever starts it may. */
const withoutSsl30 = Deno.env.get("BOGO_WITHOUT_SSL3") !== undefined;

/** The lowest and the highest version that flags leave. */
const range = (config: Config): { readonly from: number; readonly to: number } => ({
  from: config["min-version"] ??
    (config["shim-id"] === undefined && !withoutSsl30 ? ProtocolVersion.SSL_3_0 : ProtocolVersion.TLS_1_0),
  to: Math.min(config["max-version"] ?? ProtocolVersion.TLS_1_3, ProtocolVersion.TLS_1_3),
});

const versionsOf = (config: Config): ReadonlyArray<ProtocolVersion> => {
  const { from, to } = range(config);
  const allowed = versions.filter(([version, no]) => version >= from && version <= to && !config[no]);
  return allowed.map(([version]) => version);
};

const defaultGroups = [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1];
const knownGroups = new Set<number>(Policy.everyGroup);

const groupsOf = (config: Config): ReadonlyArray<NamedGroup> => {
  if (config["p384-only"]) return [NamedGroup.secp384r1];
  if (config["enable-all-curves"]) return [...defaultGroups, NamedGroup.secp521r1];
  const { curves } = config;
  if (!curves) return defaultGroups;
  // What is not spoken here, such as P-224, is not offered.
  const ours = curves.filter((c): c is NamedGroup => knownGroups.has(c));
  if (ours.length === 0) throw new Unimplemented(`-curves ${curves}`);
  return ours;
};

const S = SignatureScheme;
/** What the reference verifies unless told otherwise. */
const defaultSchemes: ReadonlyArray<SignatureScheme> = [
  S.ecdsa_secp256r1_sha256,
  S.rsa_pss_rsae_sha256,
  S.rsa_pkcs1_sha256,
  S.ecdsa_secp384r1_sha384,
  S.rsa_pss_rsae_sha384,
  S.rsa_pkcs1_sha384,
  S.rsa_pss_rsae_sha512,
  S.rsa_pkcs1_sha512,
  S.rsa_pkcs1_sha1,
];
const everyScheme: ReadonlyArray<SignatureScheme> = [
  S.ed25519,
  ...defaultSchemes,
  S.ecdsa_secp521r1_sha512,
  S.ecdsa_sha1,
];

const schemesAmong = (wanted: ReadonlyArray<number>): ReadonlyArray<SignatureScheme> =>
  wanted.filter((s): s is SignatureScheme => everyScheme.some((known) => known === s));

const verifyPrefs = (config: Config): ReadonlyArray<SignatureScheme> => [
  ...schemesAmong(config["verify-prefs"] ?? defaultSchemes),
  ...(config["enable-ed25519"] && !config["verify-prefs"] ? [S.ed25519] : []),
];
const signingPrefs = (config: Config): ReadonlyArray<SignatureScheme> =>
  schemesAmong(config["signing-prefs"] ?? everyScheme);

/** A policy has one list for both: at an end that verifies nothing it is what it signs with, and the other way round. */
const schemesOf = (config: Config): ReadonlyArray<SignatureScheme> => {
  if (config.server && !asksForCertificate(config)) return signingPrefs(config);
  // A server always signs. What it is told to verify may leave its own key nothing; the default never does.
  const signs = config.server ? config["verify-prefs"] !== undefined : config["key-file"] !== undefined;
  return signs ? [...new Set([...verifyPrefs(config), ...signingPrefs(config)])] : verifyPrefs(config);
};

const asksForCertificate = (config: Config): boolean =>
  config["verify-peer"] === true || config["require-any-client-certificate"] === true;

/** Words of OpenSSL's cipher strings, as patterns of the registry's names. */
const words: Readonly<Record<string, RegExp>> = {
  "ALL": /./,
  "AES": /_AES_/,
  "AES128": /_AES_128_/,
  "AES256": /_AES_256_/,
  "3DES": /_3DES_/,
  "NULL-SHA": /^TLS_RSA_WITH_NULL_SHA$/,
  "kRSA": /^TLS_RSA_/,
};

/** OpenSSL's cipher strings, as far as they occur: words, names, exclusions. */
const cipherSuitesOf = ({ cipher = "DEFAULT" }: Config): ReadonlyArray<CipherSuite> => {
  let chosen: Array<CipherSuite> = [];
  for (const item of cipher.split(":")) {
    const [, excludes, name = ""] = /^(!?)(.*)$/.exec(item)!;
    const pattern = words[name] ?? (name.startsWith("TLS_") ? new RegExp(`^${name}$`) : undefined);
    if (name !== "DEFAULT" && !pattern) throw new Unimplemented(`-cipher ${item}`);
    const meant = name === "DEFAULT"
      ? Policy.legacy.cipherSuites
      : Policy.everySuite.filter((s) =>
        pattern!.test(CipherSuite.nameOf(s)) && !/_anon_/.test(CipherSuite.nameOf(s))
      );
    chosen = excludes ? chosen.filter((s) => !meant.includes(s)) : [...new Set([...chosen, ...meant])];
  }
  return chosen;
};

const renegotiationOf = (config: Config): Policy.RenegotiationPolicy =>
  config["renegotiate-freely"] || config["renegotiate-once"] || config["renegotiate-explicit"]
    ? "allow"
    : config["renegotiate-ignore"]
    ? "ignore"
    : "close";

/** What the shim is willing to speak. */
export const policyOf = (config: Config, resumes: boolean): Policy.Policy => ({
  ...Policy.legacy,
  versions: versionsOf(config),
  cipherSuites: cipherSuitesOf(config),
  groups: groupsOf(config),
  signatureSchemes: schemesOf(config),
  compressionMethods: [CompressionMethod.null],
  certificateCompression: compressorsOf(config).map(({ algorithm }) => algorithm),
  sessionTickets: !config["no-ticket"],
  ...(config.server && config["no-ticket"] ? { pskKeyExchangeModes: [] } : {}),
  splitRecords: config["cbc-record-splitting"] ?? false,
  renegotiation: renegotiationOf(config),
  insecureRenegotiation: true,
  grease: config["enable-grease"] ?? config.server ?? false,
  requestOcsp: config["enable-ocsp-stapling"] ?? false,
  requestScts: config["enable-signed-cert-timestamps"] ?? false,
  corruptCertificateAlert: "decode_error",
  // The reference exports keys without the extended master secret, but binds no resumed channel.
  bindWithoutExtendedMasterSecret: !(config["tls-unique"] && resumes),
  limits: {
    ...Policy.limits,
    skippedEarlyData: 16_384,
    renegotiations: config["renegotiate-once"] ? 1 : Policy.limits.renegotiations,
    certificateMessage: config["max-cert-list"] ?? Policy.limits.certificateMessage,
    closeWait: config["check-close-notify"] ? 10_000 : 0,
  },
});

/** Whether a client is asked for a certificate. */
export const clientAuthOf = (config: Config): "none" | "request" | "require" =>
  config["require-any-client-certificate"] ? "require" : config["verify-peer"] ? "request" : "none";

/** The names that ALPN is spoken with, the best first. */
export const alpnOf = (config: Config): ReadonlyArray<string> => {
  if (!config.server) return stringsOf(config["advertise-alpn"] ?? "");
  if (config["decline-alpn"]) return [];
  if (config["reject-alpn"]) return ["none that the peer offers"];
  return config["select-alpn"] ? [config["select-alpn"]] : [];
};

/** Strings of which each stands behind its length in one byte. */
const stringsOf = (wire: string): ReadonlyArray<string> => {
  const strings: Array<string> = [];
  for (let at = 0; at < wire.length;) {
    const end = at + 1 + wire.charCodeAt(at);
    strings.push(wire.slice(at + 1, end));
    at = end;
  }
  return strings;
};

/** Items of which each stands behind its length in two bytes, behind the length of all of them. */
const itemsOf = (wire: Uint8Array): ReadonlyArray<Uint8Array> => {
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  const items: Array<Uint8Array> = [];
  for (let at = 2; at < wire.length;) {
    const end = at + 2 + view.getUint16(at);
    items.push(wire.subarray(at + 2, end));
    at = end;
  }
  return items;
};

/** Distinguished names in hexadecimal. */
export const namesOf = (list: string): ReadonlyArray<string> =>
  list === "<NULL>" || list === "<EMPTY>" ? [] : list.split(",");

/** What is asked of a client is told to `heard`. */
export const credentialsOf = (
  config: Config,
  heard: (request: CredentialRequest) => void,
): Layer.Layer<Credentials, CredentialError | Unexpected> => {
  const { "key-file": key, "cert-file": certificate, "signed-cert-timestamps": timestamps } = config;
  // A service of credentials gives none, or some, and does not fail.
  if (config["fail-cert-callback"] && key === undefined) throw new Unimplemented("-fail-cert-callback");
  if (timestamps && timestamps.length < 4) {
    return Layer.fail(new Unexpected({ what: "a list of SCTs without any" }));
  }
  const found = key === undefined || certificate === undefined ? Effect.succeed([]) : Effect.map(
    credentialFromPem({
      certificate: Deno.readTextFileSync(certificate),
      privateKey: Deno.readTextFileSync(key),
    }),
    (credential) => [withFlags(config, credential)],
  );
  return Layer.effect(
    Credentials,
    Effect.map(found, (credentials) => ({
      partition: "shim",
      candidates: (request) => Effect.sync(() => (heard(request), credentials)),
    })),
  );
};

const withFlags = (config: Config, credential: Credential): Credential => {
  const callback = config["use-ocsp-callback"] === true && config.server === true;
  const staples = !callback || !config["decline-ocsp-callback"];
  const reason = callback && config["fail-ocsp-callback"]
    ? "the staple is refused"
    : config["fail-cert-callback"]
    ? "the certificate is refused"
    : undefined;
  const refuse = (operation: "sign" | "decrypt", reason: string) =>
    Effect.fail(new PrivateKeyError({ operation, reason }));
  return {
    ...credential,
    // The reference does not look at a server's own keyUsage.
    usage: { keyEncipherment: true, digitalSignature: true },
    // Before TLS 1.2 nothing is preferred.
    schemes: [...signingPrefs(config), S.rsa_pkcs1_md5_sha1, S.ecdsa_sha1],
    ocspResponse: staples ? config["ocsp-response"] : undefined,
    signedCertificateTimestamps: config["signed-cert-timestamps"] &&
      itemsOf(config["signed-cert-timestamps"]),
    ...(reason === undefined
      ? {}
      : { sign: () => refuse("sign", reason), decrypt: () => refuse("decrypt", reason) }),
  };
};

/** Nobody's certificate is judged but as flags say. */
export const verifierOf = (config: Config): Layer.Layer<CertificateVerifier> => {
  const refuse = (alert: RefusalAlert | undefined, detail: string) =>
    Effect.fail(
      new CertificateError({
        reason: "refused",
        index: 0,
        subject: "",
        detail,
        rfc: "RFC 5280 §6",
        alert,
      }),
    );
  const callback = config["use-ocsp-callback"] === true && !config.server;
  return Layer.succeed(CertificateVerifier, {
    partition: "shim",
    authorities: config["use-client-ca-list"] === undefined
      ? undefined
      : namesOf(config["use-client-ca-list"]).map((name) => Uint8Array.fromHex(name)),
    verify: () => {
      const custom = config["use-custom-verify-callback"];
      if (config["verify-fail"] && (custom || asksForCertificate(config))) {
        return refuse(custom ? undefined : "handshake_failure", "the chain is refused");
      }
      const staple = callback && (config["fail-ocsp-callback"] || config["decline-ocsp-callback"]);
      return staple ? refuse("bad_certificate_status_response", "the staple is refused") : Effect.void;
    },
  });
};
