/** The options of `makeFetch`. @module */
import { Schema } from "../deps.ts";
import { decodeOption, functionOf, limit, text } from "../options.ts";
import { clientOptions } from "../promises/decoding.ts";
import type { ClientOptions } from "../promises/options.ts";
import type { Observe } from "../public/connections.ts";
import type { Address } from "../public/transport.ts";

/** A proxy, and how to speak with it. */
export interface ProxyOptions
  extends Omit<ClientOptions, "alpnProtocols" | "earlyData" | "sessionKey" | "observe"> {
  /** Its URL, `http:` or `https:`, with a user name and password if it wants them. */
  readonly url: string | URL;
  /** Header fields that are sent to it, and to nobody else. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How `fetch` reaches servers. What is said of TLS holds for all of them. */
export interface FetchOptions
  extends Omit<ClientOptions, "alpnProtocols" | "earlyData" | "sessionKey" | "observe"> {
  /** The name that certificates must be valid for and that is sent as SNI, instead of the host name in the URL. */
  readonly serverName?: string | undefined;
  /** The proxy to go through; none unless given. */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  /** Makes the observer of a connection, from the host and port of its server. */
  readonly observe?: ((server: Address) => Observe) | undefined;
  /** How long a connection and its handshake may take, in milliseconds; 10 seconds unless given. */
  readonly connectTimeout?: number | undefined;
  /** How long the head of an answer may take, in milliseconds; 5 minutes unless given. */
  readonly headersTimeout?: number | undefined;
  /** How long the next part of a body may take, in milliseconds; 5 minutes unless given. */
  readonly bodyTimeout?: number | undefined;
  /** How long a connection is kept without requests, in milliseconds; 4 seconds unless given, 0 closes it after each answer. */
  readonly keepAliveTimeout?: number | undefined;
  /** How many connections to one server may be open; no limit unless given. */
  readonly connections?: number | undefined;
}

const { alpnProtocols: _, earlyData: _early, sessionKey: _key, observe: _observe, ...shared } = clientOptions;

// What is in a URL may be a password: errors do not repeat it.
const url: Schema.Schema<string | URL> = Schema.declare(
  (u: unknown): u is string | URL => ["http:", "https:"].includes(URL.parse(String(u))?.protocol ?? ""),
  { description: "a URL that begins with http: or https:" },
);

const proxyOptions = Schema.Struct({
  ...shared,
  url,
  headers: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String })),
});

const proxy = Schema.Union(url, proxyOptions);

const fetchOptions = Schema.Struct({
  ...shared,
  serverName: Schema.optional(text(1, 255)),
  proxy: Schema.optional(proxy),
  observe: Schema.optional(functionOf<(server: Address) => Observe>()),
  connectTimeout: Schema.optional(limit(1)),
  headersTimeout: Schema.optional(limit(1)),
  bodyTimeout: Schema.optional(limit(1)),
  keepAliveTimeout: Schema.optional(limit(0)),
  connections: Schema.optional(limit(1)),
});

/** The options of `makeFetch`, decoded. */
export type Decoded = typeof fetchOptions.Type;

/** Decodes the options of `makeFetch`. */
export const decode = decodeOption(fetchOptions);

/** Decodes a proxy. */
export const decodeProxy = decodeOption(proxy, "proxy");
