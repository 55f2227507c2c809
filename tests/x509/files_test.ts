/**
 * Certificates and keys as people have them: each form is read, or refused by its name and with what can be done.
 *
 * @module
 */
import { createHmac, pbkdf2Sync } from "node:crypto";
import { assert, Effect, Either, FastCheck as fc, Logger } from "../deps.ts";
import { PemError } from "../../src/faults/errors/pem.ts";
import { openedPrivateKeyFromPem } from "../../src/layers/credentials/passphrase.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import { nistCurves } from "../../src/layers/crypto/noble/groups.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import { credentialFromPem, credentialFromSigner } from "../../src/public/credentials.ts";
import { ascii, type Bytes, concat, utf8 } from "../../src/wire/bytes.ts";
import { derOf } from "../../src/x509/der/ber.ts";
import { type OidName, oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { certificatesFromPem, privateKeyFromPem, rootsIn, toPem } from "../../src/x509/pem.ts";
import { live } from "../support/effect.ts";
import { files } from "./files.ts";
import crypto from "node:crypto";

const { leaf, middle, root, sec1 } = files;
const keyObject = crypto.createPrivateKey(toPem("EC PRIVATE KEY", sec1));
const pkcs8 = new Uint8Array(keyObject.export({ type: "pkcs8", format: "der" }));
const rsaKey = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const rsa = (type: "pkcs1" | "pkcs8") => new Uint8Array(rsaKey.export({ type, format: "der" }));
const PASSPHRASE = "geheim";

const pemOf = (...certificates: ReadonlyArray<Bytes>) =>
  certificates.map((der) => toPem("CERTIFICATE", der)).join("");
const escaped = (text: string) => text.replaceAll("\n", "\\n");

// -- keys --

const expected = {
  ec: Either.getOrThrow(privateKeyFromPem(toPem("EC PRIVATE KEY", sec1))),
  rsa: Either.getOrThrow(privateKeyFromPem(toPem("PRIVATE KEY", rsa("pkcs8")))),
};

const keys: Readonly<Record<string, readonly [keyof typeof expected, string | Bytes]>> = {
  "PKCS#8 as RSA PRIVATE KEY": ["rsa", toPem("RSA PRIVATE KEY", rsa("pkcs8"))],
  "PKCS#8 as EC PRIVATE KEY": ["ec", toPem("EC PRIVATE KEY", pkcs8)],
  "PKCS#1 as PRIVATE KEY": ["rsa", toPem("PRIVATE KEY", rsa("pkcs1"))],
  "SEC 1 as PRIVATE KEY": ["ec", toPem("PRIVATE KEY", sec1)],
  "SEC 1 as RSA PRIVATE KEY": ["ec", toPem("RSA PRIVATE KEY", sec1)],
  "PKCS#8 as ENCRYPTED PRIVATE KEY": ["ec", toPem("ENCRYPTED PRIVATE KEY", pkcs8)],
  "with newlines escaped": ["ec", escaped(toPem("PRIVATE KEY", pkcs8))],
  "with newlines of Windows escaped": ["ec", toPem("PRIVATE KEY", pkcs8).replaceAll("\n", "\\r\\n")],
  "with newlines escaped, in quotes": ["ec", `"${escaped(toPem("PRIVATE KEY", pkcs8))}"`],
  "with blanks for newlines": ["ec", toPem("PRIVATE KEY", pkcs8).replaceAll("\n", " ")],
  "behind a certificate, without a newline": [
    "ec",
    (pemOf(leaf) + toPem("PRIVATE KEY", pkcs8)).replace(/-\n-/g, "--"),
  ],
  "as bytes of PEM": ["ec", ascii(toPem("PRIVATE KEY", pkcs8))],
  "as PEM in UTF-16": [
    "ec",
    new Uint8Array(new Uint16Array([0xfeff, ...ascii(toPem("PRIVATE KEY", pkcs8))]).buffer),
  ],
  "as PEM behind a byte order mark": ["ec", utf8("\ufeff" + toPem("PRIVATE KEY", pkcs8))],
  "as PKCS#8 in DER": ["ec", pkcs8],
  "as PKCS#1 in DER": ["rsa", rsa("pkcs1")],
  "as SEC 1 in DER": ["ec", sec1],
  "with the numbers of its curve": ["ec", files.explicitKey],
};

for (const [name, [kind, content]] of Object.entries(keys)) {
  Deno.test(`a private key is read: ${name}`, () => {
    assert.deepEqual(Either.getOrThrow(privateKeyFromPem(content)), expected[kind]);
  });
}

const seed = new Uint8Array(32).fill(7);
const ed25519 = (publicKey: Bytes) =>
  Der.sequence(
    Der.integer(1),
    Der.sequence(Der.objectIdentifier(oids["id-Ed25519"])),
    Der.octetString(Der.octetString(seed)),
    publicKey,
  );

for (
  const [name, publicKey] of [
    ["RFC 5958 writes it", Der.context(1, Uint8Array.of(0, ...seed))],
    ["ring wrote it before version 0.17", Der.explicit(1, Der.bitString(seed))],
  ] as const
) {
  Deno.test(`an Ed25519 key with its public key is read as ${name}`, () => {
    assert.deepEqual(Either.getOrThrow(privateKeyFromPem(ed25519(publicKey))), { _tag: "ed25519", seed });
  });
}

/** ECPrivateKey with explicit parameters; the numbers are noble's. */
const explicit = (
  group: NamedGroup,
  change: Partial<Record<keyof ReturnType<typeof numbersOf>, Bytes>> = {},
) => {
  const { p, a, b, seed, base, n, cofactor } = { ...numbersOf(group), ...change };
  return Der.sequence(
    Der.integer(1),
    Der.octetString(new Uint8Array(32).fill(7)),
    Der.explicit(
      0,
      Der.sequence(
        Der.integer(1),
        Der.sequence(Der.objectIdentifier(oids["prime-field"]), Der.integer(p)),
        Der.sequence(
          Der.octetString(a),
          Der.octetString(b),
          ...(seed.length > 0 ? [Der.bitString(seed)] : []),
        ),
        Der.octetString(base),
        Der.integer(n),
        ...(cofactor.length > 0 ? [Der.integer(cofactor)] : []),
      ),
    ),
  );
};
const numbersOf = (group: NamedGroup) => {
  const { Point } = nistCurves.get(group)!;
  const { p, a, b, n } = Point.CURVE();
  const length = Point.BASE.toBytes(true).length - 1;
  const bytes = (number: bigint) => Uint8Array.fromHex(number.toString(16).padStart(2 * length, "0"));
  return {
    ...{ p: bytes(p), a: bytes(a), b: bytes(b), n: bytes(n) },
    base: Point.BASE.toBytes(false),
    seed: new Uint8Array(0),
    cofactor: Uint8Array.of(1),
  };
};

for (const group of [NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.secp521r1]) {
  const name = NamedGroup.nameOf(group);
  Deno.test(`explicit parameters are ${name} when all of its numbers agree, and nothing when one does not`, () => {
    const own = numbersOf(group);
    const compressed = nistCurves.get(group)!.Point.BASE.toBytes(true);
    const same = [{}, { seed: own.p.subarray(0, 20) }, { cofactor: new Uint8Array(0) }, { base: compressed }];
    for (const change of same) {
      const read = Either.getOrThrow(privateKeyFromPem(explicit(group, change)));
      assert.ok(read._tag === "ecdsa");
      assert.equal(read.group, group);
    }
    const others = (["p", "a", "b", "n", "base", "cofactor"] as const).flatMap((member) => {
      const bytes = own[member];
      return [0, bytes.length >> 1, bytes.length - 1].map((at) => ({
        [member]: bytes.with(at, bytes[at]! ^ 2),
      }));
    });
    for (const change of [...others, { base: compressed.with(0, compressed[0]! ^ 1) }]) {
      const error = Either.getOrThrow(Either.flip(privateKeyFromPem(explicit(group, change))));
      assert.match(error.detail, /^the curve of these explicit parameters is unknown; /);
    }
  });
}

// -- certificates --

const chain = [root, middle, leaf];
const chains: Readonly<Record<string, readonly [ReadonlyArray<Bytes>, string | Bytes]>> = {
  "with newlines escaped": [chain, escaped(pemOf(...chain))],
  "with blanks for newlines": [chain, pemOf(...chain).replaceAll("\n", " ")],
  "joined without newlines": [chain, pemOf(...chain).replace(/-\n-/g, "--")],
  "as DER": [[leaf], leaf],
  "as PKCS#7 in DER": [chain, files.pkcs7],
  "as PKCS7": [chain, toPem("PKCS7", files.pkcs7)],
  "as CERTIFICATE BUNDLE": [chain, toPem("CERTIFICATE BUNDLE", files.pkcs7)],
  "as PKCS#7 that is called CERTIFICATE": [chain, toPem("CERTIFICATE", files.pkcs7)],
  "as TRUSTED CERTIFICATE": [[root], toPem("TRUSTED CERTIFICATE", files.trusted)],
  "as TRUSTED CERTIFICATE in DER": [[root], files.trusted],
  "as TRUSTED CERTIFICATE with nothing behind it": [[root], toPem("TRUSTED CERTIFICATE", root)],
};

for (const [name, [certificates, content]] of Object.entries(chains)) {
  Deno.test(`certificates are read: ${name}`, () => {
    const read = Either.getOrThrow(certificatesFromPem(content));
    assert.deepEqual(read.map(({ raw }) => raw), certificates);
  });
}

const orders: Readonly<Record<string, string | Bytes>> = {
  "leaf first": pemOf(leaf, middle, root),
  "leaf last": pemOf(root, middle, leaf),
  "in the middle": pemOf(root, leaf, middle),
  "the issuers the wrong way round": pemOf(leaf, root, middle),
  "as PKCS#7": files.pkcs7,
};

for (const [name, certificate] of Object.entries(orders)) {
  live(
    `a chain is put in order: ${name}`,
    Effect.map(
      credentialFromPem({ certificate, privateKey: sec1 }),
      (credential) => assert.deepEqual(credential.chain, [leaf, middle, root]),
    ),
  );
}

live(
  "what certifies nothing in a chain comes last, and a copy is left out",
  Effect.gen(function* () {
    const certificate = pemOf(root, leaf, root, leaf);
    const { chain } = yield* credentialFromPem({ certificate, privateKey: sec1 });
    assert.deepEqual(chain, [leaf, root]);
  }),
);

// -- PKCS#12 --

const stores: Readonly<Record<string, readonly [Bytes, string | undefined, ReadonlyArray<Bytes>]>> = {
  "by PBES2": [files.pbes2, "geheim-ß", [leaf, middle, root]],
  "by 3DES": [files.tripleDes, "geheim-ß", [leaf, middle, root]],
  "by 3DES with two keys": [files.twoKeyDes, PASSPHRASE, [leaf]],
  "without a passphrase or a MAC": [files.plain, undefined, [leaf]],
  "under an empty passphrase": [files.emptyPass, "", [leaf]],
};

for (const [name, [store, passphrase, certificates]] of Object.entries(stores)) {
  live(
    `a PKCS#12 file is chain and key: ${name}; as PEM, too`,
    Effect.gen(function* () {
      for (const content of [store, toPem("PKCS12", store)]) {
        let asked = 0;
        const credential = yield* credentialFromPem({
          certificate: content,
          privateKey: content,
          passphrase: passphrase === undefined ? undefined : Effect.sync(() => (asked++, passphrase)),
          legacy: true,
        });
        assert.deepEqual(credential.chain, certificates);
        assert.equal(asked, passphrase === undefined ? 0 : 1);
      }
    }),
  );
}

const oid = (name: OidName, ...parameters: ReadonlyArray<Bytes>) =>
  Der.sequence(Der.objectIdentifier(oids[name]), ...parameters);
const bag = (name: OidName, value: Bytes) => oid(name, Der.explicit(0, value));
const certBag = (der: Bytes) => bag("certBag", bag("x509Certificate", Der.octetString(der)));
const safe = (...bags: ReadonlyArray<Bytes>) => bag("pkcs7-data", Der.octetString(Der.sequence(...bags)));
const store = (safes: ReadonlyArray<Bytes>, mac?: (content: Bytes) => Bytes): Bytes => {
  const content = Der.sequence(...safes);
  return Der.sequence(
    Der.integer(3),
    bag("pkcs7-data", Der.octetString(content)),
    ...(mac ? [mac(content)] : []),
  );
};
const salt = new Uint8Array(8).fill(9);
const pbkdf2 = (iterations: number, ...more: ReadonlyArray<Bytes>) =>
  oid("id-PBKDF2", Der.sequence(Der.octetString(salt), Der.integer(iterations), ...more));
const macData = (algorithm: Bytes, digest: Bytes, iterations = 1) =>
  Der.sequence(
    Der.sequence(algorithm, Der.octetString(digest)),
    Der.octetString(salt),
    Der.integer(iterations),
  );
const pbmac1 = (keyLength: number, iterations = 1000) => (content: Bytes) => {
  const key = pbkdf2Sync(PASSPHRASE, salt, iterations > 5000 ? 1 : iterations, keyLength, "sha256");
  const digest = createHmac("sha256", key).update(content).digest();
  const sha256 = oid("id-hmacWithSHA256", Der.nullValue);
  const derivation = pbkdf2(iterations, Der.integer(keyLength), sha256);
  return macData(oid("id-PBMAC1", Der.sequence(derivation, sha256)), new Uint8Array(digest));
};
const indefinite = (tag: number, ...parts: ReadonlyArray<Bytes>) =>
  concat(Uint8Array.of(tag, 0x80), ...parts, new Uint8Array(2));
const content = [safe(certBag(leaf), bag("keyBag", pkcs8))];

live(
  "a PKCS#12 file is read in BER, under PBMAC1, and with bags in bags",
  Effect.gen(function* () {
    const nested = [safe(bag("safeContentsBag", Der.sequence(certBag(leaf), bag("keyBag", pkcs8))))];
    const safes = Der.sequence(...content);
    const pieces = [safes.subarray(0, 100), safes.subarray(100)].map(Der.octetString);
    const ber = indefinite(
      0x30,
      Der.integer(3),
      indefinite(0x30, oidBytes("pkcs7-data"), indefinite(0xa0, indefinite(0x24, ...pieces))),
      pbmac1(32)(safes),
    );
    for (const one of [store(content, pbmac1(32)), store(nested, pbmac1(32)), ber]) {
      const { chain } = yield* credentialFromPem({
        certificate: one,
        privateKey: one,
        passphrase: PASSPHRASE,
      });
      assert.deepEqual(chain, [leaf]);
    }
  }),
);

live(
  "a PKCS#12 file does not open with another passphrase, nor when any byte under its MAC is another",
  Effect.gen(function* () {
    const whole = store(content, pbmac1(32));
    const open = (one: Bytes, passphrase: string) =>
      Effect.flip(credentialFromPem({ certificate: one, privateKey: one, passphrase }));
    const errors = [yield* open(files.pbes2, "wrong"), yield* open(files.tripleDes, "wrong")];
    errors.push(yield* open(whole, "wrong"));
    // The first is in the safe itself, the last in the MAC.
    for (const at of [60, 200, whole.length - 18]) {
      errors.push(yield* open(whole.with(at, whole[at]! ^ 1), PASSPHRASE));
    }
    for (const error of errors) {
      assert.ok(error instanceof PemError);
      assert.deepEqual([error.reason, error.message], ["passphrase", messages.closed]);
    }
  }),
);

// -- what is refused --

const messages = {
  closed: "the PKCS#12 file does not open: the passphrase is wrong, or the file is damaged",
  newKey: "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out NEW` makes a supported key",
};

/** A content, whether certificates or the key are read from it, and what is then said. */
const refused: Readonly<
  Record<string, readonly [PemError["reason"], "chain" | "key", string | Bytes, message: string]>
> = {
  "no file": ["missing", "chain", "", "there is no CERTIFICATE, only what is neither PEM nor DER"],
  "a PKCS#12 file by RC2": [
    "unsupported",
    "chain",
    files.rc2,
    "the encryption pbeWithSHAAnd40BitRC2-CBC (1.2.840.113549.1.12.1.6) is not supported: only PBES2 is; `openssl pkcs12 -legacy -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file by 3DES": [
    "unsupported",
    "key",
    files.twoKeyDes,
    "3DES under a key of PKCS#12 is only opened by choice (`legacy`, --policy legacy in the programs); `openssl pkcs12 -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file with too many iterations for its MAC": [
    "unsupported",
    "key",
    store(content, (bytes) => macData(oid("id-sha256"), bytes.subarray(0, 32), 10_000_001)),
    "a key derivation with more than 10000000 iterations is refused; `openssl pkcs12 -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file with too many iterations in sum": [
    "unsupported",
    "key",
    store(
      Array.from({ length: 3 }, () =>
        bag(
          "pkcs7-encryptedData",
          Der.sequence(
            Der.integer(0),
            oid(
              "pkcs7-data",
              oid(
                "pbeWithSHAAnd3-KeyTripleDES-CBC",
                Der.sequence(Der.octetString(salt), Der.integer(4_000_000)),
              ),
              Der.context(0, new Uint8Array(16)),
            ),
          ),
        )),
    ),
    "a PKCS#12 file with more than 10000000 iterations is refused; `openssl pkcs12 -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file with a MAC by MD5": [
    "unsupported",
    "key",
    store(content, (bytes) => macData(oid("id-mgf1"), bytes.subarray(0, 16))),
    "a MAC by id-mgf1 (1.2.840.113549.1.1.8) is not supported; `openssl pkcs12 -legacy -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file under public keys": [
    "unsupported",
    "key",
    Der.sequence(Der.integer(3), bag("pkcs7-signedData", Der.sequence())),
    "a PKCS#12 file of pkcs7-signedData (1.2.840.113549.1.7.2) is not supported: only one under a passphrase is; `openssl pkcs12 -in FILE -out NEW` converts it",
  ],
  "a PKCS#12 file with a key of PBMAC1 that is too short": [
    "malformed",
    "key",
    store(content, pbmac1(16)),
    "PKCS#12, byte 0: PBMAC1 with a key of 16 bytes",
  ],
  "a key by MD5 and DES": [
    "unsupported",
    "key",
    toPem("ENCRYPTED PRIVATE KEY", files.md5DesKey),
    "PEM, line 1: the encryption pbeWithMD5AndDES-CBC (1.2.840.113549.1.5.3) is not supported: only PBES2 is; `openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW` converts it",
  ],
  "a key by 3DES of PKCS#12": [
    "unsupported",
    "key",
    files.tripleDesKey,
    "3DES under a key of PKCS#12 is only opened by choice (`legacy`, --policy legacy in the programs); `openssl pkcs8 -topk8 -in FILE -out NEW` converts it",
  ],
  "a key of the old encrypted form": [
    "encrypted",
    "key",
    toPem("EC PRIVATE KEY", sec1).replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
    "PEM, line 1: the private key is encrypted in a form from before PKCS#8; `openssl pkcs8 -topk8 -in FILE -out NEW` converts it",
  ],
  "a key of OpenSSH": [
    "unsupported",
    "key",
    toPem("OPENSSH PRIVATE KEY", ascii("openssh-key-v1\0")),
    "PEM, line 1: OPENSSH PRIVATE KEY is not a supported kind of key; `ssh-keygen -p -m PKCS8 -f FILE` converts it in its place",
  ],
  "a key of DSA": [
    "unsupported",
    "key",
    toPem("DSA PRIVATE KEY", sec1),
    `PEM, line 1: DSA PRIVATE KEY is not a supported kind of key; ${messages.newKey}`,
  ],
  "a key with the numbers of an unknown curve": [
    "unsupported",
    "key",
    files.koblitzKey,
    `the curve of these explicit parameters is unknown; ${messages.newKey}`,
  ],
  "a key of X25519": [
    "unsupported",
    "key",
    new Uint8Array(
      crypto.generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "der" }),
    ),
    `the key algorithm 1.3.101.110 is unknown; ${messages.newKey}`,
  ],
  "a Java keystore": [
    "unsupported",
    "key",
    Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2),
    "a Java keystore (JKS) is not supported; `keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype pkcs12` converts it",
  ],
  "bytes that were read as text": [
    "malformed",
    "chain",
    new TextDecoder().decode(leaf),
    "bytes of a file that is no text: give them as bytes (`Deno.readFile`), not as a string",
  ],
  "bytes of no known form": [
    "malformed",
    "chain",
    Uint8Array.of(0x30, 0x03, 1, 1, 0xff),
    "neither PEM nor a known form of DER",
  ],
  "PKCS#7 that is encrypted": [
    "malformed",
    "chain",
    bag("pkcs7-envelopedData", Der.sequence()),
    "PKCS#7.contentType, byte 2: content of type pkcs7-envelopedData (1.2.840.113549.1.7.3), not SignedData",
  ],
  "a public key in place of a certificate": [
    "missing",
    "chain",
    new Uint8Array(crypto.createPublicKey(keyObject).export({ type: "spki", format: "der" })),
    "there is no CERTIFICATE, only PUBLIC KEY",
  ],
  "a key in place of a certificate": ["missing", "chain", pkcs8, "there is no CERTIFICATE, only PRIVATE KEY"],
  "a certificate in place of a key": ["missing", "key", leaf, "there is no PRIVATE KEY, only CERTIFICATE"],
};

for (const [name, [reason, what, content, message]] of Object.entries(refused)) {
  live(
    `a file is refused: ${name}`,
    Effect.gen(function* () {
      const error = yield* Effect.flip(credentialFromPem({
        certificate: what === "chain" ? content : leaf,
        privateKey: what === "key" ? content : sec1,
        passphrase: PASSPHRASE,
      }));
      assert.ok(error instanceof PemError, error.message);
      assert.deepEqual([error.reason, error.message], [reason, message]);
    }),
  );
}

live(
  "what is encrypted is refused without a passphrase, and says where one is given",
  Effect.gen(function* () {
    const open = (certificate: Bytes, privateKey: Bytes) =>
      Effect.map(Effect.flip(credentialFromPem({ certificate, privateKey })), ({ message }) => message);
    const where = "encrypted and no passphrase is given (`passphrase`, or --key-pass in the programs)";
    assert.equal(yield* open(files.pbes2, files.pbes2), `the PKCS#12 file is ${where}`);
    assert.equal(yield* open(leaf, files.tripleDesKey), `the private key is ${where}`);
  }),
);

live(
  "a signer's chain and roots are not taken out of a PKCS#12 file, and it says what takes them out",
  Effect.gen(function* () {
    const sign = () => Effect.die("never");
    const errors = [
      yield* Effect.flip(credentialFromSigner({ certificate: files.pbes2, sign })),
      yield* Effect.flip(rootsIn(files.pbes2)),
    ];
    for (const { message } of errors) {
      assert.equal(
        message,
        "a PKCS#12 file is not opened here; `openssl pkcs12 -in FILE -nokeys -out NEW` takes its certificates out (with -legacy if it is old)",
      );
    }
  }),
);

live(
  "a certificate with explicit parameters says why it is none of ours",
  Effect.gen(function* () {
    const numbered = Der.sequence(
      oid("id-ecPublicKey", Der.sequence(Der.integer(1))),
      Der.bitString(new Uint8Array(65).fill(4)),
    );
    const at = indexOf(leaf, oidBytes("id-ecPublicKey")) - 4;
    const spki = leaf.subarray(at, at + 2 + leaf[at + 1]!);
    assert.equal(spki[0], 0x30);
    const [tbs, ...signature] = partsOf(leaf);
    const inner = partsOf(tbs!).map((part) =>
      part.length === spki.length && part[0] === 0x30 &&
        indexOf(part, oidBytes("id-ecPublicKey")) > 0 && part[2] === 0x30
        ? numbered
        : part
    );
    const certificate = Der.sequence(Der.sequence(...inner), ...signature);
    const error = yield* Effect.flip(credentialFromPem({ certificate, privateKey: sec1 }));
    assert.equal(
      error.message,
      "CN=leaf: the curve is given by explicit parameters, which RFC 5480 §2.1.1 forbids in certificates",
    );
  }),
);

const oidBytes = (name: OidName) => Der.objectIdentifier(oids[name]);
const indexOf = (bytes: Bytes, part: Bytes): number =>
  bytes.findIndex((_, i) => part.every((byte, j) => bytes[i + j] === byte));
/** The members of a SEQUENCE. */
const partsOf = (der: Bytes): ReadonlyArray<Bytes> => {
  const head = (at: number) => {
    const first = der[at + 1]!;
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const length = octets === 0
      ? first
      : der.subarray(at + 2, at + 2 + octets).reduce((n, b) => n * 256 + b, 0);
    return { from: at + 2 + octets, to: at + 2 + octets + length };
  };
  const parts: Array<Bytes> = [];
  for (let at = head(0).from; at < der.length; at = head(at).to) parts.push(der.subarray(at, head(at).to));
  return parts;
};

// -- roots --

const broken = toPem("CERTIFICATE", root.subarray(0, -1));

live(
  "roots that cannot be read are left out, each with a warning, and the others are trusted",
  Effect.gen(function* () {
    const warnings: Array<unknown> = [];
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void warnings.push(...[message].flat())),
    );
    const text = [
      broken,
      "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
      toPem("TRUSTED CERTIFICATE", files.limited),
      pemOf(root),
      "-----BEGIN CERTIFICATE-----\n",
    ];
    const { authorities } = yield* Effect.provide(CertificateVerifier, layerRoots(text.join(""))).pipe(
      Effect.provide(logger),
    );
    assert.equal(authorities?.length, 1);
    assert.deepEqual(
      warnings.map(String).sort(),
      [
        `roots: PEM, line 1: Certificate, byte 0: length ${root.length - 4}, but ${
          root.length - 5
        } bytes are left; it is left out`,
        "roots: PEM, line 11: CERTIFICATE is not base64; it is left out",
        "roots: PEM, line 14: OpenSSL is told not to trust it for all of TLS; `openssl x509 -in FILE -out NEW` takes that away; it is left out",
        "roots: PEM, line 35: CERTIFICATE has no end; it is left out",
      ].sort(),
    );
  }),
);

for (
  const [name, content, count] of [
    ["PEM", ascii(pemOf(root, middle)), 2],
    ["DER", root, 1],
    ["PKCS#7", files.pkcs7, 3],
    ["TRUSTED CERTIFICATE", toPem("TRUSTED CERTIFICATE", files.trusted), 1],
  ] as const
) {
  Deno.test(`roots are read as ${name}`, () => {
    const { certificates, leftOut } = Either.getOrThrow(rootsIn(content));
    assert.deepEqual([certificates.length, leftOut.length], [count, 0]);
  });
}

Deno.test("roots fail when none is left", () => {
  const { reason, line } = Either.getOrThrow(Either.flip(rootsIn(broken + broken)));
  assert.deepEqual([reason, line], ["malformed", 1]);
});

// -- anything --

Deno.test("BER becomes DER: lengths that are indefinite, strings in pieces, and nothing that is neither", () => {
  const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
  const cases: ReadonlyArray<readonly [string, string | undefined]> = [
    ["30 80 02 01 03 00 00", "30 03 02 01 03"],
    ["30 81 03 02 01 03", "30 03 02 01 03"],
    ["24 80 04 02 01 02 04 01 03 00 00", "04 03 01 02 03"],
    ["24 80 24 80 04 01 01 00 00 04 01 02 00 00", "04 02 01 02"],
    ["30 80 02 01 03", undefined],
    ["30 80 02 01 03 00", undefined],
    ["04 80 00 00", undefined],
    ["30 03 02 01", undefined],
    ["24 03 02 01 03", undefined],
    ["30 ff" + "ff".repeat(127), undefined],
    ["1f 01 00", undefined],
    ["30 80".repeat(40) + "00 00".repeat(40), undefined],
    ["", undefined],
  ];
  for (const [ber, der] of cases) {
    assert.deepEqual(derOf(hex(ber)), der === undefined ? undefined : hex(der), ber);
  }
});

const contents = [...Object.values(files), ...[pkcs8, rsa("pkcs1")]];
const labels = [
  "CERTIFICATE",
  "PRIVATE KEY",
  "PKCS7",
  "PKCS12",
  "TRUSTED CERTIFICATE",
  "ENCRYPTED PRIVATE KEY",
];
const damaged = fc.tuple(fc.constantFrom(...contents), fc.nat(), fc.nat(255)).map(([bytes, at, byte]) =>
  bytes.with(at % bytes.length, byte)
);
const anything = fc.oneof(
  fc.string(),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => concat(Uint8Array.of(0x30, 0x80), bytes)),
  damaged,
  fc.tuple(fc.constantFrom(...labels), damaged).map(([label, bytes]) => toPem(label, bytes)),
  fc.tuple(fc.constantFrom(...labels), fc.string()).map(([label, text]) =>
    `-----BEGIN ${label}-----\\n${text}`
  ),
);

Deno.test("any text and any bytes give a value or a PemError", () => {
  fc.assert(
    fc.property(anything, (content) => {
      for (const read of [certificatesFromPem, privateKeyFromPem, rootsIn]) {
        const result: Either.Either<unknown, PemError> = read(content);
        if (Either.isLeft(result)) {
          assert.ok(result.left instanceof PemError && result.left.detail.length > 0);
        }
      }
    }),
    { numRuns: 1500 },
  );
});

Deno.test("a store that is plain and damaged opens, or fails with a PemError", async () => {
  const plain = store(content);
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(255), async (at, byte) => {
      const result = await Effect.runPromise(
        Effect.either(openedPrivateKeyFromPem(plain.with(at, byte), PASSPHRASE)),
      );
      if (Either.isLeft(result)) assert.ok(result.left instanceof PemError);
    }),
    { numRuns: 500 },
  );
});
