/** The object identifiers in certificates and keys (RFC 5280 §A, RFC 4055, RFC 5480, RFC 6960, RFC 8410). @module */

/** Object identifiers in dotted form, by their names in the RFCs. */
export const oids = {
  // public keys
  rsaEncryption: "1.2.840.113549.1.1.1",
  "id-RSASSA-PSS": "1.2.840.113549.1.1.10",
  "id-ecPublicKey": "1.2.840.10045.2.1",
  "id-Ed25519": "1.3.101.112",
  "id-Ed448": "1.3.101.113",
  // curves
  secp256r1: "1.2.840.10045.3.1.7",
  secp384r1: "1.3.132.0.34",
  secp521r1: "1.3.132.0.35",
  // hash functions, and the mask generation function over one
  "id-sha1": "1.3.14.3.2.26",
  "id-sha224": "2.16.840.1.101.3.4.2.4",
  "id-sha256": "2.16.840.1.101.3.4.2.1",
  "id-sha384": "2.16.840.1.101.3.4.2.2",
  "id-sha512": "2.16.840.1.101.3.4.2.3",
  "id-mgf1": "1.2.840.113549.1.1.8",
  // the encryption of private keys (RFC 8018 §A, §B; RFC 7914 §7)
  "id-PBES2": "1.2.840.113549.1.5.13",
  "id-PBKDF2": "1.2.840.113549.1.5.12",
  "id-scrypt": "1.3.6.1.4.1.11591.4.11",
  "id-hmacWithSHA1": "1.2.840.113549.2.7",
  "id-hmacWithSHA224": "1.2.840.113549.2.8",
  "id-hmacWithSHA256": "1.2.840.113549.2.9",
  "id-hmacWithSHA384": "1.2.840.113549.2.10",
  "id-hmacWithSHA512": "1.2.840.113549.2.11",
  "aes128-CBC-PAD": "2.16.840.1.101.3.4.1.2",
  "aes192-CBC-PAD": "2.16.840.1.101.3.4.1.22",
  "aes256-CBC-PAD": "2.16.840.1.101.3.4.1.42",
  "des-EDE3-CBC-Pad": "1.2.840.113549.3.7",
  // what older tools encrypt by, and why it is refused (RFC 8018 §A.3, RFC 7292 §C)
  "pbeWithMD2AndDES-CBC": "1.2.840.113549.1.5.1",
  "pbeWithMD5AndDES-CBC": "1.2.840.113549.1.5.3",
  "pbeWithMD2AndRC2-CBC": "1.2.840.113549.1.5.4",
  "pbeWithMD5AndRC2-CBC": "1.2.840.113549.1.5.6",
  "pbeWithSHA1AndDES-CBC": "1.2.840.113549.1.5.10",
  "pbeWithSHA1AndRC2-CBC": "1.2.840.113549.1.5.11",
  "pbeWithSHAAnd128BitRC4": "1.2.840.113549.1.12.1.1",
  "pbeWithSHAAnd40BitRC4": "1.2.840.113549.1.12.1.2",
  "pbeWithSHAAnd3-KeyTripleDES-CBC": "1.2.840.113549.1.12.1.3",
  "pbeWithSHAAnd2-KeyTripleDES-CBC": "1.2.840.113549.1.12.1.4",
  "pbeWithSHAAnd128BitRC2-CBC": "1.2.840.113549.1.12.1.5",
  "pbeWithSHAAnd40BitRC2-CBC": "1.2.840.113549.1.12.1.6",
  // PKCS#7 and PKCS#12 (RFC 2315 §14, RFC 7292 §4, RFC 9579 §4)
  "pkcs7-data": "1.2.840.113549.1.7.1",
  "pkcs7-signedData": "1.2.840.113549.1.7.2",
  "pkcs7-envelopedData": "1.2.840.113549.1.7.3",
  "pkcs7-encryptedData": "1.2.840.113549.1.7.6",
  keyBag: "1.2.840.113549.1.12.10.1.1",
  pkcs8ShroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  safeContentsBag: "1.2.840.113549.1.12.10.1.6",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  "id-PBMAC1": "1.2.840.113549.1.5.14",
  // the field of an elliptic curve with explicit parameters (RFC 3279 §2.3.5)
  "prime-field": "1.2.840.10045.1.1",
  // signatures
  md5WithRSAEncryption: "1.2.840.113549.1.1.4",
  sha1WithRSAEncryption: "1.2.840.113549.1.1.5",
  sha224WithRSAEncryption: "1.2.840.113549.1.1.14",
  sha256WithRSAEncryption: "1.2.840.113549.1.1.11",
  sha384WithRSAEncryption: "1.2.840.113549.1.1.12",
  sha512WithRSAEncryption: "1.2.840.113549.1.1.13",
  "ecdsa-with-SHA1": "1.2.840.10045.4.1",
  "ecdsa-with-SHA224": "1.2.840.10045.4.3.1",
  "ecdsa-with-SHA256": "1.2.840.10045.4.3.2",
  "ecdsa-with-SHA384": "1.2.840.10045.4.3.3",
  "ecdsa-with-SHA512": "1.2.840.10045.4.3.4",
  // attributes of names
  commonName: "2.5.4.3",
  surname: "2.5.4.4",
  serialNumber: "2.5.4.5",
  countryName: "2.5.4.6",
  localityName: "2.5.4.7",
  stateOrProvinceName: "2.5.4.8",
  streetAddress: "2.5.4.9",
  organizationName: "2.5.4.10",
  organizationalUnitName: "2.5.4.11",
  title: "2.5.4.12",
  givenName: "2.5.4.42",
  userId: "0.9.2342.19200300.100.1.1",
  domainComponent: "0.9.2342.19200300.100.1.25",
  emailAddress: "1.2.840.113549.1.9.1",
  // extensions
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  cRLDistributionPoints: "2.5.29.31",
  freshestCRL: "2.5.29.46",
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
  policyMappings: "2.5.29.33",
  policyConstraints: "2.5.29.36",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  tlsFeature: "1.3.6.1.5.5.7.1.24",
  // lists of signed certificate timestamps: in a certificate, and in an OCSP response (RFC 6962 §3.3)
  signedCertificateTimestamps: "1.3.6.1.4.1.11129.2.4.2",
  "signedCertificateTimestamps/ocsp": "1.3.6.1.4.1.11129.2.4.5",
  // extensions of CRLs and of their entries (RFC 5280 §5.2, §5.3; RFC 3280 §5.3.2)
  cRLNumber: "2.5.29.20",
  reasonCode: "2.5.29.21",
  holdInstructionCode: "2.5.29.23",
  invalidityDate: "2.5.29.24",
  deltaCRLIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
  certificateIssuer: "2.5.29.29",
  // certificate policies (RFC 5280 §4.2.1.4)
  anyPolicy: "2.5.29.32.0",
  "id-qt-cps": "1.3.6.1.5.5.7.2.1",
  "id-qt-unotice": "1.3.6.1.5.5.7.2.2",
  // forms of otherName (RFC 9598 §3)
  "id-on-SmtpUTF8Mailbox": "1.3.6.1.5.5.7.8.9",
  // purposes (RFC 5280 §4.2.1.12)
  anyExtendedKeyUsage: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  OCSPSigning: "1.3.6.1.5.5.7.3.9",
  // responses about revocation (RFC 6960 §4.2.1)
  "id-pkix-ocsp-basic": "1.3.6.1.5.5.7.48.1.1",
  "id-pkix-ocsp-nocheck": "1.3.6.1.5.5.7.48.1.5",
} as const satisfies Record<string, string>;

/** The name of an object identifier. */
export type OidName = keyof typeof oids;

/** An object identifier with its name, if it has one here. */
export const named = (oid: string): string => {
  const name = Object.entries(oids).find(([, value]) => value === oid)?.[0];
  return name === undefined ? oid : `${name} (${oid})`;
};
