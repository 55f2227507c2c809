/**
 * Certificates that never change, so that whole handshakes can be byte-identical from run to run. The private keys are
 * public: they are for tests alone. `make_certificates.ts` makes them anew.
 *
 * @module
 */

/** The kinds of server key. */
export const kinds = ["rsa", "rsa_pss", "p256", "p384", "p521", "ed25519"] as const;
/** A kind of server key. */
export type Kind = typeof kinds[number];

const folder = new URL("./certificates/", import.meta.url);
const files = new Map<string, string>();
const file = (name: string): string => {
  const known = files.get(name);
  if (known !== undefined) return known;
  const text = Deno.readTextFileSync(new URL(name, folder));
  files.set(name, text);
  return text;
};

/** The root that signed them all, as PEM. */
export const root: string = file("root.pem");

/** A server's chain and key for localhost, 127.0.0.1 and ::1, as PEM. */
export const server = (kind: Kind): { readonly certificate: string; readonly privateKey: string } => ({
  certificate: file(`${kind}.pem`),
  privateKey: file(`${kind}.key`),
});

/** A kind of client key. */
export type ClientKind = "rsa" | "p256" | "ed25519";

/** A client's certificate and key, as PEM. */
export const client = (kind: ClientKind): { readonly certificate: string; readonly privateKey: string } => ({
  certificate: file(`client-${kind}.pem`),
  privateKey: file(`client-${kind}.key`),
});
