/**
 * TLS 1.3 with every suite, group, kind of key and way to ask for a client's certificate: a full handshake and its
 * resumption, with and without a HelloRetryRequest, by tickets that are sealed or name a session in the store.
 *
 * @module
 */
import { assert, Context, Effect, Layer } from "../../deps.ts";
import { credentialFromPem } from "../../../src/layers/credentials/credentials.ts";
import { layerDeterministic } from "../../../src/layers/crypto/deterministic.ts";
import { layerRoots } from "../../../src/layers/trust/roots.ts";
import { isKem } from "../../../src/crypto/kem.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { ProtocolVersion } from "../../../src/names/protocol.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { Credentials } from "../../../src/ports/credentials.ts";
import { CertificateVerifier } from "../../../src/ports/trust.ts";
import type { Policy } from "../../../src/tables/policy.ts";
import { suites13 } from "../../../src/tables/suites13.ts";
import { toHex } from "../../../src/wire/bytes.ts";
import { makeCa } from "../../support/ca.ts";
import { atFixedTime, sync } from "../../support/effect.ts";
import { covering } from "../../support/exhaustive.ts";
import {
  bothHandshake,
  build,
  type Built,
  layerSwift,
  pingPong,
  type Setup,
} from "../../support/handshake.ts";
import { modern13 } from "../../support/policies.ts";

const G = NamedGroup;
const S = SignatureScheme;

const groups = [
  G.x25519,
  G.secp256r1,
  G.secp384r1,
  G.secp521r1,
  G.x448,
  G.ffdhe2048,
  G.X25519MLKEM768,
  G.SecP256r1MLKEM768,
];

/** The kinds of a server's key, and the scheme that each signs with. */
const keys = [
  { kind: "p256", scheme: S.ecdsa_secp256r1_sha256 },
  { kind: "p384", scheme: S.ecdsa_secp384r1_sha384 },
  { kind: "p521", scheme: S.ecdsa_secp521r1_sha512 },
  { kind: "ed25519", scheme: S.ed25519 },
  { kind: "ed448", scheme: S.ed448 },
  { kind: "rsa", scheme: S.rsa_pss_rsae_sha256 },
  { kind: "rsa_pss", scheme: S.rsa_pss_pss_sha256 },
] as const;

/** Whether a server asks for a certificate, and whether the client has one. */
const authentications = [
  { of: "no request", clientAuth: "none", clientKind: undefined },
  { of: "a request in vain", clientAuth: "request", clientKind: undefined },
  { of: "a client's certificate", clientAuth: "request", clientKind: "p256" },
  { of: "a client's certificate that must be", clientAuth: "require", clientKind: "ed25519" },
] as const;

interface Cell {
  readonly suite: CipherSuite;
  readonly group: NamedGroup;
  readonly key: typeof keys[number];
  readonly authentication: typeof authentications[number];
  readonly retried: boolean;
  readonly sealed: boolean;
}

const booleans = [false, true] as const;

const cells = [...suites13.keys()].flatMap((suite) =>
  groups.flatMap((group) =>
    keys.flatMap((key) =>
      authentications.flatMap((authentication) =>
        booleans.flatMap((retried) =>
          booleans.map((sealed): Cell => ({ suite, group, key, authentication, retried, sealed }))
        )
      )
    )
  )
);

/** Each suite, group and kind of key, with and without a HelloRetryRequest; each way to authenticate with each kind of ticket. */
const traits = ({ suite, group, key, authentication, retried, sealed }: Cell): ReadonlyArray<unknown> => [
  [suite, retried, sealed],
  [group, retried],
  [key.kind],
  [authentication.of, retried, sealed],
];

const ca = makeCa();
const issued = ca.issue({ key: "ed448" });

/** Two ends of which the server has an Ed448 key, of which there is no golden one. */
const withEd448 = Effect.fnUntraced(function* ({ client, server }: Built) {
  const credential = yield* credentialFromPem({
    certificate: issued.chainPem,
    privateKey: issued.privateKeyPem,
  });
  const trust = yield* Layer.build(layerRoots(ca.certificatePem));
  return {
    client: Context.add(client, CertificateVerifier, Context.get(trust, CertificateVerifier)),
    server: Context.add(server, Credentials, {
      partition: "ed448",
      candidates: () => Effect.succeed([credential]),
    }),
  };
});

const buildFor = (kind: Cell["key"]["kind"], parts: Omit<Setup, "kind">) =>
  kind === "ed448" ? Effect.flatMap(build(parts), withEd448) : build({ ...parts, kind });

/** A group that the server has not, for a client that must be asked for another share. */
const otherThan = (group: NamedGroup): NamedGroup => group === G.x25519 ? G.secp256r1 : G.x25519;

for (const cell of covering("TLS 1.3's suites, groups and keys", cells, traits)) {
  const { group, retried, sealed, suite } = cell;
  const { kind, scheme } = cell.key;
  const { of, clientAuth, clientKind } = cell.authentication;
  const policy: Policy = {
    ...modern13,
    cipherSuites: [suite],
    signatureSchemes: [...new Set([scheme, ...modern13.signatureSchemes])],
  };
  const parts = {
    clientKind,
    tickets: sealed,
    // WebCrypto's shares are random, and not there at once.
    provider: isKem(group) ? layerDeterministic : layerSwift,
  };
  const setup: Setup = {
    ...parts,
    client: { policy: { ...policy, groups: retried ? [otherThan(group), group] : [group] } },
    server: { policy: { ...policy, groups: [group] }, clientAuth },
  };
  const name = [
    CipherSuite.nameOf(suite),
    NamedGroup.nameOf(group),
    kind,
    of,
    ...(retried ? ["HelloRetryRequest"] : []),
    sealed ? "sealed tickets" : "tickets in the store",
  ].join(", ");
  sync(
    `TLS 1.3, ${name}: full, then resumed, and the same bytes each time`,
    Effect.gen(function* () {
      const once = Effect.gen(function* () {
        const built = yield* buildFor(kind, parts);
        const seen: Array<string> = [];
        for (const resumed of [false, true]) {
          const { client, server, tape } = yield* bothHandshake(built, setup);
          const [c, s] = [yield* client, yield* server];
          for (const n of [yield* c.negotiated, yield* s.negotiated]) {
            assert.equal(n.version, ProtocolVersion.TLS_1_3);
            assert.equal(n.cipherSuite, suite);
            assert.equal(n.group, group);
            assert.equal(n.resumed, resumed);
            assert.equal(n.psk, resumed ? "ticket" : undefined);
            assert.equal(n.helloRetried, retried);
            assert.equal(n.signatureScheme, resumed ? undefined : scheme);
          }
          assert.equal((yield* c.peerCertificates).length, kind === "ed448" ? issued.chain.length : 1);
          assert.equal((yield* s.peerCertificates).length, clientKind ? 1 : 0);
          assert.equal(yield* pingPong(c, s), "ping pong");
          // One round trip, or two; each flight is one write.
          assert.deepEqual(
            tape.flows.map((f) => f.from).slice(0, retried ? 5 : 3),
            [...(retried ? ["client", "server"] : []), "client", "server", "client"],
          );
          seen.push(...tape.flows.map((f) => toHex(f.bytes)));
        }
        return seen;
      });
      assert.deepEqual(yield* once, yield* once);
    }).pipe(atFixedTime),
  );
}
