/** Builds the services that options name. Those of `layers` come first; what they lack is made. @module */
import { Context, Effect, Layer, type Scope } from "../deps.ts";
import * as Trusts from "../public/certificate_verifier.ts";
import * as Credentials from "../public/credentials.ts";
import * as Crypto from "../public/crypto.ts";
import { InvalidOption, PemError, type SetupError, wordsOf } from "../public/errors.ts";
import * as KeyLog from "../public/key_log.ts";
import * as SessionStore from "../public/session_store.ts";
import * as SessionTickets from "../public/session_tickets.ts";
import type { ClientOptions, ServerOptions, TlsOptions, Trust } from "./options.ts";

/** The services that every connection needs, apart from a network. */
export type Services =
  | Crypto.Crypto
  | SessionStore.SessionStore
  | Trusts.CertificateVerifier
  | Credentials.Credentials;

/** What is wrong with options, or with the files, texts and keys that they name. */
export type OptionsError = InvalidOption | SetupError;

/** The services of a client. Layers of its own that fail do so with their own error. */
export const clientServices = (
  options: ClientOptions,
): Effect.Effect<Context.Context<Services>, OptionsError, Scope.Scope> =>
  services(options, {
    store: Layer.succeed(SessionStore.SessionStore, ofThisProcess),
    trust: () =>
      Effect.map(trustOf(options.trust ?? "bundled"), (trust) => {
        const { caCerts = [], unsafelyDisableHostnameVerification: anyName = false } = options;
        // Where the other roots cannot be read, these are all that is trusted.
        const all = caCerts.length === 0 ? trust : Trusts.layerEither(
          of("caCerts", Trusts.layerRoots(caCerts)),
          Layer.orElse(trust, () => Trusts.layerNone),
        );
        return anyName ? forAnyName(all) : all;
      }),
    credentials: () => Effect.map(credentialsOf(options), (own) => own ?? Credentials.layerNone),
  });

/** The services of a server. */
export const serverServices = (
  options: ServerOptions,
): Effect.Effect<Context.Context<Services>, OptionsError, Scope.Scope> =>
  Effect.map(
    Effect.zip(
      services(options, {
        store: SessionStore.layerMemory(),
        trust: () => clientTrust(options),
        credentials: () =>
          Effect.flatMap(credentialsOf(options), (own) =>
            own
              ? Effect.succeed(own)
              : missing("cert", "a certificate chain: cert and key, credentials or layers")),
      }),
      Layer.build(ticketsOf(options)),
    ),
    ([services, tickets]) =>
      Context.merge(tickets, services),
  );

/** One store for all clients of this process: trust and credentials keep their sessions apart. */
const ofThisProcess = SessionStore.makeMemory();

/** What a role takes where the options name no layer. */
interface Defaults {
  readonly store: Layer.Layer<SessionStore.SessionStore, InvalidOption>;
  readonly trust: () => Effect.Effect<Layer.Layer<Trusts.CertificateVerifier, OptionsError>, InvalidOption>;
  readonly credentials: () => Effect.Effect<
    Layer.Layer<Credentials.Credentials, OptionsError>,
    InvalidOption
  >;
}

const providers = { native: Crypto.layerNative, noble: Crypto.layerNoble };

const services = (
  options: TlsOptions,
  defaults: Defaults,
): Effect.Effect<Context.Context<Services>, OptionsError, Scope.Scope> =>
  Effect.gen(function* () {
    // Their errors are the user's own: whatever they are, they come out as they are.
    const given = yield* Layer.build((options.layers ?? Layer.empty) as Layer.Layer<never, OptionsError>);
    const unless = <I, S>(
      tag: Context.Tag<I, S>,
      otherwise: () => Effect.Effect<Layer.Layer<I, OptionsError>, InvalidOption>,
    ): Effect.Effect<Context.Context<I>, OptionsError, Scope.Scope> =>
      Context.getOption(given as Context.Context<I>, tag)._tag === "Some"
        ? Effect.succeed(Context.empty() as Context.Context<I>)
        : Effect.flatMap(otherwise(), (layer) => Layer.build(layer));
    const { crypto = "native", keyLog } = options;
    const made = [
      yield* unless(Crypto.Crypto, () => Effect.succeed(providers[crypto])),
      yield* unless(SessionStore.SessionStore, () => Effect.succeed(storeOf(options) ?? defaults.store)),
      yield* unless(Trusts.CertificateVerifier, defaults.trust),
      yield* unless(Credentials.Credentials, defaults.credentials),
      yield* Layer.build(keyLog === undefined ? Layer.empty : keyLogTo(keyLog)),
    ];
    return Context.mergeAll(...made, given) as Context.Context<Services>;
  });

const storeOf = ({ sessions = "memory" }: TlsOptions): Layer.Layer<SessionStore.SessionStore> | undefined =>
  sessions === "memory"
    ? undefined
    : sessions === "none"
    ? SessionStore.layerNone
    : Layer.succeed(SessionStore.SessionStore, sessions);

const trustOf = (
  trust: Trust,
  name = "trust.roots",
): Effect.Effect<Layer.Layer<Trusts.CertificateVerifier, OptionsError>, InvalidOption> => {
  if (typeof trust === "string") return Effect.succeed(wellKnown[trust]);
  const { roots, pins, ...more } = trust;
  if (roots === undefined) {
    if (pins === undefined) return missing("trust", "{ roots }, { pins } or both");
    const [besides] = Object.keys(more);
    if (besides !== undefined) return missing("trust.roots", `roots for ${besides} to be about`);
    return Effect.succeed(Trusts.layerPinned(pins));
  }
  const below = of(name, Trusts.layerRoots(roots, more));
  return Effect.succeed(pins === undefined ? below : Trusts.layerBoth(below, Trusts.layerPinned(pins)));
};

/** Builds a layer once for the whole process: roots are many, and the verdicts about servers are remembered there. */
const kept = <I, E>(layer: Layer.Layer<I, E>): Layer.Layer<I, E> => {
  let built: Context.Context<I> | undefined;
  return Layer.scopedContext(
    Effect.suspend(() =>
      built
        ? Effect.succeed(built)
        : Effect.tap(Layer.build(layer), (context) => Effect.sync(() => built = context))
    ),
  );
};

const wellKnown = {
  bundled: kept(Trusts.layerBundled),
  system: kept(Trusts.layerSystem),
  "nobody checks": Trusts.layerInsecure,
};

/** The same trust, whatever name a certificate is for. Its sessions are of no use to those who check names. */
const forAnyName = <E>(
  trust: Layer.Layer<Trusts.CertificateVerifier, E>,
): Layer.Layer<Trusts.CertificateVerifier, E> =>
  Layer.map(trust, (context) => {
    const inner = Context.get(context, Trusts.CertificateVerifier);
    return Context.make(Trusts.CertificateVerifier, {
      get partition() {
        return `any name ${inner.partition}`;
      },
      authorities: inner.authorities,
      verify: (what) => inner.verify({ ...what, name: undefined }),
    });
  });

const clientTrust = (
  { clientAuth = "none", clientCa, trust = clientCa === undefined ? undefined : { roots: clientCa } }:
    ServerOptions,
): Effect.Effect<Layer.Layer<Trusts.CertificateVerifier, OptionsError>, InvalidOption> => {
  if (
    clientCa !== undefined && trust !== undefined && (typeof trust === "string" || trust.roots !== clientCa)
  ) {
    return fault("clientCa", "cannot be combined with trust: give the roots there");
  }
  if (trust !== undefined) return trustOf(trust, clientCa === undefined ? undefined : "clientCa");
  return clientAuth === "none"
    ? Effect.succeed(Trusts.layerNone)
    : missing("clientCa", "the roots of client certificates to trust");
};

const credentialsOf = (
  { cert, key, passphrase, credentials }: TlsOptions,
): Effect.Effect<Layer.Layer<Credentials.Credentials, OptionsError> | undefined, InvalidOption> => {
  if (credentials !== undefined && (cert ?? key) !== undefined) {
    return fault("credentials", "cannot be combined with cert and key");
  }
  if (credentials !== undefined) return Effect.succeed(Credentials.layerFiles(credentials));
  if (cert === undefined && key === undefined) return Effect.succeed(undefined);
  if (cert === undefined) return missing("cert", "the certificate chain of key");
  if (key === undefined) return missing("key", "the private key of cert");
  return Effect.succeed(
    of("cert, key", Credentials.layerPem({ certificate: cert, privateKey: key, passphrase })),
  );
};

/** The same layer, whose errors about what a file holds name the option that gave it. */
const of = <I, E>(option: string, layer: Layer.Layer<I, E>): Layer.Layer<I, E> =>
  Layer.mapError(
    layer,
    (e) => e instanceof PemError ? new PemError({ ...e, detail: `${option}: ${e.detail}` }) as E : e,
  );

const ticketsOf = ({ tickets = false }: ServerOptions): Layer.Layer<never, OptionsError> =>
  tickets === false
    ? Layer.empty
    : tickets === true
    ? SessionTickets.layerRotating()
    : Layer.provide(SessionTickets.layerFile(tickets.file), Crypto.layerNoble);

const keyLogTo = (log: NonNullable<TlsOptions["keyLog"]>): Layer.Layer<never> =>
  typeof log === "string" ? KeyLog.layerFile(log) : KeyLog.layerTo((line) =>
    Effect.catchAll(
      Effect.try(() => log(line)),
      ({ error }) => Effect.logWarning(`keyLog: ${wordsOf(error)}`),
    )
  );

const fault = (option: string, fault: string): Effect.Effect<never, InvalidOption> =>
  Effect.fail(new InvalidOption({ option, expected: "", got: "", fault }));

const missing = (option: string, expected: string): Effect.Effect<never, InvalidOption> =>
  Effect.fail(
    new InvalidOption({ option, expected, got: "nothing", fault: `is missing; expected ${expected}` }),
  );
