/** Decodes the options of trust in roots. @module */
import { Schema } from "../../deps.ts";
import { bytesOrText, decodeOption, flag, functionOf, list, oid, whole, word } from "../../options.ts";
import type { CtLog, TrustOptions } from "../../ports/trust.ts";
import { type Bytes, isBytes } from "../../wire/bytes.ts";
import { keyOfLog } from "../../x509/ct/logs.ts";

const ctLog: Schema.Schema<CtLog> = Schema.Struct({
  key: Schema.declare(
    (u: unknown): u is string | Bytes => (typeof u === "string" || isBytes(u)) && keyOfLog(u) !== undefined,
    { description: "the public key of a log: a SubjectPublicKeyInfo as DER, base64 or PEM" },
  ),
  description: Schema.optional(Schema.String),
  operator: Schema.optional(Schema.String),
  until: Schema.optional(Schema.Number),
});

const trustOptions: Schema.Schema<TrustOptions> = Schema.Struct({
  profile: Schema.optional(word("rfc5280", "webpki")),
  isPublicSuffix: Schema.optional(functionOf<(domain: string) => boolean>()),
  minimumRsaBits: Schema.optional(whole(0)),
  sha1: Schema.optional(flag),
  commonName: Schema.optional(flag),
  caAsLeaf: Schema.optional(flag),
  ctLogs: Schema.optional(list(ctLog)),
  minimumTimestamps: Schema.optional(whole(0)),
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
