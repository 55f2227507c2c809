/**
 * The vectors of OpenSSL's test suite for the functions that derive keys, which it has from NIST and RFC 5869.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { prf10, prf12 } from "../../src/crypto/prf.ts";
import type { CryptoService } from "../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { dataFolder } from "../support/data.ts";
import { hex } from "../support/keys.ts";
import { hashIn, layers } from "../support/layers.ts";
import { expand, extract } from "./hkdf.ts";

const folder = dataFolder("openssl-kdf");

/** The lines of one vector: names and values, of which some stand more than once. */
class Vector {
  readonly #lines: ReadonlyArray<readonly [name: string, value: string]>;
  constructor(text: string) {
    this.#lines = Array.from(text.matchAll(/^([\w.]+) = (.*)$/gm), ([, name, value]) => [name!, value!]);
  }

  has(name: string): boolean {
    return this.#lines.some(([n]) => n === name);
  }

  text(name: string): string {
    return this.#lines.find(([n]) => n === name)?.[1] ?? "";
  }

  /** The bytes of all parameters with these names, in the order in which they stand. */
  bytes(...names: ReadonlyArray<string>): Bytes {
    const values = this.#lines.filter(([name]) => names.includes(name)).map(([, value]) => value);
    return concat(...values.map((value) => {
      const [, kind, content] = /^(\w+):(.*)$/.exec(value)!;
      return kind!.startsWith("hex") ? hex(content!) : ascii(content!);
    }));
  }
}

const vectorsOf = (file: string): ReadonlyArray<Vector> =>
  Deno.readTextFileSync(new URL(file, folder)).split(/\n\s*\n/).map((text) => new Vector(text))
    .filter((vector) => vector.has("KDF"));

type Derive = (crypto: CryptoService, vector: Vector, length: number) => Bytes;

/** The PRF of a version; its label and its seed are one string to OpenSSL. */
const prf: Derive = ({ hash }, vector, length) => {
  const digest = vector.text("Ctrl.digest");
  const of = digest.includes("MD5-SHA1") ? prf10(hash("md5"), hash("sha1")) : prf12(hash(hashIn(digest)));
  const seed = vector.bytes("Ctrl.client_random", "Ctrl.server_random");
  return of(vector.bytes("Ctrl.Secret"), vector.text("Ctrl.label").replace("seed:", ""), seed, length);
};

const hkdf: Derive = ({ hash }, vector, length) => {
  const of = hash(hashIn(vector.text("Ctrl.digest")));
  const [mode, key] = [vector.text("Ctrl.mode"), vector.bytes("Ctrl.IKM")];
  const prk = mode === "mode:EXPAND_ONLY" ? key : extract(of, vector.bytes("Ctrl.salt"), key);
  return mode === "mode:EXTRACT_ONLY" ? prk : expand(of, prk, vector.bytes("Ctrl.info"), length);
};

const files: Readonly<Record<string, Derive>> = {
  "evpkdf_tls11_prf.txt": prf,
  "evpkdf_tls12_prf.txt": prf,
  "evpkdf_hkdf.txt": hkdf,
};

for (const [file, derive] of folder ? Object.entries(files) : []) {
  const all = vectorsOf(file);
  const outputs = all.filter((vector) => !vector.has("Result"));
  Deno.test.ignore(
    `${file}: ${all.length - outputs.length} left out: what OpenSSL refuses to be asked`,
    () => {},
  );
  for (const { name, crypto } of layers) {
    Deno.test(`${name} and ${file}: ${outputs.length} vectors hold`, () => {
      assert.ok(outputs.length > 1);
      for (const vector of outputs) {
        const output = vector.text("Output");
        assert.equal(toHex(derive(crypto, vector, output.length / 2)), output);
      }
    });
  }
}

if (folder) {
  const { length } = vectorsOf("evpkdf_tls13_kdf.txt");
  Deno.test.ignore(`evpkdf_tls13_kdf.txt: all ${length} left out: no TLS 1.3 here`, () => {});
}
