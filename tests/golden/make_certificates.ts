/** Makes the certificates of `certificates.ts` anew: `deno run -A tests/golden/make_certificates.ts`. @module */
import { oids } from "../../src/x509/der/oids.ts";
import { makeCa } from "../support/ca.ts";

const kinds = ["rsa", "rsa_pss", "p256", "p384", "p521", "ed25519"] as const;
const folder = new URL("./certificates/", import.meta.url);
const write = (name: string, text: string): void => Deno.writeTextFileSync(new URL(name, folder), text);

const ca = makeCa({ subject: "effect-tls test root", notAfter: Date.UTC(2049, 0) / 1000 });
write("root.pem", ca.certificatePem);
for (const kind of kinds) {
  const leaf = ca.issue({ key: kind, notAfter: Date.UTC(2049, 0) / 1000 });
  write(`${kind}.pem`, leaf.chainPem);
  write(`${kind}.key`, leaf.privateKeyPem);
}
for (const kind of ["rsa", "p256", "ed25519"] as const) {
  const leaf = ca.issue({
    key: kind,
    names: [],
    subject: "test client",
    notAfter: Date.UTC(2049, 0) / 1000,
    extendedKeyUsage: [oids.clientAuth],
  });
  write(`client-${kind}.pem`, leaf.chainPem);
  write(`client-${kind}.key`, leaf.privateKeyPem);
}
