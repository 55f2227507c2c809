/** The files of Project Wycheproof that are tried nowhere, each with its reason. @module */
import { assert } from "../deps.ts";
import { files, kinds, vectorsOf } from "./wycheproof.ts";

const reasons: Readonly<Record<string, string>> = {
  dsa_2048_224_sha256: "no DSA here",
  dsa_2048_256_sha256: "no DSA here",
  primality: "nothing here judges primes",
};

for (const file of files.filter((name) => kinds.leftOut.test(name))) {
  Deno.test.ignore(`${file}: all ${vectorsOf(file).length} left out: ${reasons[file]}`, () => {});
}

Deno.test("each of Wycheproof's files is of one kind, and each kind that is left out has its reason", {
  ignore: files.length === 0,
}, () => {
  for (const file of files) {
    const of = Object.entries(kinds).filter(([, names]) => names.test(file)).map(([kind]) => kind);
    assert.equal(of.length, 1, `${file} is of ${of.length} kinds`);
    assert.equal(of[0] === "leftOut", file in reasons, file);
  }
});
