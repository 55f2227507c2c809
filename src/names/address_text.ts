/** An address, for people. @module */
import type { Address } from "./address.ts";

/** `HOST:PORT`, an IPv6 address in brackets. */
export const addressText = ({ hostname, port }: Address): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
