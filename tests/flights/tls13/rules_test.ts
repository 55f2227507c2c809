/**
 * Messages of TLS 1.3 with one thing wrong in them: what each end refuses, and with which alert (RFC 8446 §4).
 *
 * @module
 */
import { assert, Effect, Either } from "../../deps.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { ffdhe } from "../../../src/crypto/ffdhe.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import type { TlsError } from "../../../src/faults/tls_error.ts";
import { encodeMessage } from "../../../src/grammar/message_kind.ts";
import {
  Certificate13,
  type CertificateEntry,
  CertificateRequest13,
  CertificateVerify,
  ClientHello,
  type ClientHelloExtension,
  type EncryptedExtension,
  EncryptedExtensions,
  findExtension,
  Finished,
  HelloRetryRequest,
  type HelloRetryRequestExtension,
  KeyUpdate,
  NewSessionTicket13,
  ServerHello,
  ServerHello13,
  type ServerHello13Extension,
} from "../../../src/messages/mod.ts";
import * as N from "../../../src/names/mod.ts";
import { compatible, type Policy } from "../../../src/tables/policy.ts";
import { ascii, type Bytes, concat, EMPTY } from "../../../src/wire/bytes.ts";
import { make } from "../../../src/wire/codec.ts";
import * as Golden from "../../golden/certificates.ts";
import { makeCa } from "../../support/ca.ts";
import { sync } from "../../support/effect.ts";
import { bothHandshake, build, credentialOf, pingPong, type Setup } from "../../support/handshake.ts";
import { type Change, changedHandshake, changing, without } from "../../support/other_ends.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";
import { handshakeMessage } from "../../support/replay.ts";

const G = N.NamedGroup;
const S = N.SignatureScheme;
const C = N.CipherSuite;
const { TLS_1_1, TLS_1_2, TLS_1_3 } = N.ProtocolVersion;

const ca = makeCa();

// ---- set-ups ----

const toy: Setup = bothUnder(modern13, { toy: true });
const under = (policy: Partial<Policy>, more: Setup = {}): Setup =>
  bothUnder({ ...modern13, ...policy }, { toy: true, ...more });
/** The server has another group than the one that the client's first hello has a share of. */
const retrying: Setup = {
  ...toy,
  client: { policy: { ...modern13, groups: [G.x25519, G.secp256r1] } },
  server: { policy: { ...modern13, groups: [G.secp256r1] } },
};
const alpn: Setup = {
  ...toy,
  client: { policy: modern13, alpn: ["h2", "http/1.1"] },
  server: { policy: modern13, alpn: ["h2"] },
};
const certified: Setup = {
  ...toy,
  clientKind: "p256",
  server: { policy: modern13, clientAuth: "require" },
};
const nothingStapled = under({ requestOcsp: false, requestScts: false });
const both12: Setup = bothUnder({ ...modern13, versions: [TLS_1_3, TLS_1_2] }, { toy: true });

/** A row: what is wrong, between which ends, whether in a resumption, in which message, and what comes of it. */
interface Row {
  readonly what: string;
  readonly setup?: Setup;
  readonly resumed?: true;
  readonly change: () => Change;
  readonly outcome: string;
}
const row = (what: string, change: () => Change, outcome: string, setup?: Setup): Row => ({
  what,
  change,
  outcome,
  ...(setup ? { setup } : {}),
});
const inResumption = (what: string, change: () => Change, outcome: string, setup?: Setup): Row => ({
  ...row(what, change, outcome, setup),
  resumed: true,
});

const outcomeOf = (end: Either.Either<unknown, TlsError>): string =>
  Either.isLeft(end) ? `${end.left._tag} ${alertOf(end.left) ?? ""}`.trim() : "accepted";

/** What an end makes of a peer that says something otherwise. */
const verdict = (role: "client" | "server", { change, resumed, setup = toy }: Row) =>
  Effect.gen(function* () {
    const built = yield* build({ ...setup, tickets: true });
    if (resumed) {
      const first = yield* bothHandshake(built, setup);
      assert.equal(yield* pingPong(yield* first.client, yield* first.server), "ping pong");
    }
    const ends = yield* changedHandshake(
      built,
      setup,
      role === "client" ? { server: change() } : { client: change() },
    );
    return outcomeOf(ends[role]);
  });

const ILLEGAL = "IllegalParameter illegal_parameter";
const UNSUPPORTED = "UnsupportedExtension unsupported_extension";
const DECODE = "DecodeError decode_error";
const DECRYPT = "DecryptError decrypt_error";
const MISSING = "Refused missing_extension";

const unknown = { _tag: "unknown", type: N.ExtensionType.of(0x1a1a), data: EMPTY } as const;
/** An extension that the message does not carry, by its number. */
const foreign = (type: N.ExtensionType, data: Bytes = EMPTY) => ({ _tag: "unknown", type, data }) as const;
const flipped = (bytes: Bytes, at = 0): Bytes => bytes.map((b, i) => i === at ? b ^ 1 : b);

// ---- what a client makes of a HelloRetryRequest ----

const inRetry = (change: (m: HelloRetryRequest) => Partial<HelloRetryRequest>) => () =>
  changing(HelloRetryRequest, (m) => ({ ...m, ...change(m) }));
const inRetryExtensions = (
  change: (list: ReadonlyArray<HelloRetryRequestExtension>) => ReadonlyArray<HelloRetryRequestExtension>,
) => inRetry(({ extensions }) => ({ extensions: change(extensions) }));
const asking = (selectedGroup: N.NamedGroup) =>
  inRetryExtensions((l) => [...without(l, "key_share"), { _tag: "key_share", selectedGroup }]);

const ofRetry: ReadonlyArray<Row> = [
  row("nothing changed", inRetry(() => ({})), "accepted", retrying),
  row("another version", inRetry(() => ({ serverVersion: TLS_1_3 })), ILLEGAL, retrying),
  row(
    "TLS 1.2 as what was chosen",
    inRetryExtensions((l) => [...without(l, "supported_versions"), {
      _tag: "supported_versions",
      selectedVersion: TLS_1_2,
    }]),
    ILLEGAL,
    retrying,
  ),
  row("no supported_versions", inRetryExtensions((l) => without(l, "supported_versions")), ILLEGAL, retrying),
  row("another session ID", inRetry((m) => ({ sessionId: flipped(m.sessionId) })), ILLEGAL, retrying),
  row(
    "compression",
    inRetry(() => ({ compressionMethod: N.CompressionMethod.DEFLATE })),
    DECODE,
    retrying,
  ),
  row(
    "a suite that was not offered",
    inRetry(() => ({ cipherSuite: C.TLS_AES_128_CCM_SHA256 })),
    ILLEGAL,
    retrying,
  ),
  row("a suite of TLS 1.2", inRetry(() => ({ cipherSuite: modern12Suite })), ILLEGAL, retrying),
  row("a group that has a share already", asking(G.x25519), ILLEGAL, retrying),
  row("a group that was not offered", asking(G.secp521r1), ILLEGAL, retrying),
  row("nothing to change", inRetryExtensions((l) => without(l, "key_share")), ILLEGAL, retrying),
  row("an unknown extension", inRetryExtensions((l) => [...l, unknown]), UNSUPPORTED, retrying),
  row(
    "an extension that is not for this message",
    inRetryExtensions((l) => [...l, foreign(N.ExtensionType.application_layer_protocol_negotiation)]),
    ILLEGAL,
    retrying,
  ),
  row(
    "an extension twice",
    inRetryExtensions((l) => [...l, ...l.filter(({ _tag }) => _tag === "key_share")]),
    DECODE,
    retrying,
  ),
  row(
    "an empty cookie",
    inRetryExtensions((l) => [...l, foreign(N.ExtensionType.cookie, Uint8Array.of(0, 0))]),
    DECODE,
    retrying,
  ),
];
const modern12Suite = C.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;

// ---- what a client makes of a ServerHello ----

const inServerHello = (change: (m: ServerHello13) => Partial<ServerHello13>) => () =>
  changing(ServerHello13, (m) => ({ ...m, ...change(m) }));
const inServerExtensions = (
  change: (list: ReadonlyArray<ServerHello13Extension>) => ReadonlyArray<ServerHello13Extension>,
) => inServerHello(({ extensions }) => ({ extensions: change(extensions) }));
const selecting = (selectedVersion: N.ProtocolVersion) =>
  inServerExtensions((l) => [
    ...without(l, "supported_versions"),
    { _tag: "supported_versions", selectedVersion },
  ]);
const shareOf = (group: N.NamedGroup, keyExchange: Bytes) =>
  inServerExtensions((l) => [
    ...without(l, "key_share"),
    { _tag: "key_share", serverShare: { group, keyExchange } },
  ]);
const psk = (selectedIdentity: number) =>
  inServerExtensions((l) => [...without(l, "pre_shared_key"), { _tag: "pre_shared_key", selectedIdentity }]);

const realUnder = (group: N.NamedGroup): Setup => bothUnder({ ...modern13, groups: [group] });

/** Shares that no honest end makes, by group (RFC 8446 §4.2.8, §7.4). */
const badShares: ReadonlyArray<readonly [string, N.NamedGroup, Bytes]> = [
  ["an x25519 share of zeros", G.x25519, new Uint8Array(32)],
  ["an x25519 share of 31 bytes", G.x25519, new Uint8Array(31).fill(9)],
  ["an x25519 share of 33 bytes", G.x25519, new Uint8Array(33).fill(9)],
  ["an x448 share of zeros", G.x448, new Uint8Array(56)],
  ["an x448 share of 32 bytes", G.x448, new Uint8Array(32).fill(5)],
  [
    "a compressed point of secp256r1",
    G.secp256r1,
    Uint8Array.of(2, ...new Uint8Array(32).fill(1)),
  ],
  ["a point that is not on secp256r1", G.secp256r1, Uint8Array.of(4, ...new Uint8Array(64).fill(1))],
  ["the point at infinity of secp384r1", G.secp384r1, Uint8Array.of(0)],
  ["a point of secp384r1 as one of secp521r1", G.secp521r1, Uint8Array.of(4, ...new Uint8Array(96).fill(1))],
  ["an ffdhe2048 share of 0", G.ffdhe2048, new Uint8Array(256)],
  ["an ffdhe2048 share of 1", G.ffdhe2048, Uint8Array.of(...new Uint8Array(255), 1)],
  ["an ffdhe2048 share of p - 1", G.ffdhe2048, minusOne(ffdhe(G.ffdhe2048)!.prime)],
  ["an ffdhe2048 share of p", G.ffdhe2048, ffdhe(G.ffdhe2048)!.prime],
  ["an ffdhe2048 share without its leading zero", G.ffdhe2048, new Uint8Array(255).fill(2)],
];
function minusOne(prime: Bytes): Bytes {
  return prime.map((b, i) => i === prime.length - 1 ? b - 1 : b);
}

const ofServerHello: ReadonlyArray<Row> = [
  row("nothing changed", inServerHello(() => ({})), "accepted"),
  row("TLS 1.3 in the header", inServerHello(() => ({ serverVersion: TLS_1_3 })), ILLEGAL),
  row("TLS 1.1 in the header", inServerHello(() => ({ serverVersion: TLS_1_1 })), ILLEGAL),
  row("TLS 1.2 as what was chosen", selecting(TLS_1_2), ILLEGAL),
  row("TLS 1.2 as what was chosen, which was offered", selecting(TLS_1_2), ILLEGAL, both12),
  row("a version of the future as what was chosen", selecting(N.ProtocolVersion.of(0x0305)), ILLEGAL),
  row(
    "no supported_versions, and TLS 1.3 in the header",
    inServerHello((m) => ({
      serverVersion: TLS_1_3,
      extensions: without(m.extensions, "supported_versions"),
    })),
    "Refused protocol_version",
  ),
  row("another session ID", inServerHello((m) => ({ sessionId: flipped(m.sessionId) })), ILLEGAL),
  row("no session ID", inServerHello(() => ({ sessionId: EMPTY })), ILLEGAL),
  row("compression", inServerHello(() => ({ compressionMethod: N.CompressionMethod.DEFLATE })), DECODE),
  row(
    "a suite that was not offered",
    inServerHello(() => ({ cipherSuite: C.TLS_AES_128_CCM_SHA256 })),
    ILLEGAL,
  ),
  row("a suite of TLS 1.2", inServerHello(() => ({ cipherSuite: modern12Suite })), ILLEGAL),
  row("a suite of TLS 1.2 that was offered", inServerHello(() => ({ cipherSuite: modern12Suite })), ILLEGAL, {
    ...both12,
    client: {
      policy: {
        ...modern13,
        versions: [TLS_1_3, TLS_1_2],
        cipherSuites: [...modern13.cipherSuites, modern12Suite],
      },
    },
  }),
  row("no key_share", inServerExtensions((l) => without(l, "key_share")), MISSING),
  row("a share of a group without one of ours", shareOf(G.secp256r1, new Uint8Array(65).fill(4)), ILLEGAL),
  row(
    "an empty share",
    inServerExtensions((l) => [
      ...without(l, "key_share"),
      foreign(N.ExtensionType.key_share, Uint8Array.of(0, G.x25519, 0, 0)),
    ]),
    DECODE,
  ),
  row("a pre-shared key, and none was offered", psk(0), UNSUPPORTED),
  inResumption("nothing changed", inServerHello(() => ({})), "accepted"),
  inResumption("a pre-shared key that was not offered", psk(1), ILLEGAL),
  inResumption(
    "a suite of another hash than the pre-shared key's",
    inServerHello(() => ({ cipherSuite: C.TLS_AES_256_GCM_SHA384 })),
    ILLEGAL,
  ),
  inResumption(
    "a pre-shared key alone, and that was not offered",
    inServerExtensions((l) => without(l, "key_share")),
    MISSING,
  ),
  inResumption(
    "no pre-shared key, where the server's next message is of one",
    inServerExtensions((l) => without(l, "pre_shared_key")),
    "BadRecordMac bad_record_mac",
  ),
  row("an unknown extension", inServerExtensions((l) => [...l, unknown]), UNSUPPORTED),
  row(
    "an extension that is for EncryptedExtensions",
    inServerExtensions((
      l,
    ) => [
      ...l,
      foreign(N.ExtensionType.application_layer_protocol_negotiation, Uint8Array.of(0, 3, 2, 0x68, 0x32)),
    ]),
    ILLEGAL,
    alpn,
  ),
  row(
    "an extension of TLS 1.2",
    inServerExtensions((l) => [...l, foreign(N.ExtensionType.extended_master_secret)]),
    ILLEGAL,
  ),
  row(
    "an extension twice",
    inServerExtensions((l) => [...l, ...l.filter(({ _tag }) => _tag === "key_share")]),
    DECODE,
  ),
  row("a byte behind its end", () =>
    changing(ServerHello13, (m) => {
      const body = encodeMessage(m).subarray(4);
      return handshakeMessage(N.HandshakeType.server_hello, concat(body, Uint8Array.of(0)));
    }), DECODE),
  row("another random", inServerHello((m) => ({ random: flipped(m.random) })), "accepted"),
  // ---- after a HelloRetryRequest ----
  row(
    "another suite than that of the HelloRetryRequest",
    inServerHello(() => ({ cipherSuite: C.TLS_CHACHA20_POLY1305_SHA256 })),
    ILLEGAL,
    retrying,
  ),
  row(
    "a share of another group than the HelloRetryRequest asked for",
    shareOf(G.x25519, new Uint8Array(32).fill(9)),
    ILLEGAL,
    retrying,
  ),
  row(
    "no supported_versions after a HelloRetryRequest",
    inServerExtensions((l) => without(l, "supported_versions")),
    ILLEGAL,
    retrying,
  ),
  ...badShares.map(([what, group, share]) => row(what, shareOf(group, share), ILLEGAL, realUnder(group))),
];

// ---- what a client makes of the rest of the server's flight ----

const inEncrypted = (
  change: (list: ReadonlyArray<EncryptedExtension>) => ReadonlyArray<EncryptedExtension>,
) =>
() => changing(EncryptedExtensions, ({ extensions }) => ({ extensions: change(extensions) }));
const protocols = (...names: ReadonlyArray<string>): EncryptedExtension => ({
  _tag: "application_layer_protocol_negotiation",
  protocolNameList: names.map(ascii),
});
const answering = (...names: ReadonlyArray<string>) =>
  inEncrypted((l) => [...without(l, "application_layer_protocol_negotiation"), protocols(...names)]);

const ofEncrypted: ReadonlyArray<Row> = [
  row("nothing changed", inEncrypted((l) => l), "accepted", alpn),
  row("nothing in them", inEncrypted(() => []), "accepted", alpn),
  row("an unknown extension", inEncrypted((l) => [...l, unknown]), UNSUPPORTED),
  row("a key_share", inEncrypted((l) => [...l, foreign(N.ExtensionType.key_share)]), ILLEGAL),
  row(
    "supported_versions",
    inEncrypted((l) => [...l, foreign(N.ExtensionType.supported_versions, Uint8Array.of(3, 4))]),
    ILLEGAL,
  ),
  row("a status_request", inEncrypted((l) => [...l, foreign(N.ExtensionType.status_request)]), ILLEGAL),
  row(
    "groups for the next time",
    inEncrypted((l) => [
      ...l,
      { _tag: "supported_groups", namedGroupList: [G.secp521r1] },
    ]),
    "accepted",
  ),
  row(
    "an extension twice",
    inEncrypted((l) => [...without(l, "server_name"), { _tag: "server_name" }, { _tag: "server_name" }]),
    DECODE,
  ),
  row(
    "a max_fragment_length that was not asked for",
    inEncrypted((l) => [
      ...l,
      { _tag: "max_fragment_length", maxFragmentLength: N.MaxFragmentLength["2_9"] },
    ]),
    UNSUPPORTED,
  ),
  row("an application protocol, and none was offered", answering("h2"), UNSUPPORTED),
  row("an application protocol that was not offered", answering("spdy/3"), ILLEGAL, alpn),
  row("two application protocols", answering("h2", "http/1.1"), ILLEGAL, alpn),
  row(
    "no application protocol in the list",
    inEncrypted((l) => [
      ...without(l, "application_layer_protocol_negotiation"),
      foreign(N.ExtensionType.application_layer_protocol_negotiation, Uint8Array.of(0, 0)),
    ]),
    DECODE,
    alpn,
  ),
  row("early_data, and none was sent", inEncrypted((l) => [...l, { _tag: "early_data" }]), UNSUPPORTED),
  inResumption(
    "early_data, and none was sent",
    inEncrypted((l) => [...l, { _tag: "early_data" }]),
    UNSUPPORTED,
  ),
];

const inRequest = (change: (m: CertificateRequest13) => Partial<CertificateRequest13>) => () =>
  changing(CertificateRequest13, (m) => ({ ...m, ...change(m) }));
const requesting = (schemes: ReadonlyArray<N.SignatureScheme>) =>
  inRequest((m) => ({
    extensions: [
      ...without(m.extensions, "signature_algorithms"),
      { _tag: "signature_algorithms", supportedSignatureAlgorithms: schemes },
    ],
  }));

const ofRequest: ReadonlyArray<Row> = [
  row("nothing changed", inRequest(() => ({})), "accepted", certified),
  row(
    "no signature_algorithms",
    inRequest((m) => ({ extensions: without(m.extensions, "signature_algorithms") })),
    MISSING,
    certified,
  ),
  row("no extension at all", inRequest(() => ({ extensions: [] })), MISSING, certified),
  row(
    "no scheme in signature_algorithms",
    inRequest(() => ({
      extensions: [foreign(N.ExtensionType.signature_algorithms, Uint8Array.of(0, 0))],
    })),
    DECODE,
    certified,
  ),
  row("a context", inRequest(() => ({ certificateRequestContext: ascii("x") })), ILLEGAL, certified),
  row(
    "an unknown extension, which it passes over",
    inRequest((m) => ({ extensions: [...m.extensions, unknown] })),
    "accepted",
    certified,
  ),
  row("schemes that the client's key has not", requesting([S.ed25519]), "accepted", certified),
  row(
    "certificate_authorities, oid_filters and signature_algorithms_cert",
    inRequest((m) => ({
      extensions: [
        ...m.extensions,
        { _tag: "certificate_authorities", authorities: [Uint8Array.of(0x30, 0)] },
        { _tag: "oid_filters", filters: [] },
        { _tag: "signature_algorithms_cert", supportedSignatureAlgorithms: [S.ecdsa_secp256r1_sha256] },
      ],
    })),
    "accepted",
    certified,
  ),
];

const inCertificate = (change: (m: Certificate13) => Partial<Certificate13>) => () =>
  changing(Certificate13, (m) => ({ ...m, ...change(m) }));
const inLeaf = (change: (leaf: CertificateEntry) => Partial<CertificateEntry>) =>
  inCertificate(({ certificateList: [leaf, ...chain] }) => ({
    certificateList: [{ ...leaf!, ...change(leaf!) }, ...chain],
  }));
const carrying = (...extensions: CertificateEntry["extensions"]) => inLeaf(() => ({ extensions }));
const stapled = {
  _tag: "status_request",
  status: { statusType: N.CertificateStatusType.ocsp, response: ascii("a response") },
} as const;
const withLeaf = (certData: Bytes) => inLeaf(() => ({ certData }));
const leafOf = (kind: Golden.Kind): Bytes => credentialOf(Golden.server(kind)).chain[0]!;

/** What is wrong with any end's Certificate. */
const ofCertificate = (setup: Setup): ReadonlyArray<Row> => [
  row("nothing changed", inCertificate(() => ({})), "accepted", setup),
  row(
    "a Certificate with a context",
    inCertificate(() => ({ certificateRequestContext: ascii("x") })),
    DECODE,
    setup,
  ),
  row(
    "an empty certificate",
    () =>
      changing(Certificate13, () =>
        // No context; a list of one entry: no certificate, no extensions.
        handshakeMessage(N.HandshakeType.certificate, Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 0, 0))),
    DECODE,
    setup,
  ),
  row(
    "a certificate that is no DER",
    withLeaf(ascii("certificate")),
    "CertificateError bad_certificate",
    setup,
  ),
  row(
    "a certificate that may not sign",
    withLeaf(ca.issue({ key: "p256", keyUsage: ["keyAgreement"] }).der),
    ILLEGAL,
    setup,
  ),
  row("a certificate of another key", withLeaf(leafOf("ed25519")), ILLEGAL, setup),
  row("an unknown extension with the certificate", carrying(unknown), UNSUPPORTED, setup),
  row(
    "an extension with the certificate that is for hellos",
    carrying(foreign(N.ExtensionType.key_share)),
    ILLEGAL,
    setup,
  ),
  row("an extension with the certificate twice", carrying(stapled, stapled), DECODE, setup),
  row(
    "an extension with the issuer's certificate that was not asked for",
    inCertificate(({ certificateList }) => ({
      certificateList: [...certificateList, {
        certData: certificateList[0]!.certData,
        extensions: [unknown],
      }],
    })),
    UNSUPPORTED,
    setup,
  ),
];

const inVerify = (change: (m: CertificateVerify) => Partial<CertificateVerify>) => () =>
  changing(CertificateVerify, (m) => ({ ...m, ...change(m) }));
const signing = (algorithm: N.SignatureScheme) => inVerify(() => ({ algorithm }));

/** What is wrong with any end's CertificateVerify and Finished. */
const ofProof = (setup: Setup): ReadonlyArray<Row> => [
  row("a scheme that was not offered", signing(S.of(0x0303)), ILLEGAL, setup),
  row("ECDSA with SHA-1", signing(S.ecdsa_sha1), ILLEGAL, setup),
  row("a scheme of PKCS #1 v1.5, which is for certificates", signing(S.rsa_pkcs1_sha256), ILLEGAL, setup),
  row("a scheme of another curve", signing(S.ecdsa_secp384r1_sha384), ILLEGAL, setup),
  row("a scheme of another kind of key", signing(S.ed25519), ILLEGAL, setup),
  row(
    "a signature with a byte changed",
    inVerify((m) => ({ signature: flipped(m.signature, 9) })),
    DECRYPT,
    setup,
  ),
  row("an empty signature", inVerify(() => ({ signature: EMPTY })), DECRYPT, setup),
  ...([
    ["a Finished with a byte changed", (v: Bytes) => flipped(v), DECRYPT],
    ["a Finished that is a byte short", (v: Bytes) => v.subarray(1), DECODE],
    ["a Finished that is a byte long", (v: Bytes) => concat(v, Uint8Array.of(0)), DECODE],
    ["a Finished of 12 bytes, as before TLS 1.3", (v: Bytes) => v.subarray(0, 12), DECODE],
    ["an empty Finished", () => EMPTY, DECODE],
  ] as const).map(([what, change, outcome]) =>
    row(
      what,
      () => changing(Finished, ({ verifyData }) => ({ verifyData: change(verifyData) })),
      outcome,
      setup,
    )
  ),
];

const ofServersCertificate: ReadonlyArray<Row> = [
  ...ofCertificate(nothingStapled),
  row("no certificate", inCertificate(() => ({ certificateList: [] })), DECODE),
  row("an OCSP response that was asked for", carrying(stapled), "accepted"),
  row("an OCSP response that was not asked for", carrying(stapled), UNSUPPORTED, nothingStapled),
  row(
    "an SCT list that was not asked for",
    carrying({
      _tag: "signed_certificate_timestamp",
      sctList: [ascii("one")],
    }),
    UNSUPPORTED,
    nothingStapled,
  ),
];

const metByClient = {
  "a HelloRetryRequest with": ofRetry,
  "a ServerHello with": ofServerHello,
  "EncryptedExtensions with": ofEncrypted,
  "a CertificateRequest with": ofRequest,
  "of the server's proof:": [...ofServersCertificate, ...ofProof(toy)],
};
for (const [where, rows] of Object.entries(metByClient)) {
  for (const one of rows) {
    sync(
      `TLS 1.3: a client meets ${where} ${one.what}${one.resumed ? ", in a resumption" : ""}: ${one.outcome}`,
      Effect.map(verdict("client", one), (said) => assert.equal(said, one.outcome)),
    );
  }
}

// ---- what a server makes of a ClientHello ----

const inHello = (change: (m: ClientHello) => Partial<ClientHello> | Bytes, which = 0) => () =>
  changing(ClientHello, (m, count) => {
    const changed = count === which ? change(m) : {};
    return changed instanceof Uint8Array ? changed : { ...m, ...changed };
  });
type Offered = ReadonlyArray<ClientHelloExtension>;
const inOffer = (change: (list: Offered) => Offered, which = 0) =>
  inHello(({ extensions = [] }) => ({ extensions: change(extensions) }), which);
const missing = (tag: ClientHelloExtension["_tag"], which = 0) => inOffer((l) => without(l, tag), which);
/** Replaces an extension where it stands. */
const replaced = (list: Offered, by: ClientHelloExtension): Offered =>
  list.map((e) => e._tag === by._tag ? by : e);
const replacing = (by: ClientHelloExtension, which = 0) => inOffer((l) => replaced(l, by), which);
const sharing = (
  ...clientShares: ReadonlyArray<{ readonly group: N.NamedGroup; readonly keyExchange: Bytes }>
): ClientHelloExtension => ({ _tag: "key_share", clientShares });
const x25519 = { group: G.x25519, keyExchange: new Uint8Array(32).fill(9) };
const p256 = { group: G.secp256r1, keyExchange: Uint8Array.of(4, ...new Uint8Array(64).fill(9)) };

/** Adds before pre_shared_key, which is the last. */
const adding = (...more: Offered) =>
  inOffer((l) => [...without(l, "pre_shared_key"), ...more, ...l.filter((e) => e._tag === "pre_shared_key")]);

type Keys = NonNullable<ReturnType<typeof keysOf>>;
const keysOf = (list: Offered) => findExtension(list, "pre_shared_key");
const inKeys = (change: (keys: Keys) => Partial<Keys>) =>
  inOffer((l) => replaced(l, { ...keysOf(l)!, ...change(keysOf(l)!) }));
/** A key that no server knows. */
const madeUp: ClientHelloExtension = {
  _tag: "pre_shared_key",
  identities: [{ identity: ascii("nobody"), obfuscatedTicketAge: 0 }],
  binders: [new Uint8Array(32)],
};
/** An extension as bytes, at the end. */
const raw = (type: N.ExtensionType, tag: ClientHelloExtension["_tag"], data: Bytes) =>
  inOffer((l) => [...without(l, tag), foreign(type, data)]);
/** A pre_shared_key as bytes: one identity or none, which begins with the low byte of its length, and one binder of zeros. */
const keysAs = (identity: ReadonlyArray<number> | undefined, binder: number) => {
  const one = identity ? [0, ...identity] : [];
  const data = Uint8Array.of(0, one.length, ...one, 0, binder + 1, binder, ...new Uint8Array(binder));
  return raw(N.ExtensionType.pre_shared_key, "pre_shared_key", data);
};
const GREASE = 0x5a5a;

/** A ClientHello with no compression method, given one with null alone. */
function withoutCompression(hello: Bytes): Bytes {
  const suites = 4 + 2 + 32 + 1 + hello[38]!;
  const at = suites + 2 + (hello[suites]! << 8 | hello[suites + 1]!);
  const body = concat(hello.subarray(4, at), Uint8Array.of(0), hello.subarray(at + 2));
  return handshakeMessage(N.HandshakeType.client_hello, body);
}

const ofHello: ReadonlyArray<Row> = [
  row("nothing changed", inHello(() => ({})), "accepted"),
  row(
    "compression beside null",
    inHello(() => ({
      compressionMethods: [N.CompressionMethod.null, N.CompressionMethod.DEFLATE],
    })),
    ILLEGAL,
  ),
  row(
    "compression instead of null",
    inHello(() => ({
      compressionMethods: [N.CompressionMethod.DEFLATE],
    })),
    ILLEGAL,
  ),
  row(
    "no compression method",
    inHello((m) => withoutCompression(encodeMessage(make(ClientHello, m)))),
    DECODE,
  ),
  row(
    "no session ID, which it echoes to a client that had one",
    inHello(() => ({ sessionId: EMPTY })),
    "PeerAlert",
  ),
  row("TLS 1.3 in the header", inHello(() => ({ clientVersion: TLS_1_3 })), "accepted"),
  row("TLS 1.0 in the header", inHello(() => ({ clientVersion: N.ProtocolVersion.TLS_1_0 })), "accepted"),
  row(
    "SSL 3.0 in the header",
    inHello(() => ({ clientVersion: N.ProtocolVersion.SSL_3_0 })),
    "Refused protocol_version",
  ),
  row("no supported_versions", missing("supported_versions"), "Refused protocol_version"),
  row(
    "no supported_versions, and TLS 1.3 in the header",
    inHello((m) => ({ clientVersion: TLS_1_3, extensions: without(m.extensions, "supported_versions") })),
    "Refused protocol_version",
  ),
  row(
    "versions of the future alone",
    replacing({ _tag: "supported_versions", versions: [N.ProtocolVersion.of(0x0305)] }),
    "Refused protocol_version",
  ),
  row("no supported_groups", missing("supported_groups"), MISSING),
  row("no key_share", missing("key_share"), MISSING),
  row(
    "neither supported_groups nor key_share",
    inOffer((l) => without(without(l, "key_share"), "supported_groups")),
    MISSING,
  ),
  row("no signature_algorithms", missing("signature_algorithms"), MISSING),
  row("no extension", inHello(() => ({ extensions: undefined })), "Refused protocol_version"),
  row("two shares of one group", replacing(sharing(x25519, x25519)), ILLEGAL),
  row(
    "a share of a group that is not among supported_groups",
    replacing(sharing(x25519, {
      group: G.x448,
      keyExchange: new Uint8Array(56).fill(5),
    })),
    ILLEGAL,
  ),
  row(
    "an empty share",
    raw(N.ExtensionType.key_share, "key_share", Uint8Array.of(0, 4, 0, G.x25519, 0, 0)),
    DECODE,
  ),
  row(
    "suites of TLS 1.2 alone",
    inHello(() => ({ cipherSuites: [modern12Suite] })),
    "Refused handshake_failure",
  ),
  row(
    "a suite that nobody knows alone",
    inHello(() => ({
      cipherSuites: [C.of(0x1399)],
    })),
    "Refused handshake_failure",
  ),
  row(
    "groups that nobody knows alone",
    inOffer((l) =>
      replaced(
        replaced(l, { _tag: "supported_groups", namedGroupList: [G.of(GREASE)] }),
        sharing({ group: G.of(GREASE), keyExchange: Uint8Array.of(0) }),
      )
    ),
    "Refused handshake_failure",
  ),
  row(
    "schemes that the server's key has not",
    replacing({ _tag: "signature_algorithms", supportedSignatureAlgorithms: [S.ed25519] }),
    "Refused handshake_failure",
  ),
  row(
    "a scheme for certificates alone",
    replacing({ _tag: "signature_algorithms", supportedSignatureAlgorithms: [S.rsa_pkcs1_sha256] }),
    "Refused handshake_failure",
    { ...toy, kind: "rsa" },
  ),
  row(
    "application protocols that the server has not",
    replacing({ _tag: "application_layer_protocol_negotiation", protocolNameList: [ascii("spdy/3")] }),
    "Refused no_application_protocol",
    alpn,
  ),
  row("an extension twice", inOffer((l) => [...l, l[0]!]), DECODE),
  row(
    "two host names",
    replacing({
      _tag: "server_name",
      serverNameList: ["a.example", "b.example"].map((name) => ({ nameType: N.NameType.host_name, name })),
    }),
    ILLEGAL,
  ),
  row(
    "a byte behind its end",
    inHello((m) => {
      const body = encodeMessage(make(ClientHello, m)).subarray(4);
      return handshakeMessage(N.HandshakeType.client_hello, concat(body, Uint8Array.of(0)));
    }),
    DECODE,
  ),
  row(
    "values that nobody knows beside all that it says (RFC 8701)",
    inHello((m) => ({
      cipherSuites: [C.of(GREASE), ...m.cipherSuites],
      extensions: [
        foreign(N.ExtensionType.of(GREASE)),
        ...(m.extensions ?? []).map((e): ClientHelloExtension => {
          switch (e._tag) {
            case "supported_groups":
              return { ...e, namedGroupList: [G.of(GREASE), ...e.namedGroupList] };
            case "supported_versions":
              return { ...e, versions: [N.ProtocolVersion.of(GREASE), ...e.versions] };
            case "key_share":
              return sharing({ group: G.of(GREASE), keyExchange: Uint8Array.of(0) }, ...e.clientShares);
            case "psk_key_exchange_modes":
              return { ...e, keModes: [N.PskKeyExchangeMode.of(0x2a), ...e.keModes] };
            case "signature_algorithms":
              return {
                ...e,
                supportedSignatureAlgorithms: [S.of(GREASE), ...e.supportedSignatureAlgorithms],
              };
            default:
              return e;
          }
        }),
      ],
    })),
    "accepted",
  ),
  row("early_data, and no pre-shared key", adding({ _tag: "early_data" }), "accepted"),
  row("a pre-shared key that nobody knows", adding(madeUp), "accepted"),
  row(
    "a pre-shared key without psk_key_exchange_modes",
    inOffer((l) => [
      ...without(l, "psk_key_exchange_modes"),
      madeUp,
    ]),
    MISSING,
  ),
  row("a pre-shared key that is not the last extension", inOffer((l) => [madeUp, ...l]), ILLEGAL),
  row(
    "psk_key_exchange_modes that are empty",
    raw(N.ExtensionType.psk_key_exchange_modes, "psk_key_exchange_modes", Uint8Array.of(0)),
    DECODE,
  ),
  row(
    "a binder less than there are keys",
    adding({
      ...madeUp,
      identities: [...madeUp.identities, ...madeUp.identities],
    }),
    ILLEGAL,
  ),
  row(
    "a binder more than there are keys",
    adding({
      ...madeUp,
      binders: [...madeUp.binders, ...madeUp.binders],
    }),
    ILLEGAL,
  ),
  row("a binder of 31 bytes", keysAs([1, 120, 0, 0, 0, 0], 31), DECODE),
  row("no key in pre_shared_key", keysAs(undefined, 32), DECODE),
  row(
    "an empty identity",
    keysAs([0, 0, 0, 0, 0], 32),
    DECODE,
  ),
  inResumption("nothing changed", inHello(() => ({})), "accepted"),
  inResumption(
    "a binder with a byte changed",
    inKeys(({ binders }) => ({
      binders: [flipped(binders[0]!)],
    })),
    DECRYPT,
  ),
  inResumption(
    "a binder that is too long",
    inKeys(({ binders }) => ({
      binders: [concat(binders[0]!, Uint8Array.of(0))],
    })),
    DECRYPT,
  ),
  inResumption("a binder of something else", inHello((m) => ({ random: flipped(m.random) })), DECRYPT),
  inResumption(
    "an unknown key before the one that it has",
    inKeys(({ binders, identities }) => ({
      identities: [...madeUp.identities, ...identities],
      binders: [...madeUp.binders, ...binders],
    })),
    DECRYPT,
  ),
  ...badShares.map(([what, group, share]) =>
    row(what, replacing(sharing({ group, keyExchange: share })), ILLEGAL, realUnder(group))
  ),
];

// ---- what a server makes of the second ClientHello ----

const second = (what: string, change: () => Change, outcome: string): Row =>
  row(what, change, outcome, retrying);
const ofSecondHello: ReadonlyArray<Row> = [
  second("nothing changed", inHello(() => ({}), 1), "accepted"),
  second("another random", inHello((m) => ({ random: flipped(m.random) }), 1), ILLEGAL),
  second("another session ID", inHello((m) => ({ sessionId: flipped(m.sessionId) }), 1), ILLEGAL),
  second("a suite less", inHello((m) => ({ cipherSuites: m.cipherSuites.slice(0, -1) }), 1), ILLEGAL),
  second("a suite more", inHello((m) => ({ cipherSuites: [...m.cipherSuites, C.of(GREASE)] }), 1), ILLEGAL),
  second(
    "suites in another order",
    inHello((m) => ({ cipherSuites: m.cipherSuites.toReversed() }), 1),
    ILLEGAL,
  ),
  second("no share", replacing(sharing(), 1), ILLEGAL),
  second("the share of before", replacing(sharing(x25519), 1), ILLEGAL),
  second("another share beside the one that was asked for", replacing(sharing(p256, x25519), 1), ILLEGAL),
  second("no key_share", missing("key_share", 1), MISSING),
  second("no supported_versions", missing("supported_versions", 1), ILLEGAL),
  second("an extension less", missing("post_handshake_auth", 1), ILLEGAL),
  second("an extension more", inOffer((l) => [...l, unknown], 1), ILLEGAL),
  second("early_data", inOffer((l) => [...l, { _tag: "early_data" }], 1), ILLEGAL),
  second(
    "compression",
    inHello(() => ({
      compressionMethods: [N.CompressionMethod.null, N.CompressionMethod.DEFLATE],
    }), 1),
    ILLEGAL,
  ),
  second(
    "a cookie that nobody gave",
    inOffer((l) => [...l, { _tag: "cookie", cookie: ascii("x") }], 1),
    "accepted",
  ),
  { ...second("nothing changed", inHello(() => ({}), 1), "accepted"), resumed: true },
  {
    ...second(
      "a binder with a byte changed",
      inOffer((l) => replaced(l, { ...keysOf(l)!, binders: [flipped(keysOf(l)!.binders[0]!)] }), 1),
      DECRYPT,
    ),
    resumed: true,
  },
  {
    ...second("the pre-shared key no more", missing("pre_shared_key", 1), ILLEGAL),
    resumed: true,
  },
];

/** The second ClientHello of a client that met such a HelloRetryRequest, whatever came of it. */
const secondHello = (change: () => Change, resumed: boolean) =>
  Effect.gen(function* () {
    const built = yield* build({ ...toy, tickets: true });
    if (resumed) {
      const first = yield* bothHandshake(built, toy);
      assert.equal(yield* pingPong(yield* first.client, yield* first.server), "ping pong");
    }
    const hellos: Array<ClientHello> = [];
    yield* changedHandshake(built, retrying, {
      server: change(),
      client: changing(ClientHello, (hello) => {
        hellos.push(hello);
        return hello;
      }),
    });
    const tags = hellos.map(({ extensions }) => extensions?.map(({ _tag }) => _tag));
    assert.equal(tags.length, 2);
    return { first: tags[0], second: tags[1], extensions: hellos[1]?.extensions };
  });

sync(
  "TLS 1.3: a client gives the cookie of a HelloRetryRequest back, and has none before (RFC 8446 §4.2.2)",
  Effect.gen(function* () {
    const cookie = ascii("a cookie");
    const given = inRetryExtensions((l) => [...l, { _tag: "cookie", cookie }]);
    const { first, extensions } = yield* secondHello(given, false);
    assert.equal(first?.includes("cookie"), false);
    assert.deepEqual(findExtension(extensions, "cookie")?.cookie, cookie);
  }),
);

sync(
  "TLS 1.3: a client offers no key again that is of another hash than the HelloRetryRequest's suite (RFC 8446 §4.1.4)",
  Effect.gen(function* () {
    const same = yield* secondHello(inRetry(() => ({})), true);
    assert.deepEqual([same.first?.at(-1), same.second?.at(-1)], ["pre_shared_key", "pre_shared_key"]);
    const other = yield* secondHello(inRetry(() => ({ cipherSuite: C.TLS_AES_256_GCM_SHA384 })), true);
    assert.equal(other.first?.at(-1), "pre_shared_key");
    assert.equal(other.second?.includes("pre_shared_key"), false);
  }),
);

const ofClientsCertificate: ReadonlyArray<Row> = [
  ...ofCertificate(certified),
  row("an OCSP response that was not asked for", carrying(stapled), UNSUPPORTED, certified),
  row(
    "no certificate where one is required",
    inCertificate(() => ({ certificateList: [] })),
    "Refused certificate_required",
    certified,
  ),
  ...ofProof(certified),
];

const metByServer = {
  "a ClientHello with": ofHello,
  "a second ClientHello with": ofSecondHello,
  "of the client's proof:": ofClientsCertificate,
};
for (const [where, rows] of Object.entries(metByServer)) {
  for (const one of rows) {
    sync(
      `TLS 1.3: a server meets ${where} ${one.what}${one.resumed ? ", in a resumption" : ""}: ${one.outcome}`,
      Effect.map(verdict("server", one), (said) => assert.equal(said, one.outcome)),
    );
  }
}

// ---- what either makes of what comes after the handshake ----

/** What an end reads when the other says a message otherwise after the handshake. */
const later = (
  role: "client" | "server",
  change: () => Change,
  say: (ends: Ends) => Effect.Effect<unknown, TlsError>,
) =>
  Effect.gen(function* () {
    const other = role === "client" ? { server: change() } : { client: change() };
    const ends = yield* changedHandshake(yield* build({ ...toy, tickets: true }), toy, other);
    const both = { client: yield* ends.client, server: yield* ends.server };
    yield* say(both);
    yield* (role === "client" ? both.server : both.client).write(ascii("."));
    return outcomeOf(yield* Effect.either(both[role].read));
  });
interface Ends {
  readonly client: Connection;
  readonly server: Connection;
}

for (const role of ["client", "server"] as const) {
  const peer = role === "client" ? "server" : "client";
  sync(
    `TLS 1.3: a ${role} meets a KeyUpdate that asks for neither 0 nor 1: ${ILLEGAL}`,
    Effect.gen(function* () {
      const change = () => changing(KeyUpdate, () => ({ requestUpdate: N.KeyUpdateRequest.of(2) }));
      assert.equal(yield* later(role, change, (ends) => ends[peer].updateKeys()), ILLEGAL);
    }),
  );
  sync(
    `TLS 1.3: a ${role} meets a KeyUpdate of two bytes: ${DECODE}`,
    Effect.gen(function* () {
      const change = () =>
        changing(KeyUpdate, () => handshakeMessage(N.HandshakeType.key_update, Uint8Array.of(0, 0)));
      assert.equal(yield* later(role, change, (ends) => ends[peer].updateKeys()), DECODE);
    }),
  );
}

const inTicket = (change: (m: NewSessionTicket13) => Partial<NewSessionTicket13> | Bytes) => () =>
  changing(NewSessionTicket13, (m) => {
    const changed = change(m);
    return changed instanceof Uint8Array ? changed : { ...m, ...changed };
  });
for (
  const [what, change, outcome] of [
    ["an unknown extension", inTicket(() => ({ extensions: [unknown] })), "accepted"],
    [
      "no ticket in it",
      inTicket(() => handshakeMessage(N.HandshakeType.new_session_ticket, new Uint8Array(13))),
      DECODE,
    ],
    ["a lifetime of more than a week", inTicket(() => ({ ticketLifetime: 2 ** 31 })), "accepted"],
    ["a lifetime of 0", inTicket(() => ({ ticketLifetime: 0 })), "accepted"],
  ] as const
) {
  sync(
    `TLS 1.3: a client meets a NewSessionTicket with ${what}: ${outcome}`,
    Effect.map(later("client", change, () => Effect.void), (said) => assert.equal(said, outcome)),
  );
}

// ---- a server that spoke TLS 1.2 to a client of TLS 1.3 ----

for (
  const [versions, last] of [[[TLS_1_2], 1], [[TLS_1_1], 0]] as const
) {
  const older = { ...compatible, versions };
  sync(
    `a server of TLS 1.3 says in its random that a client spoke ${
      N.versionText(versions[0])
    } at most, and a client of TLS 1.3 that reads it refuses (RFC 8446 §4.1.3)`,
    Effect.gen(function* () {
      const sentinel = concat(ascii("DOWNGRD"), Uint8Array.of(last));
      const setup = { ...toy, client: { policy: older }, server: { policy: compatible } };
      const built = yield* build(setup);
      const { client } = yield* bothHandshake(built, setup);
      const { serverRandom } = yield* (yield* client).negotiated;
      assert.deepEqual(serverRandom.subarray(24), sentinel);
      // To a client of TLS 1.3 no honest server says it.
      const lied = yield* changedHandshake(
        built,
        { ...toy, client: { policy: compatible }, server: { policy: older } },
        {
          server: changing(ServerHello, (m) => ({
            ...m,
            random: concat(m.random.subarray(0, 24), sentinel),
          })),
        },
      );
      assert.equal(outcomeOf(lied.client), "Refused illegal_parameter");
    }),
  );
}
