/** What a certification path must meet. @module */
import { Schema } from "../../deps.ts";
import { bytesOrText, decodeOption, flag, list, oid, whole, word } from "../../options.ts";
import type { TrustOptions, Verification } from "../../ports/trust.ts";
import type { Certificate } from "../certificate/certificate.ts";

const trustOptions: Schema.Schema<TrustOptions> = Schema.Struct({
  minimumRsaBits: Schema.optional(whole(0)),
  sha1: Schema.optional(flag),
  commonName: Schema.optional(flag),
  caAsLeaf: Schema.optional(flag),
  rememberedVerdicts: Schema.optional(whole(0)),
  ocspMaximumAge: Schema.optional(whole(0)),
  ocspWithoutEnd: Schema.optional(whole(0)),
  crls: Schema.optional(Schema.Union(bytesOrText, list(bytesOrText))),
  crlCheck: Schema.optional(word("leaf", "chain")),
  initialPolicies: Schema.optional(list(oid)),
  requireExplicitPolicy: Schema.optional(flag),
  inhibitPolicyMapping: Schema.optional(flag),
  inhibitAnyPolicy: Schema.optional(flag),
});

/** Decodes the options of trust in roots. Fails with InvalidOption for one of the wrong type. */
export const decodeTrustOptions = decodeOption(trustOptions, "allowances");

/** The criteria that a path must meet. */
export interface Criteria extends TrustOptions {
  /** The time of the check, in seconds since the epoch. */
  readonly time: number;
  /** The name that the leaf must be valid for; `undefined` for any. */
  readonly name: string | undefined;
  readonly purpose: Verification["purpose"] | "OCSPSigning" | "cRLSign";
}

/** A certification path: the leaf first, the trust anchor last. A trusted leaf is alone in its path. */
export type Path = ReadonlyArray<Certificate>;
