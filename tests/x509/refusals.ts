/** Prints docs/refusals.md: what is said of each chain that the tests refuse, and what to do. `deno task refusals`. @module */
import { Clock, Effect, Either } from "../deps.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { explain } from "../../src/faults/explain.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import type { Verification } from "../../src/ports/trust.ts";
import { printer } from "../support/printer.ts";
import * as Base from "./chains/base.ts";
import { type Chain, NOW } from "./chains/base.ts";
import * as Crls from "./chains/crls.ts";
import * as Names from "./chains/names.ts";
import * as Policies from "./chains/policies.ts";
import * as Webpki from "./chains/webpki.ts";
import { bad as statuses, type Stapled } from "./statuses.ts";

const tables = {
  "The rules of RFC 5280": Base.bad,
  "Name constraints": Names.bad,
  "Certificate policies": Policies.bad,
  "The rules of browsers": Webpki.bad,
  "Revocation lists": Crls.bad,
};

const judge = ({ roots, chain, host = "localhost", purpose = "serverAuth", strength }: Chain) => {
  const what: Verification = { chain, name: host ?? undefined, purpose };
  return makeRoots(roots.map(({ der }) => der), strength).verify(what).pipe(
    Effect.withClock(Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(NOW * 1000) })),
    Effect.provide(layerNoble),
    Effect.either,
    Effect.runPromise,
  );
};

/** Staples are dated by the real clock. */
const judgeStaple = ({ leaf, purpose = "serverAuth", root, staple, strength }: Stapled) =>
  makeRoots([root.der], strength).verify({
    chain: leaf.chain,
    name: undefined,
    purpose,
    ocspResponse: staple,
  }).pipe(
    Effect.provide(layerNoble),
    Effect.either,
    Effect.runPromise,
  );

const DATE = /\d{4}-\d\d-\d\dT[\d:]+Z/g;

const told = (name: string, error: CertificateError): string => {
  const { what, alert, rfc, hint } = explain(error);
  return [
    `**${name}.** ${what}`,
    `${alert}, ${rfc}.${hint ? ` *${hint}*` : ""}`,
  ].join("  \n");
};

const section = async <A>(
  title: string,
  bad: Readonly<Record<string, Readonly<Record<string, () => A>>>>,
  judge: (row: A) => Promise<Either.Either<unknown, CertificateError>>,
): Promise<string> => {
  const rows: Array<string> = [];
  for (const [name, make] of Object.values(bad).flatMap((all) => Object.entries(all))) {
    rows.push(told(name, Either.getOrThrow(Either.flip(await judge(make())))));
  }
  return [`## ${title}`, ...rows].join("\n\n");
};

/** The page. It says the same each time: nothing in a message comes from a key or a serial number. */
export const page = async (): Promise<string> => {
  const sections: Array<string> = [];
  for (const [title, bad] of Object.entries(tables)) sections.push(await section(title, bad, judge));
  const staples = await section("Stapled OCSP responses", statuses, judgeStaple);
  // Dates are of today, and signatures are not all equally long.
  sections.push(staples.replace(DATE, "(a date)").replace(/byte \d+/g, "byte (n)"));
  return [
    "# Why a certificate is refused",
    "What is said of each chain in the tests' tables: what is wrong, the alert, the RFC, and what to do about it.\n" +
    "Written by `deno task refusals`, and held by a test.",
    ...sections,
  ].join("\n\n") + "\n";
};

if (import.meta.main) {
  await printer(
    { name: "refusals", about: "Prints docs/refusals.md: what is said of each chain that the tests refuse." },
    async () => Deno.writeTextFile(new URL("../../docs/refusals.md", import.meta.url), await page()),
  );
}
