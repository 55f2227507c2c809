/** Judging a chain of three certificates, compared with its signature checks alone. @module */
import { CertificateVerifier, Crypto } from "../mod.ts";
import { Effect } from "../src/deps.ts";
import { parseCertificate } from "../src/x509/certificate/certificate.ts";
import { signatureHolds } from "../src/x509/path/path.ts";
import { Work } from "../src/x509/path/work.ts";
import { makeCa } from "../tests/support/ca.ts";
import { makeStaple } from "../tests/support/ocsp.ts";
import type { Kind } from "./handshakes.ts";

/** The key type of all three certificates, and whether an OCSP response is judged, too: one more signature. */
export interface Judged {
  readonly key: "p256" | "rsa";
  readonly staple: boolean;
}

/** A handshake whose server sends a chain of the given length, below a root that is not sent. */
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

/** Two functions: one judges such a chain from its bytes, the other only verifies its signatures. */
export const chains = (crypto: Crypto.CryptoService, { key, staple }: Judged) => {
  const root = makeCa({ key });
  const middle = root.intermediate({ key });
  const leaf = middle.issue({ key });
  const response = makeStaple(middle, leaf);
  const { verify } = CertificateVerifier.makeRoots([root.der], { rememberedVerdicts: 0 });
  const ours = () =>
    Effect.runSync(
      Effect.provideService(
        verify({
          // Fresh bytes for each peer, because parsed certificates are cached by their bytes object.
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
  // The response's signature costs as much as the leaf's: the same key made both.
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
