/** Chains with CRLs about them (RFC 5280 §5, §6.3), with the verdict that each must have. @module */
import type { CertificateReason } from "../../../src/faults/errors/trust.ts";
import { ascii, type Bytes } from "../../../src/wire/bytes.ts";
import * as Build from "../../../src/x509/certificate/build.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { issue, type Issued, type IssueOptions, makeCa } from "../../support/ca.ts";
import {
  type CrlOptions,
  distributionPoints,
  makeCrl,
  type PointOptions,
  type RevokedOptions,
  scope,
  type ScopeOptions,
} from "../../support/crl.ts";
import { type Chain, NOW, type Rows, unknownExtension } from "./base.ts";

/** The certificates that the CRLs are about. */
interface Cast {
  readonly root: Issued;
  readonly middle: Issued;
  readonly leaf: Issued;
}

const cast = (leaf: IssueOptions = {}, middle: IssueOptions = {}): Cast => {
  const root = makeCa();
  const below = root.intermediate(middle);
  return { root, middle: below, leaf: below.issue(leaf) };
};

/** A CRL in force when the chains are judged. */
const crl = (issuer: Issued, options: CrlOptions = {}): Bytes => makeCrl(issuer, { now: NOW, ...options });

/** A chain with CRLs, of the leaf alone unless told otherwise. */
const judgedBy = (
  { root, leaf }: Cast,
  crls: ReadonlyArray<Bytes>,
  { strength, ...rest }: Partial<Chain> = {},
): Chain => ({
  roots: [root],
  chain: leaf.chain,
  strength: { crlCheck: "leaf", ...strength, crls },
  ...rest,
});

/** OpenSSL wants the host's name in the certificate of a CRL's issuer as well. */
const ANY_HOST = { host: null } as const;
const whole = { strength: { crlCheck: "chain" } } as const;

/** A leaf judged by one CRL of its issuer that lists it, or does not. */
const listing = (
  entry: Partial<RevokedOptions> | undefined,
  rest: CrlOptions = {},
  more: Partial<Chain> = {},
) => {
  const all = cast();
  const revoked = entry ? [{ certificate: all.leaf, ...entry }] : [];
  return judgedBy(all, [crl(all.middle, { revoked, ...rest })], more);
};

const URI = "http://crl.example/1.crl";

/** A leaf with distribution points, judged by CRLs of its issuer that have scopes and do not list it. */
const placed = (
  points: ReadonlyArray<PointOptions>,
  scopes: ReadonlyArray<ScopeOptions>,
  more: Partial<Chain> = {},
  revoked: (leaf: Issued) => ReadonlyArray<RevokedOptions> = () => [],
): Chain => {
  const all = cast(points.length ? { extensions: [distributionPoints(...points)] } : {});
  return judgedBy(
    all,
    scopes.map((one) => crl(all.middle, { scope: scope(one), revoked: revoked(all.leaf) })),
    more,
  );
};

/** A leaf whose CRLs a third party issues, which the same root certified. */
const indirect = (
  entries: (all: Cast) => ReadonlyArray<RevokedOptions>,
  more: {
    readonly scope?: ScopeOptions;
    readonly point?: PointOptions | false;
    readonly openssl?: string;
  } = {},
): Chain => {
  const root = makeCa();
  const speaker = root.intermediate({ subject: "CRL Issuer", keyUsage: ["cRLSign"], ca: false });
  const middle = root.intermediate();
  const point = { issuer: speaker.subject, ...(more.point || { names: [URI] }) };
  const leaf = middle.issue({ extensions: more.point === false ? [] : [distributionPoints(point)] });
  const all = { root, middle, leaf };
  const list = crl(speaker, {
    revoked: entries(all),
    scope: scope(more.scope ?? { indirect: true, names: [URI] }),
  });
  return {
    ...judgedBy(all, [list], ANY_HOST),
    chain: [...leaf.chain, speaker.der],
    ...(more.openssl ? { openssl: more.openssl } : {}),
  };
};

/** A leaf whose issuer's CRL is signed by another certificate of the issuer's name. */
const rolled = (
  other: IssueOptions,
  rest: { readonly by?: "other root" | "leaf"; readonly sent?: boolean; readonly openssl?: string } = {},
  revoked: (all: Cast, other: Issued) => ReadonlyArray<RevokedOptions> = () => [],
): Chain => {
  const all = cast();
  const by = rest.by === "other root" ? makeCa() : all.root;
  const signer = by.intermediate({ subjectDer: all.middle.subject, ...other });
  const list = crl(all.middle, { by: signer, revoked: revoked(all, signer) });
  return {
    ...judgedBy(all, [list], ANY_HOST),
    chain: rest.sent === false ? all.leaf.chain : [...all.leaf.chain, signer.der],
    ...(rest.openssl ? { openssl: rest.openssl } : {}),
  };
};

/** Where deltas are found: without it, OpenSSL looks at none. */
const freshest = Build.extension(
  oids.freshestCRL,
  Der.sequence(Der.sequence(Der.explicit(0, Der.explicit(0, Der.context(6, ascii(URI)))))),
);

/** A complete CRL and a delta to it, which list the leaf or not. */
const renewed = (
  base: CrlOptions & { readonly lists?: number },
  delta: CrlOptions & { readonly lists?: number },
  more: Partial<Chain> = {},
): Chain => {
  const all = cast();
  const make = ({ lists, ...options }: typeof base, usual: CrlOptions) =>
    crl(all.middle, {
      ...usual,
      revoked: lists === undefined ? [] : [{ certificate: all.leaf, reason: lists }],
      ...options,
    });
  return judgedBy(all, [
    make(base, { number: 5, thisUpdate: NOW - 7200, extensions: [freshest] }),
    make(delta, { number: 6, deltaTo: 5 }),
  ], more);
};

const GOES_ON = "its program goes on after some faults, and forgets those of a CRL's issuer";
const HOLD = 6;
const REMOVED = 8;
const DAY = 86400;

/** What is to be trusted. */
export const good: Rows = {
  "a CRL of the leaf's issuer that lists others": () =>
    listing(undefined, {
      revoked: [{ serialNumber: Uint8Array.of(1) }, { serialNumber: Uint8Array.of(2), reason: 1 }],
    }),
  "a CRL that lists nobody": () => listing(undefined),
  "a CRL of version 1": () => listing(undefined, { version1: true }),
  "a CRL of each authority, for the whole chain": () => {
    const all = cast();
    return judgedBy(all, [crl(all.middle), crl(all.root)], whole);
  },
  "the leaf's issuer revoked, where only the leaf is judged": () => {
    const all = cast();
    return judgedBy(all, [crl(all.middle), crl(all.root, { revoked: [{ certificate: all.middle }] })]);
  },
  "a CRL that lists the number of another issuer's certificate": () => {
    const all = cast({ serialNumber: Uint8Array.of(7) });
    return judgedBy(
      all,
      [crl(all.middle), crl(all.root, { revoked: [{ serialNumber: Uint8Array.of(7) }] })],
      whole,
    );
  },
  "a CRL that was in force until five minutes ago": () => ({
    ...listing(undefined, { nextUpdate: NOW - 299 }),
    openssl: "it allows no difference of clocks",
  }),
  "an old CRL that lists the leaf as on hold, and a new one that does not": () => {
    const all = cast();
    const old = crl(all.middle, {
      thisUpdate: NOW - DAY,
      revoked: [{ certificate: all.leaf, reason: HOLD }],
    });
    return judgedBy(all, [old, crl(all.middle, { number: 2 })]);
  },
  "a CRL whose signature is not its issuer's, and one whose is": () => {
    const all = cast();
    const forged = crl(all.middle, { signature: "forged", revoked: [{ certificate: all.leaf }] });
    return {
      ...judgedBy(all, [forged, crl(all.middle)]),
      openssl: "it looks no further than the first one that fits",
    };
  },
  "a CRL for end entities": () => placed([], [{ only: "user" }]),
  "CRLs for authorities and for end entities": () => {
    const all = cast();
    return judgedBy(all, [
      crl(all.middle, { scope: scope({ only: "user" }) }),
      crl(all.root, { scope: scope({ only: "ca" }) }),
    ], whole);
  },
  "a CRL of the place that the leaf names": () => placed([{ names: [URI] }], [{ names: [URI] }]),
  "a CRL of one of several places": () =>
    placed([{ names: ["http://other.example/"] }, { names: ["ldap://x", URI] }], [{
      names: [URI, "http://z"],
    }]),
  "a CRL of no place, for a leaf that names one": () => {
    const all = cast({ extensions: [distributionPoints({ names: [URI] })] });
    return judgedBy(all, [crl(all.middle)]);
  },
  "a CRL of a place named relatively on both sides": () =>
    placed([{ relative: "part 1" }], [{ relative: "part 1" }]),
  "CRLs that cover all reasons together": () =>
    placed([], [{ reasons: [1, 2, 3, 4] }, { reasons: [5, 6, 7, 8] }]),
  "places that cover all reasons together": () =>
    placed(
      [{ names: [URI], reasons: [1, 2, 3, 4] }, { names: ["http://two.example"], reasons: [5, 6, 7, 8] }],
      [{ names: [URI] }, { names: ["http://two.example"] }],
    ),
  "an indirect CRL that lists another of its issuer's": () =>
    indirect(() => [{ serialNumber: Uint8Array.of(9) }]),
  "an indirect CRL that lists the leaf's number as its own": () =>
    indirect(({ leaf }) => [{ certificate: leaf }]),
  "an indirect CRL that lists the number for another issuer": () =>
    indirect(({ leaf, root }) => [{ certificate: leaf, issuer: root.subject }]),
  "an indirect CRL of a place named relatively to its issuer": () =>
    indirect(() => [], { point: { relative: "part 1" }, scope: { relative: "part 1", indirect: true } }),
  "a CRL signed with a new key of its issuer": () => rolled({}),
  "a CRL signed with a key for CRLs alone": () => rolled({ keyUsage: ["cRLSign"], ca: false }),
  "a CRL signed with a key that was revoked in a CRL of its own": () =>
    rolled({ keyUsage: ["cRLSign"], ca: false }, {}, (_, signer) => [{ certificate: signer }]),
  "a CRL of an issuer without keyUsage": () => {
    const all = cast({}, { keyUsage: null });
    return judgedBy(all, [crl(all.middle)]);
  },
  "a hold that the delta lifts": () => renewed({ lists: HOLD }, { lists: REMOVED }),
  "a delta that lists nobody": () => renewed({}, {}),
  "a delta to an older CRL": () => renewed({}, { deltaTo: 2 }),
  "an old CRL that a delta renews": () => renewed({ nextUpdate: NOW - DAY, thisUpdate: NOW - 9 * DAY }, {}),
  "a delta that is too old, and revokes nobody": () =>
    renewed({}, { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - DAY }),
  "a delta that would revoke, to a newer CRL than there is": () =>
    renewed({}, { deltaTo: 6, number: 7, lists: 1 }),
  "a delta that would revoke, and is forged": () => ({
    ...renewed({}, { lists: 1, signature: "forged" }),
    openssl: "it refuses a chain for a delta that is forged",
  }),
  "an unknown extension of a CRL and of an entry, neither critical": () =>
    listing(undefined, {
      extensions: [unknownExtension(false)],
      revoked: [{ serialNumber: Uint8Array.of(1), extensions: [unknownExtension(false)] }],
    }),
  "no CRL for a leaf that is itself trusted": () => {
    const leaf = issue(undefined, { names: ["localhost"] });
    return {
      roots: [leaf],
      chain: [leaf.der],
      strength: { crls: [crl(leaf)] },
      openssl: "it judges the anchor as well",
    };
  },
  "a SHA-1 signature where that is allowed": () => {
    const root = makeCa();
    const leaf = root.issue();
    return {
      roots: [root],
      chain: leaf.chain,
      strength: { sha1: true, crls: [crl(root, { signature: "ecdsa_sha1" })] },
    };
  },
};

/** What is not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  revoked: {
    "the leaf": () => listing({}),
    "the leaf, for a reason": () => listing({ reason: 1 }),
    "the leaf, for a reason that nobody knows": () => listing({ reason: 99 }),
    "the leaf, in a CRL of version 1": () => listing({}, { version1: true }),
    "the leaf, on hold": () => listing({ reason: HOLD }),
    "the leaf, among others": () => {
      const all = cast();
      const others = Array.from(
        { length: 300 },
        (_, i) => ({ serialNumber: Uint8Array.of(1, i >> 8, i & 255) }),
      );
      const revoked = others.toSpliced(150, 0, { certificate: all.leaf } as never);
      return judgedBy(all, [crl(all.middle, { revoked })]);
    },
    "an authority": () => {
      const all = cast();
      return judgedBy(all, [
        crl(all.middle),
        crl(all.root, { revoked: [{ certificate: all.middle, reason: 2 }] }),
      ], {
        ...whole,
        index: 1,
      });
    },
    "the leaf, in an old CRL": () => listing({}, { thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 8 * DAY }),
    "the leaf, in the CRL of the place that it names": () =>
      placed([{ names: [URI] }], [{ names: [URI] }], {}, (leaf) => [{ certificate: leaf }]),
    "the leaf, in a CRL for one of the reasons": () =>
      placed([], [{ reasons: [1] }], {}, (leaf) => [{ certificate: leaf, reason: 1 }]),
    "the leaf, in an indirect CRL": () =>
      indirect(({ leaf, middle }) => [{ certificate: leaf, issuer: middle.subject }]),
    "the leaf, in an indirect CRL after another of the same issuer": () =>
      indirect(({ leaf, middle, root }) => [
        { serialNumber: Uint8Array.of(1), issuer: root.subject },
        { serialNumber: Uint8Array.of(2), issuer: middle.subject },
        { certificate: leaf },
      ]),
    "the leaf, in an indirect CRL that lists the number for another issuer as well": () =>
      indirect(({ leaf, middle, root }) => [
        { certificate: leaf, issuer: root.subject },
        { certificate: leaf, issuer: middle.subject },
      ]),
    "the leaf, in a CRL signed with a new key of its issuer": () =>
      rolled({}, {}, ({ leaf }) => [{ certificate: leaf }]),
    "the leaf, in the delta": () => renewed({}, { lists: 1 }),
    "the leaf, in the CRL and not in the delta": () => renewed({ lists: 1 }, {}),
    "the leaf, on hold, which an older delta lifts": () =>
      renewed({ lists: HOLD, number: 6 }, { lists: REMOVED, number: 6, deltaTo: 5 }),
  },
  revocation_unknown: {
    "no CRL at all": () => judgedBy(cast(), []),
    "no CRL of the leaf's issuer": () => {
      const all = cast();
      return judgedBy(all, [crl(all.root)]);
    },
    "no CRL of the authority's issuer": () => {
      const all = cast();
      return judgedBy(all, [crl(all.middle)], { ...whole, index: 1 });
    },
    "a CRL that is too old": () => listing(undefined, { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - DAY }),
    "the leaf on hold in a CRL that is too old": () =>
      listing({ reason: HOLD }, { thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - DAY }),
    "a CRL of tomorrow": () => listing(undefined, { thisUpdate: NOW + DAY, nextUpdate: NOW + 2 * DAY }),
    "a CRL that has no end": () => ({
      ...listing(undefined, { nextUpdate: null }),
      openssl: "it takes a CRL without nextUpdate for one that is in force for ever",
    }),
    "a CRL with a forged signature": () => listing(undefined, { signature: "forged" }),
    "a forged CRL that lists the leaf": () => listing({}, { signature: "forged" }),
    "a CRL changed after it was signed": () =>
      listing({}, {
        forge: (tbs) => {
          const changed = tbs.slice();
          changed[tbs.length - 1]! ^= 1;
          return changed;
        },
      }),
    "a CRL signed with SHA-1": () => ({
      ...listing(undefined, { signature: "ecdsa_sha1" }),
      openssl: "it allows any hash in the signature of a CRL",
    }),
    "a CRL signed with an algorithm that nobody knows": () => listing(undefined, { signature: "unheard" }),
    "a CRL of an issuer that may not sign any": () => {
      const all = cast({}, { keyUsage: ["keyCertSign"] });
      return judgedBy(all, [crl(all.middle)]);
    },
    "a CRL signed with a key of its issuer that may not sign any": () =>
      rolled({ keyUsage: ["keyCertSign"] }, { openssl: GOES_ON }),
    "a CRL signed with a key of its name below another root": () => rolled({}, { by: "other root" }),
    "a CRL signed with a key of its name that nobody shows": () => rolled({}, { sent: false }),
    "a CRL signed with a key of its name that has expired": () =>
      rolled({ notAfter: NOW - 1 }, { openssl: GOES_ON }),
    "a CRL for authorities": () => placed([], [{ only: "ca" }]),
    "a CRL for attribute certificates": () => placed([], [{ only: "attribute" }]),
    "a CRL for end entities, about an authority": () => {
      const all = cast();
      return judgedBy(all, [crl(all.middle), crl(all.root, { scope: scope({ only: "user" }) })], {
        ...whole,
        index: 1,
      });
    },
    "a CRL of another place": () => placed([{ names: [URI] }], [{ names: ["http://crl.example/2.crl"] }]),
    "a CRL of a place, for a leaf that names none": () => placed([], [{ names: [URI] }]),
    "a CRL of another place that is named relatively": () =>
      placed([{ relative: "part 1" }], [{ relative: "part 2" }]),
    "CRLs that do not cover all reasons": () =>
      placed([], [{ reasons: [1, 2, 3, 4] }, { reasons: [5, 6, 7] }]),
    "a place that does not cover all reasons": () =>
      placed([{ names: [URI], reasons: [1, 2, 3] }], [{ names: [URI] }]),
    "a CRL of somebody whom the leaf does not name": () => indirect(() => [], { point: false }),
    "a CRL of somebody whom the leaf names, which says that it is about its own": () =>
      indirect(() => [], {
        scope: { names: [URI] },
      }),
    "a CRL of somebody whom the leaf names, which says nothing of what it is about": () =>
      indirect(() => [], { scope: {} }),
    "an indirect CRL of the leaf's issuer, for a leaf that names somebody else for that place": () => {
      const { root, middle } = cast();
      const leaf = middle.issue({ extensions: [distributionPoints({ names: [URI], issuer: root.subject })] });
      const list = crl(middle, { scope: scope({ names: [URI], indirect: true }) });
      return judgedBy({ root, middle, leaf }, [list]);
    },
    "an indirect CRL of another place": () =>
      indirect(() => [], { scope: { indirect: true, names: ["http://crl.example/2.crl"] } }),
    "a delta alone": () => {
      const all = cast();
      return judgedBy(all, [crl(all.middle, { number: 6, deltaTo: 5 })]);
    },
    "an old CRL with a delta that does not belong to it": () =>
      renewed({ thisUpdate: NOW - 2 * DAY, nextUpdate: NOW - DAY }, { deltaTo: 6, number: 7 }),
    "a CRL with an unknown critical extension": () =>
      listing(undefined, { extensions: [unknownExtension(true)] }),
    "a CRL with an entry that has an unknown critical extension": () =>
      listing(undefined, {
        revoked: [{ serialNumber: Uint8Array.of(1), extensions: [unknownExtension(true)] }],
      }),
  },
};
