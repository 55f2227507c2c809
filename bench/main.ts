/**
 * `deno task bench [--only PREFIX] [--json FILE]`: every figure is a ratio measured in one run, the median of several.
 *
 * @module
 */
import { ProtocolVersion } from "../src/names/protocol.ts";
import { parseArgs } from "node:util";
import { Codec, type Crypto, Messages, Names } from "../mod.ts";
import { makeNoble } from "../src/layers/crypto_noble.ts";
import { makeDeterministic } from "../src/layers/crypto_deterministic.ts";
import { aeadProtection, nonceForms } from "../src/record/aead.ts";
import { Records } from "../src/record/records.ts";
import { limits } from "../src/policy.ts";
import { decodeByHand, encodeByHand, hello } from "./client_hello.ts";
import { bare, bareSymmetric, handshakes, type Kind, withoutPublicKeys } from "./handshakes.ts";
import { beyond, type Figure, ratio } from "./measure.ts";

const options = { only: { type: "string" }, json: { type: "string" }, help: { type: "boolean" } } as const;
const usage = "usage: deno task bench [--only PREFIX] [--json FILE]";

/** What the command line asks for; anything else ends the program. */
const asked = () => {
  try {
    return parseArgs({ options }).values;
  } catch (e) {
    console.error(`${e instanceof Error ? e.message : e}\n${usage}`);
    Deno.exit(2);
  }
};
const values = asked();
if (values.help) {
  console.log(usage);
  Deno.exit(0);
}

const noble = makeNoble((n) => crypto.getRandomValues(new Uint8Array(n)));
const { CipherSuite: S, NamedGroup: G } = Names;

const kinds: Readonly<Record<string, Kind>> = {
  "ecdhe-ecdsa": { key: "p256", suite: S.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
  "ecdhe-rsa": { key: "rsa", suite: S.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
  "rsa": { key: "rsa", suite: S.TLS_RSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
};

const { decode, encode } = Codec.codec(Messages.ClientHello);
const bytes = Codec.codec(Messages.ClientHello).unsafeEncode(hello);

/** One record of application data through the record layer, against the cipher alone. */
const bulk = (name: Crypto.AeadName, size: number) => {
  const key = new Uint8Array(name === "aes_128_gcm" ? 16 : 32).fill(1);
  const form = name === "chacha20_poly1305" ? nonceForms.chacha : nonceForms.gcm;
  const cipher = noble.aead(name, key);
  const iv = new Uint8Array(form.fixed);
  const data = new Uint8Array(size).fill(7);
  const nonce = new Uint8Array(12);
  const additional = new Uint8Array(13);
  const end = () => {
    const records = new Records(limits);
    const protection = () => aeadProtection(ProtocolVersion.TLS_1_2, noble.aead(name, key), iv, form);
    records.changeWrite(protection());
    records.changeRead(protection());
    records.takeOutbox();
    return records;
  };
  const sender = end();
  const receiver = end();
  // A Finished has come, so that data may.
  sender.write(Names.ContentType.handshake, Uint8Array.of(20, 0, 0, 0));
  receiver.feed(sender.takeOutbox());
  receiver.next();
  const ours = () => {
    sender.write(Names.ContentType.application_data, data);
    receiver.feed(sender.takeOutbox());
    if (receiver.next()?._tag !== "ApplicationData") throw new Error("no data");
  };
  const alone = () => {
    if (!cipher.open(nonce, additional, cipher.seal(nonce, additional, data))) throw new Error("no data");
  };
  return { ours, alone };
};

const figures: ReadonlyArray<readonly [string, () => Figure]> = [
  ...(["decode", "encode"] as const).map((what) => {
    const name = `${what}/client-hello`;
    const ours = what === "decode" ? () => decode(bytes) : () => encode(hello);
    const byHand = what === "decode" ? () => decodeByHand(bytes) : () => encodeByHand(hello);
    return [name, () => ratio(name, `× by hand (${bytes.length} bytes)`, ours, byHand)] as const;
  }),
  ...Object.entries(kinds).flatMap(([kind, k]) =>
    (["full", "resumed"] as const).map((how) => {
      const name = `${how}/${kind}/noble`;
      return [
        name,
        () =>
          ratio(name, "× its bare cryptography", handshakes(noble, k, how), bare(noble, k, how), {
            milliseconds: 120,
          }),
      ] as const;
    })
  ),
  ...Object.entries(kinds).slice(0, 2).map(([kind, k]) => {
    const name = `rest/${kind}`;
    const free = withoutPublicKeys(makeDeterministic("bench"));
    return [
      name,
      () =>
        beyond(name, "µs a side beyond cryptography", handshakes(free, k, "full"), bareSymmetric(free, k), 2),
    ] as const;
  }),
  ...(["aes_128_gcm", "aes_256_gcm", "chacha20_poly1305"] as const).flatMap((cipher) =>
    [16384, 1024].map((size) => {
      const name = `bulk/${cipher.replaceAll("_", "-")}/${size}/noble`;
      return [name, () => {
        const { ours, alone } = bulk(cipher, size);
        return ratio(name, "of the bare cipher's speed", alone, ours);
      }] as const;
    })
  ),
];

const wanted = figures.filter(([name]) => name.startsWith(values.only ?? ""));
if (wanted.length === 0) {
  console.error(
    `no figure begins with ${values.only}: there are ${figures.map(([name]) => name).join(", ")}`,
  );
  Deno.exit(2);
}
const results: Array<Figure> = [];
console.log(`${"figure".padEnd(36)}  median    low   high  unit`);
for (const [, measure] of wanted) {
  const f = measure();
  results.push(f);
  const n = (x: number) => x.toFixed(x < 10 ? 2 : 0).padStart(5);
  console.log(`${f.name.padEnd(36)}  ${n(f.ratio).padStart(6)}  ${n(f.low)}  ${n(f.high)}  ${f.unit}`);
}
if (values.json !== undefined) await Deno.writeTextFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
