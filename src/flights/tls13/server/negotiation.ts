/** What a server of TLS 1.3 makes of a ClientHello: pure functions to a value, or to the reason of a refusal. @module */
import { Either } from "../../../deps.ts";
import { IllegalParameter, type Refused } from "../../../faults/errors/connection.ts";
import { type ClientHello, type ClientHelloExtension, findExtension } from "../../../messages/mod.ts";
import { isKem } from "../../../crypto/kem.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { CompressionMethod, PskKeyExchangeMode } from "../../../names/protocol.ts";
import type { SignatureScheme } from "../../../names/signature_scheme.ts";
import type { Credential } from "../../../ports/credentials.ts";
import type { HashName } from "../../../ports/crypto.ts";
import type { FragmentLimits } from "../../../record/records.ts";
import type { Policy } from "../../../tables/policy.ts";
import { type Suite13, suites13 } from "../../../tables/suites13.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { agreedFragments } from "../../base/fragments.ts";
import type { Negotiating } from "../../base/negotiating.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import { applicationProtocol, type Checked, hostName, refused } from "../../hellos/wish.ts";
import { wrongLength } from "../../hellos/key_share.ts";
import { type Chosen13, firstOf } from "../authentication.ts";

/** The pre-shared keys that a client offers. */
export type OfferedKeys = Extract<ClientHelloExtension, { readonly _tag: "pre_shared_key" }>;

const illegal = (field: string, reason: string, rfc: string) =>
  Either.left(new IllegalParameter({ subject: "ClientHello", field, reason, rfc }));
const missing = (name: string) => refused("missing_extension", `the ClientHello has no ${name}`);

/** What a ClientHello asks for, before keys and credentials are chosen. */
export interface Wish13 {
  readonly hello: ClientHello;
  /** The extensions that have a meaning in TLS 1.3. */
  readonly extensions: ReadonlyArray<ClientHelloExtension>;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  /** The suites that both ends have, in our order, the best first; there is at least one. */
  readonly suites: ReadonlyArray<Suite13>;
  /** The groups that both ends have, in our order, the best first. */
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly shares: ReadonlyArray<{ readonly group: NamedGroup; readonly keyExchange: Bytes }>;
  readonly schemes: ReadonlyArray<SignatureScheme>;
  /** The schemes that the client can verify in certificates. */
  readonly certificateSchemes: ReadonlyArray<SignatureScheme> | undefined;
  /** The certificate authorities that the client names; empty for any. */
  readonly authorities: ReadonlyArray<Bytes>;
  /** How a pre-shared key may be used, by both ends. */
  readonly modes: ReadonlyArray<PskKeyExchangeMode>;
  readonly psks: OfferedKeys | undefined;
  readonly earlyData: boolean;
  /** The most content in bytes of the records of each direction; `undefined` if the client does not ask (RFC 8449). */
  readonly fragments: FragmentLimits | undefined;
}

/** Reads what a ClientHello asks for. */
export const wish13Of = (settings: ServerSettings, hello: ClientHello): Checked<Wish13> =>
  Either.gen(() => reading(settings, hello));

function* reading(
  { policy, alpn }: ServerSettings,
  hello: ClientHello,
): Negotiating<Wish13, IllegalParameter | Refused> {
  const all = hello.extensions ?? [];
  const extensions = all.filter(({ _tag }) => tls13.honours.client(_tag));
  const { compressionMethods: [compression, ...others] } = hello;
  if (compression !== CompressionMethod.null || others.length > 0) {
    return yield* illegal("compressionMethods", "is not null alone", "RFC 8446 §4.1.2");
  }
  const psks = findExtension(extensions, "pre_shared_key");
  const modes = findExtension(extensions, "psk_key_exchange_modes")?.keModes;
  if (psks) yield* wellOffered(all, psks, modes);
  // Without a key it is early data that nobody can read, which is passed over as any other that is refused.
  const earlyData = findExtension(extensions, "early_data") !== undefined;
  const suites = policy.cipherSuites.flatMap((id) => {
    const suite = suites13.get(id);
    return suite && hello.cipherSuites.includes(id) ? [suite] : [];
  });
  if (suites.length === 0) {
    return yield* refused("no_common_cipher_suite", "no suite of TLS 1.3 that both ends allow");
  }
  const limit = findExtension(extensions, "record_size_limit")?.recordSizeLimit;
  const { groups, shares } = yield* offeredShares(extensions, psks);
  const schemes = findExtension(extensions, "signature_algorithms")?.supportedSignatureAlgorithms;
  if (!schemes && !psks) return yield* missing("signature_algorithms");
  return {
    hello,
    extensions,
    serverName: yield* hostName(extensions, undefined),
    alpn: yield* applicationProtocol(alpn, extensions),
    suites,
    groups: policy.groups.filter((group) => groups.includes(group)),
    shares,
    schemes: policy.signatureSchemes.filter((scheme) => schemes?.includes(scheme)),
    certificateSchemes:
      findExtension(extensions, "signature_algorithms_cert")?.supportedSignatureAlgorithms ?? schemes,
    authorities: findExtension(extensions, "certificate_authorities")?.authorities ?? [],
    modes: policy.pskKeyExchangeModes.filter((mode) => modes?.includes(mode)),
    psks,
    earlyData,
    fragments: limit === undefined
      ? undefined
      : yield* agreedFragments(policy, "tls13", limit, "ClientHello"),
  };
}

/** Checks the form of pre_shared_key (RFC 8446 §4.2.9, §4.2.11). */
const wellOffered = (
  all: ReadonlyArray<ClientHelloExtension>,
  psks: OfferedKeys,
  modes: ReadonlyArray<PskKeyExchangeMode> | undefined,
): Checked<void> => {
  const bad = (reason: string) => illegal("extensions.pre_shared_key", reason, "RFC 8446 §4.2.11");
  if (all.at(-1) !== psks) return bad("is not the last extension");
  if (!modes) return missing("psk_key_exchange_modes");
  if (psks.identities.length !== psks.binders.length) return bad("has not one binder for each identity");
  return Either.void;
};

/** The client's groups and shares, each of a group that it supports, and at most one for each (RFC 8446 §4.2.8). */
function* offeredShares(
  extensions: ReadonlyArray<ClientHelloExtension>,
  psks: OfferedKeys | undefined,
): Negotiating<Pick<Wish13, "groups" | "shares">, IllegalParameter | Refused> {
  const groups = findExtension(extensions, "supported_groups")?.namedGroupList;
  const shares = findExtension(extensions, "key_share")?.clientShares;
  // One without the other is never right; both may be missing where a key is used alone (RFC 8446 §9.2).
  if (!groups && (shares || !psks)) return yield* missing("supported_groups");
  if (!shares && (groups || !psks)) return yield* missing("key_share");
  const seen = new Set<NamedGroup>();
  for (const { group } of shares ?? []) {
    const reason = !groups?.includes(group)
      ? "is not among supported_groups"
      : seen.has(group)
      ? "has two shares"
      : undefined;
    if (reason !== undefined) {
      const detail = `${NamedGroup.nameOf(group)} ${reason}`;
      return yield* illegal("extensions.key_share", detail, "RFC 8446 §4.2.8");
    }
    seen.add(group);
  }
  return { groups: groups ?? [], shares: shares ?? [] };
}

/** How the secret is agreed on: with a share of the client's, after it is asked for one, or by a pre-shared key alone. */
export type Exchange13 =
  | { readonly _tag: "share"; readonly group: NamedGroup; readonly theirs: Bytes }
  | { readonly _tag: "retry"; readonly group: NamedGroup }
  | { readonly _tag: "psk" };

/**
 * Chooses the key exchange. A share that has come saves a round trip, so its group goes before a better one; but not before one
 * with a KEM, if that is better: whoever asks for protection from quantum computers does not lose it to a guess of the client's.
 */
export const chooseExchange = ({ groups, modes, shares }: Wish13, withPsk: boolean): Checked<Exchange13> => {
  const ephemeral = !withPsk || modes.includes(PskKeyExchangeMode.psk_dhe_ke);
  const shared = (group: NamedGroup) => shares.find((s) => s.group === group);
  const end = groups.findIndex((group) => isKem(group) && !shared(group));
  for (const group of ephemeral ? groups.slice(0, end < 0 ? undefined : end) : []) {
    const share = shared(group);
    if (!share) continue;
    const reason = wrongLength(group, share.keyExchange);
    if (reason === undefined) return Either.right({ _tag: "share", group, theirs: share.keyExchange });
    const detail = `${NamedGroup.nameOf(group)}: ${reason}`;
    return illegal("extensions.key_share", detail, "RFC 8446 §4.2.8.1");
  }
  if (withPsk && modes.includes(PskKeyExchangeMode.psk_ke)) return Either.right({ _tag: "psk" });
  const best = groups[Math.max(end, 0)];
  return best === undefined
    ? refused("no_common_key_exchange", "the client's groups are none of ours")
    : Either.right({ _tag: "retry", group: best });
};

/** The suite for a pre-shared key of a hash; `undefined` if both ends have none. */
export const suiteFor = ({ suites }: Wish13, hash: HashName): Suite13 | undefined =>
  suites.find((suite) => suite.hash === hash);

/** The credential to show, and the scheme to sign with: the first that the client can verify. */
export const chooseCredential = (
  { psks, schemes }: Wish13,
  candidates: ReadonlyArray<Credential>,
): Checked<Chosen13> => {
  const chosen = firstOf(candidates, schemes);
  if (chosen) return Either.right(chosen);
  return candidates.length === 0
    ? refused(
      "no_credential",
      psks
        ? "none of the client's pre-shared keys can be used, and there is no certificate to show"
        : "there is no certificate to show",
    )
    : refused("no_common_signature_scheme", "the client can verify no signature of our keys");
};

/** Whether a policy lets a server keep sessions for a client of TLS 1.3: it must be able to use them. */
export const givesTickets = ({ modes }: Wish13, { limits }: Policy): boolean =>
  modes.length > 0 && limits.sessionLifetime >= 1000;
