/** Which certificate is shown, private keys as OpenSSL writes them, and certificates of ours before OpenSSL. @module */
import { createPublicKey, verify } from "node:crypto";
import { assert, Effect, Layer } from "../deps.ts";
import {
  CertificateVerifier,
  Credentials,
  Crypto,
  Names,
  Server,
  SessionStore,
  Transport,
} from "../../mod.ts";
import { toPem } from "../../src/x509/pem.ts";
import { makeCa } from "../support/ca.ts";
import { bytesOf } from "../support/text.ts";
import { connect, reverse } from "./ends.ts";
import { freePort, repository, start, temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

/** OpenSSL, run to its end; what it has said. */
const openssl = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* start("openssl", args);
    yield* peer.endInput;
    assert.equal(yield* peer.ended, 0, `${args.join(" ")}\n${peer.output()}`);
    return peer.output();
  });

const write = (path: string, text: string) =>
  Effect.as(Effect.promise(() => Deno.writeTextFile(path, text)), path);
const base = Layer.mergeAll(Transport.layerTcp, Crypto.layerNoble, SessionStore.layerNone);

// -- which certificate is shown --

const ca = makeCa();
const otherCa = makeCa({ subject: "Other Root" });
const pairOf = (by: typeof ca, options: Parameters<typeof ca.issue>[0]) => {
  const { chainPem, privateKeyPem } = by.issue(options);
  return { certificate: chainPem, privateKey: privateKeyPem };
};

withPeer(
  "openssl",
  "our server with RSA and ECDSA certificates of two names: -servername, -sigalgs and -cipher of s_client choose",
  Effect.gen(function* () {
    const root = yield* write(`${yield* temporary}/root.pem`, ca.certificatePem);
    const of = (name: string, key: "p256" | "rsa") =>
      pairOf(ca, { subject: `${name} ${key}`, names: [`${name}.example`], key });
    const { address } = yield* Server.listen({ hostname: "127.0.0.1", port: 0 }, reverse).pipe(
      Effect.provide(
        Layer.mergeAll(
          base,
          CertificateVerifier.layerNone,
          Credentials.fromPem(of("a", "p256"), of("a", "rsa"), of("b", "p256"), of("b", "rsa")),
        ),
      ),
    );
    const rsaSuite = ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256"];
    for (
      const [subject, ...flags] of [
        ["a p256", "-servername", "a.example"],
        ["b p256", "-servername", "b.example"],
        ["b p256", "-servername", "b.example", "-sigalgs", "RSA+SHA256:ECDSA+SHA256"],
        ["a p256", "-servername", "a.example", "-sigalgs", "ECDSA+SHA256"],
        // Its root signs by ECDSA, which must not keep it from a client that says RSA alone (RFC 8446 §4.4.2.2).
        ["a rsa", "-servername", "a.example", "-sigalgs", "RSA+SHA256"],
        ["b rsa", "-servername", "b.example", "-sigalgs", "RSA-PSS+SHA256"],
        ["b rsa", "-servername", "b.example", ...rsaSuite],
        ["a p256", "-servername", "nobody.example"],
        ["a rsa", "-noservername", ...rsaSuite],
      ] as const
    ) {
      const peer = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${address.port}`, "-tls1_2", "-CAfile", root, ...flags],
      ]);
      yield* peer.until(/Verify return code: \d+/);
      yield* peer.endInput;
      assert.equal(yield* peer.ended, 0, flags.join(" "));
      assert.match(peer.output(), new RegExp(`^subject=.*CN = ${subject}$`, "m"), flags.join(" "));
    }
  }),
);

withPeer(
  "openssl",
  "our client with certificates of two roots and two kinds: the CertificateRequest of s_server chooses",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const roots = {
      one: yield* write(`${folder}/one.pem`, ca.certificatePem),
      other: yield* write(`${folder}/other.pem`, otherCa.certificatePem),
      both: yield* write(`${folder}/both.pem`, ca.certificatePem + otherCa.certificatePem),
    };
    const server = pairOf(ca, { key: "p256" });
    const own = ["-cert", yield* write(`${folder}/server.pem`, server.certificate)];
    own.push("-key", yield* write(`${folder}/server.key`, server.privateKey));
    const mine = Credentials.fromPem(
      pairOf(ca, { subject: "one p256", key: "p256" }),
      pairOf(ca, { subject: "one rsa", key: "rsa" }),
      pairOf(otherCa, { subject: "other ed25519", key: "ed25519" }),
      pairOf(otherCa, { subject: "other rsa", key: "rsa" }),
    );
    for (
      const [subject, authorities, ...flags] of [
        ["one p256", "both"],
        ["one p256", "one"],
        ["other ed25519", "other"],
        ["one rsa", "both", "-client_sigalgs", "RSA+SHA256"],
        ["other rsa", "other", "-client_sigalgs", "RSA-PSS+SHA256:RSA+SHA256"],
        ["other ed25519", "both", "-client_sigalgs", "ed25519"],
        ["nobody", "both", "-client_sigalgs", "DSA+SHA256"],
      ] as const
    ) {
      yield* Effect.scoped(Effect.gen(function* () {
        const port = yield* freePort;
        const peer = yield* start("openssl", [
          ...["s_server", "-accept", `127.0.0.1:${port}`, "-tls1_2", "-verify", "3", "-naccept", "1", ...own],
          ...["-cipher", "ALL:@SECLEVEL=0", "-CAfile", roots[authorities], ...flags],
        ]);
        yield* peer.until(/ACCEPT/);
        yield* Effect.flatMap(connect(port), ({ close }) => close).pipe(
          Effect.provide(Layer.mergeAll(base, CertificateVerifier.layerRoots(ca.certificatePem), mine)),
          Effect.scoped,
        );
        yield* peer.endInput;
        assert.equal(yield* peer.ended, 0);
        const [, shown = "nobody"] = peer.output().match(/^subject=.*CN = (.*)$/m) ?? [];
        assert.equal(shown, subject, `${authorities} ${flags.join(" ")}\n${peer.output()}`);
      }));
    }
  }),
);

// -- private keys as OpenSSL writes them --

const PASSPHRASE = "correct horse";
const out = ["-passout", `pass:${PASSPHRASE}`];
const topk8 = (...how: ReadonlyArray<string>) => ["pkcs8", "-topk8", ...how, ...out];

/** How OpenSSL writes a key, by the kinds that it writes so. */
const forms: ReadonlyArray<
  readonly [kinds: ReadonlyArray<keyof typeof made>, ...args: ReadonlyArray<string>]
> = [
  [["rsa", "ec", "ed25519", "ed448"], "pkey"],
  [["rsa", "ec", "ed25519", "ed448"], ...topk8("-v2", "aes-256-cbc")],
  [["rsa", "ec", "ed25519"], ...topk8("-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1")],
  [["ec"], ...topk8("-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA224")],
  [["ec"], ...topk8("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-iter", "100000")],
  [["ec"], ...topk8("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384")],
  [["ec"], ...topk8("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512")],
  [["rsa", "ec", "ed25519"], ...topk8("-v2", "des3")],
  [["rsa", "ec", "ed25519"], ...topk8("-scrypt")],
  [["ec"], ...topk8("-scrypt", "-scrypt_N", "2048", "-scrypt_r", "4", "-scrypt_p", "2")],
  [["rsa"], "rsa", "-traditional"],
  [["ec"], "ec"],
];

const { rsa_pkcs1_sha256, ecdsa_secp256r1_sha256, ed25519, ed448 } = Names.SignatureScheme;
/** How OpenSSL makes each kind of key, and what it signs. */
const made = {
  rsa: { args: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], scheme: rsa_pkcs1_sha256 },
  ec: { args: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], scheme: ecdsa_secp256r1_sha256 },
  ed25519: { args: ["-algorithm", "ED25519"], scheme: ed25519 },
  ed448: { args: ["-algorithm", "ED448"], scheme: ed448 },
} as const;

/** A key of OpenSSL's with a certificate of OpenSSL's, in a folder. */
const keyPair = (kind: keyof typeof made) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const [key, certificate] = [`${folder}/key.pem`, `${folder}/cert.pem`];
    yield* openssl("genpkey", ...made[kind].args, "-out", key);
    yield* openssl("req", "-x509", "-key", key, "-subj", "/CN=localhost", "-out", certificate);
    return { folder, key, certificate: yield* Effect.promise(() => Deno.readTextFile(certificate)) };
  });

for (const [kinds, ...args] of forms) {
  for (const kind of kinds) {
    const how = args.filter((arg) => !out.includes(arg)).join(" ");
    withPeer(
      "openssl",
      `a key of ${kind} that \`openssl ${how}\` wrote signs under its certificate`,
      Effect.gen(function* () {
        const { folder, key, certificate } = yield* keyPair(kind);
        const written = `${folder}/written.pem`;
        yield* openssl(...args, "-in", key, "-out", written);
        const privateKey = yield* Effect.promise(() => Deno.readTextFile(written));
        const { sign } = yield* Credentials.credentialFromPem({
          certificate,
          privateKey,
          passphrase: PASSPHRASE,
        });
        const data = bytesOf("what is signed");
        const signature = yield* Effect.provide(sign(made[kind].scheme, data), Crypto.layerNoble);
        const hash = kind.startsWith("ed") ? null : "sha256";
        assert.ok(verify(hash, data, createPublicKey(certificate), signature));
      }),
    );
  }
}

for (
  const [kind, ...args] of [
    ["rsa", "rsa", "-traditional", "-aes256"],
    ["ec", "ec", "-aes128"],
  ] as const
) {
  withPeer(
    "openssl",
    `a key that \`openssl ${args.join(" ")}\` wrote is refused, and opens when converted as the refusal says`,
    Effect.gen(function* () {
      const { folder, key, certificate } = yield* keyPair(kind);
      const [old, converted] = [`${folder}/old.pem`, `${folder}/new.pem`];
      yield* openssl(...args, ...out, "-in", key, "-out", old);
      const read = (path: string) =>
        Effect.flatMap(
          Effect.promise(() => Deno.readTextFile(path)),
          (privateKey) => Credentials.credentialFromPem({ certificate, privateKey, passphrase: PASSPHRASE }),
        );
      const error = yield* Effect.flip(read(old));
      const [, command] = error.message.match(/`openssl (.*)` converts it$/) ?? assert.fail(error.message);
      const advised = command!.replace("FILE", old).replace("NEW", converted).split(" ");
      yield* openssl(...advised, "-passin", `pass:${PASSPHRASE}`, ...out);
      assert.equal((yield* read(converted)).chain.length, 1);
    }),
  );
}

// -- certificates of ours before OpenSSL --

withPeer(
  "openssl",
  "a chain of Ed448 made in memory is verified by openssl verify, strictly, and one that was changed is not",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const root = yield* Credentials.makeAuthority({ key: "ed448" });
    const { certificate, certificatePem } = yield* root.issue({ key: "ed448" });
    const [rootFile, leafFile] = [`${folder}/root.pem`, `${folder}/leaf.pem`];
    yield* write(rootFile, root.certificatePem);
    yield* write(leafFile, certificatePem);
    const verified = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", rootFile, leafFile];
    yield* openssl(...verified);
    const changed = certificate.with(-20, certificate.at(-20)! ^ 1);
    yield* write(leafFile, toPem("CERTIFICATE", changed));
    const peer = yield* start("openssl", verified);
    assert.equal(yield* peer.ended, 2);
    assert.match(peer.output(), /certificate signature failure/);
  }).pipe(Effect.provide(Crypto.layerNoble)),
);

/** What `deno task certs` makes, in a folder. */
const certs = Effect.gen(function* () {
  const folder = yield* temporary;
  const peer = yield* start(Deno.execPath(), [
    ...["run", "--quiet", "--allow-read", "--allow-write", "--allow-env"],
    `${repository}examples/certs.ts`,
    folder,
  ], { cwd: repository });
  assert.equal(yield* peer.ended, 0, peer.output());
  const pair = (name: string) => ["--cert", `${folder}/${name}.pem`, "--key", `${folder}/${name}.key`];
  return { folder, pair, forOpenSsl: (name: string) => pair(name).map((arg) => arg.replace("--", "-")) };
});
const kinds = ["ecdsa", "rsa", "ed25519"];

withPeer(
  "openssl",
  "what certs makes is verified by openssl verify, strictly, for its purpose and names and for no other",
  Effect.gen(function* () {
    const { folder } = yield* certs;
    const trust = [
      "-x509_strict",
      "-CAfile",
      `${folder}/root.pem`,
      "-untrusted",
      `${folder}/intermediate.pem`,
    ];
    for (const kind of kinds) {
      for (
        const how of [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]]
      ) {
        yield* openssl("verify", ...trust, "-purpose", "sslserver", ...how, `${folder}/server-${kind}.pem`);
      }
      yield* openssl("verify", ...trust, "-purpose", "sslclient", `${folder}/client-${kind}.pem`);
      const wrong = yield* start("openssl", [
        ...["verify", ...trust, "-purpose", "sslserver", `${folder}/client-${kind}.pem`],
      ]);
      assert.notEqual(yield* wrong.ended, 0);
      // The key is the certificate's.
      const publicOf = (...args: ReadonlyArray<string>) => openssl(...args, "-pubout");
      const ofKey = yield* publicOf("pkey", "-in", `${folder}/server-${kind}.key`);
      assert.equal(yield* openssl("x509", "-in", `${folder}/server-${kind}.pem`, "-noout", "-pubkey"), ofKey);
    }
  }),
);

for (const kind of kinds) {
  withPeer(
    "openssl",
    `what certs makes of ${kind} is what our programs and OpenSSL's verify, at both ends`,
    Effect.gen(function* () {
      const { folder, pair, forOpenSsl } = yield* certs;
      const root = `${folder}/root.pem`;
      const { port, peer: ours } = yield* Programs.server(
        ...[...pair(`server-${kind}`), "--client-auth", "require", "--client-ca", root, "--reply", "reverse"],
      );
      const sClient = yield* start("openssl", [
        ...["s_client", "-connect", `localhost:${port}`, "-tls1_2", "-quiet", "-verify_return_error"],
        ...["-CAfile", root, "-verify_hostname", "localhost", ...forOpenSsl(`client-${kind}`)],
        ...["-cert_chain", `${folder}/client-${kind}.pem`],
      ]);
      yield* sClient.say("stressed\n");
      yield* sClient.until(/desserts/);
      yield* ours.until(new RegExp(`the peer is CN=trial client ${kind}`));

      const accept = yield* freePort;
      const sServer = yield* start("openssl", [
        ...["s_server", "-accept", `127.0.0.1:${accept}`, "-tls1_2", "-rev", ...forOpenSsl(`server-${kind}`)],
        ...["-cert_chain", `${folder}/server-${kind}.pem`, "-CAfile", root, "-Verify", "3"],
        "-verify_return_error",
      ]);
      yield* sServer.until(/ACCEPT/);
      const { code, output } = yield* Programs.client(
        ...[`localhost:${accept}`, "--ca", root, ...pair(`client-${kind}`), "--send", "stressed"],
      );
      assert.equal(code, 0, output);
      assert.match(output, /^desserts$/m);
    }),
  );
}
