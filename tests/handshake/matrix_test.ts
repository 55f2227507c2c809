import { assert, Effect, Either } from "../deps.ts";
import { kinds } from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import { build, converse, meet, type Setup } from "../support/handshake.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { compatible, type Policy } from "../../src/policy.ts";
import { suites } from "../../src/suites.ts";
import { toHex } from "../../src/wire/bytes.ts";

/** The certificates that a suite's server may have; RSA key transport needs a key that may decrypt. */
const keysFor = {
  "ecdhe rsa": ["rsa", "rsa_pss"],
  "ecdhe ecdsa": ["p256", "p384", "p521", "ed25519"],
  "rsa rsa": ["rsa"],
};

/** Every suite with every certificate; the group of the exchange is the first, the rest are for certificates. */
for (const suite of suites.values()) {
  const groups = suite.exchange === "ecdhe" ? compatible.groups : [undefined];
  for (const kind of kinds) {
    const allowed = keysFor[`${suite.exchange} ${suite.authentication}` as keyof typeof keysFor];
    const fits = (allowed as ReadonlyArray<string>).includes(kind);
    for (const group of fits ? groups : [undefined]) {
      const policy: Policy = {
        ...compatible,
        cipherSuites: [suite.id],
        groups: group === undefined
          ? compatible.groups
          : [group, ...compatible.groups.filter((g) => g !== group)],
      };
      const setup: Setup = { kind, client: { policy }, server: { policy } };
      const cell = [CipherSuite.nameOf(suite.id), kind, ...(group ? [NamedGroup.nameOf(group)] : [])].join(
        ", ",
      );
      if (!fits) {
        sync(
          `${cell}: refused, for the key does not fit`,
          Effect.gen(function* () {
            const { client, server } = yield* meet(yield* build(setup), setup);
            assert.equal(Either.isLeft(server) && server.left._tag, "Refused");
            assert.equal(Either.isLeft(client) && client.left._tag, "PeerAlert");
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
              const { client, server, tape } = yield* meet(built, setup);
              const [c, s] = [yield* client, yield* server];
              for (const n of [yield* c.negotiated, yield* s.negotiated]) {
                assert.equal(n.resumed, resumed);
                assert.equal(n.cipherSuite, suite.id);
                assert.equal(n.extendedMasterSecret, true);
                assert.equal(n.group, resumed ? undefined : group);
              }
              assert.equal(yield* converse(c, s), "ping pong");
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
  }
}
