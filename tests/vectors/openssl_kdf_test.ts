/**
 * The vectors of OpenSSL's test suite for the functions that derive keys, which it has from NIST and RFC 5869.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { expand, expandLabel, extract } from "../../src/crypto/hkdf.ts";
import { keySchedule } from "../../src/crypto/key_schedule.ts";
import { prf10, prf12 } from "../../src/crypto/prf.ts";
import type { CryptoService } from "../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { dataFolder } from "../support/data.ts";
import { hex } from "../support/keys.ts";
import { hashIn, layers } from "../support/layers.ts";

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

const tls13 = "evpkdf_tls13_kdf.txt";

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
  return mode === "mode:EXTRACT_ONLY" ? prk : expand(of, prk)(vector.bytes("Ctrl.info"), length);
};

/** A step of a handshake of TLS 1.3. What is not given is as many zeros as the hash has bytes (RFC 8446 §7.1). */
const step13: Derive = ({ hash }, vector, length) => {
  const of = hash(hashIn(vector.text("Ctrl.digest")));
  const given = (name: string): Bytes => vector.has(name) ? vector.bytes(name) : new Uint8Array(of.length);
  const label = new TextDecoder().decode(vector.bytes("Ctrl.label"));
  if (vector.text("Ctrl.mode") === "mode:EXPAND_ONLY") {
    return expandLabel(of, vector.bytes("Ctrl.key"))(label, vector.bytes("Ctrl.data"), length);
  }
  const salt = given("Ctrl.salt");
  return extract(of, label === "" ? salt : expandLabel(of, salt)(label, of.digest([])), given("Ctrl.key"));
};

const files: Readonly<Record<string, Derive>> = {
  "evpkdf_tls11_prf.txt": prf,
  "evpkdf_tls12_prf.txt": prf,
  "evpkdf_hkdf.txt": hkdf,
  [tls13]: step13,
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

/** The vectors of one handshake: those from an extraction without a salt to the next. */
const handshakes = (vectors: ReadonlyArray<Vector>): ReadonlyArray<ReadonlyArray<Vector>> => {
  const starts = vectors.flatMap((v, at) =>
    v.text("Ctrl.mode") === "mode:EXTRACT_ONLY" && !v.has("Ctrl.salt") ? [at] : []
  );
  return starts.map((start, i) => vectors.slice(start, starts[i + 1]));
};

for (const { name, crypto } of folder ? layers : []) {
  Deno.test(`${name} and ${tls13}: the key schedule leads from each handshake's secrets to all others`, () => {
    const all = handshakes(vectorsOf(tls13).filter((vector) => !vector.has("Result")));
    assert.ok(all.length > 50);
    for (const vectors of all) {
      const of = crypto.hash(hashIn(vectors[0]!.text("Ctrl.digest")));
      const [psk, shared] = vectors.filter((v) => v.text("Ctrl.mode") === "mode:EXTRACT_ONLY")
        .map((v) => v.has("Ctrl.key") ? v.bytes("Ctrl.key") : undefined);
      const at = (label: string): Vector =>
        vectors.find((v) =>
          v.bytes("Ctrl.label").length > 0 && toHex(v.bytes("Ctrl.label")) === toHex(ascii(label))
        )!;
      const said = (label: string) => ({ digest: () => at(label).bytes("Ctrl.data") });
      const early = keySchedule(of, psk);
      const handshake = early.handshake(shared);
      const master = handshake.master();
      const [hs, ap] = [handshake.traffic(said("c hs traffic")), master.traffic(said("c ap traffic"))];
      const derived: Readonly<Record<string, Bytes>> = {
        "c e traffic": early.traffic(said("c e traffic")).secret,
        "e exp master": early.exporter(said("e exp master")),
        "c hs traffic": hs.client.secret,
        "s hs traffic": hs.server.secret,
        "c ap traffic": ap.client.secret,
        "s ap traffic": ap.server.secret,
        "exp master": master.exporter(said("exp master")),
        "res master": master.resumption(said("res master")),
      };
      for (const [label, secret] of Object.entries(derived)) {
        assert.equal(toHex(secret), at(label).text("Output"), label);
      }
    }
  });
}
