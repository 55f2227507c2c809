/** The object identifiers that certificates and keys name (RFC 5280 §A, RFC 4055, RFC 5480, RFC 6960, RFC 8410). @module */

/** Object identifiers in dotted form, by the name their RFC gives them. */
export const oids = {
  // public keys
  rsaEncryption: "1.2.840.113549.1.1.1",
  "id-RSASSA-PSS": "1.2.840.113549.1.1.10",
  "id-ecPublicKey": "1.2.840.10045.2.1",
  "id-Ed25519": "1.3.101.112",
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
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
  policyConstraints: "2.5.29.36",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  tlsFeature: "1.3.6.1.5.5.7.1.24",
  // purposes (RFC 5280 §4.2.1.12)
  anyExtendedKeyUsage: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  OCSPSigning: "1.3.6.1.5.5.7.3.9",
  // responses about revocation (RFC 6960 §4.2.1)
  "id-pkix-ocsp-basic": "1.3.6.1.5.5.7.48.1.1",
} as const satisfies Record<string, string>;
