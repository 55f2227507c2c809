/** What a hello of TLS 1.3 offers besides, and what comes of it: compressed certificates, record sizes, padding, GREASE. @module */
import { assert, Context, Effect } from "../../deps.ts";
import { layerNative } from "../../../src/layers/compression/native.ts";
import {
  Certificate13,
  CertificateRequest13,
  ClientHello,
  CompressedCertificate,
  findExtension,
} from "../../../src/messages/mod.ts";
import { CertificateCompressionAlgorithm, ProtocolVersion } from "../../../src/names/protocol.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import {
  type CredentialRequest,
  Credentials,
  type CredentialsService,
} from "../../../src/ports/credentials.ts";
import { RecordPadding } from "../../../src/ports/record_padding.ts";
import { CertificateVerifier } from "../../../src/ports/trust.ts";
import { utf8 } from "../../../src/wire/bytes.ts";
import { changedHandshake, changing } from "../../support/other_ends.ts";
import { modern, type Policy } from "../../../src/tables/policy.ts";
import { sync, withoutLogs } from "../../support/effect.ts";
import { build, type Built, pingPong, readText, recordsOf, type Setup } from "../../support/handshake.ts";
import { meet, type Seen, seenOf, toy } from "../../support/meeting13.ts";
import { modern12, modern13 } from "../../support/policies.ts";
import { bytesOf } from "../../support/text.ts";

const { brotli, zlib, zstd } = CertificateCompressionAlgorithm;
const compressing: Policy = { ...modern13, certificateCompression: [brotli, zstd, zlib] };

const algorithms = (seen: ReadonlyArray<Seen>) =>
  seenOf(CompressedCertificate, seen).map(({ algorithm }) => algorithm);

sync(
  "certificates are compressed by zlib without a layer, the client's as well as the server's (RFC 8879)",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, clientKind: "p256" });
    const setup = toy(compressing, { server: { clientAuth: "require" } });
    const { client, seen, server } = yield* meet(built, setup);
    assert.deepEqual(algorithms(seen), [zlib, zlib]);
    assert.equal((yield* client.peerCertificates).length, 1);
    assert.equal((yield* server.peerCertificates).length, 1);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "certificates are compressed by the best of our algorithms that the peer has",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const layer = yield* Effect.provide(Effect.context<never>(), layerNative);
    const both: Built = {
      client: Context.merge(built.client, layer),
      server: Context.merge(built.server, layer),
    };
    const using = (of: Policy["certificateCompression"]): Policy => ({
      ...modern13,
      certificateCompression: of,
    });
    const taken = (client: Policy, server: Policy) =>
      Effect.map(
        meet(both, { toy: true, client: { policy: client }, server: { policy: server } }),
        ({ seen }) => algorithms(seen),
      );
    assert.deepEqual(yield* taken(using([brotli, zlib]), compressing), [brotli]);
    assert.deepEqual(yield* taken(using([zlib]), compressing), [zlib]);
    assert.deepEqual(yield* taken(using([]), compressing), []);
    assert.deepEqual(yield* taken(compressing, using([])), []);
  }),
);

sync(
  "TLS 1.2 compresses no certificate",
  Effect.gen(function* () {
    const policy: Policy = { ...modern, versions: [ProtocolVersion.TLS_1_2] };
    const { seen } = yield* meet(yield* build({ toy: true }), toy(policy));
    assert.deepEqual(algorithms(seen), []);
    assert.equal(seenOf(Certificate13, seen).length, 0);
    const hello = seenOf(ClientHello, seen)[0]!;
    assert.equal(findExtension(hello.extensions, "compress_certificate"), undefined);
  }),
);

for (const [name, base] of [["1.3", modern13], ["1.2", modern12]] as const) {
  sync(
    `TLS ${name}: record_size_limit bounds what each end is sent, and not what it sends (RFC 8449 §4)`,
    Effect.gen(function* () {
      const setup: Setup = {
        toy: true,
        client: { policy: { ...base, recordSizeLimit: 100 } },
        server: { policy: { ...base, recordSizeLimit: 300 } },
      };
      const { client, server, tape } = yield* meet(yield* build({ toy: true }), setup);
      const before = tape.flows.length;
      const text = "x".repeat(1000);
      yield* client.write(bytesOf(text));
      assert.equal(yield* readText(server, 1000), text);
      yield* server.write(bytesOf(text));
      assert.equal(yield* readText(client, 1000), text);
      const longest = (from: "client" | "server") =>
        Math.max(
          ...tape.flows.slice(before).filter((f) => f.from === from)
            .flatMap(({ bytes }) => recordsOf(bytes)).map((r) => r.length - 5),
        );
      // In TLS 1.3 the limit counts the content type; the tag, and in TLS 1.2 the nonce, come on top.
      const over = name === "1.3" ? 16 : 24;
      assert.deepEqual([longest("server"), longest("client")], [100 + over, 300 + over]);
    }),
  );
}

sync(
  "TLS 1.3 records are padded to a multiple, and never beyond what the peer reads",
  Effect.gen(function* () {
    const setup: Setup = {
      toy: true,
      client: { policy: { ...modern13, recordPadding: 64, recordSizeLimit: 2 ** 14 } },
      server: { policy: { ...modern13, recordSizeLimit: 100 } },
    };
    const { client, server, tape } = yield* meet(yield* build({ toy: true }), setup);
    const before = tape.flows.length;
    for (const length of [1, 60, 64, 98]) {
      yield* client.write(new Uint8Array(length));
      assert.equal((yield* server.read)?.length, length);
    }
    const lengths = tape.flows.slice(before).filter(({ from }) => from === "client")
      .flatMap(({ bytes }) => recordsOf(bytes)).map((r) => r.length - 5 - 16);
    assert.ok(lengths.every((length) => length <= 100), `${lengths}`);
    assert.equal(new Set(lengths.slice(0, 2)).size, 1, "one byte and sixty look the same");
  }),
);

sync(
  "GREASE is sent where policy says so, with a session and without, and changes nothing (RFC 8701)",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const isGrease = (n: number) => (n & 0x0f0f) === 0x0a0a && n >> 8 === (n & 0xff);
    const policy: Policy = { ...modern13, grease: true };
    for (const resumed of [false, true]) {
      const { client, seen, server } = yield* meet(built, toy(policy));
      const hello = seenOf(ClientHello, seen)[0]!;
      assert.ok(hello.cipherSuites.some(isGrease));
      assert.ok(findExtension(hello.extensions, "supported_groups")?.namedGroupList.some(isGrease));
      assert.ok(findExtension(hello.extensions, "supported_versions")?.versions.some(isGrease));
      assert.equal(yield* pingPong(client, server), "ping pong");
      assert.equal((yield* client.negotiated).resumed, resumed);
    }
    const plain = yield* meet(built, toy(modern13));
    const hello = seenOf(ClientHello, plain.seen)[0]!;
    assert.equal(hello.cipherSuites.some(isGrease), false);
  }),
);

for (
  const [what, rule, expected] of [
    ["adds what it says", (length: number) => 10 - length % 10, [20, 30]],
    ["that throws fills the record", () => {
      throw new Error("no");
    }, [100, 100]],
    ["that gives no number fills the record", () => NaN, [100, 100]],
  ] as const
) {
  sync(
    `a padding rule of one's own ${what}`,
    withoutLogs(Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const ends = { ...built, client: Context.add(built.client, RecordPadding, rule) };
      const { client, server, tape } = yield* meet(ends, {
        toy: true,
        client: { policy: { ...modern13, recordSizeLimit: 2 ** 14 } },
        server: { policy: { ...modern13, recordSizeLimit: 101 } },
      });
      const before = tape.flows.length;
      for (const length of [13, 20]) {
        yield* client.write(new Uint8Array(length));
        assert.equal((yield* server.read)?.length, length);
      }
      const sent = tape.flows.slice(before).filter(({ from }) => from === "client");
      // Without the header, the content type and the tag.
      const lengths = sent.flatMap(({ bytes }) => recordsOf(bytes)).map((r) => r.length - 5 - 1 - 16);
      assert.deepEqual(lengths, expected);
    })),
  );
}

// ---- what is said of certificates ----

const { ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256 } = SignatureScheme;

sync(
  "a policy's certificateSchemes are said by both ends, and asked of both ends' credentials (RFC 8446 §4.2.3)",
  Effect.gen(function* () {
    const asked: Array<CredentialRequest> = [];
    const built = asking(yield* build({ toy: true, clientKind: "p256" }), asked);
    const certificateSchemes = [rsa_pss_rsae_sha256, ecdsa_secp256r1_sha256];
    const setup = toy({ ...modern13, certificateSchemes }, { server: { clientAuth: "require" } });
    const { seen } = yield* meet(built, setup);
    for (const Class of [ClientHello, CertificateRequest13]) {
      const [message] = seen.flatMap(({ message }) => message instanceof Class ? [message] : []);
      const said: ReadonlyArray<{ readonly _tag: string; readonly supportedSignatureAlgorithms?: unknown }> =
        message?.extensions ?? [];
      const list = said.find(({ _tag }) => _tag === "signature_algorithms_cert");
      assert.deepEqual(list?.supportedSignatureAlgorithms, certificateSchemes, Class.name);
    }
    const [server, client] = [
      asked.find((r) => r.role === "server"),
      asked.findLast((r) => r.role === "client"),
    ];
    assert.deepEqual(server?.schemes, certificateSchemes);
    assert.deepEqual(client?.schemes, [...new Set([...modern13.signatureSchemes, ...certificateSchemes])]);
  }),
);

sync(
  "without certificateSchemes, signature_algorithms_cert is not sent",
  Effect.gen(function* () {
    const { seen } = yield* meet(yield* build({ toy: true }), toy(modern13));
    const [hello] = seenOf(ClientHello, seen);
    assert.ok(hello && !findExtension(hello.extensions, "signature_algorithms_cert"));
    assert.equal(findExtension(hello.extensions, "certificate_authorities"), undefined);
  }),
);

for (
  const [what, authorities, sent] of [
    ["names them", [utf8("a name")], [utf8("a name")]],
    ["has none, and says nothing", [], undefined],
    ["has more than there is room for, and says nothing", Array(40).fill(new Uint8Array(1000)), undefined],
  ] as const
) {
  sync(
    `a client with sendAuthorities ${what}; the server's credentials are asked for them (RFC 8446 §4.2.4)`,
    Effect.gen(function* () {
      const asked: Array<CredentialRequest> = [];
      const built = asking(yield* build({ toy: true }), asked);
      const client = Context.add(built.client, CertificateVerifier, {
        partition: "some",
        authorities,
        verify: () => Effect.void,
      });
      const { seen } = yield* meet({ ...built, client }, toy({ ...modern13, sendAuthorities: true }));
      const [hello] = seenOf(ClientHello, seen);
      assert.deepEqual(findExtension(hello?.extensions, "certificate_authorities")?.authorities, sent);
      const server = asked.find((r) => r.role === "server");
      assert.deepEqual(server?.authorities, sent ?? []);
    }),
  );
}

sync(
  "a server's oid_filters are asked of a client's credentials (RFC 8446 §4.2.5)",
  Effect.gen(function* () {
    const asked: Array<CredentialRequest> = [];
    const built = asking(yield* build({ toy: true, clientKind: "p256" }), asked);
    const filters = [{ certificateExtensionOid: utf8("an OID"), certificateExtensionValues: utf8("x") }];
    const setup = toy(modern13, { server: { clientAuth: "request" } });
    const { client } = yield* changedHandshake(built, setup, {
      server: changing(CertificateRequest13, (request) => ({
        ...request,
        extensions: [...request.extensions, { _tag: "oid_filters", filters } as const],
      })),
    });
    yield* client;
    const request = asked.findLast((r) => r.role === "client");
    assert.deepEqual(request?.filters, filters);
  }),
);

/** Ends whose credentials are asked in a test's sight. */
function asking(built: Built, asked: Array<CredentialRequest>): Built {
  const heard = (service: CredentialsService): CredentialsService => ({
    partition: service.partition,
    candidates: (request) => {
      asked.push(request);
      return service.candidates(request);
    },
  });
  return {
    client: Context.add(built.client, Credentials, heard(Context.get(built.client, Credentials))),
    server: Context.add(built.server, Credentials, heard(Context.get(built.server, Credentials))),
  };
}
