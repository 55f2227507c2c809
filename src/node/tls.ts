/** The names of Node's `tls`, on this library. @module */
export { checkServerIdentity, rootCertificates } from "./identity.ts";
export { type Connect, connect, type ConnectionOptions, type TcpOptions } from "./connect.ts";
export { DEFAULT_CIPHERS, getCiphers } from "./ciphers.ts";
export {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  type SecureVersion,
  type SpokenOptions,
} from "./policy.ts";
export { createSecureContext, SecureContext, type SecureContextOptions } from "./secure_context.ts";
export { createServer, Server, type TlsOptions } from "./server.ts";
export {
  type AlpnCallback,
  type AlpnProtocols,
  type CheckServerIdentity,
  convertALPNProtocols,
  type SniCallback,
  type TLSSocketOptions,
} from "./socket_options.ts";
export { TLSSocket } from "./tls_socket.ts";
export type { PskOffer } from "./services.ts";
