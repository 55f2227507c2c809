/** Where CRLs are found, and which reasons they are for (RFC 5280 §4.2.1.13, §5.2.5). @module */
import { Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";
import {
  any,
  choice,
  decodeDer,
  explicit,
  implicit,
  map,
  optional,
  sequence,
  sequenceOf,
  tagged,
  type TypeOf,
  withDefault,
} from "../der/der.ts";
import { bitString, boolean } from "../der/types.ts";
import * as Der from "../der/writer.ts";
import { type DistinguishedName, name } from "./distinguished_name.ts";
import { type GeneralName, generalName } from "./general_name.ts";

/** The names of the bits of `ReasonFlags ::= BIT STRING`, in order. */
export const reasonNames = [
  "unused",
  "keyCompromise",
  "cACompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
  "certificateHold",
  "privilegeWithdrawn",
  "aACompromise",
] as const;

/** Every reason, as a set of bits: bit n is for the reason n of `reasonNames`. */
export const ALL_REASONS = 0b1_1111_1110;

/** The reasons of which a set of bits consists. */
export const reasonsText = (bits: number): string =>
  reasonNames.filter((_, i) => bits & ALL_REASONS & 1 << i).join(", ");

const reasonFlags = (n: number) =>
  map(
    implicit(n, bitString),
    ({ bytes }) =>
      reasonNames.reduce((bits, _, i) => (bytes[i >> 3] ?? 0) & 0x80 >> (i & 7) ? bits | 1 << i : bits, 0) &
      ALL_REASONS,
  );

const generalNames = sequenceOf(generalName);

/** `DistributionPointName`: full names, or what is to be added to the name of a CRL's issuer. */
const distributionPointName = choice(
  map(implicit(0, generalNames), (names) => ({ _tag: "full", names } as const)),
  map(tagged(0xa1, (r) => r.rest()), (rdn) => ({ _tag: "relative", rdn } as const)),
);

/** The name of a place where CRLs are found. */
export type DistributionPointName = TypeOf<typeof distributionPointName>;

/** `DistributionPoint`. */
const distributionPoint = map(
  sequence({
    name: optional(explicit(0, distributionPointName)),
    reasons: optional(reasonFlags(1)),
    crlIssuer: optional(implicit(2, generalNames)),
  }),
  (point, fail) => point.name ?? point.crlIssuer ? point : fail("neither a name nor an issuer of CRLs"),
);

/** A place where a certificate says that CRLs about it are found. */
export type DistributionPoint = TypeOf<typeof distributionPoint>;

/** `CRLDistributionPoints`, and `FreshestCRL` as well. */
export const distributionPoints = sequenceOf(distributionPoint);

const flag = (n: number) => withDefault(implicit(n, boolean), false);

/** `IssuingDistributionPoint`: which certificates a CRL is about. */
export const issuingDistributionPoint = map(
  sequence({
    name: optional(explicit(0, distributionPointName)),
    onlyContainsUserCerts: flag(1),
    onlyContainsCACerts: flag(2),
    onlySomeReasons: optional(reasonFlags(3)),
    indirectCRL: flag(4),
    onlyContainsAttributeCerts: flag(5),
  }),
  (point, fail) =>
    [point.onlyContainsUserCerts, point.onlyContainsCACerts, point.onlyContainsAttributeCerts]
        .filter(Boolean).length > 1
      ? fail("it contains only certificates of one kind, and only those of another")
      : point,
);

/** The names of a distribution point as texts that are the same for equal names. Relative ones are those of `issuer`. */
export const pointKeys = (
  point: DistributionPointName,
  issuer: DistinguishedName,
): ReadonlyArray<string> => {
  if (point._tag === "full") return point.names.map(keyOf);
  const { content } = Either.getOrThrow(decodeDer("Name", any, issuer.raw));
  const whole = decodeDer("Name", name, Der.sequence(content, Der.element(0x31, point.rdn)));
  return Either.match(whole, {
    onLeft: () => [],
    onRight: (value) => [keyOf({ _tag: "directoryName", value })],
  });
};

/** A name as a text that is the same for equal names. */
export const keyOf = ({ _tag, value }: GeneralName): string =>
  `${_tag} ${
    typeof value === "string" ? value : "key" in value ? value.key : decoder.decode(value as Bytes)
  }`;
const decoder = new TextDecoder("latin1");
