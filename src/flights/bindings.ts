/** What ties something above TLS to a connection: exported keys and channel bindings. @module */
import { Effect, Either } from "../deps.ts";
import { BindingUnavailable, type ChannelBindingType } from "../faults/errors/bindings.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { shown } from "../options.ts";
import type { CryptoService, HashName } from "../ports/crypto.ts";
import type { Policy } from "../tables/policy.ts";
import { type Bytes, concat, EMPTY, isBytes } from "../wire/bytes.ts";
import { parseCertificate } from "../x509/certificate/certificate.ts";
import type { Established } from "./agreed/established.ts";

type Bound = Effect.Effect<Bytes, BindingUnavailable>;

const unavailable = (what: BindingUnavailable["what"], reason: string, rfc: string) =>
  Effect.fail(new BindingUnavailable({ what, reason, rfc }));

/** The protocol's own labels, under which nothing is exported (RFC 5705 §4, RFC 7627 §4). */
const reserved: ReadonlySet<string> = new Set([
  "client finished",
  "server finished",
  "master secret",
  "extended master secret",
  "key expansion",
]);

/**
 * Whether the master secret is of this connection alone: without RFC 7627 somebody who stands between can have two
 * connections with one (the triple handshake).
 */
const isUnique = ({ negotiated }: Established, policy: Policy): boolean =>
  negotiated.extendedMasterSecret || policy.bindWithoutExtendedMasterSecret;

/** `length` bytes for a use of their own (RFC 5705 §4); no context is not the same as an empty one. */
export const exportKeyingMaterial = (
  finished: Established,
  policy: Policy,
  label: string,
  length: number,
  context?: Bytes,
): Bound => {
  const what = "exportKeyingMaterial";
  const { derivation: { exporter }, masterSecret, negotiated } = finished;
  if (!exporter) return unavailable(what, "SSL 3.0 has none", "RFC 5705 §4");
  if (reserved.has(label)) return unavailable(what, `"${label}" is the protocol's own label`, "RFC 5705 §4");
  if (typeof label !== "string" || !/^[\x20-\x7e]*$/.test(label)) {
    return unavailable(what, "a label is ASCII text", "RFC 5705 §4");
  }
  if (!Number.isInteger(length) || length < 1 || length > MAX_EXPORT) {
    return unavailable(what, `${length} is no length from 1 to ${MAX_EXPORT}`, "RFC 5705 §4");
  }
  if (context !== undefined && !isBytes(context)) {
    return unavailable(what, "a context is a Uint8Array", "RFC 5705 §4");
  }
  if (context && context.length >= 2 ** 16) {
    return unavailable(what, "a context has less than 2^16 bytes", "RFC 5705 §4");
  }
  if (!isUnique(finished, policy)) {
    return unavailable(what, "the master secret is not bound to this connection", "RFC 7627 §5.4");
  }
  const { clientRandom, serverRandom } = negotiated;
  const seed = [clientRandom, serverRandom];
  if (context) seed.push(Uint8Array.of(context.length >> 8, context.length), context);
  return Effect.sync(() => exporter(masterSecret, label, concat(...seed), length));
};

/** More than anybody wants at a time; it bounds the work. */
const MAX_EXPORT = 2 ** 16;

/** What binds an authentication above to this connection. */
export const channelBinding = (finished: Established, policy: Policy, type: ChannelBindingType): Bound => {
  switch (type) {
    case "tls-unique": {
      if (!finished.derivation.exporter) return unavailable(type, "SSL 3.0 has none", "RFC 5929 §3");
      // A full handshake's Finished is of its own transcript; two that resume one session may have the same.
      if (finished.negotiated.resumed && !isUnique(finished, policy)) {
        return unavailable(type, "another connection may have the same Finished", "RFC 7627 §5.4");
      }
      // The first Finished of the last handshake: the server's, when resumed (RFC 5929 §3.1).
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
        // Who has read it might not know that there is another by now.
        Effect.filterOrElse(
          () => !finished.renegotiated && policy.renegotiation !== "allow",
          () => unavailable(type, "undefined where renegotiation is enabled", "RFC 9266 §4.2"),
        ),
      );
    default:
      // JavaScript knows no types.
      return unavailable(
        "channelBinding",
        `${shown(type)} is none of tls-unique, tls-server-end-point and tls-exporter`,
        "RFC 5929 §7",
      );
  }
};

const S = SignatureScheme;

/** By what a certificate is hashed: by the hash of its signature, or by SHA-256 where that is weak (RFC 5929 §4.1). */
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

/** `tls-server-end-point` of a server's leaf; no bytes where it is undefined. */
export const serverEndPoint = (leaf: Bytes | undefined, crypto: CryptoService): Bytes => {
  if (leaf === undefined) return EMPTY;
  const scheme = Either.getOrUndefined(parseCertificate(leaf))?.signatureAlgorithm.scheme;
  const hash = scheme === undefined ? undefined : endPointHashes.get(scheme);
  return hash === undefined ? EMPTY : crypto.hash(hash).digest([leaf]);
};
