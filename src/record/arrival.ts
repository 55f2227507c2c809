/** What arrives in records, and the checks of its form. @module */
import { IllegalParameter, NotTls } from "../faults/errors/connection.ts";
import { AlertDescription, AlertLevel } from "../names/alert.ts";
import { ContentType, type HandshakeType } from "../names/protocol.ts";
import { type Bytes, toHex } from "../wire/bytes.ts";
import { DecodeError } from "../wire/errors.ts";
import type { ByteQueue } from "./byte_queue.ts";

/** A complete handshake message. `raw` is its header and body as received: the bytes that are hashed and signed. */
export interface HandshakeMessage {
  readonly _tag: "Handshake";
  readonly type: HandshakeType;
  readonly body: Bytes;
  readonly raw: Bytes;
}

/** What `Records.next` gives. */
export type Arrival =
  | HandshakeMessage
  | { readonly _tag: "ChangeCipherSpec" }
  /** `early`: sent before the handshake was finished, so that anybody may have sent it again (RFC 8446 §8). */
  | { readonly _tag: "ApplicationData"; readonly data: Bytes; readonly early: boolean }
  | { readonly _tag: "Alert"; readonly level: AlertLevel; readonly description: AlertDescription };

/** The content of a ChangeCipherSpec (RFC 5246 §7.1). */
export const CHANGE_CIPHER_SPEC: Bytes = Uint8Array.of(1);

/** Whether the content of a record is that of a ChangeCipherSpec: one byte 01. */
export const isChangeCipherSpec = (fragment: Bytes): boolean => fragment.length === 1 && fragment[0] === 1;

/** Reads a ChangeCipherSpec. Throws IllegalParameter unless it is one byte 01. */
export const changeCipherSpec = (fragment: Bytes): Arrival => {
  if (isChangeCipherSpec(fragment)) return { _tag: "ChangeCipherSpec" };
  throw new IllegalParameter({
    subject: "ChangeCipherSpec",
    field: "type",
    reason: `${toHex(fragment.subarray(0, 8)) || "nothing"}, where one byte 01 is due`,
    rfc: "RFC 5246 §7.1",
  });
};

/**
 * Reads an alert. It must fill its record, so that no attacker can split one or hide one behind another. Throws
 * DecodeError or IllegalParameter.
 */
export const alert = (fragment: Bytes): Arrival => {
  if (fragment.length !== 2) {
    const reason = `${fragment.length} bytes, where two are due`;
    throw new DecodeError({ subject: "Alert", path: "", offset: 0, reason });
  }
  const level = AlertLevel.of(fragment[0]!);
  if (level !== AlertLevel.warning && level !== AlertLevel.fatal) {
    const reason = `${level} is neither warning nor fatal`;
    throw new IllegalParameter({ subject: "Alert", field: "level", reason, rfc: "RFC 5246 §7.2" });
  }
  return { _tag: "Alert", level, description: AlertDescription.of(fragment[1]!) };
};

/** The content types that may come, by name. */
export const contentNames: Readonly<Record<number, string>> = {
  [ContentType.change_cipher_spec]: "ChangeCipherSpec",
  [ContentType.alert]: "Alert",
  [ContentType.handshake]: "Handshake",
  [ContentType.application_data]: "ApplicationData",
};
/** A content type for people: by name, or by number if it may not come. */
export const contentName = (type: number): string =>
  contentNames[type] ?? `content type ${ContentType.nameOf(type)}`;

/** The error for a stream that does not begin with a TLS record: what its first bytes look like. */
export const notTls = (queue: ByteQueue): NotTls => {
  const start = queue.peek(Math.min(queue.length, 16));
  const text = String.fromCharCode(...start);
  const readable = start.every((b) => b === 9 || b === 10 || b === 13 || (b >= 0x20 && b <= 0x7e));
  const looksLike = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|HTTP)[ /]/.test(text)
    ? "HTTP"
    : (start[0]! & 0x80) !== 0 && (start[2] === 1 || start[2] === 4)
    ? "SSLv2"
    : readable
    ? "text"
    : "nothing known";
  return new NotTls({ looksLike, start: readable ? JSON.stringify(text) : toHex(start) });
};
