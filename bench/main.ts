/**
 * `deno task bench [--only PREFIX] [--json FILE]`: each figure is the median of several ratios, all measured in one
 * run.
 *
 * @module
 */
import { Codec, Messages, Names } from "../mod.ts";
import { makeDeterministic } from "../src/layers/crypto/seeded.ts";
import { bulk, plainTransfer, transfer } from "./bulk.ts";
import { chained, chains } from "./chains.ts";
import { decodeByHand, encodeByHand, hello } from "./client_hello.ts";
import { lookingUp, manyRevoked, parsing } from "./crls.ts";
import { growth, idleConnection, importing } from "./footprint.ts";
import { forgeHandshakes, selfSigned } from "./forge.ts";
import {
  bare,
  bareResumed13,
  bareSymmetric,
  handshakes,
  type Kind,
  whileOpen,
  withoutPublicKeys,
} from "./handshakes.ts";
import { dearer, hostileChains, hostileHellos, judging, reading } from "./hostile.ts";
import * as Loopback from "./loopback.ts";
import { beyond, type Figure, ratio, ratioOf, ratioOfAsync } from "./measure.ts";
import { exchanging, hybrids, operations, providers, refused } from "./providers.ts";
import { samples } from "./samples.ts";
import { parseArgs } from "node:util";

const options = { only: { type: "string" }, json: { type: "string" }, help: { type: "boolean" } } as const;
const usage = `Measures ratios; bench/README.md says what each means.

usage: deno task bench [flags]

  --only PREFIX  only figures whose names begin so
  --json FILE    write them there, too: an array of { name, ratio, low, high, unit }
  --help         this text`;

/** Parses the command line. Ends the program on any other argument. */
const asked = () => {
  try {
    return parseArgs({ options }).values;
  } catch (e) {
    console.error(`${e instanceof Error ? e.message : e} (see --help)`);
    Deno.exit(2);
  }
};
const values = asked();
if (values.help) {
  console.log(usage);
  Deno.exit(0);
}

const { CipherSuite: S, NamedGroup: G } = Names;

const kinds: Readonly<Record<string, Kind>> = {
  "ecdhe-ecdsa": { key: "p256", suite: S.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
  "ecdhe-rsa": { key: "rsa", suite: S.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
  "dhe": { key: "rsa", suite: S.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, group: G.ffdhe2048 },
  "rsa": { key: "rsa", suite: S.TLS_RSA_WITH_AES_128_GCM_SHA256, group: G.x25519 },
};

const { decode, encode } = Codec.codec(Messages.ClientHello);
const bytes = Codec.codec(Messages.ClientHello).unsafeEncode(hello);

/** RSA key transport with node-forge's suite, to compare with it. */
const asForge: Kind = {
  key: "rsa",
  suite: S.TLS_RSA_WITH_AES_128_CBC_SHA,
  group: G.x25519,
  versions: [Names.ProtocolVersion.TLS_1_1],
  pem: { certificate: selfSigned, root: selfSigned },
};

const names = Object.keys(providers) as ReadonlyArray<keyof typeof providers>;
const whole = { milliseconds: 120, warmup: 3000 };
type Measure = () => Figure | Promise<Figure>;
type Row = readonly [string, Measure];
const row = (
  name: string,
  measure: (name: string) => ReturnType<Measure>,
): Row => [name, () => measure(name)];

const codecs: ReadonlyArray<Row> = [
  row(
    "decode/client-hello",
    (name) =>
      ratio(name, `× by hand (${bytes.length} bytes)`, () => decode(bytes), () => decodeByHand(bytes)),
  ),
  row(
    "encode/client-hello",
    (name) =>
      ratio(name, `× by hand (${bytes.length} bytes)`, () => encode(hello), () => encodeByHand(hello)),
  ),
  ...samples.flatMap(([message, { sample, encoded, decode, encode }]) => [
    row(
      `decode/${message}`,
      (name) =>
        ratio(
          name,
          `× ClientHello by hand (${encoded.length} bytes)`,
          () => decode(encoded),
          () => decodeByHand(bytes),
        ),
    ),
    row(
      `encode/${message}`,
      (name) =>
        ratio(
          name,
          `× ClientHello by hand (${encoded.length} bytes)`,
          () => encode(sample),
          () => encodeByHand(hello),
        ),
    ),
  ]),
];

const shapes: ReadonlyArray<Row> = names.flatMap((provider) => {
  const crypto = providers[provider];
  return Object.entries(kinds).flatMap(([kind, k]) => [
    row(
      `full/${kind}/${provider}`,
      (name) =>
        ratio(name, "× its bare cryptography", handshakes(crypto, k, "full"), bare(crypto, k, "full"), whole),
    ),
    ...(kind === "ecdhe-ecdsa"
      ? [
        row(`resumed/${provider}`, (name) =>
          ratio(
            name,
            "× its bare cryptography",
            handshakes(crypto, k, "resumed"),
            bare(crypto, k, "resumed"),
            whole,
          )),
      ]
      : []),
  ]);
});

const judged: ReadonlyArray<Row> = (["p256", "rsa"] as const).flatMap((key) => [
  ...[false, true].map((staple) =>
    row(`verify/${key}/${staple ? "stapled" : "three"}`, (name) => {
      const { ours, bare } = chains(providers.noble, { key, staple });
      return ratio(name, "× its bare signature checks", ours, bare);
    })
  ),
  row(`verify/${key}/again`, (name) => {
    const { again, bare } = chains(providers.noble, { key, staple: false });
    return ratio(name, "× its bare signature checks", again, bare);
  }),
]);

const free = withoutPublicKeys(makeDeterministic("bench"));
const rest: ReadonlyArray<Row> = ["ecdhe-ecdsa", "ecdhe-rsa"].map((kind) =>
  row(`rest/${kind}`, (name) =>
    beyond(
      name,
      "µs a side beyond cryptography",
      handshakes(free, kinds[kind]!, "full"),
      bareSymmetric(free, kinds[kind]!),
      2,
      whole,
    ))
);

const newest: Kind = { key: "p256", suite: S.TLS_AES_128_GCM_SHA256, group: G.x25519 };
const tls13: ReadonlyArray<Row> = [
  row("tls13/rest", (name) =>
    ratio(
      name,
      "× TLS 1.2, without public keys",
      handshakes(free, newest, "full"),
      handshakes(free, kinds["ecdhe-ecdsa"]!, "full"),
      whole,
    )),
  // The native provider waits for WebCrypto here, and this bench does not.
  row("tls13/full-hybrid/noble", (name) =>
    ratio(
      name,
      "× the same with x25519",
      handshakes(providers.noble, { ...newest, group: G.X25519MLKEM768 }, "full"),
      handshakes(providers.noble, newest, "full"),
      whole,
    )),
  ...names.flatMap((provider) => {
    const crypto = providers[provider];
    return [
      row(`tls13/full/${provider}`, (name) =>
        ratio(
          name,
          "× TLS 1.2",
          handshakes(crypto, newest, "full"),
          handshakes(crypto, kinds["ecdhe-ecdsa"]!, "full"),
          whole,
        )),
      row(`tls13/resumed/${provider}`, (name) =>
        ratio(
          name,
          "× its bare cryptography",
          handshakes(crypto, newest, "resumed"),
          bareResumed13(crypto, newest),
          whole,
        )),
    ];
  }),
];

const forge: ReadonlyArray<Row> = (["full", "resumed"] as const).flatMap((how) =>
  names.map((provider) =>
    row(`forge/${how}/${provider}`, (name) =>
      ratio(
        name,
        "× node-forge's handshakes a second",
        forgeHandshakes(how),
        handshakes(providers[provider], asForge, how),
        { ...whole, rounds: 9 },
      ))
  )
);

const records: ReadonlyArray<Row> = names.flatMap((provider) =>
  (["aes_128_gcm", "aes_256_gcm", "chacha20_poly1305"] as const).flatMap((cipher) =>
    [16384, 1024].map((size) =>
      row(`bulk/${cipher.replaceAll("_", "-")}/${size}/${provider}`, (name) => {
        const { ours, alone } = bulk(providers[provider], cipher, size);
        return ratio(name, "of the bare cipher's speed", alone, ours);
      })
    )
  )
);

/** The milliseconds of `count` handshakes, one after another. */
const many = async ({ once }: Loopback.Loopback, count: number): Promise<number> => {
  const begun = performance.now();
  for (let i = 0; i < count; i++) await once();
  return performance.now() - begun;
};
const against = async (
  name: string,
  whose: string,
  make: () => Promise<Loopback.Loopback>,
): Promise<Figure> => {
  const [ours, theirs] = await Promise.all([Loopback.ours(), make()]);
  const figure = await ratioOf(
    name,
    `of the handshakes a second of ${whose}`,
    async () => await many(theirs, 20) / await many(ours, 20),
  );
  await Promise.all([ours.stop(), theirs.stop()]);
  return figure;
};

const TRANSFER = 32 * 2 ** 20;
const network: ReadonlyArray<Row> = [
  row("native-tls/full", (name) => against(name, "Deno's own TLS", Loopback.deno)),
  row("native-tls/full/node", (name) => against(name, "node:tls in Deno", Loopback.node)),
  row("loopback/aes-128-gcm", (name) =>
    ratioOf(
      name,
      "of the speed of plain TCP",
      async () => await plainTransfer(TRANSFER) / await transfer(TRANSFER),
      5,
    )),
];

const footprint: ReadonlyArray<Row> = [
  row(
    "memory/idle-connection",
    (name) => ratioOf(name, "KiB an end, of 1,000 connections", () => idleConnection(1000), 3),
  ),
  row(
    "memory/transfer-256-mib",
    (name) => ratioOf(name, "MiB that the heap has grown by", () => growth(() => transfer(256 * 2 ** 20)), 3),
  ),
  row(
    "startup/mod",
    (name) =>
      ratioOf(name, "× the start with the packages alone", async () =>
        await importing("mod.ts") /
        await importing("src/deps.ts", "src/layers/crypto/noble/deps.ts", "src/crypto/triple_des.ts"), 5),
  ),
];

const scaling: ReadonlyArray<Row> = [
  ...([2, 3] as const).map((length) =>
    row(`chain/${length}`, (name) =>
      ratio(
        name,
        "× a handshake with a chain of one",
        handshakes(providers.native, chained(kinds["ecdhe-ecdsa"]!, length), "full"),
        handshakes(providers.native, chained(kinds["ecdhe-ecdsa"]!, 1), "full"),
        whole,
      ))
  ),
  row(
    "connections/100",
    (name) =>
      ratioOf(
        name,
        "× the cost of one handshake while 100 connections are open",
        () => whileOpen(providers.native, kinds["ecdhe-ecdsa"]!, 100),
      ),
  ),
];

const MILLISECONDS = "ms of processor time";
const hostile: ReadonlyArray<Row> = [
  ...Object.entries(hostileChains).map(([kind, make]) =>
    row(`hostile/chain/${kind}`, (name) => {
      const chain = make();
      return ratioOf(name, MILLISECONDS, dearer((crypto) => judging(chain, crypto)));
    })
  ),
  ...Object.entries(hostileHellos).map(([kind, make]) =>
    row(`hostile/hello/${kind}`, (name) => {
      const hello = make();
      return ratioOf(name, MILLISECONDS, dearer((crypto) => reading(hello, crypto)));
    })
  ),
];

const crls: ReadonlyArray<Row> = [
  row(
    "crl/parse-100000",
    (name) => ratioOf(name, "ms to parse a CRL of 100,000 entries", parsing(manyRevoked().der)),
  ),
  row("crl/lookup", (name) => {
    const { der, serials } = manyRevoked();
    return ratioOf(name, "µs to look a certificate up in it", lookingUp(der, serials));
  }),
];

const cryptography: ReadonlyArray<Row> = [
  ...Object.entries(operations).map(([operation, make]) =>
    row(
      `crypto/${operation}`,
      (name) =>
        ratio(name, "× as long on noble as by node:crypto", make(providers.noble), make(providers.native)),
    )
  ),
  ...hybrids.map((group) =>
    row(`crypto/${Names.NamedGroup.nameOf(group)}`, (name) => {
      const [noble, native] = [exchanging(providers.noble, group), exchanging(providers.native, group)];
      return ratioOfAsync(name, "× as long on noble as by the platform", noble, native);
    })
  ),
  ...Object.entries(refused).map(([operation, { noble, native }]) =>
    row(`crypto/${operation}`, (name) => ratio(name, "× as long on noble, which is taken", noble, native))
  ),
];

const groups: ReadonlyArray<Row> = Object.entries(providers).flatMap(([provider, crypto]) =>
  crypto.groups.slice(1).map((group) =>
    row(`share/${Names.NamedGroup.nameOf(group)}/${provider}`, (name) => {
      const x25519 = exchanging(crypto, Names.NamedGroup.x25519);
      return ratioOfAsync(name, "× an exchange with x25519", exchanging(crypto, group), x25519);
    })
  )
);

const figures: ReadonlyArray<Row> = [
  ...codecs,
  ...shapes,
  ...judged,
  ...rest,
  ...tls13,
  ...forge,
  ...records,
  ...network,
  ...footprint,
  ...scaling,
  ...hostile,
  ...crls,
  ...cryptography,
  ...groups,
];

// Fails before anything is measured if the results cannot be written.
if (values.json !== undefined) await Deno.writeTextFile(values.json, "[]\n");

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
  const f = await measure();
  results.push(f);
  const n = (x: number) => x.toFixed(x < 10 ? 2 : 0).padStart(5);
  console.log(`${f.name.padEnd(36)}  ${n(f.ratio).padStart(6)}  ${n(f.low)}  ${n(f.high)}  ${f.unit}`);
}
if (values.json !== undefined) await Deno.writeTextFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
