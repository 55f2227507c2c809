/** The sections of RFCs that errors break. @module */

/** A section, e.g. `RFC 5246 §7.3`, or one for each era where TLS 1.3 has another than the older versions. */
export type Cited = string | { readonly until12: string; readonly tls13: string };

/** A section up to TLS 1.2 (RFC 5246), and one of TLS 1.3 (RFC 8446). */
export const eras = (until12: string, tls13: string): Cited => ({
  until12: `RFC 5246 §${until12}`,
  tls13: `RFC 8446 §${tls13}`,
});
