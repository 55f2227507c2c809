/** Stapled OCSP responses, each right or wrong in one way, with the verdict that each must have. @module */
import type { CertificateReason } from "../../src/faults/errors/trust.ts";
import type { TrustOptions, Verification } from "../../src/ports/trust.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { type Issued, type IssueOptions, makeCa } from "../support/ca.ts";
import {
  makeStaple,
  refusedStaple,
  responderOf,
  singleResponse,
  type StapleOptions,
  tlsFeature,
} from "../support/ocsp.ts";
import { strangeCurve, unknownExtension } from "./chains/base.ts";

/** A leaf, who issued it, and what was stapled to it. */
export interface Stapled {
  readonly root: Issued;
  readonly issuer: Issued;
  readonly leaf: Issued;
  readonly staple: Bytes | undefined;
  readonly strength?: TrustOptions;
  readonly purpose?: Verification["purpose"];
  /** Whose hashes it has, which OpenSSL must be told. */
  readonly hash?: string;
  /** What OpenSSL says of it where that is not ours, and why. */
  readonly openssl?: readonly [OpensslVerdict, string];
}

/** What `openssl ocsp` says of a response; `none` where there is nothing that it could be asked about. */
export type OpensslVerdict = "good" | "revoked" | "unknown" | "stale" | "refused" | "none";

type Rows = Readonly<Record<string, () => Stapled>>;
type Rest = Partial<Pick<Stapled, "strength" | "openssl" | "purpose" | "hash">>;

const NOW = Math.floor(Date.now() / 1000);
const MUST = { extensions: [tlsFeature()] };

/** A root, an intermediate and a leaf, and what somebody says of the leaf. */
const stapled = (
  make: (issuer: Issued, leaf: Issued, root: Issued) => Bytes | undefined,
  rest: Rest = {},
  { leaf, issuer = {} }: { readonly leaf?: IssueOptions; readonly issuer?: IssueOptions } = {},
): Stapled => {
  const root = makeCa();
  const middle = root.intermediate(issuer);
  const below = middle.issue(leaf);
  return { root, issuer: middle, leaf: below, staple: make(middle, below, root), ...rest };
};

const says = (options: StapleOptions, rest: Rest = {}) =>
  stapled((issuer, leaf) => makeStaple(issuer, leaf, options), { ...rest, hash: options.hash ?? "sha1" });

/** Signed by a responder that the issuer named, unless it did otherwise. */
const delegated = (options: IssueOptions, rest: Rest = {}, more: StapleOptions = {}) =>
  stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: responderOf(issuer, options), ...more }), rest);

const nocheck = Build.extension("1.3.6.1.5.5.7.48.1.5", Der.nullValue);
const own = "it does not look at this";

/** What leaves the leaf trusted. */
export const good: Rows = {
  "none, and none is demanded": () => stapled(() => undefined, { openssl: ["none", own] }),
  "good, by the issuer": () => says({}),
  "good, by the issuer, by name": () => says({ byName: true }),
  "good, with hashes of SHA-256": () => says({ hash: "sha256" }),
  "good, with hashes of SHA-384": () => says({ hash: "sha384" }),
  "good, where it is demanded": () => stapled((issuer, leaf) => makeStaple(issuer, leaf), {}, { leaf: MUST }),
  "good, where an authority demands it, too": () =>
    stapled((issuer, leaf) => makeStaple(issuer, leaf), {}, { leaf: MUST, issuer: MUST }),
  "good, by a responder that the issuer named": () => delegated({}),
  "good, by such a responder, by name": () => delegated({}, {}, { byName: true }),
  "good, by a responder that has its issuer's name, by name": () =>
    stapled((issuer, leaf) => {
      const by = issuer.issue({
        subjectDer: issuer.subject,
        names: [],
        extendedKeyUsage: [oids.OCSPSigning],
      });
      return makeStaple(issuer, leaf, { by, byName: true });
    }, { openssl: ["refused", "it takes the first that has the name"] }),
  "good, by a responder that need not be checked itself": () => delegated({ extensions: [nocheck] }),
  "good, by a responder that may sign what cannot be denied": () =>
    delegated({ keyUsage: ["nonRepudiation"] }),
  "good, by a responder without keyUsage": () => delegated({ keyUsage: null }),
  "good, by an issuer that is for servers alone, and its responder": () =>
    stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: responderOf(issuer) }), {}, {
      issuer: { extendedKeyUsage: [oids.serverAuth] },
    }),
  "good, by a responder whose certificate comes after others": () =>
    stapled((issuer, leaf, root) => {
      const by = responderOf(issuer);
      return makeStaple(issuer, leaf, { by, certs: [root.der, issuer.der, by.der] });
    }),
  "good, beside responses about others": () =>
    stapled((issuer, leaf) =>
      makeStaple(issuer, leaf, { before: [singleResponse(issuer, issuer.issue(), { status: "revoked" })] })
    ),
  "good, by RSA": () => stapled((issuer, leaf) => makeStaple(issuer, leaf), {}, { issuer: { key: "rsa" } }),
  "good, by RSASSA-PSS": () =>
    stapled((issuer, leaf) => makeStaple(issuer, leaf, { signature: "pss_sha256" }), {}, {
      issuer: { key: "rsa" },
    }),
  "good, by Ed25519": () =>
    stapled((issuer, leaf) => makeStaple(issuer, leaf), {}, { issuer: { key: "ed25519" } }),
  "good, by Ed448": () =>
    stapled((issuer, leaf) => makeStaple(issuer, leaf), {}, { issuer: { key: "ed448" } }),
  "good, by SHA-1, where it is allowed": () =>
    says({ signature: "ecdsa_sha1" }, { strength: { sha1: true } }),
  "good, of a clock that goes a little fast": () => says({ thisUpdate: NOW + 120 }),
  "good until a minute ago": () => says({ nextUpdate: NOW - 60 }),
  "good now, with news at any time": () => says({ thisUpdate: NOW - 60, nextUpdate: null }),
  "good, with extensions that are not known": () =>
    says({ extensions: [unknownExtension(false)], singleExtensions: [unknownExtension(false)] }),
  "good an hour ago, with news at any time, where that is recent": () =>
    says({ thisUpdate: NOW - 3600, nextUpdate: null }, { strength: { ocspWithoutEnd: 7200 } }),
  "good since an hour, where two are recent": () => says({}, { strength: { ocspMaximumAge: 7200 } }),
  "good, after it was held": () =>
    stapled((issuer, leaf) =>
      makeStaple(issuer, leaf, {
        before: [singleResponse(issuer, leaf, { status: "revoked", reason: 6, thisUpdate: NOW - 7200 })],
      }), { openssl: ["revoked", "it takes the first"] }),
  "good, by a responder that is a server, too": () =>
    delegated({ extendedKeyUsage: [oids.serverAuth, oids.OCSPSigning], names: ["ocsp.example"] }),
  ...Object.fromEntries(
    ["malformedRequest", "internalError", "tryLater", "", "sigRequired", "unauthorized"].flatMap((name, i) =>
      name === ""
        ? []
        : [[`${name}, which nobody signs`, () =>
          stapled(() => refusedStaple(i + 1), { openssl: ["refused", "there is none"] })]]
    ),
  ),
  "a TLS feature that is not known and not critical": () =>
    stapled(() => undefined, { openssl: ["none", own] }, { leaf: { extensions: [tlsFeature([23])] } }),
  "none of a client, from which none can come": () =>
    stapled(() => undefined, { openssl: ["none", own], purpose: "clientAuth" }, { leaf: MUST }),
  "good, of a leaf that signed itself and is trusted": () => {
    const leaf = makeCa({ subject: "x", names: ["localhost"], keyUsage: null, extensions: [tlsFeature()] });
    return { root: leaf, issuer: leaf, leaf, staple: makeStaple(leaf, leaf) };
  },
  "anything about a leaf that is itself trusted, below somebody who is not known": () => {
    const issuer = makeCa({ subject: "Unknown" });
    const leaf = issuer.issue(MUST);
    return { root: leaf, issuer, leaf, staple: ascii("?"), openssl: ["refused", "it wants a response"] };
  },
};

/** What does not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  revoked: {
    "by the issuer": () => says({ status: "revoked" }),
    "by the issuer, with a reason": () => says({ status: "revoked", reason: 1 }),
    "by the issuer, that it is held": () => says({ status: "revoked", reason: 6 }),
    "good, and held since": () =>
      stapled((issuer, leaf) =>
        makeStaple(issuer, leaf, {
          thisUpdate: NOW - 7200,
          before: [singleResponse(issuer, leaf, { status: "revoked", reason: 6, thisUpdate: NOW - 3600 })],
        })
      ),
    "by a responder that the issuer named": () => delegated({}, {}, { status: "revoked" }),
    "long ago, and nothing newer": () =>
      says({ status: "revoked", thisUpdate: NOW - 864000, nextUpdate: NOW - 86400 }, {
        openssl: ["stale", "it says both"],
      }),
    "once, and good another time": () =>
      stapled(
        (issuer, leaf) =>
          makeStaple(issuer, leaf, { status: "revoked", before: [singleResponse(issuer, leaf)] }),
        {
          openssl: ["good", "it takes the first"],
        },
      ),
  },
  status_unknown: {
    "by the issuer": () => says({ status: "unknown" }),
  },
  status_stale: {
    "good until an hour ago": () => says({ thisUpdate: NOW - 7200, nextUpdate: NOW - 3600 }),
    "good, and made tomorrow": () =>
      says({ producedAt: NOW + 86400 }, { openssl: ["good", "it does not look at producedAt"] }),
    "good from tomorrow on": () => says({ thisUpdate: NOW + 86400, nextUpdate: NOW + 2 * 86400 }),
    "good from tomorrow on, and made now": () =>
      says({ producedAt: NOW, thisUpdate: NOW + 86400, nextUpdate: NOW + 2 * 86400 }),
    "good an hour ago, with news at any time": () =>
      says({ thisUpdate: NOW - 3600, nextUpdate: null }, {
        openssl: ["good", "it takes it unless -status_age is given"],
      }),
    "good since an hour, where half of one is recent": () =>
      says({}, { strength: { ocspMaximumAge: 1800 }, openssl: ["good", "it was not asked"] }),
    "held, until an hour ago": () =>
      says({ status: "revoked", reason: 6, thisUpdate: NOW - 7200, nextUpdate: NOW - 3600 }),
    "good until before it was": () => says({ thisUpdate: NOW, nextUpdate: NOW - 120 }),
  },
  status_missing: {
    "none": () => stapled(() => undefined, { openssl: ["none", own] }, { leaf: MUST }),
    "none, where the extension is critical": () =>
      stapled(() => undefined, { openssl: ["none", own] }, { leaf: { extensions: [tlsFeature([5], true)] } }),
    "none, where other features are demanded as well": () =>
      stapled(() => undefined, { openssl: ["none", own] }, { leaf: { extensions: [tlsFeature([17, 5])] } }),
    "tryLater": () => stapled(() => refusedStaple(3), {}, { leaf: MUST }),
  },
  status_invalid: {
    "no DER": () => stapled(() => ascii("no response")),
    "good, and then something by a hash function that is not known": () =>
      stapled((issuer, leaf) =>
        makeStaple(issuer, leaf, {
          before: [singleResponse(issuer, leaf, { hash: "md5", status: "revoked" })],
        }), { openssl: ["good", "it passes over what is about nobody it knows"] }),
    "a byte too many": () =>
      stapled((issuer, leaf) => Uint8Array.from([...makeStaple(issuer, leaf), 0]), {
        openssl: ["good", "it passes over what comes after"],
      }),
    "a status that is not used": () => stapled(() => refusedStaple(4)),
    "successful, and nothing else": () => stapled(() => refusedStaple(0)),
    "about another leaf": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { about: issuer.issue() })),
    "about a leaf of another issuer's": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { aboutIssuer: makeCa() })),
    "about an issuer of the same name with another key": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { aboutIssuer: makeCa().intermediate() })),
    "hashed by what is not known": () => says({ hash: "md5" }, { openssl: ["good", "it knows MD5"] }),
    "forged": () => says({ signature: "forged" }),
    "changed from revoked to good": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { status: "unknown", forge: unknownToGood })),
    "by somebody else": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: makeCa({ subject: "Other" }), certs: [] })),
    "by somebody of the issuer's name": () =>
      stapled((issuer, leaf) =>
        makeStaple(issuer, leaf, { by: makeCa().intermediate(), byName: true, certs: [] })
      ),
    "by the leaf": () => stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: leaf })),
    "by the leaf, though it is a responder": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: leaf }), {
        openssl: ["good", "it lets a certificate speak for itself"],
      }, { leaf: { extendedKeyUsage: [oids.serverAuth, oids.OCSPSigning] } }),
    "by a responder that somebody else named": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf, { by: responderOf(makeCa().intermediate()) })),
    "by a responder that the root named, and not the issuer": () =>
      stapled((issuer, leaf, root) => makeStaple(issuer, leaf, { by: responderOf(root) })),
    "by a responder whose certificate the issuer signed in another's name": () =>
      delegated({ issuerDer: Build.distinguishedName({ commonName: "Another" }) }),
    "by a responder whose responder certificate is missing": () => delegated({}, {}, { certs: [] }),
    "by a certificate for any purpose": () => delegated({ extendedKeyUsage: [oids.anyExtendedKeyUsage] }),
    "by a certificate for no purpose named": () => delegated({ extendedKeyUsage: null }),
    "by a responder that may not sign": () =>
      delegated({ keyUsage: ["keyEncipherment"] }, {
        openssl: ["good", "it looks at extendedKeyUsage alone"],
      }),
    "by a responder that has expired": () => delegated({ notAfter: NOW - 86400 }),
    "by a responder that is not valid yet": () => delegated({ notBefore: NOW + 86400 }),
    "by a responder whose certificate is forged": () => delegated({ signature: "forged" }),
    "by a responder with a key that is too short": () =>
      delegated({ key: "rsa1024" }, { openssl: ["good", "its level is for TLS"] }),
    "forged in a responder's name": () => delegated({}, {}, { signature: "forged" }),
  },
  invalid: {
    "over SHA-1": () => says({ signature: "ecdsa_sha1" }, { openssl: ["good", "its level is for TLS"] }),
    "below an authority that demands what the leaf does not": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf), { openssl: ["good", own] }, { issuer: MUST }),
  },
  unsupported: {
    "by an algorithm that nobody has": () => says({ signature: "unheard" }),
    "by a responder whose critical extension is not known": () =>
      delegated({ extensions: [unknownExtension(true)] }),
    "by a responder on a curve that is not known": () => delegated({ key: strangeCurve() }),
    "with a critical extension that is not known": () =>
      says({ extensions: [unknownExtension(true)] }, { openssl: ["good", "it looks at none"] }),
    "with such an extension of the one response": () =>
      says({ singleExtensions: [unknownExtension(true)] }, { openssl: ["good", "it looks at none"] }),
    "of a leaf with a critical TLS feature that is not known": () =>
      stapled((issuer, leaf) => makeStaple(issuer, leaf), { openssl: ["good", own] }, {
        leaf: { extensions: [tlsFeature([23], true)] },
      }),
  },
};

/** The one difference between the two is a tag (RFC 6960 §4.2.1). */
function unknownToGood(tbs: Bytes): Bytes {
  const changed = tbs.slice();
  const at = changed.findLastIndex((byte, i) =>
    byte === 0x82 && changed[i + 1] === 0 && changed[i + 2] === 0x18
  );
  changed[at] = 0x80;
  return changed;
}
