/**
 * Whole handshakes with private keys that are kept elsewhere, and with certificates that are replaced.
 *
 * @module
 */
import { assert, Context, Effect, Either, Layer, Queue, Stream } from "../deps.ts";
import { PrivateKeyError } from "../../src/faults/errors/crypto.ts";
import {
  credentialFromSigner,
  layer,
  layerReloading,
  type Signer,
} from "../../src/layers/credentials/credentials.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import type { Credentials } from "../../src/ports/credentials.ts";
import { compatible12 } from "../support/policies.ts";
import { suites } from "../../src/tables/suites.ts";
import * as Golden from "../golden/certificates.ts";
import { live } from "../support/effect.ts";
import { bothHandshake, build, credentialOf, pingPong } from "../support/handshake.ts";
import crypto from "node:crypto";

/** Ends with these credentials in place of their own. */
const buildWith = (own: Partial<Record<"client" | "server", Layer.Layer<Credentials>>>) =>
  Effect.gen(function* () {
    const built = yield* build();
    const replaced = <R>(context: Context.Context<R>, layer = Layer.empty as Layer.Layer<never>) =>
      Effect.map(Layer.build(layer), (others) => Context.merge(context, others) as Context.Context<R>);
    return {
      client: yield* replaced(built.client, own.client),
      server: yield* replaced(built.server, own.server),
    };
  });

const { rsa_pss_rsae_sha256: pss, rsa_pkcs1_sha256: pkcs1, ecdsa_secp256r1_sha256: ecdsa } = SignatureScheme;

/** A key that stands for one in a module, which signs and, when it may, decrypts; and what it was asked for. */
const elsewhere = (
  { certificate, privateKey }: { readonly certificate: string; readonly privateKey: string },
) => {
  const asked: Array<SignatureScheme | "decrypt"> = [];
  const key = crypto.createPrivateKey(privateKey);
  const padding = {
    [pss]: crypto.constants.RSA_PKCS1_PSS_PADDING,
    [pkcs1]: crypto.constants.RSA_PKCS1_PADDING,
  };
  const signer: Signer = {
    certificate,
    sign: (scheme, data) =>
      Effect.promise(() => {
        asked.push(scheme);
        const how = padding[scheme] === undefined ? {} : { padding: padding[scheme], saltLength: 32 };
        return Promise.resolve(new Uint8Array(crypto.sign("sha256", data, { key, ...how })));
      }),
  };
  const decrypt: Signer["decrypt"] = (ciphertext) =>
    Effect.sync(() => {
      asked.push("decrypt");
      return new Uint8Array(
        crypto.privateDecrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, ciphertext),
      );
    });
  return { signer, decrypt, asked };
};

live(
  "signers serve both ends of a handshake, though no private key is in either",
  Effect.gen(function* () {
    const [server, client] = [elsewhere(Golden.server("rsa")), elsewhere(Golden.client("p256"))];
    const built = yield* buildWith({
      server: layer([yield* credentialFromSigner({ ...server.signer, schemes: [pss] })]),
      client: layer([yield* credentialFromSigner({ ...client.signer, schemes: [ecdsa] })]),
    });
    const ends = yield* bothHandshake(built, { server: { clientAuth: "require" } });
    const [c, s] = [yield* ends.client, yield* ends.server];
    yield* pingPong(c, s);
    assert.deepEqual([server.asked, client.asked], [[pss], [ecdsa]]);
    assert.equal((yield* s.peerCertificates).length, 1);
  }),
);

live(
  "RSA key transport is served by a signer that decrypts, and not chosen with one that only signs",
  Effect.gen(function* () {
    const { signer, decrypt, asked } = elsewhere(Golden.server("rsa"));
    const transport = compatible12.cipherSuites.filter((id) => suites.get(id)?.exchange === "rsa");
    const policy = { ...compatible12, cipherSuites: transport };
    const meeting = (one: Signer) =>
      Effect.gen(function* () {
        const built = yield* buildWith({ server: layer([yield* credentialFromSigner(one)]) });
        return yield* bothHandshake(built, { client: { policy }, server: { policy } });
      });
    const able = yield* meeting({ ...signer, decrypt });
    yield* pingPong(yield* able.client, yield* able.server);
    assert.deepEqual(asked, ["decrypt"]);
    const unable = yield* meeting(signer);
    assert.ok(Either.isLeft(unable.server) && unable.server.left._tag === "Refused");
    assert.equal(unable.server.left.reason, "no_common_cipher_suite");
  }),
);

live(
  "a signer that fails ends the handshake with its reason",
  Effect.gen(function* () {
    const { signer } = elsewhere(Golden.server("p256"));
    const reason = "the module is locked";
    const sign = () => Effect.fail(new PrivateKeyError({ operation: "sign", reason }));
    const built = yield* buildWith({ server: layer([yield* credentialFromSigner({ ...signer, sign })]) });
    const { client, server } = yield* bothHandshake(built);
    assert.ok(Either.isLeft(server));
    assert.match(server.left.message, /the module is locked/);
    assert.ok(Either.isLeft(client) && client.left._tag === "PeerAlert");
  }),
);

live(
  "certificates that are replaced are shown to new connections, and those that are open go on",
  Effect.gen(function* () {
    let kind: Golden.Kind = "p256";
    const signals = yield* Queue.unbounded<void>();
    const loaded = yield* Queue.unbounded<void>();
    const load = Effect.sync(() => [credentialOf(Golden.server(kind))]);
    const layer = layerReloading(
      Effect.ensuring(load, Queue.offer(loaded, undefined)),
      Stream.fromQueue(signals),
    );
    const built = yield* buildWith({ server: layer });
    const connected = Effect.gen(function* () {
      const ends = yield* bothHandshake(built);
      return { client: yield* ends.client, server: yield* ends.server };
    });
    const old = yield* connected;
    kind = "ed25519";
    yield* Queue.takeAll(loaded);
    yield* Queue.offer(signals, undefined);
    yield* Queue.take(loaded);
    yield* Effect.yieldNow();
    // Another client, who has no session to resume.
    const others = yield* build();
    const ends = yield* bothHandshake({ ...others, server: built.server });
    const [leaf] = yield* (yield* ends.client).peerCertificates;
    assert.deepEqual(leaf?.raw, credentialOf(Golden.server("ed25519")).chain[0]);
    yield* pingPong(old.client, old.server);
    const [before] = yield* old.client.peerCertificates;
    assert.deepEqual(before?.raw, credentialOf(Golden.server("p256")).chain[0]);
  }),
);
