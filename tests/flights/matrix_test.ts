/**
 * Every version with every suite, certificate and group: a full handshake and its resumption, or the refusal that is
 * due.
 *
 * @module
 */
import { assert, Effect, Either } from "../deps.ts";
import { isFfdhe } from "../../src/crypto/ffdhe.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { legacy12 } from "../support/policies.ts";
import { type Suite, suites } from "../../src/tables/suites.ts";
import { toHex } from "../../src/wire/bytes.ts";
import * as Golden from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import { covering } from "../support/exhaustive.ts";
import { bothHandshake, build, pingPong, type Setup } from "../support/handshake.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;

/** The certificates that a suite's server may have in TLS 1.2; RSA key transport needs a key that may decrypt. */
const keysFor: Readonly<Record<string, ReadonlyArray<string>>> = {
  "ecdhe rsa": ["rsa", "rsa_pss"],
  "ecdhe ecdsa": ["p256", "p384", "p521", "ed25519"],
  "dhe rsa": ["rsa", "rsa_pss"],
  "rsa rsa": ["rsa"],
};

/** Before TLS 1.2 there is no way to say that a signature is PSS or Ed25519. */
const onlyIn12: ReadonlyArray<string> = ["rsa_pss", "ed25519"];

const fits = ({ exchange, authentication }: Suite, version: ProtocolVersion, kind: Golden.Kind): boolean =>
  authentication === "anonymous" ||
  ((version === TLS_1_2 || !onlyIn12.includes(kind)) &&
    (keysFor[`${exchange} ${authentication}`] ?? []).includes(kind));

/**
 * The groups of an exchange; ffdhe4096 is left to the test of the groups. A client of SSL 3.0 says of no curve that it
 * has it, and gets one of the oldest (RFC 8422 §4).
 */
const groupsOf = (
  { exchange }: Suite,
  version: ProtocolVersion,
): ReadonlyArray<NamedGroup | undefined> =>
  exchange === "rsa"
    ? [undefined]
    : exchange === "dhe"
    ? [NamedGroup.ffdhe2048]
    : legacy12.groups.filter((g) => !isFfdhe(g) && (version > SSL_3_0 || g !== NamedGroup.x25519));

/** A version, a suite, a certificate and the group that the client likes best. */
interface Cell {
  readonly version: ProtocolVersion;
  readonly suite: Suite;
  readonly kind: Golden.Kind;
  readonly group: NamedGroup | undefined;
  /** Whether the version has the suite, and whether the certificate is good for it besides. */
  readonly there: boolean;
  readonly good: boolean;
}

/** Every version with every suite and every certificate. */
const cells = [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0].flatMap((version) =>
  [...suites.values()].flatMap((suite) => {
    // Of the suites that differ in the cipher alone one has all its groups and keys.
    const first = [...suites.values()].find((s) =>
      s.exchange === suite.exchange && s.authentication === suite.authentication && s.since <= version
    );
    const usual = suite.authentication === "ecdsa" ? "p256" : "rsa";
    return (first === suite ? Golden.kinds : [usual] as const).flatMap((kind) => {
      const there = suite.since <= version;
      const good = there && fits(suite, version, kind);
      const groups = groupsOf(suite, version);
      return (good && first === suite ? groups : groups.slice(0, 1)).map(
        (group): Cell => ({ version, suite, kind, group, there, good }),
      );
    });
  })
);

/** Each cipher and each way to agree and sign in each version where it is, each certificate, each group. */
const traits = ({ version, suite, kind, group, there, good }: Cell): ReadonlyArray<unknown> => {
  const { exchange, authentication, id } = suite;
  return [
    [version, exchange, authentication, there, good],
    good && [id],
    good && [authentication, kind],
    good && [group, authentication],
  ];
};

for (const { version, suite, kind, group, there, good } of covering("versions with suites", cells, traits)) {
  const policy: Policy = {
    ...legacy12,
    versions: [version],
    cipherSuites: [suite.id],
    compressionMethods: [CompressionMethod.null],
    groups: group === undefined ? legacy12.groups : [group, ...legacy12.groups.filter((g) => g !== group)],
  };
  // Where there is no such suite the client offers it all the same, for a version that the server has not; and the
  // server names another, without which there would be nothing that it speaks.
  const offered = { ...policy, versions: there ? [version] : [TLS_1_2, version] };
  const other = there ? [] : [CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA];
  const chosen = { ...policy, cipherSuites: [suite.id, ...other] };
  const setup: Setup = { kind, client: { policy: offered }, server: { policy: chosen } };
  const cell = [
    versionText(version),
    CipherSuite.nameOf(suite.id),
    kind,
    ...(group ? [NamedGroup.nameOf(group)] : []),
  ].join(", ");
  if (!good) {
    sync(
      `${cell}: refused, for ${there ? "the key does not fit" : "there is no such suite"}`,
      Effect.gen(function* () {
        const { client, server } = yield* bothHandshake(yield* build(setup), setup);
        const ends = [client, server].map((end) => Either.isLeft(end) && end.left._tag);
        assert.deepEqual(ends, ["PeerAlert", "Refused"]);
      }),
    );
    continue;
  }
  sync(
    `${cell}: full, then resumed, and the same bytes each time`,
    Effect.gen(function* () {
      const once = Effect.gen(function* () {
        const built = yield* build(setup);
        const seen: Array<string> = [];
        for (const resumed of [false, true]) {
          const { client, server, tape } = yield* bothHandshake(built, setup);
          const [c, s] = [yield* client, yield* server];
          for (const n of [yield* c.negotiated, yield* s.negotiated]) {
            assert.equal(n.version, version);
            assert.equal(n.resumed, resumed);
            assert.equal(n.cipherSuite, suite.id);
            assert.equal(n.extendedMasterSecret, version > SSL_3_0);
            assert.equal(n.encryptThenMac, version > SSL_3_0 && suite.cipher._tag === "cbc");
            assert.equal(n.secureRenegotiation, true);
            assert.equal(n.group, resumed ? undefined : group);
          }
          assert.equal((yield* c.peerCertificates).length > 0, suite.authentication !== "anonymous");
          assert.equal(yield* pingPong(c, s), "ping pong");
          // Two round trips, or one and a half; each flight is one write.
          assert.deepEqual(
            tape.flows.map((f) => f.from).slice(0, 4),
            resumed ? ["client", "server", "client", "client"] : ["client", "server", "client", "server"],
          );
          seen.push(...tape.flows.map((f) => toHex(f.bytes)));
        }
        return seen;
      });
      assert.deepEqual(yield* once, yield* once);
    }),
  );
}
