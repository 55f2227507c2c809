/** Summaries of messages. @module */
import { Messages, Names } from "../../mod.ts";

const { CipherSuite, NamedGroup, SignatureScheme, versionText } = Names;

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
const short = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join("") + "…";
const session = (id: Uint8Array): string => id.length === 0 ? "no session" : `session ${short(id)}`;
const ticket = (shown: Uint8Array | undefined): ReadonlyArray<string> =>
  shown && shown.length > 0 ? ["a ticket"] : [];

const prime = ({ dhP }: { readonly dhP: Uint8Array }): string => `a prime of ${8 * dhP.length} bits`;
const signed = (message: object): string => "signature" in message ? ", signed" : ", signed by nobody";

const authorities = (n: number): string => `${n} ${n === 1 ? "authority" : "authorities"}`;
const psks = (identities: ReadonlyArray<unknown> = []): ReadonlyArray<string> =>
  identities.length === 0 ? [] : [plural(identities.length, "pre-shared key")];

const serverHello13 = ({ cipherSuite, extensions }: Messages.ServerHello13): string => {
  const share = Messages.findExtension(extensions, "key_share")?.serverShare;
  return [
    "TLS 1.3",
    CipherSuite.nameOf(cipherSuite),
    ...(share ? [NamedGroup.nameOf(share.group)] : []),
    ...(Messages.findExtension(extensions, "pre_shared_key") ? ["by a pre-shared key"] : []),
  ].join(", ");
};

/** Summarizes a message in a few words; empty for a message without content. */
export const summary = (message: { readonly _tag: string }): string => {
  if (message instanceof Messages.ClientHello) {
    const name = Messages.findExtension(message.extensions, "server_name")?.serverNameList[0]?.name;
    const versions = Messages.findExtension(message.extensions, "supported_versions")?.versions ?? [];
    const best = versions.find((version) => version <= Names.ProtocolVersion.TLS_1_3);
    return [
      versionText(best ?? message.clientVersion),
      plural(message.cipherSuites.length, "cipher suite"),
      // With TLS 1.3 the ID may be made up; what resumes is a pre-shared key (RFC 8446 §4.1.2).
      ...(best === Names.ProtocolVersion.TLS_1_3 ? [] : [session(message.sessionId)]),
      ...ticket(Messages.findExtension(message.extensions, "session_ticket")?.ticket),
      ...psks(Messages.findExtension(message.extensions, "pre_shared_key")?.identities),
      ...(Messages.findExtension(message.extensions, "early_data") ? ["early data"] : []),
      ...(typeof name === "string" ? [`for ${name}`] : []),
    ].join(", ");
  }
  if (message instanceof Messages.ServerHello) {
    const { serverVersion, cipherSuite, sessionId } = message;
    return `${versionText(serverVersion)}, ${CipherSuite.nameOf(cipherSuite)}, ${session(sessionId)}`;
  }
  if (message instanceof Messages.ServerHello13) return serverHello13(message);
  if (message instanceof Messages.HelloRetryRequest) {
    const group = Messages.findExtension(message.extensions, "key_share")?.selectedGroup;
    return [
      CipherSuite.nameOf(message.cipherSuite),
      ...(group === undefined ? [] : [`wants ${NamedGroup.nameOf(group)}`]),
      ...(Messages.findExtension(message.extensions, "cookie") ? ["a cookie"] : []),
    ].join(", ");
  }
  if (message instanceof Messages.EncryptedExtensions) {
    return message.extensions.map(({ _tag }) => _tag).join(", ");
  }
  if (message instanceof Messages.Certificate13) {
    const bytes = message.certificateList.reduce((n, { certData }) => n + certData.length, 0);
    return `${plural(message.certificateList.length, "certificate")}, ${plural(bytes, "byte")}`;
  }
  if (message instanceof Messages.CompressedCertificate) {
    const { algorithm, compressedCertificateMessage, uncompressedLength } = message;
    const by = Names.CertificateCompressionAlgorithm.nameOf(algorithm);
    return `${plural(uncompressedLength, "byte")} as ${compressedCertificateMessage.length}, by ${by}`;
  }
  if (message instanceof Messages.CertificateRequest13) {
    const named = Messages.findExtension(message.extensions, "certificate_authorities")?.authorities ?? [];
    return authorities(named.length);
  }
  if (message instanceof Messages.NewSessionTicket13) {
    const { extensions, ticket, ticketLifetime } = message;
    const early = Messages.findExtension(extensions, "early_data")?.maxEarlyDataSize;
    return `${plural(ticket.length, "byte")}, for ${ticketLifetime} s` +
      (early === undefined ? "" : `, with early data of ${plural(early, "byte")}`);
  }
  if (message instanceof Messages.KeyUpdate) {
    return Names.KeyUpdateRequest.nameOf(message.requestUpdate);
  }
  if (message instanceof Messages.Certificate) {
    const bytes = message.certificateList.reduce((n, der) => n + der.length, 0);
    return `${plural(message.certificateList.length, "certificate")}, ${plural(bytes, "byte")}`;
  }
  if (message instanceof Messages.ServerKeyExchangeECDHE) {
    const { params, algorithm } = message;
    return `${NamedGroup.nameOf(params.namedCurve)}, signed by ${SignatureScheme.nameOf(algorithm)}`;
  }
  if (
    message instanceof Messages.ServerKeyExchangeECDHELegacy ||
    message instanceof Messages.ServerKeyExchangeECDHAnon
  ) {
    return `${NamedGroup.nameOf(message.params.namedCurve)}${signed(message)}`;
  }
  if (message instanceof Messages.ServerKeyExchangeDHE) {
    return `${prime(message.params)}, signed by ${SignatureScheme.nameOf(message.algorithm)}`;
  }
  if (
    message instanceof Messages.ServerKeyExchangeDHELegacy ||
    message instanceof Messages.ServerKeyExchangeDHAnon
  ) {
    return `${prime(message.params)}${signed(message)}`;
  }
  if (message instanceof Messages.CertificateStatus) {
    return plural(message.status.response.length, "byte");
  }
  if (
    message instanceof Messages.CertificateRequest || message instanceof Messages.CertificateRequestLegacy
  ) {
    return authorities(message.certificateAuthorities.length);
  }
  if (message instanceof Messages.ClientKeyExchangeECDHE) return plural(message.ecdhYc.length, "byte");
  if (message instanceof Messages.ClientKeyExchangeDHE) return plural(message.dhYc.length, "byte");
  if (
    message instanceof Messages.ClientKeyExchangeRSA || message instanceof Messages.ClientKeyExchangeRSASSL30
  ) {
    return plural(message.encryptedPreMasterSecret.length, "encrypted byte");
  }
  if (message instanceof Messages.NewSessionTicket) {
    const { ticket, ticketLifetimeHint } = message;
    return `${plural(ticket.length, "byte")}, for ${
      ticketLifetimeHint ? `${ticketLifetimeHint} s` : "as long as it lasts"
    }`;
  }
  if (message instanceof Messages.CertificateVerify) return SignatureScheme.nameOf(message.algorithm);
  if (message instanceof Messages.Finished) return short(message.verifyData);
  return "";
};
