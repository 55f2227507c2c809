/** Conversations that must stay as they are, byte for byte. `deno run -A tests/golden/conversation.ts` records them anew. @module */
import { Effect, Fiber } from "../deps.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { legacy12 } from "../support/policies.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { atFixedTime } from "../support/effect.ts";
import { build, bothHandshake, type Setup, type Tape } from "../support/handshake.ts";
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

/** What is recorded: each a full handshake, its resumption, and a renegotiation of that. */
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

const dump = (bytes: Uint8Array): string => toHex(bytes).replace(/.{1,64}/g, "$&\n").trimEnd();

/** The flows of a conversation, in hexadecimal. */
export const record = (setup: Setup) =>
  Effect.scoped(Effect.gen(function* () {
    const built = yield* build({ ...setup, seed: "golden" });
    const parts: Array<string> = [];
    const note = (title: string, flows: Tape["flows"]) => {
      parts.push(`# ${title}`);
      flows.forEach(({ from, bytes }, i) => {
        parts.push(`>>> Flow ${i + 1} (${from === "client" ? "client to server" : "server to client"})`, dump(bytes));
      });
    };
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
    return `${parts.join("\n")}\n`;
  })).pipe(atFixedTime);

/** Where a conversation is kept. */
export const fileOf = (name: string): URL => new URL(`./conversations/${name}.txt`, import.meta.url);

if (import.meta.main) {
  await Deno.mkdir(new URL("./conversations", import.meta.url), { recursive: true });
  for (const [name, setup] of Object.entries(conversations)) {
    await Deno.writeTextFile(fileOf(name), Effect.runSync(record(setup)));
  }
}
