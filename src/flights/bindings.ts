/** Exported keys and channel bindings, which tie a protocol above TLS to a connection. @module */
import { Effect, Either } from "../deps.ts";
import { BindingUnavailable, type ChannelBindingType } from "../faults/errors/bindings.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { shown } from "../options.ts";
import type { CryptoService, HashName } from "../ports/crypto.ts";
import type { Policy } from "../tables/policy.ts";
import { type Bytes, EMPTY, isBytes } from "../wire/bytes.ts";
import { parseCertificate } from "../x509/certificate/certificate.ts";
import type { Established } from "./agreed/established.ts";

type Bound = Effect.Effect<Bytes, BindingUnavailable>;

const unavailable = (what: BindingUnavailable["what"], reason: string, rfc: string) =>
  Effect.fail(new BindingUnavailable({ what, reason, rfc }));

/** The labels that the protocol itself uses; no keys are exported under them (RFC 5705 §4, RFC 7627 §4). */
const reserved: ReadonlySet<string> = new Set([
  "client finished",
  "server finished",
  "master secret",
  "extended master secret",
  "key expansion",
]);

/**
 * Whether no other connection can have this master secret. Without RFC 7627, an attacker in the middle can make two
 * connections share one (the triple handshake).
 */
const isUnique = ({ negotiated }: Established, policy: Policy): boolean =>
  negotiated.extendedMasterSecret || policy.bindWithoutExtendedMasterSecret;

/** Exports `length` bytes of keys (RFC 5705 §4). Up to TLS 1.2 no context and an empty one give different keys. */
export const exportKeyingMaterial = (
  finished: Established,
  policy: Policy,
  label: string,
  length: number,
  context?: Bytes,
): Bound => {
  const what = "exportKeyingMaterial";
  const { exporter } = finished;
  if (!exporter) return unavailable(what, "SSL 3.0 has none", "RFC 5705 §4");
  const wrong = wrongArgument(finished, label, length, context);
  const rfc = finished.era === "tls13" ? "RFC 8446 §7.5" : "RFC 5705 §4";
  if (wrong !== undefined) return unavailable(what, wrong, rfc);
  if (!isUnique(finished, policy)) {
    return unavailable(what, "the master secret is not bound to this connection", "RFC 7627 §5.4");
  }
  return Effect.sync(() => exporter(label, context, length));
};

/** Exports keys that go with early data (RFC 8446 §7.5). */
export const exportEarlyKeyingMaterial = (
  finished: Established,
  label: string,
  length: number,
  context?: Bytes,
): Bound => {
  const what = "exportEarlyKeyingMaterial";
  const exporter = finished.era === "tls13" ? finished.earlyExporter : undefined;
  if (!exporter) return unavailable(what, "no early data was accepted", "RFC 8446 §7.5");
  const wrong = wrongArgument(finished, label, length, context);
  return wrong === undefined
    ? Effect.sync(() => exporter(label, context, length))
    : unavailable(what, wrong, "RFC 8446 §7.5");
};

/** What is wrong with an argument; `undefined` if nothing is. */
const wrongArgument = (
  finished: Established,
  label: string,
  length: number,
  context: Bytes | undefined,
): string | undefined => {
  const most = finished.era === "tls13"
    ? { label: MAX_LABEL_13, length: MAX_BLOCKS_13 * finished.hash.length }
    : { label: Infinity, length: MAX_EXPORT };
  return reserved.has(label)
    ? `"${label}" is the protocol's own label`
    : typeof label !== "string" || !/^[\x20-\x7e]*$/.test(label)
    ? "a label is ASCII text"
    : label.length > most.label
    ? `a label has at most ${most.label} characters`
    : !Number.isInteger(length) || length < 1 || length > most.length
    ? `${length} is no length from 1 to ${most.length}`
    : context !== undefined && !isBytes(context)
    ? "a context is a Uint8Array"
    : context && context.length >= 2 ** 16
    ? "a context has less than 2^16 bytes"
    : undefined;
};

/** The longest label in TLS 1.3, which puts six characters before it (RFC 8446 §7.1). */
const MAX_LABEL_13 = 249;
/** The most hashes' lengths that HKDF gives (RFC 5869 §2.3). */
const MAX_BLOCKS_13 = 255;

/** The most bytes that are exported at a time, which bounds the work. */
const MAX_EXPORT = 2 ** 16;

/** The channel binding of a connection. */
export const channelBinding = (finished: Established, policy: Policy, type: ChannelBindingType): Bound => {
  switch (type) {
    case "tls-unique": {
      if (finished.era === "tls13") return unavailable(type, "TLS 1.3 has none", "RFC 8446 §C.5");
      if (!finished.exporter) return unavailable(type, "SSL 3.0 has none", "RFC 5929 §3");
      // A full handshake's Finished covers a transcript of its own. Two that resume one session may have the same.
      if (finished.negotiated.resumed && !isUnique(finished, policy)) {
        return unavailable(type, "another connection may have the same Finished", "RFC 7627 §5.4");
      }
      // The first Finished of the last handshake, which is the server's if it resumed a session (RFC 5929 §3.1).
      return Effect.succeed(finished.verifyData[finished.negotiated.resumed ? "server" : "client"].slice());
    }
    case "tls-server-end-point": {
      const hash = finished.serverEndPoint;
      return hash.length > 0
        ? Effect.succeed(hash.slice())
        : unavailable(type, "the server's certificate has none, or there is no certificate", "RFC 5929 §4.1");
    }
    case "tls-exporter":
      return exportKeyingMaterial(finished, policy, "EXPORTER-Channel-Binding", 32, EMPTY).pipe(
        Effect.mapError(({ reason }) => new BindingUnavailable({ what: type, reason, rfc: "RFC 9266 §4.2" })),
        // After a renegotiation there would be another one, and its reader might not know.
        Effect.filterOrElse(
          () => finished.era === "tls13" || (!finished.renegotiated && policy.renegotiation !== "allow"),
          () => unavailable(type, "undefined where renegotiation is enabled", "RFC 9266 §4.2"),
        ),
      );
    default:
      // A program in JavaScript may give any value.
      return unavailable(
        "channelBinding",
        `${shown(type)} is none of tls-unique, tls-server-end-point and tls-exporter`,
        "RFC 5929 §7",
      );
  }
};

const S = SignatureScheme;

/** The hash for a certificate: that of its signature, or SHA-256 if that one is weak (RFC 5929 §4.1). */
const endPointHashes: ReadonlyMap<SignatureScheme, HashName> = new Map<SignatureScheme, HashName>([
  [S.rsa_pkcs1_md5, "sha256"],
  [S.rsa_pkcs1_sha1, "sha256"],
  [S.rsa_pkcs1_sha224, "sha224"],
  [S.rsa_pkcs1_sha256, "sha256"],
  [S.rsa_pkcs1_sha384, "sha384"],
  [S.rsa_pkcs1_sha512, "sha512"],
  [S.ecdsa_sha1, "sha256"],
  [S.ecdsa_sha224, "sha224"],
  [S.ecdsa_secp256r1_sha256, "sha256"],
  [S.ecdsa_secp384r1_sha384, "sha384"],
  [S.ecdsa_secp521r1_sha512, "sha512"],
  [S.rsa_pss_rsae_sha256, "sha256"],
  [S.rsa_pss_rsae_sha384, "sha384"],
  [S.rsa_pss_rsae_sha512, "sha512"],
]);

/** The channel binding `tls-server-end-point` of a server's leaf; empty if the leaf has none. */
export const serverEndPoint = (leaf: Bytes | undefined, crypto: CryptoService): Bytes => {
  if (leaf === undefined) return EMPTY;
  const scheme = Either.getOrUndefined(parseCertificate(leaf))?.signatureAlgorithm.scheme;
  const hash = scheme === undefined ? undefined : endPointHashes.get(scheme);
  return hash === undefined ? EMPTY : crypto.hash(hash).digest([leaf]);
};
