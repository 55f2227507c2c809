import crypto from "node:crypto";
import { certificatesFromPem, parsePem, PemError, privateKeyFromPem, toPem } from "../../src/layers/pem.ts";
import { publicKeyOf } from "../../src/layers/credentials_keys.ts";
import { subjectPublicKeyInfo } from "../../src/x509/build_key.ts";
import * as Der from "../../src/x509/der_writer.ts";
import { assert, Either } from "../deps.ts";
import { type KeyKind, makeCa, makeKey, pem } from "../support/ca.ts";

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
    assert.match(error.message, /^PEM.*: ./);
  });
}

Deno.test("an error says on which line its block begins", () => {
  const result = certificatesFromPem(`first\n${ca.certificatePem}${pem("CERTIFICATE", bytes)}`);
  const error = Either.getOrThrow(Either.flip(result));
  assert.equal(error.line, 1 + ca.certificatePem.split("\n").length);
});

const kinds: ReadonlyArray<KeyKind> = ["rsa", "rsa_pss", "p256", "p384", "p521", "ed25519"];

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
