/** What the parameters of a key exchange may be, with OpenSSL at the other end. @module */
import { assert, Context, Effect, Either, Layer } from "../deps.ts";
import { Crypto, Errors, Names, Policy } from "../../mod.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { toPem } from "../../src/x509/pem.ts";
import { hex } from "../support/keys.ts";
import { client, connect } from "./ends.ts";
import { converses, only, suiteOf, versions } from "./old.ts";
import { certificates, freePort, start, temporary, withPeer } from "./peers.ts";

const { NamedGroup } = Names;

const server = (version: string, ...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const port = yield* freePort;
    // Parameters are judged before the cipher string is, so its level is named here as well.
    const configuration = `${yield* temporary}/openssl.cnf`;
    const text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" +
      "CipherString = DEFAULT:@SECLEVEL=0\n";
    yield* Effect.promise(() => Deno.writeTextFile(configuration, text));
    const peer = yield* start("openssl", [
      "s_server",
      ...["-accept", `127.0.0.1:${port}`, "-rev", "-cipher", "ALL:@SECLEVEL=0", version, "-no_ticket"],
      ...["-cert", `${certificates}/rsa.pem`, "-key", `${certificates}/rsa.key`, ...more],
    ], { env: { OPENSSL_CONF: configuration } });
    yield* peer.until(/ACCEPT/);
    return port;
  });

/** Draws shares until the secret begins with a zero, which one in 256 does. */
const untilLeadingZero = (crypto: Crypto.CryptoService, found: () => void): Crypto.CryptoService => {
  const persistent = (fresh: Effect.Effect<Crypto.KeyShare>): Effect.Effect<Crypto.KeyShare> =>
    Effect.map(fresh, (first) => {
      let share = first;
      return {
        get publicKey() {
          return share.publicKey;
        },
        agree: (theirs) =>
          Effect.gen(function* () {
            for (;;) {
              const secret = yield* share.agree(theirs);
              if (secret[0] === 0) {
                found();
                return secret;
              }
              share = yield* fresh;
            }
          }),
      };
    });
  const keyShare: Crypto.CryptoService["keyShare"] = (group) => persistent(crypto.keyShare(group));
  return { ...crypto, keyShare, answerShare: Crypto.answerByShare(keyShare) };
};

const exchanges = [
  ["DHE strips it", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", NamedGroup.ffdhe2048, "ffdhe2048"],
  ["ECDHE keeps it", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NamedGroup.x25519, "X25519"],
  ["ECDHE keeps it", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NamedGroup.secp256r1, "P-256"],
] as const;
for (const [what, suite, group, name] of exchanges) {
  for (const version of versions) {
    if (!("openssl" in version)) continue;
    withPeer(
      "openssl",
      `${version.name}, ${NamedGroup.nameOf(group)}: a secret that begins with a zero byte: ${what}`,
      Effect.gen(function* () {
        // OpenSSL's own prime is no ffdhe group before TLS 1.3; it is drawn to be one here.
        const folder = yield* temporary;
        const file = `${folder}/dh.pem`;
        const made = yield* start("openssl", [
          ...["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", file],
        ]);
        yield* made.ended;
        const how = name === "ffdhe2048" ? ["-dhparam", file] : ["-groups", name];
        const port = yield* server(version.openssl, ...how);
        let found = 0;
        const noble = Context.get(yield* Layer.build(Crypto.layerNoble), Crypto.Crypto);
        const crypto = Layer.succeed(Crypto.Crypto, untilLeadingZero(noble, () => found++));
        const policy = { ...only(version.id, [suiteOf(suite)]), groups: [group, ...Policy.legacy.groups] };
        const n = yield* Effect.flatMap(
          connect(port, { policy }),
          (c) => converses(c, { version: version.id, suite }),
        ).pipe(Effect.provide(Layer.merge(client(), crypto)));
        assert.equal(n.group, group);
        assert.equal(found, 1);
      }),
    );
  }
}

/** The prime of RFC 2409 §6.2. Shorter ones OpenSSL itself does not take; attacks/versions_test.ts has them. */
const RFC2409 = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
  "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
  "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

/** PKCS #3 parameters with the generator 2. */
const parameters = toPem("DH PARAMETERS", Der.sequence(Der.integer(hex(RFC2409)), Der.integer(2)));

withPeer(
  "openssl",
  "Logjam: OpenSSL with a prime of 1024 bits is refused, but by Policy.legacy",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const file = `${folder}/dh.pem`;
    yield* Effect.promise(() => Deno.writeTextFile(file, parameters));
    const port = yield* server("-tls1_2", "-dhparam", file);
    const suite = suiteOf("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256");
    for (
      const [name, policy] of Object.entries({
        modern: Policy.modern,
        compatible: Policy.compatible,
        legacy: Policy.legacy,
      })
    ) {
      const end = yield* Effect.either(
        Effect.scoped(
          Effect.flatMap(
            connect(port, { policy: { ...policy, cipherSuites: [suite] } }),
            (c) => converses(c, { version: versions[3].id }),
          ),
        ),
      );
      if (name === "legacy") assert.ok(Either.isRight(end), String(end));
      else {
        assert.ok(Either.isLeft(end) && end.left instanceof Errors.Refused, `${name}: ${end}`);
        assert.equal(end.left.reason, "weak_parameters");
      }
    }
  }).pipe(Effect.provide(client())),
);
