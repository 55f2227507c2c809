/**
 * Extensions, by the message that carries them (the table in RFC 8446 §4.2). An extension declared for one message is
 * unknown in another, and is kept there as bytes.
 *
 * @module
 */
import { ExtensionType } from "../../names/extension_type.ts";
import { type Extensions, extensions } from "../../wire/schema.ts";
import { ApplicationLayerProtocolNegotiation } from "./alpn.ts";
import { ECPointFormats } from "./ec_point_formats.ts";
import { EncryptThenMac } from "./encrypt_then_mac.ts";
import { ExtendedMasterSecret } from "./extended_master_secret.ts";
import { MaxFragmentLengthExtension } from "./max_fragment_length.ts";
import { Padding } from "./padding.ts";
import { RenegotiationInfo } from "./renegotiation_info.ts";
import { ServerNameAcknowledged, ServerNameList } from "./server_name.ts";
import { SessionTicket, SessionTicketAcknowledged } from "./session_ticket.ts";
import { SignatureAlgorithms } from "./signature_algorithms.ts";
import {
  SignedCertificateTimestampList,
  SignedCertificateTimestampRequest,
} from "./signed_certificate_timestamp.ts";
import { CertificateStatusRequest, StatusRequestAcknowledged } from "./status_request.ts";
import { SupportedGroups } from "./supported_groups.ts";
import { SelectedVersion, SupportedVersions } from "./supported_versions.ts";

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
  SessionTicket,
  SupportedVersions,
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
  SessionTicketAcknowledged,
  SelectedVersion,
  RenegotiationInfo,
] as const;

/** The type of `ServerHelloExtensions`. */
export interface ServerHelloExtensionList extends Extensions<ExtensionType, typeof serverHellos> {}

/** The extensions of a ServerHello. */
export const ServerHelloExtensions: ServerHelloExtensionList = extensions(ExtensionType)(...serverHellos);
/** One extension of a ServerHello. */
export type ServerHelloExtension = typeof ServerHelloExtensions.Type[number];

/** Finds the extension with a tag; `undefined` when the list has none, or is itself `undefined`. */
export const findExtension = <E extends { readonly _tag: string }, T extends E["_tag"]>(
  list: ReadonlyArray<E> | undefined,
  tag: T,
): Extract<E, { readonly _tag: T }> | undefined =>
  list?.find((e): e is Extract<E, { readonly _tag: T }> => e._tag === tag);

export * from "./alpn.ts";
export * from "./ec_point_formats.ts";
export * from "./encrypt_then_mac.ts";
export * from "./extended_master_secret.ts";
export * from "./max_fragment_length.ts";
export * from "./padding.ts";
export * from "./renegotiation_info.ts";
export * from "./server_name.ts";
export * from "./session_ticket.ts";
export * from "./signature_algorithms.ts";
export * from "./signed_certificate_timestamp.ts";
export * from "./status_request.ts";
export * from "./supported_groups.ts";
export * from "./supported_versions.ts";
