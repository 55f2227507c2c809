/** The server's end of a TLSSocket. @module */
import { Context, Effect, Option } from "../deps.ts";
import { CertificateVerifier, type CertificateVerifierService } from "../public/certificate_verifier.ts";
import { Credentials, type CredentialsService } from "../public/credentials.ts";
import { CertificateError, InvalidOption, SessionStoreError } from "../public/errors.ts";
import { type Session, SessionStore, type SessionStoreService } from "../public/session_store.ts";
import { SessionTickets, type SessionTicketsService } from "../public/session_tickets.ts";
import * as Server from "../server.ts";
import { Buffer } from "./deps.ts";
import type { End, Hooks } from "./ends.ts";
import { makeJudge } from "./judge.ts";
import { errorOf } from "./running.ts";
import { SecureContext } from "./secure_context.ts";
import { bytesOf, cryptography, keyLogTo, pskFrom, reference, sessionIn } from "./services.ts";
import type { SniCallback } from "./socket_options.ts";

/** A server that asks a client for its certificate, if the options say so. */
export const serverEnd = (
  hooks: Hooks,
  pskOf: ((identity: string) => Uint8Array | null | undefined) | undefined,
): End => {
  const { secureContext, requestCert, rejectUnauthorized, ALPNProtocols, SNICallback, server } =
    hooks.options;
  let chosen = secureContext;
  /** Why there is no certificate to show, where the program has said so. */
  let refusal: Error | undefined;
  const judge = makeJudge(nobodyAsked, { rejects: rejectUnauthorized, name: undefined });
  const prepare = Effect.suspend(() => Effect.map(chosen.trust, (verifier) => void (judge.inner = verifier)));
  let chosenFor: string | undefined;
  const choose = Effect.fnUntraced(function* (servername: string | undefined) {
    if (SNICallback === undefined || servername === undefined || servername === chosenFor) return;
    chosen = (yield* contextFor(SNICallback, servername)) ?? secureContext;
    chosenFor = servername;
    if (requestCert) yield* prepare;
  });
  const credentialsFrom = (own: CredentialsService): CredentialsService => ({
    partition: own.partition,
    candidates: (request) =>
      Effect.gen(function* () {
        yield* choose(request.role === "server" ? request.serverName : undefined);
        const services = chosen === secureContext ? undefined : yield* chosen.credentials;
        const shown = services ? Context.get(services, Credentials) : own;
        return yield* shown.candidates(request);
      }).pipe(Effect.catchAll((why) => {
        refusal = errorOf(why);
        return Effect.succeed([]);
      })),
  });
  const open: End["open"] = (stream) =>
    Effect.gen(function* () {
      if (requestCert) yield* prepare;
      const own = Context.get(yield* secureContext.credentials, Credentials);
      const services = Context.mergeAll(
        yield* cryptography,
        Context.make(Credentials, credentialsFrom(own)),
        Context.make(CertificateVerifier, judge),
        Context.make(SessionStore, storeOf(server, () => judge.fault)),
        reference(SessionTickets, ticketsOf(secureContext.tickets.service(), () => judge.fault)),
        keyLogTo(hooks.keylog),
        pskOf ? pskFrom({ lookup: pskOf }) : Context.empty(),
      );
      return yield* Effect.provide(
        Server.over(stream, {
          policy: secureContext.policy,
          alpn: ALPNProtocols,
          clientAuth: requestCert ? rejectUnauthorized ? "require" : "request" : "none",
          observe: hooks.observe,
        }),
        services,
      );
    }).pipe(
      Effect.mapError((error) => refusal ?? error),
      Effect.onError(() => stream.close),
    );
  return { open, prepare, fault: () => judge.fault };
};

/** Trusts nobody, as long as nobody was asked for a certificate. */
const nobodyAsked: CertificateVerifierService = {
  partition: "nobody asked",
  verify: () =>
    new CertificateError({
      reason: "unknown_ca",
      index: 0,
      subject: "",
      detail: "nobody asked for it",
      rfc: "RFC 5246 §7.4.6",
    }),
};

/** The secure context that a program names; none to go on with the usual one. */
const contextFor = (
  callback: SniCallback,
  servername: string,
): Effect.Effect<SecureContext | undefined, Error> =>
  Effect.async((resume) => {
    const told = (error: unknown, context?: unknown) =>
      resume(
        error
          ? Effect.fail(errorOf(error))
          : context === undefined || context === null
          ? Effect.succeed(undefined)
          : context instanceof SecureContext
          ? Effect.succeed(context)
          : Effect.fail(
            new InvalidOption({
              option: "SNICallback",
              expected: "what createSecureContext of this module has made",
              got: "another object",
            }),
          ),
      );
    try {
      callback(servername, told);
    } catch (thrown) {
      told(errorOf(thrown));
    }
  });

/** Tickets, but none about a client that is not trusted, so that a resumed session always is with one that is. */
const ticketsOf = (
  { lifetime, seal, open }: SessionTicketsService,
  fault: () => Error | undefined,
): SessionTicketsService => ({
  lifetime,
  seal: (session) => fault() ? Effect.succeed(new Uint8Array()) : seal(session),
  open,
});

/** Sessions that the listeners of a server's events keep. Without listeners, tickets alone resume. */
const storeOf = (
  server: NodeJS.EventEmitter | undefined,
  fault: () => Error | undefined,
): SessionStoreService => {
  const has = (event: string): boolean => server !== undefined && server.listenerCount(event) > 0;
  return {
    get enabled() {
      return has("newSession") && has("resumeSession");
    },
    get: (key) =>
      asked("get", (told) => {
        if (!has("resumeSession")) return told(null, null);
        server!.emit("resumeSession", Buffer.from(key, "hex"), told);
      }).pipe(Effect.map((kept): Option.Option<Session> =>
        Option.fromNullable(kept instanceof Uint8Array ? sessionIn(kept) : undefined)
      )),
    put: (key, session) =>
      asked("put", (told) => {
        if (fault() || !has("newSession")) return told(null, null);
        server!.emit("newSession", Buffer.from(key, "hex"), bytesOf(session), told);
      }),
    remove: () => Effect.void, // Node has no event for that
  };
};

/** The answer of listeners that call back. */
const asked = (
  operation: SessionStoreError["operation"],
  ask: (told: (error?: unknown, answer?: unknown) => void) => void,
): Effect.Effect<unknown, SessionStoreError> =>
  Effect.async((resume) => {
    const failed = (cause: unknown) => resume(Effect.fail(new SessionStoreError({ operation, cause })));
    try {
      ask((error, answer) => error ? failed(error) : resume(Effect.succeed(answer)));
    } catch (thrown) {
      failed(thrown);
    }
  });
