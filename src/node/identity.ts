/** Node's own comparison of names, and the runtime's roots, under Node's names. @module */
import type { NodeCertificate } from "./certificate.ts";
import { checkServerIdentity as compared, rootCertificates as roots } from "./deps.ts";

/**
 * Compares a certificate with a host name as Node does, and gives the error if it is for another: for a
 * `checkServerIdentity` of your own that goes further. Without one, this library compares by RFC 9525.
 */
export const checkServerIdentity = (hostname: string, certificate: NodeCertificate): Error | undefined =>
  compared(hostname, certificate as unknown as Parameters<typeof compared>[1]); // Node's type has members that not all have

/** Mozilla's roots as PEM, which come with the runtime. Reading them needs `--allow-sys`. */
export const rootCertificates: ReadonlyArray<string> = roots;
