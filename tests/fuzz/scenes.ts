/**
 * Two engines that speak to each other, in full, resumed and renegotiated handshakes, and in those of TLS 1.3. One that lies, and hashes its lies;
 * or somebody between them who changes what is on the wire. They end by an error of the union or go on to speak; and if
 * both are content then nobody stood between them.
 *
 * @module
 */
import { assert, Effect, Fiber } from "../deps.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import {
  CertificateCompressionAlgorithm,
  CompressionMethod,
  ProtocolVersion,
} from "../../src/names/protocol.ts";
import { legacy12, modern13 } from "../support/policies.ts";
import { ascii, type Bytes, concat } from "../../src/wire/bytes.ts";
import { bothHandshake, build, pingPong, readText, type Setup, type Tamper } from "../support/handshake.ts";
import { type Change, changedHandshake } from "../support/other_ends.ts";
import { anatomyOfMessage } from "./messages.ts";
import { mutated } from "./mutate.ts";
import { gist, jumbled, recordAnatomy, recordsIn } from "./replays.ts";
import { type Curtain, play } from "./stage.ts";
import type { Target, Verdict } from "./target.ts";
import { told } from "./told.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;

const of = (
  version: ProtocolVersion,
  suite: CipherSuite,
  more: Omit<Setup, "client" | "server"> = {},
  policy: Partial<typeof legacy12> = {},
): Setup => {
  const whole = {
    ...legacy12,
    versions: [version],
    cipherSuites: [suite],
    compressionMethods: [CompressionMethod.null],
    insecureRenegotiation: true,
    ...policy,
  };
  const [client, server] = [{ policy: whole, alpn: ["h2", "x"] }, { policy: whole, alpn: ["x"] }];
  return {
    kind: "rsa",
    toy: true,
    ...more,
    client,
    server: { ...server, clientAuth: more.clientKind ? "require" : "none" },
  };
};

const deflate = { compressionMethods: [CompressionMethod.DEFLATE, CompressionMethod.null] };
/** One of each: versions, exchanges, ciphers, and what can be agreed on besides. */
const setups: ReadonlyArray<Setup> = [
  of(TLS_1_2, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, { kind: "p256" }),
  of(TLS_1_2, CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, { tickets: true }),
  of(TLS_1_2, CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, { clientKind: "p256" }, {
    maxFragmentLength: 512,
  }),
  of(
    TLS_1_2,
    CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    { clientKind: "rsa", tickets: true },
    deflate,
  ),
  of(TLS_1_1, CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, {}, deflate),
  of(TLS_1_0, CipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA, { clientKind: "rsa" }),
  of(TLS_1_0, CipherSuite.TLS_DH_anon_WITH_AES_128_CBC_SHA),
  of(SSL_3_0, CipherSuite.TLS_RSA_WITH_RC4_128_MD5, { clientKind: "rsa" }),
  of(SSL_3_0, CipherSuite.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA),
];

/** What happens after the first handshake, or before it. */
const plots = ["full", "resumed", "asked by the client", "asked by the server"] as const;

/** The same in TLS 1.3. */
const plots13 = ["full", "resumed", "retried", "early", "keys changed", "certificate asked for"] as const;
type Plot = typeof plots[number] | typeof plots13[number];

interface Scene {
  readonly setup: Setup;
  readonly plot: Plot;
}

/** One of TLS 1.3: what differs in it is what happens, and who shows a certificate. */
const of13 = (plot: typeof plots13[number], more: Omit<Setup, "client" | "server"> = {}): Scene => ({
  plot,
  setup: {
    kind: "p256",
    toy: true,
    ...more,
    client: {
      policy: { ...modern13, certificateCompression: [CertificateCompressionAlgorithm.zlib] },
      alpn: ["h2", "x"],
      earlyData: plot === "early" ? EARLY : undefined,
    },
    server: {
      policy: plot === "retried" ? { ...modern13, groups: [NamedGroup.secp384r1] } : modern13,
      alpn: ["x"],
      clientAuth: more.clientKind && plot !== "certificate asked for" ? "require" : "none",
      earlyData: plot === "early" ? 100 : 0,
    },
  },
});

const EARLY = ascii("early");

const scenes: ReadonlyArray<Scene> = [
  ...setups.flatMap((setup) => plots.map((plot): Scene => ({ setup, plot }))),
  ...plots13.flatMap((plot) => [of13(plot), of13(plot, { clientKind: "rsa", tickets: plot !== "early" })]),
];

const unchanged: Change = (stream) => stream;

/** How a scene ends. That data of the user's is lost on the way, only he can know: who waits for it may wait for ever. */
const acted = async (at: number, change: Change, tamper: Tamper): Promise<Curtain<void, TlsError>> => {
  const { setup, plot } = scenes[at]!;
  let talking = false;
  const asking = (asks: Connection, other: Connection) =>
    Effect.gen(function* () {
      // Whoever is asked must read.
      const asked = yield* Effect.fork(asks.renegotiate);
      const heard = yield* Effect.fork(readText(other, 1));
      yield* Fiber.join(asked);
      talking = true;
      yield* asks.write(ascii("."));
      yield* Fiber.join(heard);
    });
  const acts = Effect.gen(function* () {
    const built = yield* build(setup);
    if (plot === "resumed" || plot === "early") {
      const before = yield* bothHandshake(built, setup);
      const [client, server] = yield* Effect.all([before.client, before.server]);
      // The tickets of TLS 1.3 come after the handshake.
      assert.equal(yield* pingPong(client, server), "ping pong");
    }
    const ends = yield* changedHandshake(built, { ...setup, tamper }, { client: change, server: change });
    const [client, server] = yield* Effect.all([ends.client, ends.server]);
    if (plot === "asked by the client") yield* asking(client, server);
    if (plot === "asked by the server") yield* asking(server, client);
    talking = true;
    if (plot === "early" && (yield* server.negotiated).earlyData) {
      assert.equal(yield* readText(server, EARLY.length), "early");
    }
    if (plot === "keys changed") yield* client.updateKeys({ request: true });
    if (plot === "certificate asked for") {
      yield* Effect.fork(server.requestClientCertificate("request"));
    }
    assert.equal(yield* pingPong(client, server), "ping pong");
    const [ours, theirs] = [yield* client.negotiated, yield* server.negotiated];
    for (
      const what of [
        "version",
        "cipherSuite",
        "compressionMethod",
        "resumed",
        "encryptThenMac",
        "extendedMasterSecret",
      ] as const
    ) {
      assert.equal(ours[what], theirs[what], what);
    }
  });
  const end = await play(Effect.scoped(acts));
  assert.ok(end !== "waiting" || talking, "both wait for ever");
  return end;
};

/** Which message is said, or which bytes are written, in a scene in which nobody changes anything. */
interface Script {
  readonly messages: ReadonlyArray<Bytes>;
  readonly flows: ReadonlyArray<Bytes>;
}
const scripts = new Map<number, Promise<Script>>();
const rehearsed = async (at: number): Promise<Script> => {
  const script = { messages: [] as Array<Bytes>, flows: [] as Array<Bytes> };
  const noting: Change = (stream) => ({
    ...stream,
    send: (raw, message, apart) => {
      script.messages.push(raw);
      stream.send(raw, message, apart);
    },
  });
  const end = await acted(at, noting, (_, bytes) => {
    script.flows.push(bytes);
    return bytes;
  });
  assert.ok(end !== "waiting" && told(end) === "accepted", `${scenes[at]!.plot}, rehearsed`);
  return script;
};
const scriptOf = (at: number): Promise<Script> => {
  const known = scripts.get(at) ?? rehearsed(at);
  scripts.set(at, known);
  return known;
};

const verdictOf = (end: Curtain<void, TlsError>): Verdict => end === "waiting" ? "refused" : told(end);

const HOW = ["other bytes", "nothing", "twice", "before", "after"] as const;

/** Says something else than it should, and believes it. */
const lying = (n: number, how: typeof HOW[number], bytes: Bytes): Change => {
  let count = 0;
  return (stream) => ({
    ...stream,
    send: (raw, message, apart) => {
      if (count++ !== n) return stream.send(raw, message, apart);
      const said = {
        "other bytes": [bytes],
        nothing: [],
        twice: [raw, raw],
        before: [bytes, raw],
        after: [raw, bytes],
      }[how];
      for (const one of said) if (one.length > 0) stream.send(one, message, apart);
    },
  });
};

const liar: Target = {
  name: "engines/liar",
  weight: 3,
  draw: async (random) => {
    const at = random.below(scenes.length);
    const { messages } = await scriptOf(at);
    const n = random.below(messages.length);
    const how = random.once(3) ? random.below(HOW.length) : 0;
    const from = how === 0 ? messages[n]! : random.pick(messages);
    const specimen = (bytes: Bytes) => ({ bytes, anatomy: anatomyOfMessage(bytes) });
    return [
      Uint8Array.of(at, n, how),
      mutated(specimen(from), random, () => specimen(random.pick(messages))),
    ];
  },
  run: async ([head, bytes]) => {
    const [at, n, how] = head as unknown as readonly [number, number, number];
    return verdictOf(await acted(at, lying(n, HOW[how]!, bytes!), (_, written) => written));
  },
};

const between: Target = {
  name: "engines/between",
  weight: 3,
  draw: async (random) => {
    const at = random.below(scenes.length);
    const { flows } = await scriptOf(at);
    const n = random.below(flows.length);
    const records = recordsIn(flows[n]!).map(({ raw }) => raw);
    const list = random.once(2) || records.length === 0 ? records : jumbled(records, random);
    const specimen = { bytes: concat(...list), anatomy: recordAnatomy(list) };
    const other = random.pick(flows);
    return [
      Uint8Array.of(at, n),
      mutated(
        specimen,
        random,
        () => ({ bytes: other, anatomy: recordAnatomy(recordsIn(other).map(({ raw }) => raw)) }),
      ),
    ];
  },
  run: async ([head, bytes]) => {
    const [at, n] = head as unknown as readonly [number, number];
    const meant: Record<"client" | "server", Array<Bytes>> = { client: [], server: [] };
    const came: typeof meant = { client: [], server: [] };
    let count = 0;
    const end = await acted(at, unchanged, (from, written) => {
      const out = count++ === n ? bytes! : written;
      meant[from].push(written);
      came[from].push(out);
      return out;
    });
    const verdict = verdictOf(end);
    const { policy } = scenes[at]!.setup.client!;
    for (const side of ["client", "server"] as const) {
      const [said, heard] = [meant, came].map((all) =>
        gist(recordsIn(concat(...all[side])), policy!.versions[0]!)
      );
      // What nobody reads any more may be anything.
      assert.ok(
        verdict === "refused" || heard!.startsWith(said!),
        "both are content with somebody between them",
      );
    }
    return verdict;
  },
};

/** All of them. */
export const engines: ReadonlyArray<Target> = [liar, between];
