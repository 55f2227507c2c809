/** How the options of programs without Effect are decoded. @module */
import { Layer, Schema } from "../deps.ts";
import { alpnOption, bytesOrText, clientAuthOption, flag, functionOf, list, text, word } from "../options.ts";
import type { Observe } from "../public/connections.ts";
import type { PemFiles } from "../public/credentials.ts";
import { PolicyOption } from "../public/policy.ts";
import type { SessionStoreService } from "../public/session_store.ts";
import { ports, type Protocol } from "../starttls/mod.ts";
import type { Trust } from "./options.ts";

/** An object whose members are decoded where they are used. */
export const object = <A extends object>(what: string): Schema.Schema<A> =>
  Schema.declare((u: unknown): u is A => typeof u === "object" && u !== null, { description: what });

const content = Schema.Union(bytesOrText, list(bytesOrText, 1));
const layerOf: Schema.Schema<Layer.Layer<never, unknown>> = Schema.declare(
  (u: unknown): u is Layer.Layer<never, unknown> => Layer.isLayer(u),
  { description: "a Layer" },
);

/** The Schemas of the options that both roles have. */
export const tlsOptions = {
  policy: Schema.optional(Schema.Union(word("modern", "compatible", "legacy"), PolicyOption)),
  alpnProtocols: Schema.optional(alpnOption),
  cert: Schema.optional(bytesOrText),
  key: Schema.optional(bytesOrText),
  keyFormat: Schema.optional(word("pem")),
  passphrase: Schema.optional(Schema.String),
  credentials: Schema.optional(Schema.NonEmptyArray(object<PemFiles>("paths: { certificate, privateKey }"))),
  trust: Schema.optional(
    Schema.Union(
      word("bundled", "system", "nobody checks"),
      object<Exclude<Trust, string>>("{ roots } or { pins }"),
    ),
  ),
  crypto: Schema.optional(word("native", "noble")),
  sessions: Schema.optional(
    Schema.Union(word("memory", "none"), object<SessionStoreService>("a session store")),
  ),
  keyLog: Schema.optional(Schema.Union(text(1), functionOf<(line: string) => void>())),
  layers: Schema.optional(layerOf),
};

/** The Schemas of the options that clients have besides. */
export const clientOptions = {
  ...tlsOptions,
  caCerts: Schema.optional(list(Schema.String)),
  unsafelyDisableHostnameVerification: Schema.optional(flag),
  fallback: Schema.optional(flag),
  earlyData: Schema.optional(Schema.Uint8ArrayFromSelf),
  observe: Schema.optional(functionOf<Observe>()),
  sessionKey: Schema.optional(text(0)),
};

/** The Schemas of the options that servers have besides. */
export const serverOptions = {
  ...tlsOptions,
  clientAuth: Schema.optional(clientAuthOption),
  clientCa: Schema.optional(content),
  tickets: Schema.optional(Schema.Union(flag, Schema.Struct({ file: text(1) }))),
  earlyData: Schema.optional(Schema.Number),
};

/** A signal that gives something up. */
export const signal: Schema.optional<Schema.Schema<AbortSignal>> = Schema.optional(
  Schema.declare((u: unknown): u is AbortSignal => u instanceof AbortSignal, {
    description: "an AbortSignal",
  }),
);

/** What is spoken until TLS begins. */
export const starttls: Schema.optional<Schema.Schema<Protocol>> = Schema.optional(
  word(...Object.keys(ports) as Array<Protocol>),
);
