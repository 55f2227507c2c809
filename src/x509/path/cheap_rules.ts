/** The rules that cost next to nothing for any certificate. @module */
import type { PublicKey } from "../../ports/crypto.ts";
import type { KeyUsage } from "../certificate/key_usage.ts";
import type { Criteria } from "./criteria.ts";
import { authority, dateText, everywhere, leaf, type Rule, signed } from "./rule.ts";
import { signatureRules } from "./signature_rules.ts";

/**
 * The rules that cost next to nothing for any certificate; they are checked before signatures. Trust anchors are
 * checked against their own constraints, too, as in other implementations: an expiry date or constraint in a trust
 * anchor was put there on purpose (RFC 5937).
 */
export const cheapRules: ReadonlyArray<Rule> = [
  {
    rfc: "RFC 5280 §4.1.2.5",
    where: everywhere,
    broken: ({ certificate: { notBefore, notAfter }, criteria: { time } }) =>
      time < notBefore
        ? ["not_yet_valid", `it is not valid before ${dateText(notBefore)}`]
        : time > notAfter
        ? ["expired", `it expired on ${dateText(notAfter)}`]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.1.2.7",
    where: everywhere,
    broken: ({ certificate: { publicKey }, criteria: { minimumRsaBits = 2048 } }) =>
      publicKey._tag === "unsupported"
        ? ["unsupported", publicKey.detail]
        : bitsOf(publicKey) < minimumRsaBits
        ? [
          "invalid",
          `its RSA key has ${bitsOf(publicKey)} bits, fewer than ${minimumRsaBits}`,
          { minimumRsaBits: bitsOf(publicKey) },
        ]
        : undefined,
  },
  ...signatureRules.map(({ rfc, broken }): Rule => ({
    rfc,
    where: signed,
    broken: ({ certificate, criteria }) => broken(certificate.signatureAlgorithm, criteria),
  })),
  {
    rfc: "RFC 5280 §4.1.2.4",
    where: signed,
    broken: ({ certificate: { issuer } }) =>
      issuer.rdns.length === 0 ? ["invalid", "it does not name its issuer"] : undefined,
  },
  {
    // The RFC allows a CA certificate as a host's, but nobody intends that. One that is itself trusted is accepted.
    rfc: "RFC 5280 §4.2.1.9",
    where: (at) => leaf(at) && signed(at),
    broken: ({ certificate: { basicConstraints }, criteria: { caAsLeaf = false } }) =>
      basicConstraints?.ca && !caAsLeaf
        ? ["ca_as_leaf", "it is a CA certificate, not one for a server or a client", { caAsLeaf: true }]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.2.1.9",
    where: authority,
    broken: (at) => {
      const { certificate: { version, basicConstraints } } = at;
      // Old root certificates have version 1, which cannot say that they are CAs.
      const ca = basicConstraints?.ca ?? (!signed(at) && version < 3);
      return ca ? undefined : ["invalid", "it signed a certificate but is not a CA"];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.3",
    where: authority,
    broken: ({ certificate: { keyUsage } }) =>
      keyUsage?.has("keyCertSign") ?? true
        ? undefined
        : ["wrong_usage", "its keyUsage does not allow keyCertSign"],
  },
  {
    // Which keyUsage a server needs depends on the cipher suite, so the handshake checks it.
    rfc: "RFC 5280 §4.2.1.3",
    where: leaf,
    broken: ({ certificate: { keyUsage }, criteria: { purpose } }) => {
      const wanted = signing[purpose];
      return !keyUsage || !wanted.length || wanted.some((usage) => keyUsage.has(usage))
        ? undefined
        : ["wrong_usage", `its keyUsage does not allow ${wanted.join(" or ")}`];
    },
  },
];

/** The bits of keyUsage of which a leaf needs at least one, if it has keyUsage. */
const signing: Readonly<Record<Criteria["purpose"], ReadonlyArray<KeyUsage>>> = {
  serverAuth: [],
  clientAuth: ["digitalSignature"],
  OCSPSigning: ["digitalSignature", "nonRepudiation"],
  cRLSign: ["cRLSign"],
};

/** The length of an RSA modulus in bits. Other keys are on supported curves, none of which is weak. */
const bitsOf = (key: PublicKey): number =>
  key._tag === "rsa" || key._tag === "rsa_pss"
    ? 8 * key.modulus.length - Math.clz32(key.modulus[0]!) + 24
    : Infinity;
