/** A log of certificates for tests (RFC 6962), whose promises are signed by node:crypto. @module */
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { type Issued, type IssueOptions, type KeyKind, makeKey } from "./ca.ts";
import crypto from "node:crypto";

/** What a promise says; what is left out is as a good one has it. */
export interface Promised {
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
  readonly version?: number;
  readonly extensions?: Bytes;
  /** The two bytes of the algorithm. */
  readonly algorithm?: readonly [number, number];
  /** What is signed, instead. */
  readonly signed?: Bytes;
}

const sha256 = (bytes: Bytes): Bytes => new Uint8Array(crypto.createHash("sha256").update(bytes).digest());
const sized = (octets: number, bytes: Bytes): Bytes =>
  concat(Uint8Array.from({ length: octets }, (_, i) => bytes.length >> 8 * (octets - 1 - i)), bytes);
const uint64 = (n: number): Bytes => {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
};

/** A list of timestamps as certificates and OCSP responses have it: an extension. */
export const listOf = (oid: string, scts: ReadonlyArray<Bytes>): Bytes =>
  Build.extension(oid, Der.octetString(sized(2, concat(...scts.map((one) => sized(2, one))))));

/** A log. */
export const makeLog = (kind: KeyKind = "p256", now = Date.UTC(2029, 0)) => {
  const key = makeKey(kind);
  const algorithmOfKey: readonly [number, number] = kind === "rsa" ? [4, 1] : [4, 3];
  const promise = (entry: Bytes, promised: Promised = {}): Bytes => {
    const { timestamp = now, version = 0, extensions = new Uint8Array(), algorithm = algorithmOfKey } =
      promised;
    const signed = promised.signed ??
      concat(Uint8Array.of(version, 0), uint64(timestamp), entry, sized(2, extensions));
    return concat(
      Uint8Array.of(version),
      sha256(key.spki),
      uint64(timestamp),
      sized(2, extensions),
      Uint8Array.from(algorithm),
      sized(2, new Uint8Array(crypto.sign("sha256", signed, key.privateKey))),
    );
  };
  return {
    /** The option that names the log. */
    log: { key: key.spki, description: kind },
    /** A promise about a whole certificate, for the handshake or an OCSP response. */
    ofCertificate: (der: Bytes, promised?: Promised) =>
      promise(concat(Uint8Array.of(0, 0), sized(3, der)), promised),
    /** A promise about what a certificate is before it has promises. */
    ofPrecertificate: (tbs: Bytes, issuer: Issued, promised?: Promised) =>
      promise(concat(Uint8Array.of(0, 1), sha256(issuer.key.spki), sized(3, tbs)), promised),
  };
};

/** A log that was made by `makeLog`. */
export type Log = ReturnType<typeof makeLog>;

/** A leaf that holds what `scts` gives for its precertificate, in its last extension. */
export const issueWith = (
  issuer: Issued,
  scts: (tbs: Bytes) => ReadonlyArray<Bytes>,
  options: IssueOptions = {},
): Issued => {
  let tbs: Bytes = new Uint8Array();
  const fixed = { serialNumber: Uint8Array.of(7), key: makeKey("p256"), ...options };
  issuer.issue({ ...fixed, alter: (precertificate) => (tbs = precertificate) });
  const list = listOf(oids.signedCertificateTimestamps, scts(tbs));
  return issuer.issue({ ...fixed, extensions: [...options.extensions ?? [], list] });
};
