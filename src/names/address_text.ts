/** Addresses as text. @module */
import type { Address } from "./address.ts";

/** An address as `HOST:PORT`, with an IPv6 address in brackets. */
export const addressText = ({ hostname, port }: Address): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
