/** OpenSSL's names of cipher suites. @module */

/** What differs between IANA's words and OpenSSL's, one after the other. */
const respellings: ReadonlyArray<readonly [RegExp, string]> = [
  [/^TLS_/, ""],
  [/_WITH_/, "_"],
  [/^ECDH_anon/, "AECDH"],
  [/^DH_anon/, "ADH"],
  [/^RSA_/, ""],
  [/ECDHE_RSA_ARIA/, "ECDHE_ARIA"],
  [/(AES|CAMELLIA|ARIA)_(128|256)/, "$1$2"],
  [/(AES|CAMELLIA)(128|256)_CBC/, "$1$2"],
  [/3DES_EDE_CBC/, "DES-CBC3"],
  [/(IDEA|SEED)_CBC/, "$1"],
  [/RC4_128/, "RC4"],
  [/CHACHA20_POLY1305_SHA256/, "CHACHA20_POLY1305"],
  [/CCM_8/, "CCM8"],
  [/_/g, "-"],
];

/** The name in OpenSSL of a cipher suite, such as `ECDHE-RSA-AES128-GCM-SHA256`, from IANA's. Those of TLS 1.3 are the same. */
export const opensslName = (standardName: string): string =>
  standardName.startsWith("TLS_") && !standardName.includes("_WITH_")
    ? standardName
    : respellings.reduce((name, [from, to]) => name.replace(from, to), standardName);
