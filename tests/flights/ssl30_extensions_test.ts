/** SSL 3.0 with peers that speak of extensions all the same, as its last servers did. @module */
import { assert, Effect, Either } from "../deps.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { CertificateStatus, ServerHello, type ServerHelloExtension } from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { legacy12 } from "../support/policies.ts";
import { ascii, EMPTY } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, pingPong, type Setup } from "../support/handshake.ts";
import { type Change, changedHandshake, changingServerHello } from "../support/other_ends.ts";

const { SSL_3_0, TLS_1_0 } = N.ProtocolVersion;
const old: Policy = { ...legacy12, versions: [SSL_3_0] };
/** A client that would rather speak TLS, and so says extensions, and a server that cannot. */
const setup: Setup = {
  kind: "rsa",
  client: { policy: legacy12, alpn: ["http/1.1"] },
  server: { policy: old },
};

const answering = (...more: ReadonlyArray<ServerHelloExtension>): Change =>
  changingServerHello((hello) =>
    encodeMessage(make(ServerHello, { ...hello, extensions: [...hello.extensions ?? [], ...more] }))
  );

sync(
  "SSL 3.0: a server that answers what a hello of TLS asked for is understood, and what SSL 3.0 cannot mean is passed over",
  Effect.gen(function* () {
    const { client, server } = yield* changedHandshake(yield* build(setup), setup, {
      server: answering(
        { _tag: "server_name" },
        { _tag: "ec_point_formats", ecPointFormatList: [N.ECPointFormat.uncompressed] },
        { _tag: "extended_master_secret" },
        { _tag: "encrypt_then_mac" },
        { _tag: "session_ticket" },
        { _tag: "signed_certificate_timestamp", sctList: [ascii("sct")] },
        { _tag: "application_layer_protocol_negotiation", protocolNameList: [ascii("http/1.1")] },
      ),
    });
    const [c, s] = [yield* client, yield* server];
    assert.equal(yield* pingPong(c, s), "ping pong");
    const n = yield* c.negotiated;
    assert.equal(n.version, SSL_3_0);
    assert.deepEqual([n.extendedMasterSecret, n.encryptThenMac, n.sessionTicket], [false, false, false]);
    assert.equal(n.alpn, "http/1.1");
  }),
);

sync(
  "SSL 3.0: a response that was asked for may be stapled, for its servers did",
  Effect.gen(function* () {
    const status = make(CertificateStatus, {
      status: { statusType: N.CertificateStatusType.ocsp, response: ascii("response") },
    });
    const stapling: Change = (stream) => ({
      ...stream,
      send: (raw, message) => {
        stream.send(raw, message);
        if (message._tag === "Certificate") stream.send(encodeMessage(status), status);
      },
    });
    const answered = answering({ _tag: "status_request" });
    const toy: Setup = { ...setup, toy: true };
    const { client, server } = yield* changedHandshake(yield* build(toy), toy, {
      server: (stream) => answered(stapling(stream)),
    });
    const [c, s] = [yield* client, yield* server];
    assert.equal(yield* pingPong(c, s), "ping pong");
    assert.deepEqual((yield* c.negotiated).ocspResponse, ascii("response"));
  }),
);

for (const version of [SSL_3_0, TLS_1_0, N.ProtocolVersion.TLS_1_2]) {
  const of: Setup = { ...setup, server: { policy: { ...legacy12, versions: [version] } } };
  const odd: ReadonlyArray<readonly [string, ServerHelloExtension, RegExp]> = [
    [
      "was not offered",
      { _tag: "max_fragment_length", maxFragmentLength: N.MaxFragmentLength["2_9"] },
      /max_fragment_length, which was not offered/,
    ],
    [
      "nobody knows",
      { _tag: "unknown", type: N.ExtensionType.of(0x1a1a), data: EMPTY },
      /which was not offered/,
    ],
    [
      "is asked and never answered",
      {
        _tag: "unknown",
        type: N.ExtensionType.of(N.ExtensionType.signature_algorithms),
        data: Uint8Array.of(0, 2, 4, 1),
      },
      /signature_algorithms, which no answer may have/,
    ],
    [
      "is padding, of which an answer has none (RFC 7685 §3)",
      { _tag: "unknown", type: N.ExtensionType.of(N.ExtensionType.padding), data: new Uint8Array(3) },
      /padding/,
    ],
  ];
  for (const [what, extension, message] of odd) {
    sync(
      `${N.versionText(version)}: an extension in the answer that ${what} is an unsupported_extension`,
      Effect.gen(function* () {
        const { client } = yield* changedHandshake(yield* build(of), of, { server: answering(extension) });
        const error = Either.flip(client).pipe(Either.getOrThrow);
        assert.equal(alertOf(error), "unsupported_extension");
        assert.match(error.message, message);
      }),
    );
  }
}

sync(
  "supported_groups in an answer are passed over, for servers of TLS 1.2 say them (RFC 8446 §4.2.7)",
  Effect.gen(function* () {
    const of: Setup = { ...setup, server: { policy: legacy12 } };
    const { client } = yield* changedHandshake(yield* build(of), of, {
      server: answering({
        _tag: "unknown",
        type: N.ExtensionType.of(N.ExtensionType.supported_groups),
        data: Uint8Array.of(0, 2, 0, 23),
      }),
    });
    assert.ok(Either.isRight(client));
  }),
);

sync(
  "SSL 3.0: a server takes a group that the client's hello names, and else one of the oldest",
  Effect.gen(function* () {
    const { secp384r1, x25519, secp256r1 } = N.NamedGroup;
    const suites = [N.CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA];
    const only = (policy: Policy, groups: Policy["groups"]) => ({ ...policy, groups, cipherSuites: suites });
    const cases = [
      [legacy12.versions, [secp384r1], secp384r1],
      [[SSL_3_0], [secp384r1, secp256r1], secp256r1],
    ] as const;
    for (const [versions, groups, group] of cases) {
      const of: Setup = {
        kind: "rsa",
        client: { policy: { ...only(legacy12, groups), versions } },
        server: { policy: only(old, [x25519, secp256r1, secp384r1]) },
      };
      const { client, server } = yield* bothHandshake(yield* build(of), of);
      const [c, s] = [yield* client, yield* server];
      assert.equal((yield* c.negotiated).group, group);
      assert.equal((yield* s.negotiated).group, group);
    }
  }),
);
