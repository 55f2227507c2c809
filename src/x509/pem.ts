/** Certificates and private keys as PEM (RFC 7468). @module */
import { Either } from "../deps.ts";
import { PemError } from "../faults/errors/pem.ts";
import type { PrivateKey } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Certificate, parseCertificate } from "./certificate/certificate.ts";
import { parsePrivateKey, type PrivateKeyLabel, privateKeyLabels } from "./keys/private_key.ts";

/** A block between its two lines. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Bytes;
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** Its bytes are encrypted in the form from before PKCS#8 (RFC 1421 §4.6.1.1). */
  readonly encrypted: boolean;
}

/** The blocks of a text, which may have anything between them (RFC 7468 §2). */
export const parsePem = (text: string): Either.Either<ReadonlyArray<PemBlock>, PemError> => {
  const blocks: Array<PemBlock> = [];
  let open: { readonly label: string; readonly line: number; readonly inside: Array<string> } | undefined;
  for (const [i, untrimmed] of text.split(/\r\n|\r|\n/).entries()) {
    const line = untrimmed.trim();
    const label = BEGIN.exec(line)?.[1];
    if (!open) {
      if (label !== undefined) open = { label, line: i + 1, inside: [] };
    } else if (line === `-----END ${open.label}-----`) {
      const block = blockOf(open);
      if (Either.isLeft(block)) return Either.left(block.left);
      blocks.push(block.right);
      open = undefined;
    } else if (line.startsWith("-----")) break;
    else open.inside.push(line);
  }
  return open ? fail("malformed", open.line, `${open.label} has no end`) : Either.right(blocks);
};

/** Headers of the old form (RFC 1421 §4.6) stand before the base64, and say when a key is encrypted. */
const blockOf = (
  { label, line, inside }: { readonly label: string; readonly line: number; readonly inside: Array<string> },
): Either.Either<PemBlock, PemError> => {
  const encrypted = inside.some((one) => /^Proc-Type:.*ENCRYPTED/.test(one));
  const bytes = base64(inside.filter((one) => !one.includes(":")).join(""));
  return bytes
    ? Either.right({ label, bytes, line, encrypted })
    : fail("malformed", line, `${label} is not base64`);
};

/** Every certificate in the text, in order; fails if there is none, or one that cannot be read. */
export const certificatesFromPem = (
  text: string,
): Either.Either<readonly [Certificate, ...ReadonlyArray<Certificate>], PemError> =>
  Either.flatMap(parsePem(text), (blocks) => {
    const certificates: Array<Certificate> = [];
    for (const { label, bytes, line } of blocks) {
      if (!certificateLabels.has(label)) continue;
      const parsed = parseCertificate(bytes);
      if (Either.isLeft(parsed)) return fail("malformed", line, parsed.left.message);
      certificates.push(parsed.right);
    }
    const [first, ...more] = certificates;
    return first ? Either.right([first, ...more]) : missing("there is no CERTIFICATE", blocks);
  });

/** The first private key in the text, which is not encrypted. */
export const privateKeyFromPem = (text: string): Either.Either<PrivateKey, PemError> =>
  Either.flatMap(privateKeyBlock(text), keyOf);

/** The label of a private key that is encrypted as PKCS#8 (RFC 7468 §11). */
export const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** The block of the first private key in the text. */
export const privateKeyBlock = (text: string): Either.Either<PemBlock, PemError> =>
  Either.flatMap(parsePem(text), (blocks) => {
    const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
    return block ? Either.right(block) : missing("there is no PRIVATE KEY", blocks);
  });

/** The private key in a block that is not encrypted. */
export const keyOf = ({ label, bytes, line, encrypted }: PemBlock): Either.Either<PrivateKey, PemError> => {
  // MD5 once over the passphrase is no protection: to keep such a file is worse than to convert it.
  if (encrypted) {
    return fail(
      "encrypted",
      line,
      "the private key is encrypted in a form from before PKCS#8; `openssl pkcs8 -topk8 -in FILE -out NEW` converts it",
    );
  }
  if (label === ENCRYPTED) {
    return fail(
      "encrypted",
      line,
      "the private key is encrypted and no passphrase is given (`passphrase`, or --key-pass in the programs)",
    );
  }
  if (!isPrivateKeyLabel(label)) return fail("unsupported", line, `${label} is not a supported kind of key`);
  const key = parsePrivateKey(label, bytes);
  if (Either.isLeft(key)) return fail("malformed", line, key.left.message);
  return key.right._tag === "unsupported"
    ? fail("unsupported", line, key.right.detail)
    : Either.right(key.right);
};

/** A PEM block, in lines of 64 characters. */
export const toPem = (label: string, bytes: Bytes): string => {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `-----BEGIN ${label}-----\n${btoa(binary).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
};

/** The bytes of base64, padded or not; `undefined` for what is none. */
export const base64 = (text: string): Bytes | undefined => {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined; // the one thing that atob throws says just this
  }
};

const BEGIN = /^-----BEGIN ([A-Z0-9. ]{1,64})-----$/;
/** RFC 7468 §5.1, Appendix A: what others have written for CERTIFICATE. */
const certificateLabels: ReadonlySet<string> = new Set([
  "CERTIFICATE",
  "X509 CERTIFICATE",
  "X.509 CERTIFICATE",
]);
const isPrivateKeyLabel = (label: string): label is PrivateKeyLabel =>
  privateKeyLabels.some((known) => known === label);

const fail = (reason: PemError["reason"], line: number, detail: string) =>
  Either.left(new PemError({ reason, line, detail }));
const missing = (detail: string, blocks: ReadonlyArray<PemBlock>) =>
  fail(
    "missing",
    0,
    blocks.length ? `${detail}, only ${blocks.map(({ label }) => label).join(", ")}` : detail,
  );
