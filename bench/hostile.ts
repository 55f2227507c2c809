/**
 * Input that hostile peers make up to cost time: chains and stapled responses judged by roots, and hellos read by a
 * server.
 *
 * @module
 */
import {
  ByteStream,
  CertificateVerifier,
  Codec,
  Credentials,
  Crypto,
  Messages,
  Names,
  Server,
  SessionStore,
} from "../mod.ts";
import { Effect, Layer } from "../src/deps.ts";
import { makeRoots } from "../src/layers/trust/roots.ts";
import { ascii, type Bytes, concat } from "../src/wire/bytes.ts";
import * as Build from "../src/x509/certificate/build.ts";
import { oids } from "../src/x509/der/oids.ts";
import * as Der from "../src/x509/der/writer.ts";
import * as Golden from "../tests/golden/certificates.ts";
import { makeCa, makeKey } from "../tests/support/ca.ts";
import { makeLog } from "../tests/support/ct.ts";
import { distributionPoints, makeCrl, scope } from "../tests/support/crl.ts";
import { makeStaple, singleResponse, tlsFeature } from "../tests/support/ocsp.ts";
import { hello } from "./client_hello.ts";
import { providers } from "./providers.ts";
import process from "node:process";

/** The milliseconds of processor time that something takes. */
export const processorTime = async (run: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** A chain that is refused, or that would cost much time if it were not. */
interface Hostile {
  readonly root: Bytes;
  readonly chain: ReadonlyArray<Bytes>;
  readonly ocspResponse?: Bytes;
  readonly signedCertificateTimestamps?: ReadonlyArray<Bytes>;
  readonly options?: CertificateVerifier.TrustOptions;
  /** What this end was given; parsing it is not the peer's to cause. */
  readonly crls?: ReadonlyArray<Bytes>;
}

const many = <A>(count: number, make: (i: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => make(i));
const { sequence, context } = Der;

const key = makeKey("p256");
const addresses = (count: number) => many(count, (i) => `2000::${(i + 1).toString(16)}`);
/** Name constraints with `count` subtrees of IPv6 addresses, of which the last contains all of `addresses`. */
const constraints = (count: number): Bytes => {
  const base = (i: number) =>
    Uint8Array.from([0x20, ...i < count - 1 ? [1 + (i >> 8), i] : [0, 0], ...new Array(13).fill(0), ...MASK]);
  const subtrees = context(0x20, concat(...many(count, (i) => sequence(context(7, base(i))))));
  return Build.extension(oids.nameConstraints, sequence(subtrees), true);
};
const MASK: ReadonlyArray<number> = [...new Array(3).fill(255), ...new Array(13).fill(0)];
const names = (count: number): Bytes =>
  Build.extension(
    oids.subjectAltName,
    sequence(concat(context(2, ascii("localhost")), ...many(count, () => context(2, ascii("a"))))),
  );
const purposes = (count: number, length: number): Bytes => {
  const arcs = new Uint8Array(length).fill(0xff);
  arcs[length - 1] = 1;
  return Build.extension(oids.extendedKeyUsage, sequence(concat(...many(count, () => Der.element(6, arcs)))));
};

/**
 * The hostile chains. Each is from a stranger who only knows the root's name, or from a CA that the root certified.
 */
export const hostileChains: Readonly<Record<string, () => Hostile>> = {
  "1000-names-1000-constraints/forged": () => {
    const leaf = makeCa().intermediate({ extensions: [constraints(1000)] })
      .issue({ names: ["localhost", ...addresses(1000)] });
    return { root: makeCa().der, chain: leaf.chain };
  },
  "1000-names-1000-constraints/certified": () => {
    const root = makeCa();
    const leaf = root.intermediate({ extensions: [constraints(1000)] })
      .issue({ names: ["localhost", ...addresses(1000)] });
    return { root: root.der, chain: leaf.chain };
  },
  "16000-names-110-authorities/forged": () => namesAndAuthorities(false, 16_000, 110),
  "10000-names-110-authorities/certified": () => namesAndAuthorities(true, 10_000, 110),
  "65000-names": () => namesAndAuthorities(false, 65_000, 1),
  ...Object.fromEntries((["p256", "p384", "p521", "rsa", "ed25519"] as const).map((kind) => [
    `120-authorities/${kind}`,
    () => {
      const stranger = makeCa({ key: kind });
      const forged = many(120, () => stranger.intermediate({ key }));
      return {
        root: makeCa({ key: kind }).der,
        chain: [forged[0]!.issue().der, ...forged.map(({ der }) => der)],
      };
    },
  ])),
  "longest-path/p521": () => {
    const root = makeCa({ key: "p521" });
    const leaf = many(10, (i) => i).reduce(
      (above, i) => above.intermediate({ subject: `${i}`, key: "p521" }),
      root,
    ).issue();
    return { root: root.der, chain: leaf.chain };
  },
  "maze": () => {
    const keys = many(12, () => makeKey("p256"));
    const authorities = keys.map((key, i) => makeCa({ subject: `${i}`, key }));
    const maze = authorities.flatMap((by, i) =>
      keys.flatMap((key, j) => i === j ? [] : [by.intermediate({ subject: `${j}`, key }).der])
    );
    return { root: makeCa().der, chain: [authorities[0]!.issue().der, ...maze] };
  },
  "15000-tls-features/certified": () => {
    const root = makeCa();
    const extensions = [tlsFeature(many(15_000, (i) => i + 100))];
    return { root: root.der, chain: root.intermediate({ extensions }).issue({ extensions }).chain };
  },
  "15000-purposes": () => withLeaf({ extendedKeyUsage: null, extensions: [purposes(15_000, 1)] }),
  "long-object-identifiers": () => withLeaf({ extendedKeyUsage: null, extensions: [purposes(1000, 250)] }),
  "long-names": () => {
    const rdn = (text: string) =>
      Der.set(sequence(Der.objectIdentifier(oids.commonName), Der.utf8String(text)));
    const subjectDer = sequence(concat(...many(240, () => rdn("\ufdfa".repeat(200)))));
    return withLeaf({ subjectDer });
  },
  "600-certificates": () => {
    const stranger = makeCa();
    const small = many(600, (i) => stranger.intermediate({ key, version1: true, subject: `${i}` }).der);
    return { root: makeCa().der, chain: [stranger.issue().der, ...small] };
  },
  "800-policies-10-authorities/certified": () => {
    // Each authority maps every policy to the next one's, which all of them state.
    const policies = (depth: number) => many(800, (i) => `1.3.6.1.4.1.55555.${depth}.${i}`);
    return deep(10, (depth) => [
      stating([...policies(depth), ...policies(depth + 1), oids.anyPolicy]),
      mapping(policies(depth).map((policy, i) => [policy, policies(depth + 1)[i]!])),
    ]);
  },
  "policies-that-double-10-times/certified": () => {
    const [a, b] = ["1.3.6.1.4.1.55555.1", "1.3.6.1.4.1.55555.2"] as const;
    return deep(10, () => [stating([a, b]), mapping([[a, a], [a, b], [b, a], [b, b]])]);
  },
  "5000-mailboxes-500-constraints/certified": () => {
    const names = many(5000, (i) => context(1, ascii(`a@${i}.example`)));
    const bases = many(500, (i) => sequence(context(1, ascii(`${i}.a.example`))));
    const root = makeCa();
    const value = sequence(Der.explicit(1, ...bases));
    const leaf = root.intermediate({ extensions: [Build.extension(oids.nameConstraints, value, true)] })
      .issue({
        names: [],
        extensions: [
          Build.extension(oids.subjectAltName, sequence(context(2, ascii("localhost")), ...names)),
        ],
      });
    return { root: root.der, chain: leaf.chain };
  },
  "2000-timestamps": () => {
    const root = makeCa();
    const leaf = root.issue();
    const log = makeLog();
    const forged = log.ofCertificate(leaf.der, { signed: new Uint8Array(1) });
    return {
      root: root.der,
      chain: leaf.chain,
      signedCertificateTimestamps: many(2000, () => forged),
      options: { ctLogs: [log.log] },
    };
  },
  "ocsp-600-responses": () => {
    const root = makeCa();
    const leaf = root.issue();
    const other = singleResponse(root, leaf, { aboutIssuer: makeCa() });
    return {
      root: root.der,
      chain: leaf.chain,
      ocspResponse: makeStaple(root, leaf, { before: many(550, () => other) }),
    };
  },
  "ocsp-100-responders": () => {
    const root = makeCa();
    const leaf = root.issue();
    const by = makeCa().issue({ subject: "Responder", names: [], extendedKeyUsage: [oids.OCSPSigning] });
    const certs = many(
      100,
      () =>
        root.issue({ subject: "Responder", names: [], extendedKeyUsage: [oids.OCSPSigning], key: by.key })
          .der,
    );
    const ocspResponse = makeStaple(root, leaf, { by, certs, signature: "forged" });
    return { root: root.der, chain: leaf.chain, ocspResponse };
  },
  "crl-100000-entries/certified": () => {
    const root = makeCa();
    const revoked = many(100_000, (i) => ({ serialNumber: Uint8Array.of(1, i >> 16, i >> 8, i), reason: 1 }));
    return { root: root.der, chain: root.issue().chain, crls: [makeCrl(root, { revoked })] };
  },
  "crl-4000-points-100-lists/certified": () => {
    const root = makeCa();
    const points = many(4000, (i) => ({ names: [`http://${i}`] }));
    const lists = many(100, (i) => makeCrl(root, { scope: scope({ names: [`http://list/${i}`] }) }));
    return {
      root: root.der,
      chain: root.issue({ extensions: [distributionPoints(...points)] }).chain,
      crls: lists,
    };
  },
  "crl-1000-relative-points/certified": () => {
    const long = Build.distinguishedName({ commonName: "a".repeat(250), organizationName: "b".repeat(250) });
    const rdns = long.subarray(4);
    const root = makeCa({ subjectDer: sequence(concat(...many(100, () => rdns))) });
    const points = many(1000, (i) => ({ relative: `${i}` }));
    const leaf = root.issue({ extensions: [distributionPoints(...points)] });
    return { root: root.der, chain: leaf.chain, crls: [makeCrl(root)] };
  },
  "crl-100-signers/certified": () => {
    const root = makeCa();
    const middle = root.intermediate();
    const signers = many(100, () => root.intermediate({ keyUsage: ["cRLSign"], ca: false }).der);
    const crls = [makeCrl(middle, { signature: "forged" })];
    return { root: root.der, chain: [...middle.issue().chain, ...signers], crls };
  },
};

const stating = (policies: ReadonlyArray<string>): Bytes =>
  Build.extension(
    oids.certificatePolicies,
    sequence(...policies.map((one) => sequence(Der.objectIdentifier(one)))),
  );
const mapping = (pairs: ReadonlyArray<readonly [string, string]>): Bytes =>
  Build.extension(
    oids.policyMappings,
    sequence(...pairs.map((pair) => sequence(...pair.map(Der.objectIdentifier)))),
  );

/** A path of so many authorities, each with extensions of its own, whose policies are wanted. */
const deep = (authorities: number, extensions: (depth: number) => ReadonlyArray<Bytes>): Hostile => {
  const root = makeCa();
  const last = many(authorities, (i) => i).reduce(
    (above, i) => above.intermediate({ subject: `${i}`, extensions: extensions(i) }),
    root,
  );
  return { root: root.der, chain: last.issue().chain, options: { requireExplicitPolicy: true } };
};

const namesAndAuthorities = (certified: boolean, count: number, authorities: number): Hostile => {
  const root = makeCa();
  const above = certified ? root : makeCa();
  const all = many(authorities, () => above.intermediate({ key }));
  const leaf = all[0]!.issue({ names: [], subject: "x", extensions: [names(count)] });
  return { root: root.der, chain: [leaf.der, ...all.map(({ der }) => der)] };
};

/** A leaf certificate and the CA that really issued it. */
const withLeaf = (options: Parameters<ReturnType<typeof makeCa>["issue"]>[0]): Hostile => {
  const root = makeCa();
  return { root: root.der, chain: root.intermediate().issue(options).chain };
};

/** A function that judges a chain from its bytes, and gives the processor time. */
export const judging = (
  { root, chain, ocspResponse, crls, options, signedCertificateTimestamps }: Hostile,
  crypto: Crypto.CryptoService,
): () => Promise<number> => {
  const trust = (more: CertificateVerifier.TrustOptions = {}) =>
    // Verdicts are remembered, of which none is to be judged here.
    makeRoots([root], { rememberedVerdicts: 0, ...options, ...more }).verify;
  const always = trust();
  return () => {
    // The signatures of CRLs are remembered as well: the first peer is the dearest.
    const verify = crls ? trust({ crls: crls.map((der) => der.slice()) }) : always;
    // Fresh bytes for each run, because parsed certificates are cached by their bytes object.
    const fresh = chain.map((der) => der.slice());
    return processorTime(() =>
      Effect.runPromise(
        Effect.either(
          verify({
            chain: fresh,
            name: "localhost",
            purpose: "serverAuth",
            ocspResponse,
            signedCertificateTimestamps,
          }),
        ).pipe(
          Effect.provideService(Crypto.Crypto, crypto),
        ),
      )
    );
  };
};

/** The bodies of the hostile hellos. */
export const hostileHellos: Readonly<Record<string, () => Messages.ClientHello>> = {
  "30000-application-protocols": () =>
    new Messages.ClientHello({
      ...hello,
      extensions: hello.extensions?.map((one) =>
        one._tag === "application_layer_protocol_negotiation"
          ? { ...one, protocolNameList: many(30_000, () => ascii("a")) }
          : one
      ),
    }),
  "largest": () =>
    new Messages.ClientHello({
      ...hello,
      cipherSuites: [...hello.cipherSuites, ...many(10_000, (i) => Names.CipherSuite.of(0xd000 + i % 4096))],
      extensions: [
        ...(hello.extensions ?? []).map((one) => {
          if (one._tag === "supported_groups") {
            const more = many(7_000, (i) => Names.NamedGroup.of(0x4000 + i));
            return { ...one, namedGroupList: [...one.namedGroupList, ...more] };
          }
          if (one._tag === "signature_algorithms") {
            const more = many(7_000, (i) => Names.SignatureScheme.of(0x9000 + i));
            return { ...one, supportedSignatureAlgorithms: [...one.supportedSignatureAlgorithms, ...more] };
          }
          return one;
        }),
        ...many(3_500, (i) => ({
          _tag: "unknown" as const,
          type: Names.ExtensionType.of(0x5000 + i),
          data: new Uint8Array(0),
        })),
      ],
    }),
};

/** A function that sends a server a hello and closes the connection, and gives the processor time. */
export const reading = (what: Messages.ClientHello, crypto: Crypto.CryptoService): () => Promise<number> => {
  const body = Codec.codec(Messages.ClientHello).unsafeEncode(what);
  const message = concat(Uint8Array.of(1, body.length >> 16, body.length >> 8, body.length), body);
  const records = many(Math.ceil(message.length / 2 ** 14), (i) => {
    const part = message.subarray(i * 2 ** 14, (i + 1) * 2 ** 14);
    return concat(Uint8Array.of(22, 3, 1, part.length >> 8, part.length), part);
  });
  const layers = Layer.mergeAll(
    Layer.succeed(Crypto.Crypto, crypto),
    SessionStore.layerMemory(),
    CertificateVerifier.layerNone,
    Layer.orDie(Credentials.fromPem(Golden.server("p256"))),
  );
  const once = Effect.scoped(Effect.gen(function* () {
    const [a, b] = yield* ByteStream.makePair();
    yield* Effect.forEach(records, a.write);
    const server = yield* Effect.fork(Effect.either(Server.over(b, { alpn: ["h2", "http/1.1"] })));
    yield* a.read;
    yield* a.close;
    yield* server;
  }));
  return () => processorTime(() => Effect.runPromise(Effect.provide(once, layers)));
};

/** Measures with each provider in turn; the slower one counts. */
export const dearer = (
  measure: (crypto: Crypto.CryptoService) => () => Promise<number>,
): () => Promise<number> => {
  const [one, other] = [measure(providers.noble), measure(providers.native)];
  return async () => {
    const first = await one();
    return Math.max(first, await other());
  };
};
