/** What TLS 1.3 has, by our names and OpenSSL's, and connections of it that a test holds. @module */
import { assert, Effect } from "../deps.ts";
import { type Client, type Connection, Names, Policy, type Server } from "../../mod.ts";
import { makeCa } from "../support/ca.ts";
import { policyFor } from "../support/policies.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, connect, type Shown, talk } from "./ends.ts";
import { keys, root, sClient, sServer } from "./openssl.ts";
import { temporary } from "./peers.ts";

const { CipherSuite: C, NamedGroup: G, ProtocolVersion, SignatureScheme: S } = Names;

/** `Policy.modern` of TLS 1.3 alone, or what else is said. */
export const only13 = (more: Partial<Policy.Policy> = {}): Policy.Policy =>
  policyFor(ProtocolVersion.TLS_1_3, more, Policy.modern);

/** Every suite; the names are IANA's, and OpenSSL's as well. */
export const suites13 = [
  C.TLS_AES_128_GCM_SHA256,
  C.TLS_AES_256_GCM_SHA384,
  C.TLS_CHACHA20_POLY1305_SHA256,
  C.TLS_AES_128_CCM_SHA256,
  C.TLS_AES_128_CCM_8_SHA256,
];

/** The groups of the exchange that OpenSSL 3.0 has, by its names. */
export const groups13 = {
  "X25519": G.x25519,
  "P-256": G.secp256r1,
  "P-384": G.secp384r1,
  "P-521": G.secp521r1,
  "X448": G.x448,
  "ffdhe2048": G.ffdhe2048,
};

/** The schemes of each kind of key. */
export const schemes13 = {
  rsa: [S.rsa_pss_rsae_sha256, S.rsa_pss_rsae_sha384, S.rsa_pss_rsae_sha512],
  rsa_pss: [S.rsa_pss_pss_sha256, S.rsa_pss_pss_sha384, S.rsa_pss_pss_sha512],
  p256: [S.ecdsa_secp256r1_sha256],
  p384: [S.ecdsa_secp384r1_sha384],
  p521: [S.ecdsa_secp521r1_sha512],
  ed25519: [S.ed25519],
  ed448: [S.ed448],
} as const;

/** A kind of server key. */
export type Kind = keyof typeof schemes13;

/** A server's certificate as each end takes it, and the root that a client must trust. */
export interface Identity {
  readonly shown: Shown;
  readonly flags: ReadonlyArray<string>;
  readonly rootFile: string;
  readonly roots: string;
}

/** The certificate of a kind of key: one that never changes, or, of Ed448, a new one. */
export const identity = (kind: Kind) =>
  Effect.gen(function* () {
    if (kind !== "ed448") {
      return { shown: kind, flags: keys(kind), rootFile: root, roots: Golden.root } satisfies Identity;
    }
    const folder = yield* temporary;
    const ca = makeCa();
    const { chainPem: certificate, privateKeyPem: privateKey } = ca.issue({
      names: ["localhost"],
      key: kind,
    });
    const files = { certificate, privateKey, root: ca.certificatePem };
    yield* Effect.forEach(
      Object.entries(files),
      ([name, pem]) => Effect.promise(() => Deno.writeTextFile(`${folder}/${name}`, pem)),
    );
    return {
      shown: { certificate, privateKey },
      flags: ["-cert", `${folder}/certificate`, "-key", `${folder}/privateKey`],
      rootFile: `${folder}/root`,
      roots: ca.certificatePem,
    } satisfies Identity;
  });

/** What a connection must have agreed on. */
export interface Expected {
  readonly suite?: Names.CipherSuite;
  readonly group?: Names.NamedGroup;
  readonly scheme?: Names.SignatureScheme;
  readonly retried?: boolean;
  readonly resumed?: boolean;
}

/** Holds what a connection of TLS 1.3 agreed on against what it must be. */
export const agrees = (connection: Connection, expected: Expected) =>
  Effect.gen(function* () {
    const { suite, group, scheme, retried = false, resumed = false } = expected;
    const n = yield* connection.negotiated;
    assert.equal(ProtocolVersion.nameOf(n.version), "TLS_1_3");
    assert.deepEqual([n.helloRetried, n.resumed, n.psk], [retried, resumed, resumed ? "ticket" : undefined]);
    if (suite !== undefined) assert.equal(C.nameOf(n.cipherSuite), C.nameOf(suite));
    if (group !== undefined) assert.equal(G.nameOf(n.group!), G.nameOf(group));
    if (scheme !== undefined) assert.equal(S.nameOf(n.signatureScheme!), S.nameOf(scheme));
  });

/** s_server, and our client as it talks to it. */
export const withServer = (flags: ReadonlyArray<string>, options: Partial<Client.ConnectOptions> = {}) =>
  Effect.gen(function* () {
    const { peer, port } = yield* sServer("-tls1_3", "-naccept", "1", ...flags);
    const us = yield* talk(yield* connect(port, { policy: only13(), ...options }));
    return { peer, us, port };
  });

/** Our server as it talks, and s_client. */
export const withClient = (
  flags: ReadonlyArray<string>,
  options: Partial<Server.ListenOptions> = {},
  shown: Shown = "p256",
) =>
  Effect.gen(function* () {
    const { port, next } = yield* accept(shown, { policy: only13(), ...options });
    const peer = yield* sClient(port, "-tls1_3", ...flags);
    return { peer, us: yield* next, port };
  });
