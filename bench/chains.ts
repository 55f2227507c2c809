/** A chain of three judged, and the bare signatures that are in it. @module */
import { CertificateVerifier, Crypto } from "../mod.ts";
import { Effect } from "../src/deps.ts";
import { parseCertificate } from "../src/x509/certificate/certificate.ts";
import { signatureHolds } from "../src/x509/path/path.ts";
import { Work } from "../src/x509/path/work.ts";
import { makeCa } from "../tests/support/ca.ts";
import { makeStaple } from "../tests/support/ocsp.ts";
import type { Kind } from "./handshakes.ts";

/** The keys of all three, and whether an OCSP response is judged as well: one more signature. */
export interface Judged {
  readonly key: "p256" | "rsa";
  readonly staple: boolean;
}

/** A server's kind of handshake with a chain of so many certificates, below a root that is not among them. */
export const chained = (kind: Kind, length: 1 | 2 | 3): Kind => {
  const root = makeCa();
  let issuer = root;
  for (let i = 1; i < length; i++) issuer = issuer.intermediate();
  const leaf = issuer.issue();
  return {
    ...kind,
    pem: { certificate: leaf.chainPem, root: root.certificatePem, privateKey: leaf.privateKeyPem },
  };
};

/** A function that judges such a chain from its bytes, and one that does its signatures alone. */
export const chains = (crypto: Crypto.CryptoService, { key, staple }: Judged) => {
  const root = makeCa({ key });
  const middle = root.intermediate({ key });
  const leaf = middle.issue({ key });
  const response = makeStaple(middle, leaf);
  const { verify } = CertificateVerifier.makeRoots([root.der]);
  const ours = () =>
    Effect.runSync(
      Effect.provideService(
        verify({
          // Each peer's bytes are new: what was read once is known by its bytes.
          chain: leaf.chain.map((der) => der.slice()),
          name: "localhost",
          purpose: "serverAuth",
          ocspResponse: staple ? response : undefined,
        }),
        Crypto.Crypto,
        crypto,
      ),
    );
  const [signed, by, top] = [leaf, middle, root].map(({ der }) => Effect.runSync(parseCertificate(der)));
  // The response's signature costs as much as that of the leaf, which the same key made.
  const pairs = [[signed!, by!], [by!, top!], ...(staple ? [[signed!, by!] as const] : [])] as const;
  const bare = () => {
    for (const [one, issuer] of pairs) {
      if (!Effect.runSync(signatureHolds(one, issuer, crypto.verify, new Work()))) {
        throw new Error("no signature");
      }
    }
  };
  return { ours, bare };
};
