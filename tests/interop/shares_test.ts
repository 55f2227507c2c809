/** Shares of ours, and what OpenSSL derives of them: the finite fields of RFC 7919, X448 and X25519. @module */
import { assert, Effect, Either } from "../deps.ts";
import { Crypto, Names } from "../../mod.ts";
import { ffdhe, ffdheGroups } from "../../src/crypto/ffdhe.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { any, decodeDer, sequence } from "../../src/x509/der/der.ts";
import { bitString, unsigned } from "../../src/x509/der/types.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { start, temporary, withPeer } from "./peers.ts";

const { NamedGroup } = Names;

/** A SubjectPublicKeyInfo whose algorithm is kept as it is. */
const spki = sequence({ algorithm: any, key: bitString });

/** How OpenSSL makes a key of a group, and what the BIT STRING of a public key holds. */
interface Kind {
  readonly algorithm: ReadonlyArray<string>;
  readonly write: (share: Bytes) => Bytes;
  readonly read: (bits: Bytes) => Bytes;
}

const finite = (group: Names.NamedGroup): Kind => ({
  algorithm: ["DH", "-pkeyopt", `group:${NamedGroup.nameOf(group)}`],
  write: Der.integer,
  read: (bits) => Either.getOrThrow(decodeDer("DHPublicKey", unsigned, bits)),
});
const same = (bytes: Bytes): Bytes => bytes;
const curve = (name: string): Kind => ({ algorithm: [name], write: same, read: same });

const kinds: ReadonlyMap<Names.NamedGroup, Kind> = new Map([
  [NamedGroup.x25519, curve("X25519")],
  [NamedGroup.x448, curve("X448")],
  ...ffdheGroups.map((group) => [group, finite(group)] as const),
]);

for (const [group, { algorithm, write, read }] of kinds) {
  withPeer(
    "openssl",
    `a share of ${NamedGroup.nameOf(group)} gives OpenSSL the secret that its own gives us`,
    Effect.gen(function* () {
      const folder = yield* temporary;
      const openssl = (...args: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          const peer = yield* start("openssl", args);
          assert.equal(yield* peer.ended, 0, peer.output());
        });
      const file = (name: string) => Effect.promise(() => Deno.readFile(`${folder}/${name}`));
      yield* openssl("genpkey", "-algorithm", ...algorithm, "-out", `${folder}/key.pem`);
      const publicKey = ["pkey", "-in", `${folder}/key.pem`, "-pubout", "-outform", "DER"];
      yield* openssl(...publicKey, "-out", `${folder}/public.der`);
      const theirs = Either.getOrThrow(decodeDer("SubjectPublicKeyInfo", spki, yield* file("public.der")));

      const share = yield* (yield* Crypto.Crypto).keyShare(group);
      const ours = Der.sequence(theirs.algorithm.raw, Der.bitString(write(share.publicKey)));
      yield* Effect.promise(() => Deno.writeFile(`${folder}/ours.der`, ours));
      yield* openssl(
        ...["pkeyutl", "-derive", "-inkey", `${folder}/key.pem`, "-peerform", "DER"],
        ...["-peerkey", `${folder}/ours.der`, "-out", `${folder}/secret`],
      );
      const secret = yield* share.agree(read(theirs.key.bytes));
      const told = yield* file("secret");
      // OpenSSL leaves out the zeros that a number of a finite field begins with.
      assert.equal(toHex(secret).replace(/^(00)+/, ""), toHex(told).replace(/^(00)+/, ""));
      assert.equal(secret.length, ffdhe(group)?.prime.length ?? share.publicKey.length);
    }).pipe(Effect.provide(Crypto.layerNative)),
  );
}
