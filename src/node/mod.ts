/**
 * effect-tls for programs written for Node: the names of Node's `tls`, so that a program changes its import to
 * `import * as tls`; a connection as a `node:stream` Duplex, and any Duplex as the stream below TLS. It is a separate entry
 * point, so that the core does not need `node:` modules.
 *
 * @experimental
 * @module
 */
export { fromDuplex } from "./from_duplex.ts";
export { toConn } from "./to_conn.ts";
export { toDuplex } from "./to_duplex.ts";
export { type Beneath, type DuplexOptions, TlsDuplex } from "./tls_duplex.ts";
export type { CipherInfo, EphemeralKeyInfo } from "./names.ts";
export type { NodeCertificate, NodeName } from "./certificate.ts";
export * from "./tls.ts";
