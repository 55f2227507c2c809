/** The settings of a connection, from options by other names. @module */
import type { OverOptions } from "../client.ts";
import type { Observe } from "../public/connections.ts";
import * as Policy from "../public/policy.ts";
import type { ServerOptions as ServerSettings } from "../server.ts";
import type { ClientOptions, ServerOptions, TlsOptions } from "./options.ts";

/** The settings of `Client.over`, for a server of this name. */
export const clientSettings = (options: ClientOptions, serverName: string): OverOptions => ({
  policy: policyOf(options),
  alpn: options.alpnProtocols,
  fallback: options.fallback,
  earlyData: options.earlyData,
  observe: options.observe,
  sessionKey: options.sessionKey,
  serverName,
});

/** The settings of `Server.over`. */
export const serverSettings = (
  options: ServerOptions & { readonly observe?: Observe | undefined },
): ServerSettings => ({
  policy: policyOf(options),
  alpn: options.alpnProtocols,
  clientAuth: options.clientAuth,
  earlyData: options.earlyData,
  observe: options.observe,
});

/** The policy that options name. */
const policyOf = ({ policy = "modern" }: TlsOptions): Policy.Policy =>
  typeof policy === "string" ? Policy[policy] : policy;
