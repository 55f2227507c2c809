/** PEM blocks and the private keys in them, encrypted ones too (RFC 7468, RFC 5958, RFC 8018). @module */
import { assert, Effect, Either } from "../deps.ts";
import { PemError } from "../../src/faults/errors/pem.ts";
import { publicKeyOf } from "../../src/layers/credentials/keys.ts";
import { openedPrivateKeyFromPem } from "../../src/layers/credentials/passphrase.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { subjectPublicKeyInfo } from "../../src/x509/keys/build_key.ts";
import { certificatesFromPem, parsePem, privateKeyFromPem, toPem } from "../../src/x509/pem.ts";
import { type KeyKind, makeCa, makeKey, pem } from "../support/ca.ts";
import { live } from "../support/effect.ts";
import crypto from "node:crypto";

const ca = makeCa();
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const block = toPem("THING", bytes);

Deno.test("a PEM block is written as node:crypto writes one", () => {
  const { publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-521" });
  const der = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  assert.equal(toPem("PUBLIC KEY", der), publicKey.export({ type: "spki", format: "pem" }));
});

const readable: Readonly<Record<string, string>> = {
  "alone": block,
  "with text around it": `Bag Attributes\n  friendlyName: x\n${block}and so on\n`,
  "with line ends of CR LF": block.replaceAll("\n", "\r\n"),
  "with line ends of CR": block.replaceAll("\n", "\r"),
  "without a line end at its end": block.trim(),
  "with white space about its lines": block.replaceAll("\n", " \n\t"),
  "in one long line": block.replace(/(?<=[^-])\n(?=[^-])/g, ""),
};

for (const [name, text] of Object.entries(readable)) {
  Deno.test(`a PEM block is read ${name}`, () => {
    const [one, ...more] = Either.getOrThrow(parsePem(text));
    assert.equal(one?.label, "THING");
    assert.deepEqual(one?.bytes, bytes);
    assert.deepEqual(more, []);
  });
}

Deno.test("PEM blocks are read in their order, and a text without any has none", () => {
  const text = toPem("A", bytes) + toPem("B", bytes) + toPem("A", bytes);
  assert.deepEqual(Either.getOrThrow(parsePem(text)).map(({ label }) => label), ["A", "B", "A"]);
  assert.deepEqual(Either.getOrThrow(parsePem("nothing\n-----here-----\n")), []);
});

const { privateKeyPem } = makeKey("p256");

/** A text, what is wanted of it, and why it cannot be had. */
const unreadable: Readonly<
  Record<string, readonly [PemError["reason"], (text: string) => Either.Either<unknown, PemError>, string]>
> = {
  "a block without an end": ["malformed", parsePem, block.split("\n").slice(0, 2).join("\n")],
  "a block that another begins in": ["malformed", parsePem, block.replace(/-----END.*\n/, "") + block],
  "a block with another's end": ["malformed", parsePem, block.replace("END THING", "END OTHER")],
  "what is not base64": ["malformed", parsePem, block.replace("A", "*")],
  "no certificate": ["missing", certificatesFromPem, ""],
  "a key in place of a certificate": ["missing", certificatesFromPem, privateKeyPem],
  "a certificate that is no DER": ["malformed", certificatesFromPem, pem("CERTIFICATE", bytes)],
  "a good certificate and a bad one": [
    "malformed",
    certificatesFromPem,
    ca.certificatePem + pem("CERTIFICATE", ca.der.subarray(0, -1)),
  ],
  "no private key": ["missing", privateKeyFromPem, ca.certificatePem],
  "a private key that is no DER": ["malformed", privateKeyFromPem, pem("PRIVATE KEY", bytes)],
  "an encrypted key": ["encrypted", privateKeyFromPem, pem("ENCRYPTED PRIVATE KEY", bytes)],
  "an encrypted key of the old form": [
    "encrypted",
    privateKeyFromPem,
    pem("RSA PRIVATE KEY", bytes).replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
  ],
  "a key of DSA": ["unsupported", privateKeyFromPem, pem("DSA PRIVATE KEY", bytes)],
  "a key of an algorithm that is not supported": [
    "unsupported",
    privateKeyFromPem,
    crypto.generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  ],
  "an ECDSA key on a curve that is not supported": [
    "unsupported",
    privateKeyFromPem,
    pem("EC PRIVATE KEY", ecPrivateKey(32, "1.3.132.0.10")),
  ],
  "an ECDSA key without a curve": ["malformed", privateKeyFromPem, pem("EC PRIVATE KEY", ecPrivateKey(32))],
  "an ECDSA key that is too long for its curve": [
    "malformed",
    privateKeyFromPem,
    pem("EC PRIVATE KEY", ecPrivateKey(33, "1.2.840.10045.3.1.7")),
  ],
  "an RSA key of three primes": [
    "malformed",
    privateKeyFromPem,
    pem("RSA PRIVATE KEY", Der.sequence(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => Der.integer(n)))),
  ],
  "an RSA key without its primes": [
    "malformed",
    privateKeyFromPem,
    pem("RSA PRIVATE KEY", Der.sequence(...[0, 15, 3, 3].map((n) => Der.integer(n)))),
  ],
};

function ecPrivateKey(length: number, curve?: string): Uint8Array {
  return Der.sequence(
    Der.integer(1),
    Der.octetString(new Uint8Array(length).fill(7)),
    ...(curve ? [Der.explicit(0, Der.objectIdentifier(curve))] : []),
  );
}

for (const [name, [reason, read, text]] of Object.entries(unreadable)) {
  Deno.test(`PEM is refused with a typed error: ${name}`, () => {
    const error = Either.getOrThrow(Either.flip(read(text)));
    assert.ok(error instanceof PemError);
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, error.line > 0 ? /^PEM, line \d+: ./ : /^there is no /);
  });
}

Deno.test("an error says on which line its block begins", () => {
  const result = certificatesFromPem(`first\n${ca.certificatePem}${pem("CERTIFICATE", bytes)}`);
  const error = Either.getOrThrow(Either.flip(result));
  assert.equal(error.line, 1 + ca.certificatePem.split("\n").length);
});

const kinds: ReadonlyArray<KeyKind> = ["rsa", "rsa_pss", "p256", "p384", "p521", "ed25519", "ed448"];

for (const kind of kinds) {
  Deno.test(`a private key of ${kind} is read from PKCS #8, and its public half is node:crypto's`, () => {
    const pair = makeKey(kind);
    const key = Either.getOrThrow(privateKeyFromPem(pair.privateKeyPem));
    assert.deepEqual(subjectPublicKeyInfo(publicKeyOf(key)!), pair.spki);
  });
}

Deno.test("a private key reads the same from PKCS #1 as from PKCS #8", () => {
  const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 });
  const [one, other] = (["pkcs1", "pkcs8"] as const).map((type) =>
    Either.getOrThrow(privateKeyFromPem(privateKey.export({ type, format: "pem" }).toString()))
  );
  assert.deepEqual(one, other);
});

for (const namedCurve of ["P-256", "P-384", "P-521"]) {
  Deno.test(`a private key on ${namedCurve} reads the same from SEC 1, after its parameters, as from PKCS #8`, () => {
    const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve });
    const [one, other] = (["sec1", "pkcs8"] as const).map((type) => {
      const parameters = pem("EC PARAMETERS", Der.objectIdentifier("1.2.840.10045.3.1.7"));
      return Either.getOrThrow(privateKeyFromPem(parameters + privateKey.export({ type, format: "pem" })));
    });
    assert.deepEqual(one, other);
  });
}

Deno.test("a scalar without its leading zeros gets them back", () => {
  const text = pem(
    "EC PRIVATE KEY",
    Der.sequence(
      Der.integer(1),
      Der.octetString(Uint8Array.of(7)),
      Der.explicit(0, Der.objectIdentifier("1.3.132.0.34")),
    ),
  );
  const key = Either.getOrThrow(privateKeyFromPem(text));
  assert.ok(key._tag === "ecdsa");
  assert.deepEqual(key.privateKey, new Uint8Array(48).with(47, 7));
});

Deno.test("a certificate is read beside a key of the old encrypted form", () => {
  const text = ca.certificatePem +
    pem("RSA PRIVATE KEY", bytes).replace("\n", "\nProc-Type: 4,ENCRYPTED\n\n");
  assert.equal(Either.getOrThrow(certificatesFromPem(text)).length, 1);
});

// -- under a passphrase --

const PASSPHRASE = "größer als 8";

for (const cipher of ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc"]) {
  live(
    `a key that node:crypto encrypted by ${cipher} opens with its passphrase, asked for only then`,
    Effect.gen(function* () {
      const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
      const exported = (options: object) =>
        privateKey.export({ type: "pkcs8", format: "pem", ...options }).toString();
      const plain = exported({});
      let asked = 0;
      const ask = Effect.sync(() => {
        asked++;
        return PASSPHRASE;
      });
      const expected = Either.getOrThrow(privateKeyFromPem(plain));
      assert.deepEqual(yield* openedPrivateKeyFromPem(plain, ask), expected);
      assert.equal(asked, 0);
      const sealed = exported({ cipher, passphrase: PASSPHRASE });
      assert.deepEqual(yield* openedPrivateKeyFromPem(sealed, ask), expected);
      assert.equal(asked, 1);
    }),
  );
}

/** One key of Ed25519, as `openssl pkcs8 -topk8` encrypted it under "secret". */
const byOpenSsl = {
  "scrypt and AES-256":
    "MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAix8GKjEP5U4wICQAACAQgCAQEwHQYJYIZIAWUDBAEqBBC21pQFli2EqZWoUT55IzQ3BEAzqfG7QLY1EdRNtwZxRJm/tT/M24/JKZ+JT88GIEQhoE48Z3jYvSBPHIZeiUzpJ0DTJCP5pMJAHEnTO/pBnAl9",
  "PBKDF2 with SHA-1 and 3DES":
    "MHwwQAYJKoZIhvcNAQUNMDMwGwYJKoZIhvcNAQUMMA4ECMkPnEbt7mhsAgIIADAUBggqhkiG9w0DBwQIhtE5UT1rF9wEOFGdaZudFF96ACj1B9D8QSNOEtFtO5CDfpSsRiU1lkywS+V92WaY9xfgEiiY0kPg7C5AbvkjQghg",
  "PBKDF2 with SHA-512 and AES-128":
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjbRjyV0Xx3+wICCAAwDAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIEEDwHBUJ99dJZmtBiCCcmr3QEQHKFeq2mz4mN5kdnXwq0ZE4sm4xSFx/sBVodaCOCrK/AZoE8Kc7STPv91MXNLvZ0y/zevPph4oxXd5/VUiqr6VE=",
};

for (const [how, base64] of Object.entries(byOpenSsl)) {
  live(
    `a key that OpenSSL encrypted by ${how} opens`,
    Effect.gen(function* () {
      const text = pem("ENCRYPTED PRIVATE KEY", Uint8Array.fromBase64(base64));
      assert.deepEqual(yield* openedPrivateKeyFromPem(text, "secret"), {
        _tag: "ed25519",
        seed: new Uint8Array(32).fill(7),
      });
    }),
  );
}

const algorithm = (oid: keyof typeof oids, ...parameters: ReadonlyArray<Uint8Array>) =>
  Der.sequence(Der.objectIdentifier(oids[oid]), ...parameters);

/** What encrypts by a key that the passphrase and these parameters make. */
const encryptedBy = (
  derivation: Uint8Array,
  {
    encryption = algorithm("aes128-CBC-PAD", Der.octetString(new Uint8Array(16))),
    data = new Uint8Array(32),
  } = {},
): string =>
  pem(
    "ENCRYPTED PRIVATE KEY",
    Der.sequence(algorithm("id-PBES2", Der.sequence(derivation, encryption)), Der.octetString(data)),
  );
const pbkdf2 = (iterations: number, prf = algorithm("id-hmacWithSHA256", Der.nullValue)) =>
  algorithm("id-PBKDF2", Der.sequence(Der.octetString(bytes.subarray(0, 8)), Der.integer(iterations), prf));
const scrypt = (...costs: ReadonlyArray<number>) =>
  algorithm(
    "id-scrypt",
    Der.sequence(Der.octetString(bytes.subarray(0, 8)), ...costs.map((n) => Der.integer(n))),
  );

const encrypted = crypto.generateKeyPairSync("ed25519").privateKey.export({
  type: "pkcs8",
  format: "pem",
  cipher: "aes-256-cbc",
  passphrase: PASSPHRASE,
}).toString();

/** A text, and what is wrong with it, under a passphrase. */
const closed: Readonly<Record<string, readonly [PemError["reason"], RegExp, string]>> = {
  "the passphrase of another": ["passphrase", /line 1: .*the passphrase is wrong/, encrypted],
  "what is no EncryptedPrivateKeyInfo": [
    "malformed",
    /EncryptedPrivateKeyInfo/,
    pem("ENCRYPTED PRIVATE KEY", bytes),
  ],
  "half a block": [
    "malformed",
    /whole number of blocks/,
    encryptedBy(pbkdf2(1), { data: bytes.subarray(0, 7) }),
  ],
  "no iteration": ["malformed", /no iteration/, encryptedBy(pbkdf2(0))],
  "more iterations than are worth it": [
    "unsupported",
    /more than 10000000 iterations.*openssl pkcs8/,
    encryptedBy(pbkdf2(10_000_001)),
  ],
  "a hash that is not known": [
    "unsupported",
    /PBKDF2 with 1\.2/,
    encryptedBy(pbkdf2(1, algorithm("id-PBES2"))),
  ],
  "scrypt that takes too much memory": [
    "unsupported",
    /scrypt with such costs/,
    encryptedBy(scrypt(2 ** 22, 8, 1)),
  ],
  "scrypt that takes too long": [
    "unsupported",
    /scrypt with such costs/,
    encryptedBy(scrypt(2 ** 14, 8, 1000)),
  ],
  "scrypt by what is no power of two": ["malformed", /N is 1000/, encryptedBy(scrypt(1000, 8, 1))],
  "a cipher that is not known": [
    "unsupported",
    /the cipher 1\.2/,
    encryptedBy(pbkdf2(1), { encryption: algorithm("rsaEncryption", Der.nullValue) }),
  ],
  "a short initialization vector": [
    "malformed",
    /vector of 8 bytes/,
    encryptedBy(pbkdf2(1), { encryption: algorithm("aes128-CBC-PAD", Der.octetString(new Uint8Array(8))) }),
  ],
  "an encryption from before PBES2": [
    "unsupported",
    /only PBES2/,
    pem(
      "ENCRYPTED PRIVATE KEY",
      Der.sequence(algorithm("id-PBKDF2", Der.nullValue), Der.octetString(new Uint8Array(8))),
    ),
  ],
  "a key of the old form": [
    "encrypted",
    /`openssl pkcs8 -topk8 /,
    pem("EC PRIVATE KEY", bytes).replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
  ],
};

for (const [name, [reason, detail, text]] of Object.entries(closed)) {
  live(
    `an encrypted key does not open, with a typed error: ${name}`,
    Effect.gen(function* () {
      const error = yield* Effect.flip(openedPrivateKeyFromPem(text, "wrong"));
      assert.equal(error.reason, reason, error.message);
      assert.match(error.message, detail);
    }),
  );
}

live(
  "who cannot tell the passphrase fails with an error of his own, and who has none is told",
  Effect.gen(function* () {
    assert.equal(
      yield* Effect.flip(openedPrivateKeyFromPem(encrypted, Effect.fail("nobody" as const))),
      "nobody",
    );
    const error = yield* Effect.flip(openedPrivateKeyFromPem(encrypted, undefined));
    assert.ok(error instanceof PemError);
    assert.equal(error.reason, "encrypted");
  }),
);
