/**
 * OCSP responses that are stapled: what each says of its leaf, as OpenSSL judges it too (RFC 6960, RFC 7633).
 *
 * @module
 */
import { assert, Effect, Either } from "../deps.ts";
import { certificateAlerts } from "../../src/faults/certificate_alerts.ts";
import type { CertificateReason } from "../../src/faults/errors/trust.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeNoble } from "../../src/layers/crypto/noble/provider.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import type { Verdict } from "../../src/ports/trust.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import { makeCa, pem } from "../support/ca.ts";
import { makeStaple, responderOf, singleResponse } from "../support/ocsp.ts";
import { bad, good, type OpensslVerdict, type Stapled } from "./statuses.ts";
import { covering, stride } from "../support/exhaustive.ts";
import { bytesOf, textOf } from "../support/text.ts";

const judge = (
  { root, leaf, staple, strength, purpose = "serverAuth" }: Stapled,
  crypto = layerNoble,
): Promise<Either.Either<Verdict | void, CertificateError>> =>
  makeRoots([root.der], strength).verify({
    chain: leaf.chain,
    name: undefined,
    purpose,
    ocspResponse: staple,
  }).pipe(
    Effect.either,
    Effect.provide(crypto),
    Effect.runPromise,
  );

const openssl = new Deno.Command("openssl", { args: ["version"], stdout: "null" });
const hasOpenssl = await openssl.output().then(({ success }) => success, () => false);

/** What `openssl ocsp` says of a response, which it reads from a file. */
const opensslSays = async (
  { root, issuer, leaf, staple, hash = "sha1" }: Stapled,
): Promise<readonly [OpensslVerdict, string]> => {
  if (!staple) return ["none", ""];
  const folder = await Deno.makeTempDir();
  try {
    const file = (name: string, what: Uint8Array) => {
      Deno.writeFileSync(`${folder}/${name}`, what);
      return `${folder}/${name}`;
    };
    const certificate = (name: string, der: Uint8Array) => file(name, bytesOf(pem("CERTIFICATE", der)));
    const { stdout, stderr } = await new Deno.Command("openssl", {
      args: [
        ...["ocsp", "-respin", file("response", staple), "-no_nonce", "-validity_period", "300"],
        ...["-CAfile", certificate("root", root.der), "-issuer", certificate("issuer", issuer.der)],
        ...["-verify_other", `${folder}/issuer`, `-${hash}`, "-cert", certificate("leaf", leaf.der)],
      ],
    }).output();
    const said = textOf(stdout) + textOf(stderr);
    return [verdictOf(said), said];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};

const verdictOf = (said: string): OpensslVerdict => {
  if (!said.includes("Response verify OK")) return "refused";
  if (said.includes("Status times invalid")) return "stale";
  return (/leaf: (good|revoked|unknown)/.exec(said)?.[1] ?? "refused") as OpensslVerdict;
};

/** What OpenSSL calls what we give a reason for. */
const verdicts: Partial<Record<CertificateReason, OpensslVerdict>> = {
  revoked: "revoked",
  status_unknown: "unknown",
  status_stale: "stale",
};

/** What OpenSSL is asked besides, and what it must say where it is not known to see it otherwise. */
const agreements: Array<
  { readonly name: string; readonly make: () => Stapled; readonly ours: OpensslVerdict }
> = [];

for (const [name, make] of Object.entries(good)) {
  Deno.test(`a staple leaves its leaf trusted: ${name}`, async () => {
    const result = await judge(make());
    assert.ok(Either.isRight(result), Either.isLeft(result) ? result.left.message : "");
  });
  agreements.push({ name: `a staple leaves its leaf trusted: ${name}`, make, ours: "good" });
}

for (const [reason, rows] of Object.entries(bad)) {
  for (const [name, make] of Object.entries(rows)) {
    Deno.test(`a staple, ${reason}: ${name}`, async () => {
      const result = await judge(make());
      assert.ok(Either.isLeft(result), "it was trusted");
      const { left } = result;
      assert.deepEqual([left.reason, left.index], [reason, 0], left.message);
      assert.match(left.rfc, /^RFC \d+ §/);
      // A leaf that is wrong itself has the alert of what is wrong with it.
      const ofStaple = left.detail.includes("OCSP") || reason.startsWith("status_");
      const expected = ofStaple ? "bad_certificate_status_response" : certificateAlerts[left.reason];
      assert.equal(alertOf(left), expected);
    });
    agreements.push({
      name: `a staple, ${reason}: ${name}`,
      make,
      ours: verdicts[reason as CertificateReason] ?? "refused",
    });
  }
}

// Of each reason one.
for (
  const { name, make, ours } of covering("openssl's word", agreements, ({ name }) => [name.split(":", 1)[0]])
) {
  Deno.test({
    name: `openssl agrees: ${name}`,
    ignore: !hasOpenssl,
    fn: async () => {
      const stapled = make();
      const [verdict, said] = await opensslSays(stapled);
      assert.equal(verdict, stapled.openssl?.[0] ?? ours, said);
      // An exception that is none is a mistake in the table.
      if (stapled.openssl && stapled.openssl[0] !== "none") assert.notEqual(verdict, ours);
    },
  });
}

const STEP = stride("bytes of an OCSP response", 7);

Deno.test("a response with a byte changed anywhere that is signed is refused, and nothing throws", async () => {
  const root = makeCa();
  const leaf = root.issue();
  for (const by of [root, responderOf(root)]) {
    const staple = makeStaple(root, leaf, { by });
    // The last bytes are a certificate, whose own signature may be malleable; its tests are elsewhere.
    for (let at = 0; at < (by === root ? staple.length : 300); at += STEP) {
      const changed = staple.slice();
      changed[at]! ^= 0x41;
      const result = await judge({ root, issuer: root, leaf, staple: changed });
      assert.ok(Either.isLeft(result), `byte ${at}`);
    }
  }
});

Deno.test("responses about hundreds are judged, and of responders of one name no more than eight", async () => {
  const root = makeCa();
  const leaf = root.issue();
  const others = singleResponse(root, root.issue());
  const same = singleResponse(root, leaf, { aboutIssuer: makeCa() });
  let verified = 0;
  const noble = makeNoble((n) => crypto.getRandomValues(new Uint8Array(n)));
  const counting = {
    ...noble,
    verify: (...given: Parameters<typeof noble.verify>) => {
      verified++;
      return noble.verify(...given);
    },
  };
  const ask = (staple: Uint8Array) =>
    Effect.runPromise(
      Effect.either(
        makeRoots([root.der]).verify({
          chain: leaf.chain,
          name: undefined,
          purpose: "serverAuth",
          ocspResponse: staple,
        })
          .pipe(Effect.provideService(Crypto, counting)),
      ),
    );
  const many = Array.from({ length: 250 }, () => [others, same]).flat();
  assert.ok(Either.isRight(await ask(makeStaple(root, leaf, { before: many }))));
  const other = makeCa();
  const by = responderOf(other);
  const certs = Array.from({ length: 100 }, () => responderOf(root, { key: by.key }).der);
  verified = 0;
  const forged = await ask(makeStaple(root, leaf, { by, certs, signature: "forged" }));
  assert.equal(Either.isLeft(forged) && forged.left.reason, "status_invalid");
  // The leaf's own signature, and two for each of the eight that are looked at.
  assert.equal(verified, 17);
});
