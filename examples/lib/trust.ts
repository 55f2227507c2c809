/** Whom the example programs trust. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import { CertificateVerifier, RevocationSource } from "../../mod.ts";
import { type Given, list, oneOf, UsageError } from "./flags.ts";
import { FileError, inFile, read } from "./layers.ts";

/** The trust of `--ca`, `--pin` or `--insecure`; the system's roots without these flags. Throws UsageError. */
export const verifier = (given: Given) => {
  const { flags, repeated: { pin: pins = [] } } = given;
  const { ca, insecure } = flags;
  needsRoots(given, "ca");
  if (insecure !== undefined && (ca !== undefined || pins.length > 0)) {
    throw new UsageError(`--${ca === undefined ? "pin" : "ca"} and --insecure cannot be combined`);
  }
  if (insecure !== undefined) return CertificateVerifier.layerInsecure;
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

/** Throws UsageError for CRLs without the roots that their issuers are below. */
const needsRoots = ({ flags, repeated: { crl = [] } }: Given, roots: string): void => {
  const flag = crl.length > 0 ? "crl" : flags["crl-check"] === undefined ? undefined : "crl-check";
  if (flag && flags[roots] === undefined) throw new UsageError(`--${flag} needs --${roots} FILE`);
  if (flag === "crl-check") throw new UsageError("--crl-check needs --crl FILE");
};

/** What `--allow` lets pass. A device that needs `--policy legacy` has certificates of the same age. Throws UsageError. */
const optionsOf = (given: Given): CertificateVerifier.TrustOptions => ({
  ...(given.flags["crl-check"] === undefined
    ? {}
    : { crlCheck: oneOf("crl-check", { leaf: "leaf", chain: "chain" } as const, given.flags["crl-check"]) }),
  ...(given.flags["policy"] === "legacy" ? { minimumRsaBits: 1024, sha1: true } : {}),
  ...Object.fromEntries(list(given.flags["allow"] ?? "").map(allowed)),
});

const allowed = (item: string): readonly [name: string, value: number | boolean] => {
  const [name = "", bits] = item.split("=");
  if (bits === undefined && ["sha1", "commonName", "caAsLeaf"].includes(name)) return [name, true];
  if (name === "minimumRsaBits" && /^\d+$/.test(bits ?? "")) return [name, Number(bits)];
  throw new UsageError(
    `--allow: ${JSON.stringify(item)}; give sha1, commonName, caAsLeaf or minimumRsaBits=N`,
  );
};

const roots = (file: string, given: Given) => {
  const options = optionsOf(given);
  const { crl = [] } = given.repeated;
  const trust = Layer.unwrapEffect(
    Effect.map(read(file), (pem) => inFile(file, CertificateVerifier.layerRoots(pem, options))),
  );
  const crls = Layer.mapError(RevocationSource.layerFiles(crl), (e) => new FileError(e.message));
  return crl.length === 0 ? trust : Layer.provide(trust, crls);
};
