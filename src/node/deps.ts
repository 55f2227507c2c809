/** What this entry point uses of Node's API: no other file of it names a `node:` module. @module */
export { Buffer } from "node:buffer";
export { X509Certificate } from "node:crypto";
export { Duplex } from "node:stream";
export { clearTimeout, setTimeout } from "node:timers";
