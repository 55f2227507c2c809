/** What matters in a message, in a few words. @module */
import { Messages, Names } from "../../mod.ts";

const { CipherSuite, NamedGroup, SignatureScheme, versionText } = Names;

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
const short = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join("") + "…";
const session = (id: Uint8Array): string => id.length === 0 ? "no session" : `session ${short(id)}`;

/** A message in a few words; nothing for one that says nothing. */
export const summary = (message: { readonly _tag: string }): string => {
  if (message instanceof Messages.ClientHello) {
    const name = Messages.findExtension(message.extensions, "server_name")?.serverNameList[0]?.name;
    return [
      versionText(message.clientVersion),
      plural(message.cipherSuites.length, "cipher suite"),
      session(message.sessionId),
      ...(typeof name === "string" ? [`for ${name}`] : []),
    ].join(", ");
  }
  if (message instanceof Messages.ServerHello) {
    const { serverVersion, cipherSuite, sessionId } = message;
    return `${versionText(serverVersion)}, ${CipherSuite.nameOf(cipherSuite)}, ${session(sessionId)}`;
  }
  if (message instanceof Messages.Certificate) {
    const bytes = message.certificateList.reduce((n, der) => n + der.length, 0);
    return `${plural(message.certificateList.length, "certificate")}, ${plural(bytes, "byte")}`;
  }
  if (message instanceof Messages.ServerKeyExchangeECDHE) {
    const { params, algorithm } = message;
    return `${NamedGroup.nameOf(params.namedCurve)}, signed by ${SignatureScheme.nameOf(algorithm)}`;
  }
  if (message instanceof Messages.CertificateRequest) {
    return plural(message.certificateAuthorities.length, "authority").replace("authoritys", "authorities");
  }
  if (message instanceof Messages.ClientKeyExchangeECDHE) return plural(message.ecdhYc.length, "byte");
  if (message instanceof Messages.ClientKeyExchangeRSA) {
    return plural(message.encryptedPreMasterSecret.length, "encrypted byte");
  }
  if (message instanceof Messages.CertificateVerify) return SignatureScheme.nameOf(message.algorithm);
  if (message instanceof Messages.Finished) return short(message.verifyData);
  return "";
};
