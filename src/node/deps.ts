/** What this entry point uses of Node's API: no other file of it names a `node:` module. @module */
export { Buffer } from "node:buffer";
export { createHash, randomBytes, X509Certificate } from "node:crypto";
export {
  connect as connectTcp,
  type NetConnectOpts,
  Server as TcpServer,
  type ServerOpts,
  Socket,
  type TcpNetConnectOpts,
} from "node:net";
export { nextTick } from "node:process";
export { addAbortSignal, Duplex } from "node:stream";
export { clearTimeout, setTimeout } from "node:timers";
export { checkServerIdentity, rootCertificates } from "node:tls";
