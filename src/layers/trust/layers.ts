/** Layers that decide whether a peer is trusted. @module */
import { Context, Effect, Either, Layer } from "../../deps.ts";
import { CertificateError, InvalidPin } from "../../faults/errors/trust.ts";
import {
  CertificateVerifier,
  type CertificateVerifierService,
  type Verdict,
  type Verification,
} from "../../ports/trust.ts";
import { toHex } from "../../wire/bytes.ts";
import { type LeafKey, readLeaf } from "../../x509/certificate/leaf.ts";
import { base64 } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";

/**
 * Trust by a function of your own. `partition` identifies its settings, in a text of any length. Sessions made under
 * one partition are not resumed under another, so if the settings change, give another partition.
 */
export const layer = (
  partition: string,
  verify: CertificateVerifierService["verify"],
): Layer.Layer<CertificateVerifier> => Layer.succeed(CertificateVerifier, { partition, verify });

/** Trusts every peer. The connection is encrypted, but the peer could be anybody. */
export const layerInsecure: Layer.Layer<CertificateVerifier> = layer("insecure", () => Effect.void);

/** Trusts no peer: for a server that does not ask for client certificates. */
export const layerNone: Layer.Layer<CertificateVerifier> = layer(
  "none",
  (what) => refuse(what, "unknown_ca", "no certificate is trusted here", "RFC 5246 §7.4.6"),
);

/**
 * Trusts servers and clients by the key of their certificate alone, whatever else the certificate says. A pin is the
 * SHA-256 of the leaf's SubjectPublicKeyInfo (RFC 7469 §2.4), in base64 or hexadecimal, with or without `sha256/` in front:
 * `openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`.
 * To check roots as well, use `layerBoth`. Fails with InvalidPin for a text that is no such hash.
 */
export const layerPinned = (
  spkiSha256: ReadonlyArray<string>,
): Layer.Layer<CertificateVerifier, InvalidPin> =>
  Layer.effect(
    CertificateVerifier,
    Effect.map(Effect.forEach(spkiSha256, readPin), (pins) => ({
      partition: partitionOf("pinned", ...pins.toSorted()),
      verify: (what) => {
        const leaf = leafOf(what);
        const [pin, ...others] = leaf?.spkis.map((spki) => toHex(sha256(spki))) ?? [];
        return pin !== undefined && [pin, ...others].some((one) => pins.includes(one))
          ? Effect.void
          : refuse(what, "not_pinned", `its key ${pin ?? ""} is not among those pinned`, "RFC 7469 §2.6");
      },
    })),
  );

/** Trusts only peers that both layers trust. They are asked one after the other. */
export const layerBoth = <E1, R1, E2, R2>(
  first: Layer.Layer<CertificateVerifier, E1, R1>,
  second: Layer.Layer<CertificateVerifier, E2, R2>,
): Layer.Layer<CertificateVerifier, E1 | E2, R1 | R2> =>
  combined("both", first, second, (one, other) => ({
    authorities: one.authorities ?? other.authorities,
    verify: (what) => Effect.zipWith(one.verify(what), other.verify(what), bothSay),
  }));

/**
 * Trusts peers that at least one of the two layers trusts: the usual roots, for example, and one of your own. The second is
 * asked only about peers that the first refuses. If it refuses them as well, its reason counts, unless it knows none of
 * their authorities.
 */
export const layerEither = <E1, R1, E2, R2>(
  first: Layer.Layer<CertificateVerifier, E1, R1>,
  second: Layer.Layer<CertificateVerifier, E2, R2>,
): Layer.Layer<CertificateVerifier, E1 | E2, R1 | R2> =>
  combined("either", first, second, (one, other) => ({
    // Without a list of both, a client may send any certificate.
    authorities: one.authorities && other.authorities && [...one.authorities, ...other.authorities],
    verify: (what) =>
      Effect.catchAll(
        one.verify(what),
        (why) => Effect.mapError(other.verify(what), (again) => again.reason === "unknown_ca" ? why : again),
      ),
  }));

/** A verifier made of two. */
const combined = <E1, R1, E2, R2>(
  how: "both" | "either",
  first: Layer.Layer<CertificateVerifier, E1, R1>,
  second: Layer.Layer<CertificateVerifier, E2, R2>,
  of: (one: Verifier, other: Verifier) => Omit<Verifier, "partition">,
): Layer.Layer<CertificateVerifier, E1 | E2, R1 | R2> =>
  Layer.scoped(
    CertificateVerifier,
    Effect.zipWith(Layer.build(first), Layer.build(second), (a, b) => {
      const [one, other] = [Context.get(a, CertificateVerifier), Context.get(b, CertificateVerifier)];
      return {
        ...of(one, other),
        // Either may change, with the CRLs that it goes by.
        get partition() {
          return partitionOf(how, one.partition, other.partition);
        },
      };
    }),
  );

type Verifier = Context.Tag.Service<typeof CertificateVerifier>;

/** The first verdict that tells something, which holds as long as both do. */
const bothSay = (a: Verdict | void, b: Verdict | void): Verdict | void =>
  a && b ? { ...a, until: Math.min(...[a.until, b.until].filter((until) => !Number.isNaN(until))) } : a ?? b;

const readPin = (pin: string): Either.Either<string, InvalidPin> => {
  if (typeof pin !== "string") return Either.left(new InvalidPin({ pin: String(pin) }));
  const bare = pin.replace(/^sha256\/{1,2}/, "").replaceAll(":", "");
  const hex = /^[0-9a-f]{64}$/i.test(bare) ? bare.toLowerCase() : toHex(base64(bare) ?? new Uint8Array());
  return hex.length === 64 ? Either.right(hex) : Either.left(new InvalidPin({ pin }));
};

const leafOf = ({ chain: [der] }: Verification): LeafKey | undefined =>
  der && Either.getOrUndefined(readLeaf(der));

const refuse = (
  what: Verification,
  reason: "unknown_ca" | "not_pinned",
  detail: string,
  rfc: string,
): Effect.Effect<never, CertificateError> =>
  Effect.fail(
    new CertificateError({ reason, index: 0, subject: leafOf(what)?.subject ?? "", detail, rfc }),
  );
