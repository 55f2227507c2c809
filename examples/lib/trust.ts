/** Whom the example programs trust. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import { CertificateVerifier, RevocationSource } from "../../mod.ts";
import { type Given, list, oneOf, UsageError } from "./flags.ts";
import { FileError, inFile, read, readBytes } from "./layers.ts";

/** The trust of `--ca`, `--pin` or `--insecure`; the system's roots without these flags. Throws UsageError. */
export const verifier = (given: Given) => {
  const { flags, repeated: { pin: pins = [] } } = given;
  const { ca, insecure } = flags;
  needsRoots(given, "ca");
  if (insecure !== undefined && (ca !== undefined || pins.length > 0)) {
    throw new UsageError(`--${ca === undefined ? "pin" : "ca"} and --insecure cannot be combined`);
  }
  if (insecure !== undefined) return CertificateVerifier.layerInsecure;
  const wrong = pins.find((pin) => !PIN.test(pin));
  if (wrong !== undefined) {
    throw new UsageError(`--pin: ${JSON.stringify(wrong)} is no SHA-256 in base64 or hexadecimal`);
  }
  if (pins.length > 0) {
    const pinned = CertificateVerifier.layerPinned(pins);
    return ca === undefined ? pinned : CertificateVerifier.layerBoth(roots(ca, given), pinned);
  }
  return ca === undefined ? CertificateVerifier.layerSystem : roots(ca, given);
};

/** The trust of `--client-ca`: the roots of client certificates. Without it no client certificate is trusted. */
export const clientVerifier = (given: Given) => {
  const ca = given.flags["client-ca"];
  needsRoots(given, "client-ca");
  return ca === undefined ? CertificateVerifier.layerNone : roots(ca, given);
};

const PIN = /^(sha256\/{1,2})?([0-9a-f]{2}(:?[0-9a-f]{2}){31}|[a-z0-9+/]{43}=?)$/i;

/** What is asked of certificates below roots. */
const demands = [
  "common-name",
  "crl",
  "crl-check",
  "profile",
  "require-policies",
  "ct-logs",
  "allow",
] as const;

/** Throws UsageError for a demand without the roots that it is about, which would have no effect. */
const needsRoots = ({ flags }: Given, roots: string): void => {
  const flag = demands.find((one) => flags[one] !== undefined);
  if (flag && flags[roots] === undefined) throw new UsageError(`--${flag} needs --${roots} FILE`);
  if (flags["crl-check"] !== undefined && flags["crl"] === undefined) {
    throw new UsageError("--crl-check needs --crl FILE");
  }
};

/** What the flags say of certificates. A device that needs `--policy legacy` has certificates of the same age. Throws UsageError. */
const optionsOf = ({ flags }: Given): CertificateVerifier.TrustOptions => {
  const policies = list(flags["require-policies"] ?? "");
  const wrong = policies.find((one) => !/^[0-2](\.\d+)+$/.test(one));
  if (wrong !== undefined) {
    throw new UsageError(`--require-policies: ${JSON.stringify(wrong)} is no object identifier`);
  }
  const check = flags["crl-check"];
  return {
    ...(check === undefined
      ? {}
      : { crlCheck: oneOf("crl-check", { leaf: "leaf", chain: "chain" } as const, check) }),
    ...(flags["policy"] === "legacy" ? { minimumRsaBits: 1024, sha1: true } : {}),
    ...(policies.length > 0 ? { initialPolicies: policies, requireExplicitPolicy: true } : {}),
    profile: oneOf(
      "profile",
      { rfc5280: "rfc5280", webpki: "webpki" } as const,
      flags["profile"] ?? "rfc5280",
    ),
    ...(flags["common-name"] === undefined ? {} : { commonName: true }),
    ...Object.fromEntries(list(flags["allow"] ?? "").map(allowed)),
  };
};

const allowed = (item: string): readonly [name: string, value: number | boolean] => {
  const [name = "", bits] = item.split("=");
  if (bits === undefined && ["sha1", "commonName", "caAsLeaf"].includes(name)) return [name, true];
  if (name === "minimumRsaBits" && /^\d+$/.test(bits ?? "")) return [name, Number(bits)];
  throw new UsageError(
    `--allow: ${JSON.stringify(item)}; give sha1, commonName, caAsLeaf or minimumRsaBits=N`,
  );
};

/** The logs of `--ct-logs`; none without it. */
const logsOf = ({ flags }: Given) => {
  const file = flags["ct-logs"];
  if (file === undefined) return Effect.succeed({});
  return Effect.flatMap(read(file), (json) =>
    Effect.mapBoth(CertificateVerifier.logsFromJson(json), {
      onFailure: (e) => new FileError(`${file}: ${e.message}`),
      onSuccess: (ctLogs) => ({ ctLogs }),
    }));
};

const roots = (file: string, given: Given) => {
  const options = optionsOf(given);
  const { crl = [] } = given.repeated;
  const trust = Layer.unwrapEffect(
    Effect.zipWith(
      readBytes(file),
      logsOf(given),
      (pem, logs) => inFile(file, CertificateVerifier.layerRoots(pem, { ...options, ...logs })),
    ),
  );
  const crls = Layer.mapError(RevocationSource.layerFiles(crl), (e) => new FileError(e.message));
  return crl.length === 0 ? trust : Layer.provide(trust, crls);
};
