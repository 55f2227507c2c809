/** Whether a certificate has the extensions that a server asks for (RFC 8446 §4.2.5). @module */
import { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { decodeDer, sequenceOf } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { bitString, objectIdentifier } from "../der/types.ts";
import type { Certificate } from "./certificate.ts";
import { usagesOf } from "./key_usage.ts";

const usages = (der: Bytes) =>
  Either.map(decodeDer("KeyUsage", bitString, der), ({ bytes }) => [...usagesOf(bytes)]);
const purposes = (der: Bytes) => decodeDer("ExtKeyUsageSyntax", sequenceOf(objectIdentifier), der);

/**
 * Whether a certificate has an extension with the values that a filter asks for. keyUsage and extendedKeyUsage must have all
 * of them; an extension that has no rule here is passed over, as the RFC says. A filter that cannot be read is not satisfied.
 */
export const satisfies = (
  { extendedKeyUsage, keyUsage }: Pick<Certificate, "extendedKeyUsage" | "keyUsage">,
  { certificateExtensionOid, certificateExtensionValues: values }: {
    readonly certificateExtensionOid: Bytes;
    readonly certificateExtensionValues: Bytes;
  },
): boolean => {
  const all = <A>(read: (der: Bytes) => Either.Either<ReadonlyArray<A>, unknown>, has: (a: A) => boolean) =>
    values.length === 0 ||
    Either.match(read(values), { onLeft: () => false, onRight: (asked) => asked.every(has) });
  return Either.match(decodeDer("OID", objectIdentifier, certificateExtensionOid), {
    onLeft: () => false,
    onRight: (oid) => {
      switch (oid) {
        case oids.keyUsage:
          return keyUsage !== undefined && all(usages, (usage) => keyUsage.has(usage));
        case oids.extendedKeyUsage:
          return extendedKeyUsage !== undefined && all(purposes, (one) => extendedKeyUsage.includes(one));
        default:
          return true;
      }
    },
  });
};
