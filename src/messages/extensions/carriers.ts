/**
 * Extensions, by the message that carries them (the table in RFC 8446 §4.2). An extension declared for one message is
 * unknown in another, and is kept there as bytes.
 *
 * @module
 */
import type { Schema } from "../../deps.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { declarationOf } from "../../wire/layout.ts";
import { type Extensions, extensions } from "../../wire/schema.ts";
import { ApplicationLayerProtocolNegotiation } from "./alpn.ts";
import {
  CertificateStatusRequest,
  ClientStatusRequest,
  SignedCertificateTimestampList,
  SignedCertificateTimestampRequest,
  StapledStatus,
  StatusRequestAcknowledged,
} from "./certificate_status.ts";
import {
  CertificateAuthorities,
  CompressCertificate,
  OidFilters,
  PostHandshakeAuth,
  SignatureAlgorithms,
  SignatureAlgorithmsCert,
} from "./certificates.ts";
import {
  ECPointFormats,
  KeyShareClientHello,
  KeyShareHelloRetryRequest,
  KeyShareServerHello,
  SupportedGroups,
} from "./groups.ts";
import { Cookie, Padding, SelectedVersion, SupportedVersions } from "./hello.ts";
import { EarlyData, MaxEarlyData, OfferedPsks, PskKeyExchangeModes, SelectedPsk } from "./pre_shared_key.ts";
import { EncryptThenMac, MaxFragmentLengthExtension, RecordSizeLimit } from "./records.ts";
import { ServerNameAcknowledged, ServerNameList } from "./server_name.ts";
import {
  ExtendedMasterSecret,
  RenegotiationInfo,
  SessionTicket,
  SessionTicketAcknowledged,
} from "./sessions.ts";

const clientHellos = [
  ServerNameList,
  MaxFragmentLengthExtension,
  CertificateStatusRequest,
  SupportedGroups,
  ECPointFormats,
  SignatureAlgorithms,
  ApplicationLayerProtocolNegotiation,
  SignedCertificateTimestampRequest,
  Padding,
  EncryptThenMac,
  ExtendedMasterSecret,
  CompressCertificate,
  RecordSizeLimit,
  SessionTicket,
  OfferedPsks,
  EarlyData,
  SupportedVersions,
  Cookie,
  PskKeyExchangeModes,
  CertificateAuthorities,
  PostHandshakeAuth,
  SignatureAlgorithmsCert,
  KeyShareClientHello,
  RenegotiationInfo,
] as const;

/** The type of `ClientHelloExtensions`. */
export interface ClientHelloExtensionList extends Extensions<ExtensionType, typeof clientHellos> {}

/** The extensions of a ClientHello. */
export const ClientHelloExtensions: ClientHelloExtensionList = extensions(ExtensionType)(...clientHellos);
/** One extension of a ClientHello. */
export type ClientHelloExtension = typeof ClientHelloExtensions.Type[number];

const serverHellos = [
  ServerNameAcknowledged,
  MaxFragmentLengthExtension,
  StatusRequestAcknowledged,
  ECPointFormats,
  ApplicationLayerProtocolNegotiation,
  SignedCertificateTimestampList,
  EncryptThenMac,
  ExtendedMasterSecret,
  RecordSizeLimit,
  SessionTicketAcknowledged,
  SelectedVersion,
  RenegotiationInfo,
] as const;

/** The type of `ServerHelloExtensions`. */
export interface ServerHelloExtensionList extends Extensions<ExtensionType, typeof serverHellos> {}

/** The extensions of a ServerHello before TLS 1.3. */
export const ServerHelloExtensions: ServerHelloExtensionList = extensions(ExtensionType)(...serverHellos);
/** One extension of a ServerHello before TLS 1.3. */
export type ServerHelloExtension = typeof ServerHelloExtensions.Type[number];

const serverHellos13 = [
  SelectedPsk,
  SelectedVersion,
  KeyShareServerHello,
] as const;

/** The type of `ServerHello13Extensions`. */
export interface ServerHello13ExtensionList extends Extensions<ExtensionType, typeof serverHellos13> {}

/** The extensions of a ServerHello of TLS 1.3. */
export const ServerHello13Extensions: ServerHello13ExtensionList = extensions(ExtensionType)(
  ...serverHellos13,
);
/** One extension of a ServerHello of TLS 1.3. */
export type ServerHello13Extension = typeof ServerHello13Extensions.Type[number];

const helloRetryRequests = [
  SelectedVersion,
  Cookie,
  KeyShareHelloRetryRequest,
] as const;

/** The type of `HelloRetryRequestExtensions`. */
export interface HelloRetryRequestExtensionList
  extends Extensions<ExtensionType, typeof helloRetryRequests> {}

/** The extensions of a HelloRetryRequest. */
export const HelloRetryRequestExtensions: HelloRetryRequestExtensionList = extensions(ExtensionType)(
  ...helloRetryRequests,
);
/** One extension of a HelloRetryRequest. */
export type HelloRetryRequestExtension = typeof HelloRetryRequestExtensions.Type[number];

const encryptedExtensions = [
  ServerNameAcknowledged,
  MaxFragmentLengthExtension,
  SupportedGroups,
  ApplicationLayerProtocolNegotiation,
  RecordSizeLimit,
  EarlyData,
] as const;

/** The type of `EncryptedExtensionsExtensions`. */
export interface EncryptedExtensionsExtensionList
  extends Extensions<ExtensionType, typeof encryptedExtensions> {}

/** The extensions of EncryptedExtensions. */
export const EncryptedExtensionsExtensions: EncryptedExtensionsExtensionList = extensions(ExtensionType)(
  ...encryptedExtensions,
);
/** One of the EncryptedExtensions. */
export type EncryptedExtension = typeof EncryptedExtensionsExtensions.Type[number];

const certificateEntries = [
  StapledStatus,
  SignedCertificateTimestampList,
] as const;

/** The type of `CertificateEntryExtensions`. */
export interface CertificateEntryExtensionList extends Extensions<ExtensionType, typeof certificateEntries> {}

/** The extensions of a CertificateEntry. */
export const CertificateEntryExtensions: CertificateEntryExtensionList = extensions(ExtensionType)(
  ...certificateEntries,
);
/** One extension of a CertificateEntry. */
export type CertificateEntryExtension = typeof CertificateEntryExtensions.Type[number];

const certificateRequests = [
  ClientStatusRequest,
  SignatureAlgorithms,
  SignedCertificateTimestampRequest,
  CompressCertificate,
  CertificateAuthorities,
  OidFilters,
  SignatureAlgorithmsCert,
] as const;

/** The type of `CertificateRequestExtensions`. */
export interface CertificateRequestExtensionList
  extends Extensions<ExtensionType, typeof certificateRequests> {}

/** The extensions of a CertificateRequest of TLS 1.3. */
export const CertificateRequestExtensions: CertificateRequestExtensionList = extensions(ExtensionType)(
  ...certificateRequests,
);
/** One extension of a CertificateRequest of TLS 1.3. */
export type CertificateRequestExtension = typeof CertificateRequestExtensions.Type[number];

const newSessionTickets = [
  MaxEarlyData,
] as const;

/** The type of `NewSessionTicketExtensions`. */
export interface NewSessionTicketExtensionList extends Extensions<ExtensionType, typeof newSessionTickets> {}

/** The extensions of a NewSessionTicket of TLS 1.3. */
export const NewSessionTicketExtensions: NewSessionTicketExtensionList = extensions(ExtensionType)(
  ...newSessionTickets,
);
/** One extension of a NewSessionTicket of TLS 1.3. */
export type NewSessionTicketExtension = typeof NewSessionTicketExtensions.Type[number];

/** The tag of a message of TLS 1.3 that carries extensions. For Certificate, each entry carries some. */
export type Carrier =
  | "ClientHello"
  | "ServerHello"
  | "HelloRetryRequest"
  | "EncryptedExtensions"
  | "Certificate"
  | "CertificateRequest"
  | "NewSessionTicket";

const typesOf = (list: ReadonlyArray<Schema.Schema.Any>): ReadonlySet<number> =>
  new Set(list.map((one) => declarationOf(one).meta.type));

const carried: { readonly [C in Carrier]: ReadonlySet<number> } = {
  ClientHello: typesOf(clientHellos),
  ServerHello: typesOf(serverHellos13),
  HelloRetryRequest: typesOf(helloRetryRequests),
  EncryptedExtensions: typesOf(encryptedExtensions),
  Certificate: typesOf(certificateEntries),
  CertificateRequest: typesOf(certificateRequests),
  NewSessionTicket: typesOf(newSessionTickets),
};
const known: ReadonlySet<number> = new Set(Object.values(carried).flatMap((types) => [...types]));

/**
 * Whether an extension, by its number, may stand in a message of TLS 1.3. It may not if it is specified for other
 * messages alone: that is an illegal_parameter (RFC 8446 §4.2). Of an extension that no message here declares, nothing
 * is known, so it may.
 */
export const mayStandIn = (type: number, carrier: Carrier): boolean =>
  carried[carrier].has(type) || !known.has(type);

/** Finds the extension with a tag; `undefined` when the list has none, or is itself `undefined`. */
export const findExtension = <E extends { readonly _tag: string }, T extends E["_tag"]>(
  list: ReadonlyArray<E> | undefined,
  tag: T,
): Extract<E, { readonly _tag: T }> | undefined =>
  list?.find((e): e is Extract<E, { readonly _tag: T }> => e._tag === tag);
