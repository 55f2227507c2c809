/** IP addresses as text. @module */
import { type Bytes, toHex } from "../../wire/bytes.ts";

/**
 * Parses an IP address into 4 or 16 bytes, as in an iPAddress name (RFC 5280 §4.2.1.6). `undefined` for anything
 * else, so that a host name can be told from an address. An IPv6 address may be in brackets and may have a zone,
 * which is ignored. Shortened and octal forms of IPv4 are refused, because programs disagree on their meaning.
 */
export const parseIp = (text: string): Bytes | undefined => {
  if (text.length > LONGEST) return undefined;
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const zone = bare.indexOf("%", 1);
  const address = zone > 0 && zone < bare.length - 1 ? bare.slice(0, zone) : bare;
  const bytes = address.includes(":") ? ipv6(address) : bare === text ? ipv4(text) : undefined;
  return bytes && Uint8Array.from(bytes);
};

/** No address is longer than this, brackets and zone included. A peer's name may be. */
const LONGEST = 100;

/** An address of 4 or 16 bytes as text, IPv6 as in RFC 5952. Any other number of bytes becomes hexadecimal. */
export const ipText = (address: Bytes): string => {
  if (address.length === 4) return address.join(".");
  if (address.length !== 16) return toHex(address);
  return URL.parse(`http://[${toHex(address).replace(/.{4}(?=.)/g, "$&:")}]`)!.hostname.slice(1, -1);
};

const ipv4 = (text: string): Array<number> | undefined => {
  const parts = text.split(".");
  const valid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256);
  return valid ? parts.map(Number) : undefined;
};

/**
 * Parses IPv6 (RFC 4291 §2.2): eight groups, one run of zeros shortened to `::`, the last four bytes possibly as
 * IPv4.
 */
const ipv6 = (text: string): Array<number> | undefined => {
  const halves = text.split("::");
  const [head, tail] = [halves[0]!, halves[1] ?? ""].map(groups);
  if (!head || !tail || halves.length > 2) return undefined;
  const missing = 16 - head.length - tail.length;
  // IPv4 is allowed only at the end of the whole address.
  if (halves.length === 2 && halves[0]!.includes(".")) return undefined;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
};

const groups = (text: string): Array<number> | undefined => {
  if (text === "") return [];
  const parts = text.split(":");
  const bytes = parts.map((part, i) => {
    if (part.includes(".")) return i === parts.length - 1 ? ipv4(part) : undefined;
    const n = /^[0-9a-f]{1,4}$/i.test(part) ? parseInt(part, 16) : undefined;
    return n === undefined ? undefined : [n >> 8, n & 0xff];
  });
  return bytes.every((b) => b !== undefined) ? bytes.flat() : undefined;
};
