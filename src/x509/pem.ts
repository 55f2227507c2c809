/** Certificates and private keys as PEM (RFC 7468). @module */
import { Either } from "../deps.ts";
import { PemError } from "../faults/errors/pem.ts";
import type { PrivateKey } from "../ports/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Certificate, parseCertificate } from "./certificate/certificate.ts";
import { parsePrivateKey, type PrivateKeyLabel, privateKeyLabels } from "./keys/private_key.ts";

/** A PEM block. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Bytes;
  /** The line where the block begins, counted from 1. */
  readonly line: number;
  /** Whether the bytes are encrypted in the format from before PKCS#8 (RFC 1421 §4.6.1.1). */
  readonly encrypted: boolean;
}

/** Parses the PEM blocks in a text. Other text around the blocks is ignored (RFC 7468 §2). Fails with PemError. */
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

/** Decodes one block. In the old format, headers before the base64 say whether a key is encrypted (RFC 1421 §4.6). */
const blockOf = (
  { label, line, inside }: { readonly label: string; readonly line: number; readonly inside: Array<string> },
): Either.Either<PemBlock, PemError> => {
  const encrypted = inside.some((one) => /^Proc-Type:.*ENCRYPTED/.test(one));
  const bytes = base64(inside.filter((one) => !one.includes(":")).join(""));
  return bytes
    ? Either.right({ label, bytes, line, encrypted })
    : fail("malformed", line, `${label} is not base64`);
};

/** All certificates in the text, in order. Fails with PemError when there is none, or one cannot be parsed. */
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

/** The first private key in the text. Fails with PemError when there is none, or it is encrypted. */
export const privateKeyFromPem = (text: string): Either.Either<PrivateKey, PemError> =>
  Either.flatMap(privateKeyBlock(text), keyOf);

/** The label of a private key that is encrypted as PKCS#8 (RFC 7468 §11). */
export const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** The PEM block of the first private key in the text. Fails with PemError when there is none. */
export const privateKeyBlock = (text: string): Either.Either<PemBlock, PemError> =>
  Either.flatMap(parsePem(text), (blocks) => {
    const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
    return block ? Either.right(block) : missing("there is no PRIVATE KEY", blocks);
  });

/** Parses the private key in a PEM block. Fails with PemError when it is encrypted or not supported. */
export const keyOf = ({ label, bytes, line, encrypted }: PemBlock): Either.Either<PrivateKey, PemError> => {
  // The old encryption derives its key by a single MD5 of the passphrase, which is no protection: such a file should
  // be converted.
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

const BEGIN = /^-----BEGIN ([A-Z0-9. ]{1,64})-----$/;
/** CERTIFICATE and its older variants (RFC 7468 §5.1, Appendix A). */
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
