/** Certificates and private keys in files: PEM (RFC 7468), and the forms of DER that it labels. @module */
import { Either } from "../deps.ts";
import { PemError } from "../faults/errors/pem.ts";
import type { PrivateKey } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Certificate, parseCertificate } from "./certificate/certificate.ts";
import { certificatesOfPkcs7 } from "./files/pkcs7.ts";
import { labelOf } from "./files/labels.ts";
import { parseTrusted } from "./files/trusted.ts";
import { parsePrivateKey, type PrivateKeyLabel, privateKeyLabels } from "./keys/private_key.ts";

/** A PEM block, or the whole of a DER file. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Bytes;
  /** The line where the block begins, counted from 1; 0 for a DER file. */
  readonly line: number;
  /** Whether the bytes are encrypted in the format from before PKCS#8 (RFC 1421 §4.6.1.1). */
  readonly encrypted: boolean;
  /** Whether OpenSSL is told not to trust the certificate for all that TLS needs. */
  readonly limited?: boolean;
}

/** What a file holds: text, or the bytes of text or of DER. */
export type Content = string | Bytes;

type Result = Either.Either<PemBlock, PemError>;

/**
 * Parses the PEM blocks in a text. Other text around the blocks is ignored (RFC 7468 §2). Newlines may be blanks, or
 * escaped as `\n`, as in variables of the environment. Fails with PemError.
 */
export const parsePem = (text: string): Either.Either<ReadonlyArray<PemBlock>, PemError> =>
  Either.all(scan(text));

/** The blocks of a text in their order, and in place of each that cannot be decoded its error. */
const scan = (given: string): ReadonlyArray<Result> => {
  const text = ESCAPED.test(given) ? given.replaceAll(/\\r\\n|\\[nr]/g, "\n") : given;
  const found: Array<Result> = [];
  let [line, counted] = [1, 0];
  const begins = new RegExp(BEGIN);
  for (let begin = begins.exec(text); begin; begin = begins.exec(text)) {
    const [all, blanks = "", label = ""] = begin;
    line += text.slice(counted, begin.index + blanks.length).match(LINE_END)?.length ?? 0;
    counted = begin.index + blanks.length;
    const from = begin.index + all.length;
    const to = text.indexOf("-----", from);
    const end = `-----END ${label}-----`;
    if (to < 0 || !text.startsWith(end, to)) {
      found.push(fail("malformed", line, `${label} has no end`));
    } else {
      found.push(blockOf(label, line, text.slice(from, to)));
      begins.lastIndex = to + end.length;
    }
  }
  return found;
};

/** Decodes one block. In the old format, headers before the base64 say whether a key is encrypted (RFC 1421 §4.6). */
const blockOf = (label: string, line: number, inside: string): Result => {
  const lines = inside.split(/\r\n|\r|\n/).map((one) => one.trim());
  const encrypted = lines.some((one) => /^Proc-Type:.*ENCRYPTED/.test(one));
  const bytes = base64(lines.filter((one) => !one.includes(":")).join(""));
  return bytes
    ? Either.right({ label, bytes, line, encrypted })
    : fail("malformed", line, `${label} is not base64`);
};

/** The blocks in a file, by what they are rather than by what they are called; for each that is damaged, its error. */
export const blocksIn = (content: Content): ReadonlyArray<Result> => {
  if (typeof content !== "string" && content[0] === 0x30 && labelOf(content)) {
    return relabelled({ label: "", bytes: content, line: 0, encrypted: false });
  }
  const text = typeof content === "string" ? content : textOf(content);
  const found = scan(text).flatMap((one) => Either.isRight(one) ? relabelled(one.right) : [one]);
  if (found.length > 0 || text.trim() === "") return found;
  if (typeof content !== "string" && JKS.every((byte, i) => content[i] === byte)) {
    return [fail("unsupported", 0, `a Java keystore (JKS) is not supported; ${advice.jks}`)];
  }
  // A text has none of these characters, unless bytes were taken for it.
  // deno-lint-ignore no-control-regex
  return /[\0-\x08\ufffd]/.test(text)
    ? [
      fail(
        "malformed",
        0,
        typeof content === "string" ? advice.binary : "neither PEM nor a known form of DER",
      ),
    ]
    : [];
};

const JKS = [0xfe, 0xed, 0xfe, 0xed];

/** Windows also writes text as UTF-16. */
const textOf = (bytes: Bytes): string =>
  new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8").decode(bytes);

/** A block under the label that its bytes deserve. PKCS#7 gives a block for each of its certificates. */
const relabelled = (block: PemBlock): ReadonlyArray<Result> => {
  if (block.encrypted || !(block.label === "" || mixedUp.has(block.label))) return [Either.right(block)];
  const { bytes, line } = block;
  const malformed = (error: { readonly message: string }) => fail("malformed", line, error.message);
  const label = labelOf(bytes) ?? canonical[block.label] ?? block.label;
  switch (label) {
    case "PKCS7": {
      const read = certificatesOfPkcs7(bytes);
      if (Either.isLeft(read)) return [malformed(read.left)];
      return read.right.map((one) => Either.right({ ...block, label: "CERTIFICATE", bytes: one }));
    }
    case "TRUSTED CERTIFICATE": {
      const read = parseTrusted(bytes);
      if (Either.isLeft(read)) return [malformed(read.left)];
      const { certificate, limited } = read.right;
      return [Either.right({ ...block, label: "CERTIFICATE", bytes: certificate, limited })];
    }
    default:
      return [Either.right({ ...block, label })];
  }
};

/** All certificates in the file, in order. Fails with PemError when there is none, or one cannot be parsed. */
export const certificatesFromPem = (
  content: Content,
): Either.Either<readonly [Certificate, ...ReadonlyArray<Certificate>], PemError> =>
  Either.flatMap(Either.all(blocksIn(content)), certificatesOf);

/** The certificates among the blocks, in order. Fails with PemError when there is none, or one cannot be parsed. */
export const certificatesOf = (
  blocks: ReadonlyArray<PemBlock>,
): Either.Either<readonly [Certificate, ...ReadonlyArray<Certificate>], PemError> =>
  Either.flatMap(Either.all(blocks.filter(isCertificate).map(parsed)), ([first, ...more]) => {
    if (first) return Either.right([first, ...more]);
    const closed = blocks.find(({ label }) => label === PKCS12);
    return closed
      ? fail("unsupported", closed.line, `a PKCS#12 file is not opened here; ${advice.certificates}`)
      : missing("there is no CERTIFICATE", blocks);
  });

/** The certificates in a file that can be used as roots, and why the others are left out. */
export interface Roots {
  readonly certificates: readonly [Certificate, ...ReadonlyArray<Certificate>];
  readonly leftOut: ReadonlyArray<PemError>;
}

/** All certificates in the file that can be read. Fails with PemError when there is none. */
export const rootsIn = (content: Content): Either.Either<Roots, PemError> => {
  const found = blocksIn(content);
  const blocks = found.flatMap((one) => Either.isRight(one) ? [one.right] : []);
  const read = blocks.filter(isCertificate).map((block) =>
    block.limited
      ? fail("unsupported", block.line, `OpenSSL is told not to trust it for all of TLS; ${advice.untrusted}`)
      : parsed(block)
  );
  const whyNot = <A>(one: Either.Either<A, PemError>) => Either.isLeft(one) ? [one.left] : [];
  const leftOut = [...found.flatMap(whyNot), ...read.flatMap(whyNot)];
  const [first, ...more] = read.flatMap((one) => Either.isRight(one) ? [one.right] : []);
  if (first) return Either.right({ certificates: [first, ...more], leftOut });
  return leftOut[0] ? Either.left(leftOut[0]) : Either.map(certificatesOf(blocks), (certificates) => ({
    certificates,
    leftOut,
  }));
};

const parsed = ({ bytes, line }: PemBlock): Either.Either<Certificate, PemError> =>
  Either.orElse(parseCertificate(bytes), ({ message }) => fail("malformed", line, message));

/** The first private key in the file. Fails with PemError when there is none, or it is encrypted. */
export const privateKeyFromPem = (content: Content): Either.Either<PrivateKey, PemError> =>
  Either.flatMap(Either.flatMap(Either.all(blocksIn(content)), privateKeyBlock), keyOf);

/** The label of a private key that is encrypted as PKCS#8 (RFC 7468 §11). */
export const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** The label of a PKCS#12 file, which holds certificates and keys. */
export const PKCS12 = "PKCS12";

/** The first private key among the blocks. Fails with PemError when there is none. */
export const privateKeyBlock = (blocks: ReadonlyArray<PemBlock>): Result => {
  const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
  return block ? Either.right(block) : missing("there is no PRIVATE KEY", blocks);
};

/** Parses the private key in a PEM block. Fails with PemError when it is encrypted or not supported. */
export const keyOf = ({ label, bytes, line, encrypted }: PemBlock): Either.Either<PrivateKey, PemError> => {
  // The old encryption derives its key by a single MD5 of the passphrase, which is no protection: such a file should
  // be converted.
  if (encrypted) {
    return fail(
      "encrypted",
      line,
      `the private key is encrypted in a form from before PKCS#8; ${advice.pkcs8}`,
    );
  }
  if (label === ENCRYPTED) {
    return fail(
      "encrypted",
      line,
      "the private key is encrypted and no passphrase is given (`passphrase`, or --key-pass in the programs)",
    );
  }
  if (!isPrivateKeyLabel(label)) {
    const what = label === "OPENSSH PRIVATE KEY" ? advice.openssh : advice.newKey;
    return fail("unsupported", line, `${label} is not a supported kind of key; ${what}`);
  }
  const key = parsePrivateKey(label, bytes);
  if (Either.isLeft(key)) return fail("malformed", line, key.left.message);
  return key.right._tag === "unsupported"
    ? fail("unsupported", line, `${key.right.detail}; ${advice.newKey}`)
    : Either.right(key.right);
};

/** Formats a PEM block, in lines of 64 characters. */
export const toPem = (label: string, bytes: Bytes): string => {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `-----BEGIN ${label}-----\n${btoa(binary).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
};

/** Decodes base64, padded or not; `undefined` for anything else. */
export const base64 = (text: string): Bytes | undefined => {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined; // atob throws nothing else
  }
};

/** What can be done about a form that is not supported. Each command is run by a test. */
const advice = {
  pkcs8: "`openssl pkcs8 -topk8 -in FILE -out NEW` converts it",
  openssh: "`ssh-keygen -p -m PKCS8 -f FILE` converts it in its place",
  newKey: "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out NEW` makes a supported key",
  certificates:
    "`openssl pkcs12 -in FILE -nokeys -out NEW` takes its certificates out (with -legacy if it is old)",
  untrusted: "`openssl x509 -in FILE -out NEW` takes that away",
  jks: "`keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype pkcs12` converts it",
  binary: "bytes of a file that is no text: give them as bytes (`Deno.readFile`), not as a string",
};

/** At the start of a line, in quotes or not, or right behind another block. */
const BEGIN = /((?:^|(?<=-----))[^\S\r\n]*["']?)-----BEGIN ([A-Z0-9.# ]{1,64})-----/gm;
const LINE_END = /\r\n|\r|\n/g;
/** A block whose newlines are escaped. */
const ESCAPED = /-----BEGIN [A-Z0-9.# ]{1,64}-----\\[nr]/;

/** CERTIFICATE and its older variants (RFC 7468 §5.1, Appendix A). */
const certificateLabels: ReadonlySet<string> = new Set([
  "CERTIFICATE",
  "X509 CERTIFICATE",
  "X.509 CERTIFICATE",
]);
const isCertificate = ({ label }: PemBlock): boolean => certificateLabels.has(label);
const isPrivateKeyLabel = (label: string): label is PrivateKeyLabel =>
  privateKeyLabels.some((known) => known === label);

/** Other labels of what is read as PKCS#7 (RFC 7468 §8, §9). */
const canonical: Readonly<Record<string, string>> = {
  "CERTIFICATE BUNDLE": "PKCS7",
  "PKCS#7 SIGNED DATA": "PKCS7",
  CMS: "PKCS7",
};
/** Labels under which programs have put other things than they say. */
const mixedUp: ReadonlySet<string> = new Set([
  ...certificateLabels,
  ...privateKeyLabels,
  ...Object.keys(canonical),
  "TRUSTED CERTIFICATE",
  ENCRYPTED,
  "PKCS7",
  PKCS12,
]);

const fail = (reason: PemError["reason"], line: number, detail: string) =>
  Either.left(new PemError({ reason, line, detail }));
const missing = (detail: string, blocks: ReadonlyArray<PemBlock>) =>
  fail(
    "missing",
    0,
    `${detail}, only ${blocks.map(({ label }) => label).join(", ") || "what is neither PEM nor DER"}`,
  );
