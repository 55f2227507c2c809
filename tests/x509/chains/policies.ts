/** Chains with certificate policies (RFC 5280 §6.1, RFC 9618). @module */
import type { CertificateReason } from "../../../src/faults/errors/trust.ts";
import type { Bytes } from "../../../src/wire/bytes.ts";
import type { TrustOptions } from "../../../src/ports/trust.ts";
import * as Build from "../../../src/x509/certificate/build.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { type IssueOptions, makeCa } from "../../support/ca.ts";
import type { Chain, Rows } from "./base.ts";

const { anyPolicy } = oids;
const [GOLD, SILVER, BRONZE] = ["1.3.6.1.4.1.55555.1", "1.3.6.1.4.1.55555.2", "1.3.6.1.4.1.55555.3"];

const numbered = (n: number, value: number) => Der.context(n, Uint8Array.of(value));
/** The extensions about policies. */
const stating = (...policies: ReadonlyArray<string>) =>
  Build.extension(
    oids.certificatePolicies,
    Der.sequence(...policies.map((one) => Der.sequence(Der.objectIdentifier(one)))),
  );
const mapping = (...pairs: ReadonlyArray<readonly [string, string]>) =>
  Build.extension(
    oids.policyMappings,
    Der.sequence(...pairs.map((pair) => Der.sequence(...pair.map(Der.objectIdentifier)))),
    true,
  );
/** Not critical, which must not matter. */
const requiring = (after: number) =>
  Build.extension(oids.policyConstraints, Der.sequence(numbered(0, after)));
const inhibitingMapping = (after: number) =>
  Build.extension(oids.policyConstraints, Der.sequence(numbered(1, after)));
const inhibitingAny = (after: number) => Build.extension(oids.inhibitAnyPolicy, Der.integer(after));
const qualified = (id: string) =>
  Build.extension(
    oids.certificatePolicies,
    Der.sequence(
      Der.sequence(
        Der.objectIdentifier(GOLD),
        Der.sequence(Der.sequence(Der.objectIdentifier(id), Der.ia5String("https://a.example"))),
      ),
    ),
    true,
  );

/** The extensions of each certificate from the root down to the leaf. */
const path = (
  extensions: ReadonlyArray<ReadonlyArray<Bytes> | IssueOptions>,
  strength: TrustOptions = {},
  rest: Partial<Chain> = {},
): Chain => {
  const options = extensions.map((one, i): IssueOptions => ({
    subject: `${i}`,
    ..."length" in one ? { extensions: one as ReadonlyArray<Bytes> } : one as IssueOptions,
  }));
  const root = makeCa(options[0]);
  let last = root;
  for (const one of options.slice(1, -1)) last = last.intermediate(one);
  return { roots: [root], chain: last.issue(options.at(-1)).chain, strength, ...rest };
};

const explicit = { requireExplicitPolicy: true };
const gold = { ...explicit, initialPolicies: [GOLD] };

/** What is to be trusted. */
export const good: Rows = {
  "no policy where none is required": () => path([[], [stating(GOLD)], []]),
  "one policy all the way": () => path([[], [stating(GOLD)], [stating(GOLD)]], explicit),
  "the policy that is wanted": () => path([[], [stating(GOLD, SILVER)], [stating(GOLD)]], gold),
  "anyPolicy in an authority": () => path([[], [stating(anyPolicy)], [stating(GOLD)]], gold),
  "anyPolicy in the leaf": () => path([[], [stating(GOLD)], [stating(anyPolicy)]], gold),
  "a policy that is mapped": () =>
    path([[], [stating(GOLD), mapping([GOLD, SILVER])], [stating(SILVER)]], gold),
  "a policy that is mapped twice": () =>
    path([
      [],
      [stating(GOLD), mapping([GOLD, SILVER])],
      [stating(SILVER), mapping([SILVER, BRONZE])],
      [stating(BRONZE)],
    ], gold),
  "a policy that is mapped from anyPolicy": () =>
    path([[], [stating(anyPolicy), mapping([GOLD, SILVER])], [stating(SILVER)]], gold),
  "a policy that is required below the leaf": () => path([[], [requiring(3)], [], []]),
  "anyPolicy of a self-issued authority where it is inhibited": () =>
    path([
      [],
      { subject: "A", extensions: [stating(GOLD), inhibitingAny(0)] },
      { subject: "A", extensions: [stating(anyPolicy)] },
      [stating(GOLD)],
    ], explicit),
  "a qualifier that is known, where policies are critical": () =>
    path([[], [], [qualified(oids["id-qt-cps"])]]),
  "a policy that is required by the leaf and stated": () =>
    path([[], [stating(GOLD)], [stating(GOLD), requiring(0)]]),
};

/** What is not, by the reason that must be given. */
export const bad: Readonly<Partial<Record<CertificateReason, Rows>>> = {
  no_valid_policy: {
    "no policy where one is required": () => path([[], [], []], explicit),
    "no policy where an authority requires one, though not critically": () => path([[], [requiring(0)], []]),
    "no policy where the root requires one": () =>
      path([[requiring(0)], [], []], {}, { openssl: "to it, a root says nothing of policies" }),
    "a policy that is required two certificates below": () => path([[], [requiring(2)], [], []]),
    "two policies that are not the same": () => path([[], [stating(GOLD)], [stating(SILVER)]], explicit),
    "another policy than the one that is wanted": () =>
      path([[], [stating(SILVER)], [stating(SILVER)]], gold),
    "the name of a policy that was mapped to another": () =>
      path([[], [stating(GOLD), mapping([GOLD, SILVER])], [stating(GOLD)]], gold),
    "a policy that was mapped where that is inhibited": () =>
      path([[], [stating(GOLD), inhibitingMapping(0)], [stating(GOLD), mapping([GOLD, SILVER])], [
        stating(SILVER),
      ]], gold),
    "a policy that was mapped where the verifier inhibits it": () =>
      path([[], [stating(GOLD), mapping([GOLD, SILVER])], [stating(SILVER)]], {
        ...gold,
        inhibitPolicyMapping: true,
      }),
    "anyPolicy where an authority inhibits it, though not critically": () =>
      path([[], [stating(GOLD), inhibitingAny(0)], [stating(anyPolicy)]], explicit),
    "anyPolicy where the verifier inhibits it": () =>
      path([[], [stating(GOLD)], [stating(anyPolicy)]], { ...explicit, inhibitAnyPolicy: true }),
    "a policy that is required by the leaf and not stated": () => path([[], [], [requiring(0)]]),
  },
  invalid: {
    "anyPolicy that is mapped": () =>
      path([[], [stating(anyPolicy), mapping([anyPolicy, SILVER])], [stating(SILVER)]], explicit, {
        index: 1,
      }),
    "a policy that is mapped to anyPolicy": () =>
      path([[], [stating(GOLD), mapping([GOLD, anyPolicy])], [stating(GOLD)]], {}, { index: 1 }),
  },
  unsupported: {
    "a qualifier that is not known, where policies are critical": () =>
      path([[], [], [qualified("1.3.6.1.4.1.55555.9")]], {}, { openssl: "it takes any" }),
  },
  unreadable: {
    "a policy twice": () => path([[], [stating(GOLD, GOLD)], []], {}, { index: 1 }),
    "empty policy constraints": () =>
      path([[], [Build.extension(oids.policyConstraints, Der.sequence(), true)], []], {}, { index: 1 }),
  },
};
