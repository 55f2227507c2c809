/** How a cipher suite protects records, and what a version changes about that. @module */
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { AeadName, CbcName, CryptoService, HashName, StreamName } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { aeadProtection, nonceForms } from "./aead.ts";
import { chainedIvs, encryptThenMac, explicitIvs, macThenEncrypt } from "./cbc.ts";
import type { PaddingForm } from "./cbc_padding.ts";
import type { MacForm } from "./mac.ts";
import type { Protection } from "./protection.ts";
import { streamProtection } from "./stream.ts";

/** Authenticated encryption (RFC 5246 §6.2.3.3). */
export interface AeadRow {
  readonly _tag: "aead";
  readonly aead: AeadName;
  /** The length of the key in bytes. */
  readonly key: number;
}

/** A block cipher in CBC mode, and a MAC (RFC 5246 §6.2.3.2). */
export interface CbcRow {
  readonly _tag: "cbc";
  readonly cipher: CbcName;
  readonly key: number;
  /** The length of a block in bytes. */
  readonly block: 8 | 16;
  readonly mac: HashName;
}

/** A stream cipher, or none, and a MAC (RFC 5246 §6.2.3.1). */
export interface StreamRow {
  readonly _tag: "stream";
  /** The cipher; `undefined` for NULL, which encrypts nothing. */
  readonly cipher: StreamName | undefined;
  readonly key: number;
  readonly mac: HashName;
}

/** How a suite protects records. */
export type CipherRow = AeadRow | CbcRow | StreamRow;

/** What a protocol version changes in the protection of records. */
export interface RecordForm {
  readonly version: ProtocolVersion;
  readonly mac: MacForm;
  /** CBC: the first IV comes from the key block and each later one is the last block before it, or each record has its own. */
  readonly iv: "chained" | "explicit";
  /** CBC: the rule for padding. */
  readonly padding: PaddingForm;
}

/** The secrets of one direction, cut from the key block (RFC 5246 §6.3). */
export interface RecordKeys {
  readonly mac: Bytes;
  readonly key: Bytes;
  readonly iv: Bytes;
}

/** The bytes that each direction takes from the key block, in the order of the block (RFC 5246 §6.3). */
export const keyLengths = (row: CipherRow, form: RecordForm, crypto: CryptoService) => {
  const { key } = row;
  if (row._tag === "aead") return { mac: 0, key, iv: nonceForms[row.aead].fixed };
  const mac = crypto.hash(row.mac).length;
  return { mac, key, iv: row._tag === "cbc" && form.iv === "chained" ? row.block : 0 };
};

/** The protection of one direction. `etm`: a CBC suite encrypts, then MACs (RFC 7366). */
export const protect = (
  row: CipherRow,
  { version, mac: macOf, iv, padding }: RecordForm,
  crypto: CryptoService,
  keys: RecordKeys,
  etm: boolean,
): Protection => {
  if (row._tag === "aead") {
    return aeadProtection(version, crypto.aead(row.aead, keys.key), keys.iv, row.aead);
  }
  const mac = macOf(crypto.hash(row.mac), keys.mac);
  if (row._tag === "stream") {
    return streamProtection(version, row.cipher && crypto.stream(row.cipher, keys.key), mac);
  }
  const ivs = iv === "chained" ? chainedIvs(keys.iv) : explicitIvs(row.block, crypto.random);
  const of = { version, cipher: crypto.cbc(row.cipher, keys.key), mac, padding, ivs };
  return etm ? encryptThenMac(of) : macThenEncrypt(of);
};
