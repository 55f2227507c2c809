/**
 * Chains of certificates, right or wrong in one way: the verdict of each, as OpenSSL judges it too (RFC 5280 §6).
 *
 * @module
 */
import { assert, Clock, Effect, Either } from "../deps.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { explain } from "../../src/faults/explain.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import type { Verdict } from "../../src/ports/trust.ts";
import { oids } from "../../src/x509/der/oids.ts";
import { parseIp } from "../../src/x509/names/ip_address.ts";
import { makeCa, pem } from "../support/ca.ts";
import * as Base from "./chains/base.ts";
import * as Crls from "./chains/crls.ts";
import { type Chain, NOW } from "./chains/base.ts";
import * as Names from "./chains/names.ts";
import * as Policies from "./chains/policies.ts";
import * as Webpki from "./chains/webpki.ts";
import { page } from "./refusals.ts";
import { covering, stride } from "../support/exhaustive.ts";
import { textOf } from "../support/text.ts";

const judge = (
  { roots, chain, host = "localhost", purpose = "serverAuth", time = NOW, strength }: Chain,
): Promise<Either.Either<Verdict | void, CertificateError>> =>
  makeRoots(roots.map(({ der }) => der), strength).verify({ chain, name: host ?? undefined, purpose }).pipe(
    // TestClock's time moves asynchronously only.
    Effect.withClock(Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(time * 1000) })),
    Effect.either,
    Effect.provide(layerNoble),
    Effect.runPromise,
  );

const openssl = new Deno.Command("openssl", { args: ["version"], stdout: "null" });
const hasOpenssl = await openssl.output().then(({ success }) => success, () => false);
const directory = hasOpenssl ? await Deno.makeTempDir() : "";
globalThis.addEventListener("unload", () => hasOpenssl && Deno.removeSync(directory, { recursive: true }));

/** What `openssl verify` says, held as strictly. */
const opensslSays = async (
  { roots, chain, host = "localhost", purpose = "serverAuth", time = NOW, strength = {} }: Chain,
): Promise<{ readonly success: boolean; readonly said: string }> => {
  const file = (name: string, ders: ReadonlyArray<Uint8Array>, label = "CERTIFICATE") => {
    Deno.writeTextFileSync(`${directory}/${name}`, ders.map((der) => pem(label, der)).join(""));
    return `${directory}/${name}`;
  };
  const [leaf, ...rest] = chain;
  const crls = (strength.crls ?? []) as ReadonlyArray<Uint8Array>;
  const args = [
    ...["verify", "-no-CApath", "-no-CAstore", "-auth_level", "2", "-attime", String(time)],
    // Policies are judged when one asks for them: its own check of them is never less than ours.
    ...[
      "-policy_check",
      ...(strength.initialPolicies ?? [oids.anyPolicy]).flatMap((one) => ["-policy", one]),
    ],
    ...(strength.requireExplicitPolicy ? ["-explicit_policy"] : []),
    ...(strength.inhibitAnyPolicy ? ["-inhibit_any"] : []),
    ...(strength.inhibitPolicyMapping ? ["-inhibit_map"] : []),
    ...["-purpose", purpose === "serverAuth" ? "sslserver" : "sslclient"],
    ...(host === null ? [] : [parseIp(host) ? "-verify_ip" : "-verify_hostname", host]),
    ...(roots.length ? ["-CAfile", file("roots.pem", roots.map(({ der }) => der))] : ["-no-CAfile"]),
    ...(rest.length ? ["-untrusted", file("rest.pem", rest)] : []),
    ...(strength.crls === undefined ? [] : [
      ...[strength.crlCheck === "leaf" ? "-crl_check" : "-crl_check_all", "-extended_crl", "-use_deltas"],
      ...(crls.length ? ["-CRLfile", file("crls.pem", crls, "X509 CRL")] : []),
    ]),
    file("leaf.pem", [leaf!]),
  ];
  const { success, stdout, stderr } = await new Deno.Command("openssl", { args }).output();
  return { success, said: textOf(stdout) + textOf(stderr) };
};

/** What OpenSSL is asked besides, and what it must say where it is not known to see it otherwise. */
const agreements: Array<
  { readonly name: string; readonly make: () => Chain; readonly trusted: boolean }
> = [];

for (const { good, bad } of [Base, Names, Policies, Webpki, Crls]) {
  for (const [name, make] of Object.entries(good)) {
    Deno.test(`trusted: ${name}`, async () => {
      const result = await judge(make());
      assert.ok(Either.isRight(result), Either.isLeft(result) ? result.left.message : "");
    });
    agreements.push({ name: `trusted: ${name}`, make, trusted: true });
  }

  for (const [reason, rows] of Object.entries(bad)) {
    for (const [name, make] of Object.entries(rows)) {
      Deno.test(`${reason}: ${name}`, async () => {
        const chain = make();
        const result = await judge(chain);
        assert.ok(Either.isLeft(result), "it was trusted");
        assert.deepEqual(
          [result.left.reason, result.left.index],
          [reason, chain.index ?? 0],
          result.left.message,
        );
        assert.match(result.left.rfc, /^RFC \d+ §/);
      });
      agreements.push({ name: `${reason}: ${name}`, make, trusted: false });
    }
  }
}

for (const [name, make] of Object.values(Webpki.bad).flatMap(Object.entries<() => Chain>)) {
  Deno.test(`trusted but for the rules of browsers: ${name}`, async () => {
    const chain = make();
    Either.getOrThrow(await judge({ ...chain, strength: { ...chain.strength, profile: "rfc5280" } }));
  });
}

// Of each reason one.
for (
  const { name, make, trusted } of covering(
    "openssl's word",
    agreements,
    ({ name }) => [name.split(":", 1)[0]],
  )
) {
  Deno.test({
    name: `openssl agrees: ${name}`,
    ignore: !hasOpenssl,
    fn: async () => {
      const chain = make();
      const { success, said } = await opensslSays(chain);
      // Where it is known to see it otherwise it must still do so, or the table is wrong.
      assert.equal(success, chain.openssl === undefined ? trusted : !trusted, said);
    },
  });
}

const STEP = 3 * stride("bytes of a chain", 5);

Deno.test("a chain with a byte changed anywhere is refused, and nothing throws", async () => {
  const root = makeCa();
  const chain = root.intermediate().issue().chain;
  for (const [i, der] of chain.entries()) {
    for (let at = i; at < der.length; at += STEP) {
      const changed = der.slice();
      changed[at]! ^= 0x41;
      const result = await judge({ roots: [root], chain: chain.with(i, changed) });
      assert.ok(Either.isLeft(result), `certificate ${i}, byte ${at}`);
    }
  }
});

Deno.test("a leaf that cannot be read and an empty chain are typed errors", async () => {
  for (const chain of [[], [new Uint8Array(3)]]) {
    const result = await judge({ roots: [makeCa()], chain });
    assert.equal(Either.isLeft(result) && result.left.reason, "unreadable");
  }
});

Deno.test("names in messages are those of the certificate, at most three, and nothing that moves a terminal", async () => {
  const root = makeCa();
  const chain =
    root.issue({ subject: "a\x1b[2J\u202eb", names: ["a.example", "b.example", "::1", "d.example"] }).chain;
  const result = await judge({ roots: [root], chain, host: "c.example" });
  assert.equal(
    Either.isLeft(result) && result.left.message,
    'certificate 0 (CN=a\\u{1b}[2J\\u{202e}b, O=Test): it is for the DNS name a.example, the DNS name b.example, the IP address ::1 and 1 more, not for the DNS name "c.example"',
  );
});

const device = makeCa({ subject: "Device Root", key: "rsa1024" });

Deno.test("a refusal names all options that would lift it at once, and with them the chain passes", async () => {
  const chain = device.issue({ subject: "10.0.0.1", names: [], signature: "rsa_sha1" }).chain;
  const made: Chain = { roots: [device], chain, host: "10.0.0.1" };
  const error = Either.getOrThrow(Either.flip(await judge(made)));
  const lift = { sha1: true, minimumRsaBits: 1024, commonName: true };
  assert.deepEqual(error.liftedBy, lift);
  assert.match(
    explain(error).hint ?? "",
    /layerRoots \{ .*sha1: true.* \} \(--allow .*minimumRsaBits=1024.*\)/,
  );
  Either.getOrThrow(await judge({ ...made, strength: lift }));
});

Deno.test("a refusal that options would not lift names none", async () => {
  const expired = device.issue({ signature: "rsa_sha1", notAfter: NOW - 1 }).chain;
  const old = device.issue({ signature: "rsa_md5" }).chain;
  const foreign = makeCa({ key: "rsa1024" }).issue({ signature: "rsa_sha1" }).chain;
  for (const chain of [expired, old, foreign]) {
    const error = Either.getOrThrow(Either.flip(await judge({ roots: [device], chain })));
    assert.equal(error.liftedBy, undefined, error.message);
  }
  const short = device.issue({ names: ["other.example"] }).chain;
  const error = Either.getOrThrow(Either.flip(await judge({ roots: [device], chain: short })));
  assert.match(
    error.detail,
    /its RSA key has 1024 bits, .*; and besides, it is for the DNS name other.example/,
  );
});

Deno.test("what is said of each refused chain is in docs/refusals.md: deno task refusals writes it anew", async () => {
  const kept = await Deno.readTextFile(new URL("../../docs/refusals.md", import.meta.url));
  assert.equal(await page(), kept);
});
