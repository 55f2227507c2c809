/** Conversations that must stay as they are, byte for byte. `deno run -A tests/golden/conversation.ts` records them anew. @module */
import { assert, Context, Effect, Fiber } from "../deps.ts";
import { serviceOf } from "../../src/layers/pre_shared_keys/service.ts";
import { PreSharedKeys } from "../../src/ports/pre_shared_keys.ts";
import { layerDeterministic } from "../../src/layers/crypto/deterministic.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { bothUnder, legacy12, modern13 } from "../support/policies.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { atFixedTime } from "../support/effect.ts";
import { bothHandshake, build, type Built, pingPong, readText, type Setup, type Tape } from "../support/handshake.ts";
import { bytesOf } from "../support/text.ts";

const of = (
  kind: NonNullable<Setup["kind"]>,
  suite: CipherSuite,
  version: ProtocolVersion = ProtocolVersion.TLS_1_2,
  clientKind?: Setup["clientKind"],
  compression: CompressionMethod = CompressionMethod.null,
): Setup => {
  const policy = {
    ...legacy12,
    versions: [version],
    cipherSuites: [suite],
    compressionMethods: [compression],
    insecureRenegotiation: version === ProtocolVersion.SSL_3_0, // after a resumption without RFC 7627
  };
  return {
    kind,
    clientKind,
    client: { policy, alpn: ["h2", "http/1.1"] },
    server: { policy, alpn: ["http/1.1"], clientAuth: clientKind ? "require" : "none" },
  };
};

/** What is recorded up to TLS 1.2: each a full handshake, its resumption, and a renegotiation of that. */
export const conversations: Readonly<Record<string, Setup>> = {
  "tls12-ecdhe-ecdsa-aes-128-gcm": of("p256", CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
  "tls12-ecdhe-ecdsa-ed25519-chacha20": of(
    "ed25519",
    CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ),
  "tls12-ecdhe-rsa-aes-256-gcm": of("rsa", CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
  "tls12-rsa-aes-128-gcm": of("rsa", CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256),
  "tls12-dhe-rsa-aes-128-cbc-client-p256": of(
    "rsa",
    CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
    ProtocolVersion.TLS_1_2,
    "p256",
  ),
  "tls11-ecdhe-ecdsa-aes-256-cbc-client-rsa": of(
    "p256",
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    ProtocolVersion.TLS_1_1,
    "rsa",
  ),
  "tls10-dhe-rsa-3des-client-p256": of(
    "rsa",
    CipherSuite.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
    ProtocolVersion.TLS_1_0,
    "p256",
  ),
  "tls12-ecdhe-rsa-aes-128-gcm-tickets": {
    ...of("rsa", CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    tickets: true,
  },
  "tls11-rsa-aes-128-cbc-deflate": of(
    "rsa",
    CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    ProtocolVersion.TLS_1_1,
    undefined,
    CompressionMethod.DEFLATE,
  ),
  "ssl30-rsa-rc4-md5-client-rsa": of(
    "rsa",
    CipherSuite.TLS_RSA_WITH_RC4_128_MD5,
    ProtocolVersion.SSL_3_0,
    "rsa",
  ),
};

const of13 = (suite: CipherSuite, setup: Setup = {}, serverGroups?: ReadonlyArray<NamedGroup>): Setup => {
  const policy = { ...modern13, cipherSuites: [suite] };
  return {
    tickets: true,
    ...setup,
    client: { policy, alpn: ["h2", "http/1.1"], ...setup.client },
    server: { policy: { ...policy, groups: serverGroups ?? policy.groups }, alpn: ["http/1.1"], ...setup.server },
  };
};

const hybrid = { ...modern13, groups: [NamedGroup.X25519MLKEM768, NamedGroup.x25519] };

/**
 * What is recorded in TLS 1.3: each a full handshake and its resumption, with data, new keys of both ends, and a certificate
 * that is asked for later.
 */
export const conversations13: Readonly<Record<string, Setup>> = {
  "tls13-aes-128-gcm": of13(CipherSuite.TLS_AES_128_GCM_SHA256),
  "tls13-aes-256-gcm-rsa-stored-tickets": of13(CipherSuite.TLS_AES_256_GCM_SHA384, {
    kind: "rsa",
    tickets: false,
  }),
  "tls13-chacha20-ed25519-client-p256": of13(CipherSuite.TLS_CHACHA20_POLY1305_SHA256, {
    kind: "ed25519",
    clientKind: "p256",
    server: { clientAuth: "require" },
  }),
  "tls13-aes-128-gcm-hello-retry-request-p384": of13(
    CipherSuite.TLS_AES_128_GCM_SHA256,
    { kind: "p384", clientKind: "ed25519" },
    [NamedGroup.secp384r1],
  ),
};

/** The same under a hybrid group, which the platform's ML-KEM makes with random bytes of its own. */
export const conversationsOfNoble: Readonly<Record<string, Setup>> = {
  "tls13-aes-128-gcm-x25519mlkem768": bothUnder({
    ...hybrid,
    cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
  }, { tickets: true, provider: layerDeterministic }),
};

const dump = (bytes: Uint8Array): string => toHex(bytes).replace(/.{1,64}/g, "$&\n").trimEnd();

/** Notes what passes, under titles. */
const notes = () => {
  const parts: Array<string> = [];
  return {
    note: (title: string, flows: Tape["flows"]) => {
      parts.push(`# ${title}`);
      flows.forEach(({ from, bytes }, i) => {
        parts.push(
          `>>> Flow ${i + 1} (${from === "client" ? "client to server" : "server to client"})`,
          dump(bytes),
        );
      });
    },
    text: () => `${parts.join("\n")}\n`,
  };
};

/** The flows of a conversation up to TLS 1.2, in hexadecimal. */
export const record = (setup: Setup) =>
  Effect.scoped(Effect.gen(function* () {
    const built = yield* build({ ...setup, seed: "golden" });
    const { note, text } = notes();
    for (const title of ["full", "resumed"]) {
      const { client, server, tape } = yield* bothHandshake(built, setup);
      const ends = [yield* client, yield* server] as const;
      note(title, tape.flows);
      if (title === "full") continue;
      const before = tape.flows.length;
      const listening = yield* Effect.fork(ends[1].read);
      yield* ends[0].renegotiate;
      note("renegotiated", tape.flows.slice(before));
      yield* ends[0].write(bytesOf("done"));
      yield* Fiber.join(listening);
    }
    return text();
  })).pipe(atFixedTime);

/** The flows of a conversation of TLS 1.3, in hexadecimal. */
export const record13 = (setup: Setup) =>
  Effect.scoped(Effect.gen(function* () {
    const built = yield* build({ ...setup, seed: "golden" });
    const { note, text } = notes();
    for (const title of ["full", "resumed"]) {
      const { client, server, tape } = yield* bothHandshake(built, setup);
      const ends = [yield* client, yield* server] as const;
      assert.equal((yield* ends[1].negotiated).resumed, title === "resumed");
      yield* pingPong(...ends);
      note(`${title}, with data`, tape.flows);
      let before = tape.flows.length;
      for (const end of ends) {
        yield* end.updateKeys({ request: true });
        yield* pingPong(...ends);
      }
      note("new keys, asked for by either end", tape.flows.slice(before));
      if (setup.clientKind === undefined) continue;
      before = tape.flows.length;
      const listening = yield* Effect.fork(ends[0].read);
      yield* ends[1].requestClientCertificate();
      yield* ends[1].write(bytesOf("thanks"));
      yield* Fiber.join(listening);
      note("a certificate that is asked for later", tape.flows.slice(before));
    }
    return text();
  })).pipe(atFixedTime);

/** What is recorded of early data and external keys: suites of TLS 1.3. */
export const conversationsOfKeys: Readonly<Record<string, Setup>> = {
  "tls13-aes-128-gcm-early-data": of13(CipherSuite.TLS_AES_128_GCM_SHA256, { tickets: false }),
};

const EARLY = bytesOf("early");

/** The flows of meetings with early data, taken and refused, and by an external key, as it is and imported; in hexadecimal. */
export const recordKeys = (setup: Setup) =>
  Effect.scoped(Effect.gen(function* () {
    const built = yield* build({ ...setup, seed: "golden" });
    const { note, text } = notes();
    const meet = (title: string, between: Built, earlyData: number) =>
      Effect.gen(function* () {
        const { client, server, tape } = yield* bothHandshake(between, {
          ...setup,
          client: { ...setup.client, earlyData: EARLY },
          server: { ...setup.server, earlyData },
        });
        const ends = [yield* client, yield* server] as const;
        const n = yield* ends[1].negotiated;
        if (n.earlyData) assert.equal(yield* readText(ends[1], EARLY.length), "early");
        yield* ends[1].confirmed;
        assert.equal(yield* pingPong(...ends), "ping pong");
        note(title, tape.flows);
        return [n.psk, n.earlyData];
      });
    assert.deepEqual(yield* meet("full, with data", built, 100), [undefined, undefined]);
    assert.deepEqual(yield* meet("resumed, with early data that is taken", built, 100), ["ticket", true]);
    assert.deepEqual(yield* meet("resumed, with early data that is refused", built, 0), ["ticket", false]);
    const key = { identity: bytesOf("device"), key: new Uint8Array(32).fill(7) };
    for (const kind of ["external", "imported"] as const) {
      const keys = serviceOf([kind === "imported" ? { ...key, imported: { context: bytesOf("a, b") } } : key]);
      const fresh = yield* build({ ...setup, seed: `golden ${kind}` });
      const having = {
        client: Context.add(fresh.client, PreSharedKeys, keys),
        server: Context.add(fresh.server, PreSharedKeys, keys),
      };
      assert.deepEqual(yield* meet(`by a key that is ${kind}`, having, 0), [kind, undefined]);
    }
    return text();
  })).pipe(atFixedTime);

/** Where a conversation is kept. */
export const fileOf = (name: string): URL => new URL(`./conversations/${name}.txt`, import.meta.url);

if (import.meta.main) {
  await Deno.mkdir(new URL("./conversations", import.meta.url), { recursive: true });
  const write = (name: string, text: string) => Deno.writeTextFile(fileOf(name), text);
  for (const [name, setup] of Object.entries(conversations)) {
    await write(name, Effect.runSync(record(setup)));
  }
  for (const [name, setup] of Object.entries({ ...conversations13, ...conversationsOfNoble })) {
    await write(name, Effect.runSync(record13(setup)));
  }
  for (const [name, setup] of Object.entries(conversationsOfKeys)) {
    await write(name, Effect.runSync(recordKeys(setup)));
  }
}
