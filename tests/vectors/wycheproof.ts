/**
 * Project Wycheproof's vectors as tests: what is valid must be taken, what is invalid refused, and what is
 * "acceptable" must become what is written here, with its reason. Whatever is left out is an ignored test with its
 * number.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { dataFolder } from "../support/data.ts";
import { covering } from "../support/exhaustive.ts";
import { layers, type Tried } from "../support/layers.ts";

/** What every vector has. */
export interface Vector {
  /** The file's name without `_test.json`. */
  readonly file: string;
  readonly tcId: number;
  readonly comment: string;
  readonly flags: ReadonlyArray<string>;
  readonly result: "valid" | "invalid" | "acceptable";
}

/** Whether a vector is taken, and why, where its result does not say it. */
export type Expectation = readonly [taken: boolean, because: string];

/** How the vectors of some files are tried. `V` is a vector with the members of its group. */
export interface Trial<V> {
  /** Whether a layer takes it. A valid one whose output is another is not taken. */
  readonly taken: (layer: Tried, vector: V & Vector) => boolean | Promise<boolean>;
  /** Why there is no way to ask. */
  readonly leftOut?: (vector: V & Vector) => string | undefined;
  /** What becomes of it, where that is not what `result` says. */
  readonly expected?: (vector: V & Vector) => Expectation | undefined;
}

/** What becomes of acceptable vectors by their flags, of which the first counts. */
export const because = (table: Readonly<Record<string, Expectation>>) => ({ flags, result }: Vector) =>
  result === "acceptable" ? Object.entries(table).find(([flag]) => flags.includes(flag))?.[1] : undefined;

interface File<V> {
  readonly numberOfTests: number;
  readonly testGroups: ReadonlyArray<Partial<V> & { readonly tests: ReadonlyArray<V & Vector> }>;
}

const folder = dataFolder("wycheproof");

/** The files there are, by their names without `_test.json`. */
export const files: ReadonlyArray<string> = folder
  ? [...Deno.readDirSync(folder)].flatMap(({ name }) => /^(\w+)_test\.json$/.exec(name)?.[1] ?? []).sort()
  : [];

if (folder) assert.ok(files.length > 0, `${folder} has no vectors in it`);
// `deno task vectors` wants to know that there were none.
assert.ok(
  folder || Deno.env.get("EFFECT_TLS_VECTORS") !== "required",
  "there are no vectors: EFFECT_TLS_DATA can name their folder",
);

/** All vectors of a file. */
export const vectorsOf = <V>(file: string): ReadonlyArray<V & Vector> => {
  const text = Deno.readTextFileSync(new URL(`${file}_test.json`, folder));
  const { numberOfTests, testGroups }: File<V> = JSON.parse(text);
  const vectors = testGroups.flatMap(({ tests, ...group }) =>
    tests.map((vector) => ({ ...group, ...vector, file }))
  );
  assert.equal(vectors.length, numberOfTests, file);
  return vectors;
};

/** The files of each kind. A file is of one. */
export const kinds = {
  aead: /^(aes_gcm|aes_ccm|chacha20_poly1305)$/,
  cbc: /^aes_cbc_pkcs5$/,
  hmac: /^hmac_/,
  hkdf: /^hkdf_/,
  ecdh: /^ecdh_/,
  x25519: /^x25519$/,
  x448: /^x448$/,
  ecdsa: /^ecdsa_/,
  ed25519: /^ed25519$/,
  ed448: /^ed448$/,
  pkcs1: /^rsa_signature_/,
  pss: /^rsa_pss_/,
  decrypt: /^rsa_pkcs1_/,
  leftOut: /^(dsa_|primality)/,
} as const;

/** Tries the files of a kind with every layer. */
export const wycheproof = <V>(kind: keyof typeof kinds, trial: Trial<V>): void => {
  for (const file of files.filter((name) => kinds[kind].test(name))) tryFile(file, trial);
};

const tryFile = <V>(file: string, trial: Trial<V>): void => {
  const rows: Array<
    { readonly vector: V & Vector; readonly wanted: boolean; readonly because: string | undefined }
  > = [];
  const leftOut = new Tally();
  for (const vector of vectorsOf<V>(file)) {
    const why = trial.leftOut?.(vector);
    if (why !== undefined) {
      leftOut.add(why);
      continue;
    }
    const [wanted, because] = trial.expected?.(vector) ?? [vector.result === "valid"];
    if (!because) assert.notEqual(vector.result, "acceptable", `${file} ${vector.tcId}: what becomes of it?`);
    rows.push({ vector, wanted, because });
  }
  assert.ok(rows.length > 0, file);
  for (const [why, count] of leftOut) Deno.test.ignore(`${file}: ${count} left out: ${why}`, () => {});
  // Those with flags of their own, and one of each twenty.
  const tried = covering(`${file}: vectors`, rows, ({ vector: { result, flags, tcId } }) => [
    [result, ...flags],
    Math.floor(tcId / 20),
  ]);
  const exceptions = new Tally();
  for (const { wanted, because } of tried) {
    if (because) exceptions.add(`${wanted ? "taken" : "refused"}: ${because}`);
  }
  const name = [
    `${tried.length} vectors hold`,
    ...Array.from(exceptions, ([what, count]) => `${count} ${what}`),
  ];
  for (const layer of layers) {
    Deno.test(`${layer.name} and ${file}: ${name.join("; ")}`, async () => {
      const wrong: Array<string> = [];
      for (const { vector, wanted } of tried) {
        if (await trial.taken(layer, vector) === wanted) continue;
        const { tcId, result, comment, flags } = vector;
        wrong.push(`${tcId} is ${result} and was ${wanted ? "refused" : "taken"}: ${comment} (${flags})`);
      }
      assert.deepEqual(wrong, []);
    });
  }
};

/** How often each was said. */
class Tally extends Map<string, number> {
  add(what: string): void {
    this.set(what, (this.get(what) ?? 0) + 1);
  }
}
