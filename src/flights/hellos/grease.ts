/**
 * Values that nobody has a meaning for, among those that we offer (RFC 8701): a peer that cannot bear them is found before
 * somebody gives them one.
 *
 * @module
 */
import {
  ClientHello,
  type ClientHelloExtension,
  type NewSessionTicketExtension,
} from "../../messages/mod.ts";
import { CipherSuite } from "../../names/cipher_suite.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { ProtocolVersion } from "../../names/protocol.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";

/** One of the sixteen values 0x0A0A to 0xFAFA. */
const valueOf = (random: number): number => 0x0a0a + 0x1010 * (random & 15);

const unknown = (
  type: number,
  data: Bytes,
) => ({ _tag: "unknown", type: ExtensionType.of(type), data } as const);

/** A ClientHello with such values: a suite, a version, a group with a share, a scheme, and an extension at either end. */
export const greased = (hello: ClientHello, { random }: Pick<CryptoService, "random">): ClientHello => {
  const [suite, version, group, scheme, first, last] = [...random(6)].map(valueOf) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const named = NamedGroup.of(group);
  const extensions = (hello.extensions ?? []).map((e): ClientHelloExtension => {
    switch (e._tag) {
      case "supported_versions":
        return { ...e, versions: [ProtocolVersion.of(version), ...e.versions] };
      case "supported_groups":
        return { ...e, namedGroupList: [named, ...e.namedGroupList] };
      case "key_share":
        return {
          ...e,
          clientShares: [{ group: named, keyExchange: Uint8Array.of(0) }, ...e.clientShares],
        };
      case "signature_algorithms":
        return {
          ...e,
          supportedSignatureAlgorithms: [SignatureScheme.of(scheme), ...e.supportedSignatureAlgorithms],
        };
      default:
        return e;
    }
  });
  return make(ClientHello, {
    ...hello,
    cipherSuites: [CipherSuite.of(suite), ...hello.cipherSuites],
    extensions: [
      unknown(first, EMPTY),
      ...extensions,
      // No type may stand twice.
      unknown(last === first ? first ^ 0xf0f0 : last, Uint8Array.of(0)),
    ],
  });
};

/** An extension of a NewSessionTicket that means nothing. */
export const greaseOfTicket = ({ random }: Pick<CryptoService, "random">): NewSessionTicketExtension =>
  unknown(valueOf(random(1)[0]!), EMPTY);
