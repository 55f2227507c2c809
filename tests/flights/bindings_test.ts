/** Exported keys (RFC 5705) and channel bindings (RFC 5929, RFC 9266), over whole handshakes. @module */
import { assert, Context, Effect } from "../deps.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { BindingUnavailable, ChannelBindingType } from "../../src/faults/errors/bindings.ts";
import { layerTo } from "../../src/layers/key_log.ts";
import { Finished } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import type { Observe } from "../../src/ports/observer.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import * as Golden from "../golden/certificates.ts";
import { type Issued, makeCa, type Signature } from "../support/ca.ts";
import { live, sync } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  credentialOf,
  readText,
  renegotiated,
  type Setup,
} from "../support/handshake.ts";
import { withoutExtendedMasterSecret } from "../support/other_ends.ts";
import { bothUnder, compatible12, legacy12, modern12, policyFor } from "../support/policies.ts";
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const C = CipherSuite;
const LABEL = "EXPERIMENTAL effect-tls";
const CONTEXT = ascii("a context");

/** What both ends export, which must be the same, in hexadecimal. */
const exported = (ends: Ends, label = LABEL, length = 40, context?: Bytes) =>
  Effect.gen(function* () {
    const [ours, theirs] = yield* Effect.all(
      ends.map((end) => end.exportKeyingMaterial(label, length, context)),
    );
    assert.deepEqual(ours, theirs);
    assert.equal(ours!.length, length);
    return toHex(ours!);
  });

/** What both ends say of a binding, which must be the same, in hexadecimal. */
const bound = (ends: Ends, type: ChannelBindingType) =>
  Effect.gen(function* () {
    const [ours, theirs] = yield* Effect.all(ends.map((end) => end.channelBinding(type)));
    assert.deepEqual(ours, theirs);
    return toHex(ours!);
  });

/** A client and a server that are connected. */
type Ends = readonly [Connection, Connection];

const connected = (built: Built, setup: Setup) =>
  Effect.gen(function* () {
    const { client, server } = yield* bothHandshake(built, setup);
    return [yield* client, yield* server] as const;
  });

/** Each pseudorandom function that there is, by a version and a suite. */
const prfs: ReadonlyArray<readonly [string, ProtocolVersion, CipherSuite]> = [
  ["TLS 1.2 with SHA-256", TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
  ["TLS 1.2 with SHA-384", TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384],
  ["TLS 1.2 with SHA-256, where the MAC is SHA-1", TLS_1_2, C.TLS_RSA_WITH_AES_128_CBC_SHA],
  ["TLS 1.1", TLS_1_1, C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA],
  ["TLS 1.0", TLS_1_0, C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA],
];
const speaks = (
  version: ProtocolVersion,
  cipherSuite: CipherSuite,
  renegotiation: Policy["renegotiation"] = "allow",
): Setup =>
  bothUnder(policyFor(version, { cipherSuites: [cipherSuite], renegotiation }, compatible12), {
    kind: "rsa",
    toy: true,
  });

/** How a connection came to the handshake that it is bound to. */
const ways = {
  full: (built: Built, setup: Setup) => connected(built, setup),
  "resumed by ID": (built: Built, setup: Setup) =>
    Effect.zipRight(connected(built, setup), connected(built, setup)),
  "resumed by ticket": (built: Built, setup: Setup) =>
    Effect.zipRight(connected(built, setup), connected(built, setup)),
  renegotiated: (built: Built, setup: Setup) =>
    Effect.tap(connected(built, setup), (ends) => renegotiated(...ends, {})),
  "renegotiated, resumed": (built: Built, setup: Setup) =>
    Effect.tap(connected(built, setup), (ends) => renegotiated(...ends, { resume: true })),
};

const MOVING = "tls-exporter: undefined where renegotiation is enabled (RFC 9266 §4.2)";

for (const [prf, version, suite] of prfs) {
  for (const [way, take] of Object.entries(ways)) {
    sync(
      `${prf}, ${way}: both ends export the same, by label, context and length, and hold the same bindings`,
      Effect.gen(function* () {
        const renegotiates = way.startsWith("renegotiated");
        const setup = {
          ...speaks(version, suite, renegotiates ? "allow" : "refuse"),
          tickets: way.includes("ticket"),
        };
        const ends = yield* take(yield* build(setup), setup);
        for (const end of ends) {
          const n = yield* end.negotiated;
          assert.equal(n.resumed, way.includes("resumed"));
          assert.equal(n.sessionTicket, setup.tickets);
        }
        const all = [
          yield* exported(ends),
          yield* exported(ends, LABEL, 40, EMPTY),
          yield* exported(ends, LABEL, 40, CONTEXT),
          yield* exported(ends, LABEL, 40, ascii("another context")),
          yield* exported(ends, "EXPERIMENTAL another label", 40),
          yield* exported(ends, "EXPERIMENTAL another label", 40, CONTEXT),
        ];
        assert.equal(new Set(all).size, all.length, "each is another, and no context is not an empty one");
        // RFC 5705 §4 expands: a shorter output is the beginning of a longer one.
        for (const length of [1, 12, 39, 41, 500]) {
          const some = yield* exported(ends, LABEL, length, CONTEXT);
          const [short, long] = length < 40 ? [some, all[2]!] : [all[2]!, some];
          assert.ok(long.startsWith(short));
        }
        if (renegotiates) yield* cannot(ends, (end) => end.channelBinding("tls-exporter"), MOVING);
        else {
          assert.equal(
            yield* bound(ends, "tls-exporter"),
            yield* exported(ends, "EXPORTER-Channel-Binding", 32, EMPTY),
          );
        }
        assert.equal((yield* bound(ends, "tls-unique")).length, 2 * 12);
        const { chain: [leaf] } = credentialOf(Golden.server("rsa"));
        assert.equal(
          yield* bound(ends, "tls-server-end-point"),
          createHash("sha256").update(leaf!).digest("hex"),
        );
      }),
    );
  }
}

sync(
  "every connection, and every handshake of one, exports something else",
  Effect.gen(function* () {
    const setup = speaks(TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    const built = yield* build(setup);
    const seen: Array<string> = [];
    for (let n = 0; n < 2; n++) {
      const ends = yield* connected(built, setup);
      seen.push(yield* exported(ends), yield* bound(ends, "tls-unique"));
      yield* renegotiated(...ends, {});
      seen.push(yield* exported(ends), yield* bound(ends, "tls-unique"));
      yield* renegotiated(...ends, { resume: true });
      seen.push(yield* exported(ends), yield* bound(ends, "tls-unique"));
    }
    assert.equal(new Set(seen).size, seen.length);
  }),
);

sync(
  "bytes that were given out are the caller's: what he writes there changes nothing",
  Effect.gen(function* () {
    const setup = speaks(TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    const ends = yield* connected(yield* build(setup), setup);
    for (const type of ["tls-unique", "tls-server-end-point"] as const) {
      const before = yield* bound(ends, type);
      for (const end of ends) (yield* end.channelBinding(type)).fill(0);
      assert.equal(yield* bound(ends, type), before);
    }
    yield* renegotiated(...ends, {});
    assert.equal(
      (yield* ends[0].negotiated).resumed,
      false,
      "and a renegotiation still fits the Finished before",
    );
  }),
);

live(
  "what was bound can still be asked for when the connection is closed",
  Effect.gen(function* () {
    const setup = speaks(TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    const ends = yield* connected(yield* build(setup), setup);
    const before = [yield* exported(ends), yield* bound(ends, "tls-unique")];
    yield* Effect.all(ends.map((end) => end.close), { concurrency: 2 });
    assert.deepEqual([yield* exported(ends), yield* bound(ends, "tls-unique")], before);
  }),
);

// ---- somebody else's computation ----

/** A = P_hash of RFC 5246 §5, by node:crypto. */
const pHash = (hash: string, secret: Bytes, seed: Bytes, length: number): Bytes => {
  const hmac = (data: Bytes) => createHmac(hash, secret).update(data).digest();
  let a: Bytes = seed;
  let out: Bytes = EMPTY;
  while (out.length < length) {
    a = hmac(a);
    out = concat(out, hmac(concat(a, seed)));
  }
  return out.subarray(0, length);
};

/** The pseudorandom function of a version (RFC 5246 §5, RFC 2246 §5). */
const prfOf: Readonly<Record<string, (secret: Bytes, seed: Bytes, length: number) => Bytes>> = {
  sha256: (...rest) => pHash("sha256", ...rest),
  sha384: (...rest) => pHash("sha384", ...rest),
  "md5 and sha1": (secret, seed, length) => {
    const sha1 = pHash("sha1", secret.subarray(24), seed, length);
    return pHash("md5", secret.subarray(0, 24), seed, length).map((byte, i) => byte ^ sha1[i]!);
  },
};

for (
  const [version, suite, prf] of [
    [TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "sha256"],
    [TLS_1_2, C.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "sha384"],
    [TLS_1_1, C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "md5 and sha1"],
    [TLS_1_0, C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "md5 and sha1"],
  ] as const
) {
  sync(
    `${
      versionText(version)
    } exports what node:crypto computes by ${prf} from the master secret (RFC 5705 §4)`,
    Effect.gen(function* () {
      const setup = speaks(version, suite);
      let master: Bytes = EMPTY;
      const log = layerTo((line) =>
        Effect.sync(() => void (master = Buffer.from(line.split(" ")[2]!, "hex")))
      );
      const ends = yield* Effect.provide(connected(yield* build(setup), setup), log);
      const { clientRandom, serverRandom } = yield* ends[0].negotiated;
      const expected = (length: number, ...context: ReadonlyArray<Bytes>) =>
        toHex(prfOf[prf]!(master, concat(ascii(LABEL), clientRandom, serverRandom, ...context), length));
      assert.equal(master.length, 48);
      assert.equal(yield* exported(ends, LABEL, 100), expected(100));
      assert.equal(yield* exported(ends, LABEL, 20, EMPTY), expected(20, Uint8Array.of(0, 0)));
      assert.equal(yield* exported(ends, LABEL, 64, CONTEXT), expected(64, Uint8Array.of(0, 9), CONTEXT));
      const longest = new Uint8Array(2 ** 16 - 1).fill(7);
      assert.equal(
        yield* exported(ends, LABEL, 32, longest),
        expected(32, Uint8Array.of(0xff, 0xff), longest),
      );
    }),
  );
}

// ---- what can't be had ----

/** Asserts that both ends say why not, and that the connection goes on. */
const cannot = (
  ends: Ends,
  ask: (end: Connection) => Effect.Effect<Bytes, BindingUnavailable>,
  message: string,
) =>
  Effect.gen(function* () {
    for (const end of ends) {
      const error = yield* Effect.flip(ask(end));
      assert.equal(error._tag, "BindingUnavailable");
      assert.equal(error.message, message);
    }
    const [client, server] = ends;
    yield* client.write(ascii("goes on"));
    assert.equal(yield* readText(server, 7), "goes on");
  });

const inModern = Effect.flatMap(build({ toy: true }), (built) => connected(built, {}));

const reserved = [
  "client finished",
  "server finished",
  "master secret",
  "extended master secret",
  "key expansion",
];
for (const label of reserved) {
  sync(
    `nothing is exported under the protocol's own label "${label}"`,
    Effect.gen(function* () {
      const ends = yield* inModern;
      const message = `exportKeyingMaterial: "${label}" is the protocol's own label (RFC 5705 §4)`;
      yield* cannot(ends, (end) => end.exportKeyingMaterial(label, 32), message);
      yield* cannot(ends, (end) => end.exportKeyingMaterial(label, 32, CONTEXT), message);
      assert.equal((yield* exported(ends, `${label}s`)).length, 80);
    }),
  );
}

for (const label of ["é", "EXPORTER\n", "EXPORTER\0", "EXPORTER \u{1f511}", "\x7f"]) {
  sync(
    `nothing is exported under ${JSON.stringify(label)}, which is no ASCII text`,
    Effect.gen(function* () {
      const message = "exportKeyingMaterial: a label is ASCII text (RFC 5705 §4)";
      yield* cannot(yield* inModern, (end) => end.exportKeyingMaterial(label, 32), message);
    }),
  );
}

sync(
  "an empty label is a label of its own",
  Effect.gen(function* () {
    const ends = yield* inModern;
    const [empty, other] = [yield* exported(ends, ""), yield* exported(ends)];
    assert.equal(empty.length, other.length);
    assert.notDeepEqual(empty, other);
  }),
);

for (const length of [0, -1, 1.5, NaN, Infinity, 2 ** 16 + 1, 2 ** 32]) {
  sync(
    `${length} bytes can't be exported`,
    Effect.gen(function* () {
      const message = `exportKeyingMaterial: ${length} is no length from 1 to 65536 (RFC 5705 §4)`;
      yield* cannot(yield* inModern, (end) => end.exportKeyingMaterial(LABEL, length), message);
    }),
  );
}

sync(
  "2^16 bytes are the most that is exported",
  Effect.gen(function* () {
    const ends = yield* inModern;
    const most = yield* exported(ends, LABEL, 2 ** 16);
    assert.ok(most.startsWith(yield* exported(ends)));
  }),
);

sync(
  "a context of 2^16 bytes has no length that could be written, and one of 2^16 - 1 has",
  Effect.gen(function* () {
    const ends = yield* inModern;
    const message = "exportKeyingMaterial: a context has less than 2^16 bytes (RFC 5705 §4)";
    yield* cannot(ends, (end) => end.exportKeyingMaterial(LABEL, 32, new Uint8Array(2 ** 16)), message);
    yield* exported(ends, LABEL, 32, new Uint8Array(2 ** 16 - 1));
  }),
);

sync(
  "SSL 3.0 exports nothing and binds to nothing but the server's certificate",
  Effect.gen(function* () {
    const policy: Policy = { ...legacy12, versions: [SSL_3_0] };
    const setup: Setup = { kind: "rsa", toy: true, client: { policy }, server: { policy } };
    const built = yield* build(setup);
    for (const resumed of [false, true]) {
      const ends = yield* connected(built, setup);
      assert.equal((yield* ends[0].negotiated).resumed, resumed);
      yield* cannot(
        ends,
        (end) => end.exportKeyingMaterial(LABEL, 32),
        "exportKeyingMaterial: SSL 3.0 has none (RFC 5705 §4)",
      );
      yield* cannot(
        ends,
        (end) => end.channelBinding("tls-unique"),
        "tls-unique: SSL 3.0 has none (RFC 5929 §3)",
      );
      yield* cannot(
        ends,
        (end) => end.channelBinding("tls-exporter"),
        "tls-exporter: SSL 3.0 has none (RFC 9266 §4.2)",
      );
      const { chain: [leaf] } = credentialOf(Golden.server("rsa"));
      const hash = createHash("sha256").update(leaf!).digest("hex");
      assert.equal(yield* bound(ends, "tls-server-end-point"), hash);
    }
  }),
);

const unbound = (setup: Setup) =>
  Effect.gen(function* () {
    const { client, server } = yield* withoutExtendedMasterSecret(yield* build({ toy: true }), setup);
    const ends = [yield* client, yield* server] as const;
    assert.equal((yield* ends[0].negotiated).extendedMasterSecret, false);
    return ends;
  });

sync(
  "without extended_master_secret nothing of the master secret's is unique, and no policy says otherwise (RFC 7627)",
  Effect.gen(function* () {
    for (const policy of [modern12, compatible12, legacy12]) {
      const ends = yield* unbound({ client: { policy }, server: { policy } });
      yield* cannot(
        ends,
        (end) => end.exportKeyingMaterial(LABEL, 32),
        "exportKeyingMaterial: the master secret is not bound to this connection (RFC 7627 §5.4)",
      );
      yield* cannot(
        ends,
        (end) => end.channelBinding("tls-exporter"),
        "tls-exporter: the master secret is not bound to this connection (RFC 9266 §4.2)",
      );
      assert.equal((yield* bound(ends, "tls-unique")).length, 24, "a full handshake's is its own");
      assert.equal(
        (yield* bound(ends, "tls-server-end-point")).length,
        64,
        "which has nothing to do with it",
      );
    }
  }),
);

sync(
  "on a session that was resumed without extended_master_secret there is no tls-unique (RFC 7627 §5.4)",
  Effect.gen(function* () {
    const setup = { client: { policy: legacy12 }, server: { policy: legacy12 } };
    const built = yield* build({ toy: true });
    for (const resumed of [false, true]) {
      const { client, server } = yield* withoutExtendedMasterSecret(built, setup);
      const ends = [yield* client, yield* server] as const;
      assert.equal((yield* ends[1].negotiated).resumed, resumed);
      if (!resumed) assert.equal((yield* bound(ends, "tls-unique")).length, 24);
      else {
        yield* cannot(
          ends,
          (end) => end.channelBinding("tls-unique"),
          "tls-unique: another connection may have the same Finished (RFC 7627 §5.4)",
        );
      }
    }
  }),
);

sync(
  "what is not bound to the connection is exported and bound by name alone (bindWithoutExtendedMasterSecret)",
  Effect.gen(function* () {
    const policy: Policy = { ...legacy12, bindWithoutExtendedMasterSecret: true, renegotiation: "refuse" };
    const ends = yield* unbound({ client: { policy }, server: { policy } });
    assert.equal((yield* exported(ends)).length, 80);
    assert.equal((yield* bound(ends, "tls-exporter")).length, 64);
  }),
);

// ---- tls-unique (RFC 5929 §3.1) ----

for (const [prf, version, suite] of prfs) {
  for (const tickets of [false, true]) {
    sync(
      `${prf}, ${
        tickets ? "by ticket" : "by ID"
      }: tls-unique is the first Finished of the last handshake, as an observer sees it`,
      Effect.gen(function* () {
        const setup = { ...speaks(version, suite), tickets };
        const built = yield* build(setup);
        let finished: Array<{ readonly from: string; readonly verifyData: string }> = [];
        const observe: Observe = (e) => {
          if (e._tag !== "message" || !(e.message instanceof Finished)) return;
          const from = e.direction === "sent" ? "client" : "server";
          finished.push({ from, verifyData: toHex(e.message.verifyData) });
        };
        const watched = { ...setup, client: { ...setup.client, observe } };
        for (const resumed of [false, true]) {
          finished = [];
          const ends = yield* connected(built, watched);
          for (const renegotiation of [undefined, false, true]) {
            if (renegotiation !== undefined) {
              finished = [];
              yield* renegotiated(...ends, { resume: renegotiation });
            }
            const short = renegotiation ?? resumed;
            assert.equal((yield* ends[0].negotiated).resumed, short);
            assert.deepEqual(
              finished.map(({ from }) => from),
              short ? ["server", "client"] : ["client", "server"],
            );
            assert.equal(yield* bound(ends, "tls-unique"), finished[0]!.verifyData);
          }
        }
      }),
    );
  }
}

// ---- tls-server-end-point (RFC 5929 §4.1) ----

const authorities = {
  rsa: makeCa({ key: "rsa" }),
  p256: makeCa({ key: "p256" }),
  ed25519: makeCa({ key: "ed25519" }),
};
type Authority = keyof typeof authorities;
const signedBy = (key: Authority, signature: Signature): Issued =>
  authorities[key].issue({ key: "p256", signature });

/** The same ends with a server that shows what was issued at the time. */
const showing = (built: Built, issued: () => Issued): Built => ({
  ...built,
  server: Context.add(built.server, Credentials, {
    partition: "own",
    candidates: () =>
      Effect.sync(() => {
        const { chainPem, privateKeyPem } = issued();
        return [credentialOf({ certificate: chainPem, privateKey: privateKeyPem })];
      }),
  }),
});
const hashOf = (name: string, { der }: Issued): string => createHash(name).update(der).digest("hex");

const hashes: ReadonlyArray<readonly [Authority, Signature, string | undefined]> = [
  ["rsa", "rsa_md5", "sha256"],
  ["rsa", "rsa_sha1", "sha256"],
  ["rsa", "rsa_sha224", "sha224"],
  ["rsa", "rsa_sha256", "sha256"],
  ["rsa", "rsa_sha384", "sha384"],
  ["rsa", "rsa_sha512", "sha512"],
  ["rsa", "pss_sha256", "sha256"],
  ["rsa", "pss_sha384", "sha384"],
  ["rsa", "pss_sha512", "sha512"],
  ["p256", "ecdsa_sha1", "sha256"],
  ["p256", "ecdsa_sha224", "sha224"],
  ["p256", "ecdsa_sha256", "sha256"],
  ["p256", "ecdsa_sha384", "sha384"],
  ["p256", "ecdsa_sha512", "sha512"],
  // It hashes nothing that has a name of its own, and the binding is not defined.
  ["ed25519", "ed25519", undefined],
  ["p256", "unheard", undefined],
];
for (const [key, signature, hash] of hashes) {
  for (const tickets of [false, true]) {
    sync(
      `tls-server-end-point of a certificate with ${signature}, full and resumed by ${
        tickets ? "ticket" : "ID"
      }: ${hash ?? "unavailable"}`,
      Effect.gen(function* () {
        const issued = signedBy(key, signature);
        const built = showing(yield* build({ toy: true, tickets }), () => issued);
        for (const resumed of [false, true]) {
          const ends = yield* connected(built, {});
          const n = yield* ends[0].negotiated;
          assert.deepEqual([n.resumed, n.sessionTicket], [resumed, tickets]);
          if (hash === undefined) {
            yield* cannot(
              ends,
              (end) => end.channelBinding("tls-server-end-point"),
              "tls-server-end-point: the server's certificate has none, or there is no certificate (RFC 5929 §4.1)",
            );
            continue;
          }
          assert.equal(yield* bound(ends, "tls-server-end-point"), hashOf(hash, issued));
        }
      }),
    );
  }
}

sync(
  "tls-server-end-point is of the server's own certificate, not of one above it, nor of the client's",
  Effect.gen(function* () {
    const below = authorities.p256.intermediate().issue({ signature: "ecdsa_sha384" });
    assert.equal(below.chain.length, 2);
    const built = showing(yield* build({ toy: true, clientKind: "rsa" }), () => below);
    const ends = yield* connected(built, { server: { clientAuth: "require" } });
    assert.equal((yield* ends[1].peerCertificates).length, 1);
    assert.equal(yield* bound(ends, "tls-server-end-point"), hashOf("sha384", below));
  }),
);

sync(
  "tls-server-end-point follows the certificate of the last handshake",
  Effect.gen(function* () {
    const [one, other] = [signedBy("p256", "ecdsa_sha256"), signedBy("p256", "ecdsa_sha384")];
    let shown = one;
    const built = showing(yield* build({ toy: true }), () => shown);
    const policy: Policy = { ...modern12, renegotiation: "allow", serverMayChangeCertificate: true };
    const ends = yield* connected(built, { client: { policy }, server: { policy } });
    assert.equal(yield* bound(ends, "tls-server-end-point"), hashOf("sha256", one));
    shown = other;
    yield* renegotiated(...ends, {});
    assert.equal(yield* bound(ends, "tls-server-end-point"), hashOf("sha384", other));
  }),
);

for (const tickets of [false, true]) {
  sync(
    `an anonymous suite has no tls-server-end-point, full and resumed by ${
      tickets ? "ticket" : "ID"
    }, and the other bindings`,
    Effect.gen(function* () {
      const policy: Policy = { ...modern12, cipherSuites: [C.TLS_DH_anon_WITH_AES_128_GCM_SHA256] };
      const setup: Setup = { toy: true, tickets, client: { policy }, server: { policy } };
      const built = yield* build(setup);
      for (const resumed of [false, true]) {
        const ends = yield* connected(built, setup);
        assert.equal((yield* ends[1].negotiated).resumed, resumed);
        yield* cannot(
          ends,
          (end) => end.channelBinding("tls-server-end-point"),
          "tls-server-end-point: the server's certificate has none, or there is no certificate (RFC 5929 §4.1)",
        );
        assert.equal((yield* bound(ends, "tls-unique")).length, 24);
        assert.equal((yield* bound(ends, "tls-exporter")).length, 64);
      }
    }),
  );
}
