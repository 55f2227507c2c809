/** Handshakes in memory, both ends in one thread, compared with their bare cryptography. @module */
import {
  ByteStream,
  CertificateVerifier,
  Client,
  Credentials,
  Crypto,
  Names,
  Policy,
  Server,
  SessionStore,
} from "../mod.ts";
import { keySchedule, ticketPsk } from "../src/crypto/key_schedule.ts";
import { unpadPremaster } from "../src/crypto/pkcs1.ts";
import { prf12 } from "../src/crypto/prf.ts";
import { nonceForms } from "../src/record/protection/aead.ts";
import type { AeadRow } from "../src/record/protection/cipher.ts";
import { authenticationOf } from "../src/tables/key_kinds.ts";
import { suites } from "../src/tables/suites.ts";
import { suites13 } from "../src/tables/suites13.ts";
import { parseCertificate } from "../src/x509/certificate/certificate.ts";
import { Context, Effect, Exit, Layer, Runtime, Scheduler, Scope } from "../tests/deps.ts";
import * as Golden from "../tests/golden/certificates.ts";

/** The parameters of a handshake. */
export interface Kind {
  readonly key: Golden.Kind;
  readonly suite: Names.CipherSuite;
  readonly group: Names.NamedGroup;
  readonly versions?: ReadonlyArray<Names.ProtocolVersion>;
  /** A certificate and its root to use instead of the usual ones. */
  readonly pem?: { readonly certificate: string; readonly root: string; readonly privateKey?: string };
}

const pemOf = ({ key, pem }: Kind): Credentials.PemPair => ({ ...Golden.server(key), ...pem });
const rootOf = ({ pem }: Kind): string => pem?.root ?? Golden.root;

type Service = Crypto.CryptoService;

const { ProtocolVersion } = Names;

const run = Effect.runSync;

const layers = (
  crypto: Service,
  kind: Kind,
  verifier: Layer.Layer<CertificateVerifier.CertificateVerifier>,
) => {
  const base = Layer.mergeAll(Layer.succeed(Crypto.Crypto, crypto), SessionStore.layerMemory());
  return {
    client: Layer.mergeAll(base, verifier, Credentials.none),
    server: Layer.mergeAll(
      base,
      CertificateVerifier.layerNone,
      Layer.orDie(Credentials.fromPem(pemOf(kind))),
    ),
  };
};

/** Each peer is one that was never met, whose signatures are in the bare cryptography. */
const ALWAYS_JUDGED = { rememberedVerdicts: 0 };

/** A function that runs one handshake: a full one, or one that resumes the last. */
export const handshakes = (
  crypto: Service,
  kind: Kind,
  how: "full" | "resumed",
  trust = true,
): () => void => {
  const verifier = trust
    ? Layer.orDie(CertificateVerifier.layerRoots(rootOf(kind), ALWAYS_JUDGED))
    : CertificateVerifier.layerInsecure;
  const { client, server } = layers(crypto, kind, verifier);
  const policy: Policy.Policy = {
    ...Policy.compatible,
    versions: kind.versions ?? [suites.has(kind.suite) ? ProtocolVersion.TLS_1_2 : ProtocolVersion.TLS_1_3],
    // Measured by itself, if at all: the rest has no counterpart in TLS 1.2.
    certificateCompression: [],
    cipherSuites: [kind.suite],
    groups: [kind.group, ...Policy.compatible.groups],
  };
  const build = <R, E>(layer: Layer.Layer<R, E>): Context.Context<R> =>
    Effect.runSync(Effect.scoped(Layer.build(layer)));
  const [c, s] = [build(client), build(server)];
  const once = (): boolean => {
    const scope = run(Scope.make());
    const scheduler = new Scheduler.SyncScheduler();
    /** The services exist before the connection, as in a real program. */
    const fork = <A, E, R>(services: Context.Context<R>, of: Effect.Effect<A, E, R | Scope.Scope>) => {
      const context = Context.add(services, Scope.Scope, scope);
      return Runtime.runFork(Runtime.make({ ...Runtime.defaultRuntime, context }), of, { scheduler });
    };
    const [a, b] = run(ByteStream.makePair());
    // Without a known session key, the client offers no session, and the handshake is full.
    const sessionKey = how === "full" ? crypto.random(8).join() : "one";
    const both = [
      fork(c, Client.over(a, { serverName: "localhost", policy, sessionKey })),
      fork(s, Server.over(b, { policy })),
    ];
    scheduler.flush();
    const [connection, server] = both.map((fiber) =>
      run(fiber.unsafePoll() ?? Effect.dieMessage("it goes on"))
    );
    // The tickets of TLS 1.3 come after the handshake, before data.
    if (how === "resumed" && !suites.has(kind.suite)) {
      // A scheduler is synchronous until its first flush.
      run(server!.write(label));
      run(connection!.read);
    }
    run(Scope.close(scope, Exit.void));
    return run(connection!.negotiated).resumed;
  };
  once();
  return () => {
    if (once() !== (how === "resumed")) throw new Error(`the handshake is not ${how}`);
  };
};

const label = new Uint8Array(64);

/** The symmetric cryptography of a handshake: PRFs, transcript hashes, both Finished, and a final close_notify. */
const symmetric = (
  crypto: Service,
  { suite }: Kind,
  how: "full" | "resumed",
  messages: number,
): () => void => {
  const row = suites.get(suite)!;
  const hash = crypto.hash(row.hash);
  const said = new Uint8Array(messages);
  const { aead, key } = row.cipher as AeadRow;
  const side = () => {
    const master = how === "full"
      ? prf12(hash)(label, "extended master secret", label, 48)
      : label.subarray(0, 48);
    const block = prf12(hash)(master, "key expansion", label, 2 * (key + nonceForms[aead].fixed));
    prf12(hash)(master, "client finished", label, 12);
    prf12(hash)(master, "server finished", label, 12);
    hash.digest([said]);
    const ciphers = [
      crypto.aead(aead, block.subarray(0, key)),
      crypto.aead(aead, block.subarray(key, 2 * key)),
    ];
    const finished = ciphers[0]!.seal(label.subarray(0, 12), label.subarray(0, 13), label.subarray(0, 16));
    ciphers[0]!.open(label.subarray(0, 12), label.subarray(0, 13), finished);
    ciphers[0]!.seal(label.subarray(0, 12), label.subarray(0, 13), label.subarray(0, 2));
  };
  return () => {
    side();
    side();
  };
};

/**
 * The bare cryptography of a handshake of TLS 1.3 that is resumed with an ephemeral key, and of the ticket that follows: two
 * shares, the key schedule of both ends, transcript hashes, a binder, both Finished, and a few sealed records.
 */
export const bareResumed13 = (crypto: Service, { suite, group }: Kind): () => void => {
  const { aead, hash: name, key: length } = suites13.get(suite)!;
  const hash = crypto.hash(name);
  const psk = label.subarray(0, hash.length);
  const nonce = label.subarray(0, 12);
  const said = { digest: () => hash.digest([new Uint8Array(300)]) };
  const side = (shared: Uint8Array) => {
    const early = keySchedule(hash, psk);
    early.binder("res", said.digest());
    const handshake = early.handshake(shared);
    const master = handshake.master();
    for (const { client, server } of [handshake.traffic(said), master.traffic(said)]) {
      for (const traffic of [client, server]) {
        const { key, iv } = traffic.keys(length);
        const cipher = crypto.aead(aead, key);
        const sealed = cipher.seal(iv, nonce, label);
        cipher.open(iv, nonce, sealed);
        traffic.finished(psk);
      }
    }
    master.exporter(said);
    ticketPsk(hash, master.resumption(said), nonce);
  };
  return () => {
    const [a, b] = [run(crypto.keyShare(group)), run(crypto.keyShare(group))];
    side(run(a.agree(b.publicKey)));
    side(run(b.agree(a.publicKey)));
  };
};

/** The bare cryptography of a handshake, with the same provider. */
export const bare = (crypto: Service, kind: Kind, how: "full" | "resumed"): () => void => {
  const rest = symmetric(crypto, kind, how, how === "full" ? 1300 : 400);
  if (how === "resumed") return rest;
  const row = suites.get(kind.suite)!;
  const pem = pemOf(kind);
  const credential = run(Credentials.credentialFromPem(pem));
  const context = Context.make(Crypto.Crypto, crypto);
  const { publicKey } = credential;
  const scheme = Policy.modern.signatureSchemes.find((s) => authenticationOf(publicKey).makes(s, publicKey))!;
  const data = new Uint8Array(133);
  const root = run(certificateOf(rootOf(kind)));
  const leaf = run(certificateOf(String(pem.certificate)));
  const chain = () =>
    run(
      crypto.verify(
        root.publicKey as Crypto.PublicKey,
        leaf.signatureAlgorithm.scheme!,
        leaf.tbs,
        leaf.signature,
      ),
    );
  if (row.exchange === "rsa") {
    const premaster = new Uint8Array(48);
    return () => {
      chain();
      const ciphertext = run(
        crypto.rsaEncrypt(publicKey as Extract<Crypto.PublicKey, { _tag: "rsa" }>, premaster),
      );
      unpadPremaster(run(Effect.provide(credential.decrypt(ciphertext), context)), 0x0303, crypto.random(48));
      rest();
    };
  }
  return () => {
    chain();
    const [a, b] = [run(crypto.keyShare(kind.group)), run(crypto.keyShare(kind.group))];
    run(a.agree(b.publicKey));
    run(b.agree(a.publicKey));
    const signature = run(Effect.provide(credential.sign(scheme, data), context));
    run(crypto.verify(publicKey, scheme, data, signature));
    rest();
  };
};

/** A provider whose public-key operations cost and prove nothing, to measure everything else. */
export const withoutPublicKeys = (crypto: Service): Service => {
  const share = run(crypto.keyShare(crypto.groups[0]!));
  const signature = new Uint8Array(70);
  const keyShare = () =>
    Effect.succeed({ publicKey: share.publicKey, agree: () => Effect.succeed(label.subarray(0, 32)) });
  return {
    ...crypto,
    keyShare,
    answerShare: Crypto.answerByShare(keyShare),
    sign: () => Effect.succeed(signature),
    verify: () => Effect.succeed(true),
  };
};

/** Only the symmetric cryptography of a handshake. */
export const bareSymmetric = (crypto: Service, kind: Kind): () => void =>
  symmetric(crypto, kind, "full", 1300);

const certificateOf = (pem: string) =>
  parseCertificate(
    Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (c) => c.charCodeAt(0)),
  );

/** How many times as long a handshake takes while `count` connections are open. */
export const whileOpen = async (crypto: Service, kind: Kind, open: number): Promise<number> => {
  const one = handshakes(crypto, kind, "full");
  const time = (): number => {
    const begun = performance.now();
    for (let i = 0; i < 50; i++) one();
    return performance.now() - begun;
  };
  const alone = time();
  const scope = run(Scope.make());
  const { client, server } = layers(crypto, kind, CertificateVerifier.layerInsecure);
  const build = <R, E>(layer: Layer.Layer<R, E>) =>
    Effect.runPromise(Scope.extend(Layer.build(layer), scope));
  const [c, s] = [await build(client), await build(server)];
  const meet = Effect.flatMap(ByteStream.makePair(), ([a, b]) =>
    Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost", policy: Policy.compatible }), c),
      Effect.provide(Server.over(b, { policy: Policy.compatible }), s),
    ], { concurrency: 2 }));
  for (let i = 0; i < open; i++) await Effect.runPromise(Scope.extend(meet, scope));
  const among = time();
  await Effect.runPromise(Scope.close(scope, Exit.void));
  return among / alone;
};
