/** `GeneralName` (RFC 5280 §4.2.1.6): the names in subjectAltName and in name constraints. @module */
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { choice, type Der, explicit, implicit, map, tagged, withRaw } from "../der/der.ts";
import { ia5String, octetString } from "../der/types.ts";
import { type DistinguishedName, name } from "./distinguished_name.ts";
import { ipText } from "./ip_address.ts";

/** A name of any form. Forms that are never compared are kept as bytes. */
export type GeneralName =
  | { readonly _tag: "rfc822Name" | "dNSName" | "uniformResourceIdentifier"; readonly value: string }
  | { readonly _tag: "iPAddress"; readonly value: Bytes }
  | { readonly _tag: "directoryName"; readonly value: DistinguishedName }
  | { readonly _tag: "otherName" | "x400Address" | "ediPartyName" | "registeredID"; readonly value: Bytes };

/** A name as text, with unprintable characters escaped. */
export const printName = ({ _tag, value }: GeneralName): string => {
  if (_tag === "iPAddress") return ipText(value);
  if (typeof value !== "string") return "text" in value ? value.text : `0x${toHex(value)}`;
  return /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
};

const as = <const T extends string, A>(_tag: T, of: Der<A>): Der<{ readonly _tag: T; readonly value: A }> =>
  map(of, (value) => ({ _tag, value }));
const kept = (tag: number): Der<Bytes> => map(withRaw(tagged(tag, (r) => r.rest())), ({ raw }) => raw);

/** `GeneralName`. */
export const generalName: Der<GeneralName> = choice(
  as("rfc822Name", implicit(1, ia5String)),
  as("dNSName", implicit(2, ia5String)),
  as("uniformResourceIdentifier", implicit(6, ia5String)),
  as("iPAddress", implicit(7, octetString)),
  as("directoryName", explicit(4, name)),
  as("otherName", kept(0xa0)),
  as("x400Address", kept(0xa3)),
  as("ediPartyName", kept(0xa5)),
  as("registeredID", kept(0x88)),
);
