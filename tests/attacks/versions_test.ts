/**
 * Attacks on SSL 3.0, TLS 1.0 and TLS 1.1, each by its name. Attacks on their records are in `record/protection/`.
 *
 * @module
 */
import { assert, Context, Effect, Either } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { ServerKeyExchangeDHE, ServerKeyExchangeECDHE } from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { Crypto, type CryptoService } from "../../src/ports/crypto.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12, legacy12, modern12 } from "../support/policies.ts";
import { suites } from "../../src/tables/suites.ts";
import { type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, handshake, pingPong, recordsOf, type Setup } from "../support/handshake.ts";
import { handshakeMessage, plainRecord, replay } from "../support/replay.ts";
import { bytesOf } from "../support/text.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = N.ProtocolVersion;
const C = N.CipherSuite;
const only = (version: N.ProtocolVersion, ...cipherSuites: ReadonlyArray<N.CipherSuite>): Policy => ({
  ...legacy12,
  versions: [version],
  cipherSuites,
  compressionMethods: [N.CompressionMethod.null],
});

// ---- ROBOT ----

/** RSA without padding of its own: what a block becomes under a public key. */
const rawRsa = (key: { readonly modulus: Bytes; readonly publicExponent: Bytes }, block: Bytes): Bytes => {
  const [n, e] = [BigInt(`0x${toHex(key.modulus)}`), BigInt(`0x${toHex(key.publicExponent)}`)];
  let [result, base] = [1n, BigInt(`0x${toHex(block)}`) % n];
  for (let bits = e; bits > 0n; bits >>= 1n, base = base * base % n) {
    if (bits & 1n) result = result * base % n;
  }
  const hex = result.toString(16).padStart(2 * key.modulus.length, "0");
  return Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));
};

/** `00 02`, padding, `00`, and the premaster secret, with one thing wrong. */
const faults: Readonly<Record<string, (block: Bytes) => Bytes>> = {
  "a first byte that is not 0": (b) => b.with(0, 1) as Bytes,
  "block type 1": (b) => b.with(1, 1) as Bytes,
  "block type 0": (b) => b.with(1, 0) as Bytes,
  "a zero among the first eight bytes of padding": (b) => b.with(5, 0) as Bytes,
  "a zero in the padding, so that the secret is too long": (b) => b.with(100, 0) as Bytes,
  "no zero before the secret": (b) => b.with(b.length - 49, 7) as Bytes,
  "another major version": (b) => b.with(b.length - 48, 9) as Bytes,
  "another minor version": (b) => b.with(b.length - 47, b.at(-47)! ^ 1) as Bytes,
};

for (const version of [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0]) {
  const policy = only(version, C.TLS_RSA_WITH_AES_128_CBC_SHA);
  const setup: Setup = { kind: "rsa", client: { policy }, server: { policy } };
  sync(
    `ROBOT: in ${N.versionText(version)} eight faults of padding have one end, in alert and in closing`,
    Effect.gen(function* () {
      const seen = new Set<string>();
      for (const change of Object.values(faults)) {
        const built = yield* build(setup);
        const crypto = Context.get(built.client, Crypto);
        const lying: CryptoService = {
          ...crypto,
          rsaEncrypt: (key, secret) => {
            const padding = new Uint8Array(key.modulus.length - 51).fill(0xaa);
            const block = concat(Uint8Array.of(0, 2), padding, Uint8Array.of(0), secret);
            return Effect.succeed(rawRsa(key, change(block)));
          },
        };
        const client = Context.add(built.client, Crypto, lying);
        const { server, tape } = yield* bothHandshake({ ...built, client }, setup);
        const alert = recordsOf(concat(...tape.flows.filter((f) => f.from === "server").map((f) => f.bytes)))
          .at(-1)!;
        assert.equal(Either.isLeft(server) && server.left._tag, "BadRecordMac");
        seen.add(`${toHex(alert)} in ${tape.flows.length} flows`);
      }
      assert.equal(seen.size, 1, [...seen].join(", "));
    }),
  );

  sync(
    `ROBOT: in ${N.versionText(version)} a secret that is padded as it should be is the handshake's`,
    Effect.gen(function* () {
      const { client, server } = yield* handshake(setup);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

// ---- what a server may not send ----

/** The server's flight with a message inserted before its last, as a client hears it. */
const inserting = (setup: Setup, version: N.ProtocolVersion, type: number, body: Bytes) =>
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build(setup), setup);
    const flow = recordsOf(tape.flows[1]!.bytes);
    const inserted = plainRecord(22, handshakeMessage(type, body), version);
    const { error } = yield* replay("client", [concat(...flow.slice(0, -1), inserted, flow.at(-1)!)], setup);
    return error;
  });

for (const version of [TLS_1_2, TLS_1_0, SSL_3_0]) {
  sync(
    `FREAK: in ${N.versionText(version)} an RSA key in a ServerKeyExchange has no place in RSA key transport`,
    Effect.gen(function* () {
      const policy = only(version, C.TLS_RSA_WITH_AES_128_CBC_SHA);
      const setup: Setup = { kind: "rsa", client: { policy }, server: { policy } };
      // A modulus of 512 bits, an exponent, and a signature.
      const body = concat(
        Uint8Array.of(0, 64),
        new Uint8Array(64).fill(0xc5),
        Uint8Array.of(0, 1, 3, 1, 0),
        new Uint8Array(256),
      );
      const error = yield* inserting(setup, version, 12, body);
      assert.equal(error?._tag, "UnexpectedMessage");
    }),
  );
}

Deno.test("FREAK, Logjam: there is no export suite", () => {
  for (const id of suites.keys()) assert.doesNotMatch(C.nameOf(id), /EXPORT|DES40|RC2|_40_|DES_CBC_/);
});

/** A server's own primes, by length: the test needs no prime, for none is looked for. */
const primes = [512, 768, 1024, 1536, 2047].map((bits) => {
  const prime = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  prime[0] = 0xff >> (8 * prime.length - bits);
  return [bits, prime] as const;
});

for (const [bits, dhP] of primes) {
  for (const [name, policy] of Object.entries({ modern12, compatible12, legacy12 })) {
    const least = policy.minimumDhPrimeBits;
    if (bits >= least) continue;
    sync(
      `Logjam: Policy.${name} refuses a prime of ${bits} bits`,
      Effect.gen(function* () {
        const suite = C.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256;
        const setup: Setup = {
          kind: "rsa",
          client: { policy: { ...policy, cipherSuites: [suite] } },
          server: { policy: { ...policy, cipherSuites: [suite] } },
        };
        const built = yield* build(setup);
        const crypto = Context.get(built.client, Crypto);
        // The signature is not what is judged here.
        const client = Context.add(built.client, Crypto, { ...crypto, verify: () => Effect.succeed(true) });
        const { client: end } = yield* bothHandshake({ ...built, client }, {
          ...setup,
          tamper: (from, flow) =>
            from === "client" ? flow : concat(
              ...recordsOf(flow).map((record) => {
                if (record[5] !== 12) return record;
                const message = Either.getOrThrow(codec(ServerKeyExchangeDHE).decode(record.subarray(9)));
                const params = { dhP, dhG: Uint8Array.of(2), dhYs: Uint8Array.of(4) };
                const body = codec(ServerKeyExchangeDHE).unsafeEncode(
                  make(ServerKeyExchangeDHE, { ...message, params }),
                );
                return plainRecord(22, handshakeMessage(12, body), TLS_1_2);
              }),
            ),
        });
        assert.equal(Either.isLeft(end) && end.left._tag === "Refused" && end.left.reason, "weak_parameters");
        assert.equal(Either.isLeft(end) && alertOf(end.left), "insufficient_security");
      }),
    );
  }
}

for (
  const scheme of [
    N.SignatureScheme.rsa_pkcs1_md5,
    N.SignatureScheme.rsa_pkcs1_md5_sha1,
    N.SignatureScheme.rsa_pkcs1_sha1,
  ]
) {
  sync(
    `SLOTH: a signature by ${N.SignatureScheme.nameOf(scheme)} is refused in TLS 1.2, by its name alone`,
    Effect.gen(function* () {
      const setup: Setup = { kind: "rsa" };
      const { tape } = yield* bothHandshake(yield* build(setup), setup);
      const flow = concat(
        ...recordsOf(tape.flows[1]!.bytes).map((record) => {
          if (record[5] !== 12) return record;
          const message = Either.getOrThrow(codec(ServerKeyExchangeECDHE).decode(record.subarray(9)));
          const body = codec(ServerKeyExchangeECDHE).unsafeEncode(
            make(ServerKeyExchangeECDHE, { ...message, algorithm: scheme }),
          );
          return plainRecord(22, handshakeMessage(12, body), TLS_1_2);
        }),
      );
      const { error } = yield* replay("client", [flow], setup);
      assert.equal(error?._tag, "IllegalParameter");
    }),
  );
}

Deno.test("SLOTH: no policy names MD5, and SHA-1 is not in the default", () => {
  const md5 = [
    N.SignatureScheme.rsa_pkcs1_md5,
    N.SignatureScheme.ecdsa_md5,
    N.SignatureScheme.rsa_pkcs1_md5_sha1,
  ];
  for (const policy of [modern12, compatible12, legacy12]) {
    assert.ok(policy.signatureSchemes.every((s) => !md5.includes(s)));
  }
  assert.ok(modern12.signatureSchemes.every((s) => !/sha1$/.test(N.SignatureScheme.nameOf(s))));
});

// ---- what a policy lets in ----

Deno.test("NULL and anonymous suites are in no policy, and RC4, 3DES and SSL 3.0 in Policy.legacy alone", () => {
  const names = (policy: Policy) => policy.cipherSuites.map((id) => C.nameOf(id)).join(" ");
  for (const policy of [modern12, compatible12, legacy12]) assert.doesNotMatch(names(policy), /NULL|anon/);
  for (const policy of [modern12, compatible12]) {
    assert.doesNotMatch(names(policy), /RC4|3DES/);
    assert.ok(!policy.versions.includes(SSL_3_0));
  }
  assert.match(names(legacy12), /RC4.*|3DES/);
  assert.deepEqual(modern12.versions, [TLS_1_2]);
  assert.doesNotMatch(names(modern12), /CBC|TLS_RSA/);
});

// ---- BEAST, Sweet32 ----

for (const version of [SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2]) {
  for (const splitRecords of [true, false]) {
    const splits = splitRecords && version <= TLS_1_0;
    sync(
      `BEAST: in ${N.versionText(version)} CBC application data is ${splits ? "" : "not "}split 1/n-1${
        splitRecords ? "" : ", switched off"
      }`,
      Effect.gen(function* () {
        const policy = { ...only(version, C.TLS_RSA_WITH_AES_128_CBC_SHA), splitRecords };
        const { client, server } = yield* handshake({ kind: "rsa", client: { policy }, server: { policy } });
        yield* client.write(bytesOf("secret"));
        const first = yield* server.read;
        assert.equal(first?.length, splits ? 1 : 6);
      }),
    );
  }
}

sync(
  "Sweet32: a 3DES key seals and opens no more than the limit, which ends in a typed error at both ends",
  Effect.gen(function* () {
    const suite = C.TLS_RSA_WITH_3DES_EDE_CBC_SHA;
    const of = (shortBlockData: number): Policy => ({
      ...only(TLS_1_2, suite),
      limits: { ...legacy12.limits, shortBlockData },
    });
    const piece = new Uint8Array(1000);
    // Ours is the stricter.
    const ours = yield* handshake({
      kind: "rsa",
      client: { policy: of(4000) },
      server: { policy: of(2 ** 20) },
    });
    for (let i = 0; i < 3; i++) yield* ours.client.write(piece);
    const end = yield* Effect.flip(ours.client.write(piece));
    assert.equal(end._tag === "LimitExceeded" && end.limit, "shortBlockData");
    // The peer's is.
    const theirs = yield* handshake({
      kind: "rsa",
      client: { policy: of(2 ** 20) },
      server: { policy: of(4000) },
    });
    for (let i = 0; i < 5; i++) yield* theirs.client.write(piece);
    for (let i = 0; i < 3; i++) yield* theirs.server.read;
    const heard = yield* Effect.flip(theirs.server.read);
    assert.equal(heard._tag === "LimitExceeded" && heard.limit, "shortBlockData");
    assert.equal(alertOf(heard), "internal_error");
  }),
);

sync(
  "Sweet32: the limit is for blocks of 64 bits alone",
  Effect.gen(function* () {
    const policy = {
      ...only(TLS_1_2, C.TLS_RSA_WITH_AES_128_CBC_SHA),
      limits: { ...legacy12.limits, shortBlockData: 100 },
    };
    const { client, server } = yield* handshake({ kind: "rsa", client: { policy }, server: { policy } });
    yield* client.write(new Uint8Array(5000));
    assert.equal((yield* server.read)?.length, 5000);
  }),
);
