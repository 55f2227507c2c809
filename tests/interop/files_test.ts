/** Certificates and keys in files that OpenSSL and others write; what is refused is converted as the refusal says. @module */
import { assert, Effect } from "../deps.ts";
import { Credentials } from "../../mod.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { rootsIn, toPem } from "../../src/x509/pem.ts";
import { makeCa } from "../support/ca.ts";
import { run } from "./made.ts";
import { temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

const PASSPHRASE = "correct horse ß";
const pass = ["-passout", `pass:${PASSPHRASE}`];
const ca = makeCa();
const issued = {
  ec: ca.intermediate().issue({ key: "p256" }),
  rsa: ca.intermediate().issue({ key: "rsa" }),
};

/** A chain out of order (root, intermediate, leaf) and its key, in a folder. */
const folderOf = (kind: keyof typeof issued) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const { chain, privateKeyPem } = issued[kind];
    const certificate = [...chain, ca.der].toReversed().map((der) => toPem("CERTIFICATE", der)).join("");
    yield* Effect.promise(() => Deno.writeTextFile(`${folder}/chain.pem`, certificate));
    yield* Effect.promise(() => Deno.writeTextFile(`${folder}/leaf.pem`, toPem("CERTIFICATE", chain[0]!)));
    yield* Effect.promise(() => Deno.writeTextFile(`${folder}/key.pem`, privateKeyPem));
    return folder;
  });

const readFile = (path: string) => Effect.promise(() => Deno.readFile(path));
const open = (certificate: Bytes, privateKey: Bytes, legacy = false) =>
  Credentials.credentialFromPem({ certificate, privateKey, passphrase: PASSPHRASE, legacy });

// -- PKCS#12 --

const des3 = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"];
const stores: ReadonlyArray<ReadonlyArray<string>> = [
  [],
  ["-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "sha1"],
  ["-keypbe", "DES-EDE3-CBC", "-certpbe", "DES-EDE3-CBC", "-macalg", "sha512"],
  ["-iter", "50000", "-macalg", "sha384"],
  ["-nomaciter", "-noiter", "-macalg", "sha224"],
  ["-nomac"],
  ["-keypbe", "NONE", "-certpbe", "NONE"],
  ["-name", "nick", "-caname", "a", "-caname", "b"],
  des3,
  [...des3, "-macalg", "sha1"],
  ["-keypbe", "PBE-SHA1-2DES", "-certpbe", "PBE-SHA1-2DES"],
];

for (const kind of ["ec", "rsa"] as const) {
  for (const flags of stores) {
    withPeer(
      "openssl",
      `chain and key of ${kind} are read from what \`openssl pkcs12 -export ${flags.join(" ")}\` wrote`,
      Effect.gen(function* () {
        const folder = yield* folderOf(kind);
        const file = `${folder}/store.p12`;
        yield* run(
          "openssl",
          ...["pkcs12", "-export", "-in", `${folder}/leaf.pem`, "-inkey", `${folder}/key.pem`],
          ...["-certfile", `${folder}/chain.pem`, ...flags, ...pass, "-out", file],
        );
        const store = yield* readFile(file);
        const { chain } = yield* open(store, store, true);
        const [, intermediate] = issued[kind].chain;
        assert.deepEqual(chain, [issued[kind].der, intermediate, ca.der]);
        const error = yield* Effect.flip(
          Credentials.credentialFromPem({
            certificate: store,
            privateKey: store,
            passphrase: "wrong",
            legacy: true,
          }),
        );
        assert.match(error.message, /the passphrase is wrong/);
      }),
    );
  }
}

withPeer(
  "pk12util",
  "chain and key are read from what NSS exported, which is BER",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [imported, exported] = [`${folder}/in.p12`, `${folder}/out.p12`];
    yield* run(
      "openssl",
      ...["pkcs12", "-export", "-name", "nick", "-in", `${folder}/leaf.pem`, "-inkey", `${folder}/key.pem`],
      ...["-certfile", `${folder}/chain.pem`, "-passout", "pass:secret", "-out", imported],
    );
    yield* run("certutil", "-N", "-d", folder, "--empty-password");
    yield* run("pk12util", "-i", imported, "-d", folder, "-W", "secret", "-K", "");
    yield* run("pk12util", "-o", exported, "-n", "nick", "-d", folder, "-W", "secret", "-K", "");
    const store = yield* readFile(exported);
    assert.deepEqual(store.subarray(0, 2), Uint8Array.of(0x30, 0x80), "it is BER");
    const pair = { certificate: store, privateKey: store, passphrase: "secret" };
    assert.deepEqual((yield* Credentials.credentialFromPem(pair)).chain[0], issued.ec.der);
  }),
);

withPeer(
  "openssl",
  "our server shows what is in a PKCS#12 file, and our client trusts a root in DER or PKCS#7",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [store, word, der, pkcs7] = ["store.p12", "word", "root.der", "root.p7b"].map((one) =>
      `${folder}/${one}`
    );
    yield* run(
      "openssl",
      ...inFolder(folder, convert),
      "-certfile",
      `${folder}/chain.pem`,
      ...pass,
      "-out",
      store!,
    );
    yield* Effect.promise(() => Deno.writeTextFile(word!, `${PASSPHRASE}\n`));
    yield* Effect.promise(() => Deno.writeFile(der!, ca.der));
    yield* run(
      "openssl",
      "crl2pkcs7",
      "-nocrl",
      "-certfile",
      `${folder}/chain.pem`,
      "-outform",
      "DER",
      "-out",
      pkcs7!,
    );
    const own = ["--cert", store!, "--key", store!, "--key-pass", `file:${word}`];
    const { port } = yield* Programs.server(...own, "--reply", "reverse");
    for (const root of [der!, pkcs7!]) {
      const { code, output } = yield* Programs.client(
        `localhost:${port}`,
        "--ca",
        root,
        "--send",
        "stressed",
      );
      assert.equal(code, 0, output);
      assert.match(output, /^desserts$/m);
    }
  }),
);

// -- other forms --

const key = ["-in", "key.pem"];
const [topk8, convert] = [["pkcs8", "-topk8", ...key], [
  "pkcs12",
  "-export",
  "-in",
  "leaf.pem",
  "-inkey",
  "key.pem",
]];
type Form = readonly [
  kinds: ReadonlyArray<keyof typeof issued>,
  what: "chain" | "key",
  ...args: Array<string>,
];
const forms: ReadonlyArray<Form> = [
  [["ec", "rsa"], "key", "pkey", "-traditional", ...key],
  [["ec", "rsa"], "key", "pkey", "-traditional", "-outform", "DER", ...key],
  [["ec", "rsa"], "key", "pkey", "-outform", "DER", ...key],
  [["ec", "rsa"], "key", ...topk8, "-nocrypt", "-outform", "DER"],
  [["ec", "rsa"], "key", ...topk8, "-outform", "DER", ...pass],
  [["ec"], "key", "ec", "-param_enc", "explicit", ...key],
  [["ec"], "key", "ec", "-param_enc", "explicit", "-conv_form", "compressed", "-outform", "DER", ...key],
  [["ec"], "key", "pkey", "-ec_param_enc", "explicit", ...key],
  [["ec", "rsa"], "chain", "crl2pkcs7", "-nocrl", "-certfile", "chain.pem"],
  [["ec", "rsa"], "chain", "crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-outform", "DER"],
  [["ec", "rsa"], "chain", "x509", "-in", "leaf.pem", "-outform", "DER"],
  [
    ["ec", "rsa"],
    "chain",
    "x509",
    "-in",
    "leaf.pem",
    "-trustout",
    "-addtrust",
    "serverAuth",
    "-setalias",
    "us",
  ],
  [
    ["ec", "rsa"],
    "chain",
    "x509",
    "-in",
    "leaf.pem",
    "-trustout",
    "-addreject",
    "emailProtection",
    "-outform",
    "DER",
  ],
  [["ec", "rsa"], "chain", "x509", "-in", "leaf.pem", "-text"],
];

/** The arguments with the paths of files in a folder. */
const inFolder = (folder: string, args: ReadonlyArray<string>) =>
  args.map((arg) => arg.endsWith(".pem") ? `${folder}/${arg}` : arg);

for (const [kinds, what, ...args] of forms) {
  for (const kind of kinds) {
    withPeer(
      "openssl",
      `the ${what} of ${kind} is read that \`openssl ${
        args.filter((arg) => !pass.includes(arg)).join(" ")
      }\` wrote`,
      Effect.gen(function* () {
        const folder = yield* folderOf(kind);
        const out = `${folder}/out`;
        yield* run("openssl", ...inFolder(folder, args), "-out", out);
        const written = yield* readFile(out);
        const { chain } = what === "key"
          ? yield* open(yield* readFile(`${folder}/leaf.pem`), written)
          : yield* open(written, yield* readFile(`${folder}/key.pem`));
        assert.deepEqual(chain[0], issued[kind].der);
      }),
    );
  }
}

// -- what is refused --

const legacy = ["-provider", "legacy", "-provider", "default"];
type Refusal = readonly [
  name: string,
  what: "both" | "chain" | "key",
  program: string,
  ...args: Array<string>,
];
const refusals: ReadonlyArray<Refusal> = [
  ["RC2-40 and 3DES", "both", "openssl", ...convert, "-legacy", ...pass],
  [
    "RC2-128",
    "both",
    "openssl",
    ...convert,
    ...legacy,
    "-keypbe",
    "PBE-SHA1-RC2-128",
    "-certpbe",
    "PBE-SHA1-RC2-128",
    ...pass,
  ],
  [
    "RC4",
    "both",
    "openssl",
    ...convert,
    ...legacy,
    "-keypbe",
    "PBE-SHA1-RC4-128",
    "-certpbe",
    "PBE-SHA1-RC4-128",
    ...pass,
  ],
  ["3DES, when nobody chose it", "both", "openssl", ...convert, ...des3, ...pass],
  [
    "more iterations than are borne",
    "both",
    "openssl",
    ...convert,
    "-keypbe",
    "NONE",
    "-iter",
    "10000001",
    ...pass,
  ],
  ["a MAC by MD5", "both", "openssl", ...convert, "-macalg", "md5", ...pass],
  ["a key by MD5 and DES", "key", "openssl", ...topk8, ...legacy, "-v1", "PBE-MD5-DES", ...pass],
  ["a key by SHA-1 and RC2", "key", "openssl", ...topk8, ...legacy, "-v1", "PBE-SHA1-RC2-40", ...pass],
  ["a key by 3DES of PKCS#12", "key", "openssl", ...topk8, "-v1", "PBE-SHA1-3DES", ...pass],
  ["a key by PBES2 and Camellia", "key", "openssl", ...topk8, "-v2", "camellia-256-cbc", ...pass],
  ["a key of the form before PKCS#8", "key", "openssl", "ec", "-aes128", ...key, ...pass],
];

for (const [name, what, program, ...args] of refusals) {
  withPeer(
    program,
    `what is refused is read when it is converted as the refusal says: ${name}`,
    Effect.gen(function* () {
      const folder = yield* folderOf("ec");
      const [out, converted] = [`${folder}/out`, `${folder}/new`];
      yield* run(program, ...inFolder(folder, args), "-out", out);
      const read = (path: string) =>
        Effect.gen(function* () {
          const file = yield* readFile(path);
          return yield* open(
            what === "key" ? yield* readFile(`${folder}/leaf.pem`) : file,
            what === "chain" ? yield* readFile(`${folder}/key.pem`) : file,
          );
        });
      const error = yield* Effect.flip(read(out));
      const [, command] = error.message.match(/`openssl (.*)` converts it$/) ?? assert.fail(error.message);
      const advised = command!.split(" ").map((arg) =>
        arg === "FILE" ? out : arg === "NEW" ? converted : arg
      );
      yield* run("openssl", ...advised, "-passin", `pass:${PASSPHRASE}`, ...pass);
      assert.deepEqual((yield* read(converted)).chain, [issued.ec.der]);
    }),
    "3 minutes",
  );
}

/** Runs the command that a message has between backquotes. */
const follow = (message: string, files: Readonly<Record<string, string>>, ...more: ReadonlyArray<string>) => {
  const [, command] = message.match(/`(.*?)`/) ?? assert.fail(message);
  const [program, ...args] = command!.split(" ").map((arg) => files[arg] ?? arg);
  return run(program!, ...args, ...more);
};

withPeer(
  "openssl",
  "a key on a curve that is not supported is refused, and the key is read that the refusal makes",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [out, made, certificate] = [`${folder}/out`, `${folder}/new`, `${folder}/new.pem`];
    yield* run(
      "openssl",
      "ecparam",
      "-name",
      "secp256k1",
      "-param_enc",
      "explicit",
      "-genkey",
      "-noout",
      "-out",
      out,
    );
    const { message } = yield* Effect.flip(open(yield* readFile(`${folder}/leaf.pem`), yield* readFile(out)));
    yield* follow(message, { NEW: made });
    yield* run("openssl", "req", "-x509", "-key", made, "-subj", "/CN=new", "-out", certificate);
    assert.equal((yield* open(yield* readFile(certificate), yield* readFile(made))).chain.length, 1);
  }),
);

withPeer(
  "openssl",
  "roots are taken out of a PKCS#12 file, and out of OpenSSL's mistrust, as the refusals say",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [store, limited, made] = [`${folder}/store`, `${folder}/limited`, `${folder}/new`];
    yield* run("openssl", ...inFolder(folder, convert), ...pass, "-out", store);
    yield* run(
      "openssl",
      ...["x509", "-in", `${folder}/leaf.pem`, "-trustout", "-addreject", "serverAuth", "-out", limited],
    );
    for (const [file, more] of [[store, ["-passin", pass[1]!]], [limited, []]] as const) {
      const { message } = yield* Effect.flip(rootsIn(yield* readFile(file)));
      yield* follow(message, { FILE: file, NEW: made }, ...more);
      const { certificates } = yield* rootsIn(yield* readFile(made));
      assert.deepEqual(certificates[0].raw, issued.ec.der);
    }
  }),
);

withPeer(
  "ssh-keygen",
  "a key of OpenSSH's form is read when it is converted as the refusal says",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [file, certificate] = [`${folder}/id`, `${folder}/id.pem`];
    yield* run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", file);
    const { message } = yield* Effect.flip(
      open(yield* readFile(`${folder}/leaf.pem`), yield* readFile(file)),
    );
    yield* follow(message, { FILE: file }, "-N", "");
    yield* run("openssl", "req", "-x509", "-key", file, "-subj", "/CN=new", "-out", certificate);
    assert.equal((yield* open(yield* readFile(certificate), yield* readFile(file))).chain.length, 1);
  }),
);

withPeer(
  "keytool",
  "a Java keystore of the old form is read when it is converted as the refusal says",
  Effect.gen(function* () {
    const folder = yield* folderOf("ec");
    const [file, made] = [`${folder}/old.jks`, `${folder}/new.p12`];
    yield* run(
      "keytool",
      ...["-genkeypair", "-keyalg", "EC", "-alias", "us", "-dname", "CN=us", "-keystore", file],
      ...["-storetype", "jks", "-storepass", "changeit", "-keypass", "changeit"],
    );
    const jks = yield* readFile(file);
    const { message } = yield* Effect.flip(open(jks, jks));
    yield* follow(
      message,
      { FILE: file, NEW: made },
      "-srcstorepass",
      "changeit",
      "-deststorepass",
      "changeit",
    );
    const store = yield* readFile(made);
    const pair = { certificate: store, privateKey: store, passphrase: "changeit" };
    assert.equal((yield* Credentials.credentialFromPem(pair)).chain.length, 1);
  }),
);
