/** The order of a chain: RFC 5246 §7.4.2 demands that each certificate certifies the one before it. @module */
import { sameBytes } from "../../wire/bytes.ts";
import type { Certificate } from "../../x509/certificate/certificate.ts";
import { sameName } from "../../x509/names/distinguished_name.ts";

/**
 * The certificates from the leaf on, each followed by its issuer. Those that certify nothing here come last, and copies
 * are left out.
 */
export const inOrder = (
  certificates: ReadonlyArray<Certificate>,
  leaf: Certificate,
): readonly [Certificate, ...ReadonlyArray<Certificate>] => {
  const chain: [Certificate, ...Array<Certificate>] = [leaf];
  const rest = certificates.filter((one, i) =>
    !sameBytes(one.raw, leaf.raw) && !certificates.slice(0, i).some(({ raw }) => sameBytes(raw, one.raw))
  );
  for (let last = leaf;;) {
    const at = rest.findIndex(({ subject }) => sameName(subject, last.issuer));
    const [issuer] = at < 0 ? [] : rest.splice(at, 1);
    if (!issuer) return [...chain, ...rest];
    chain.push(last = issuer);
  }
};
