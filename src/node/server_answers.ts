/** What the listeners and callbacks of a server answer during a handshake. @module */
import { Effect, Option } from "../deps.ts";
import type { Credential } from "../public/credentials.ts";
import { InvalidOption, SessionStoreError } from "../public/errors.ts";
import type { Session, SessionStoreService } from "../public/session_store.ts";
import { Buffer } from "./deps.ts";
import { SecureContext } from "./secure_context.ts";
import { bytesOf, sessionIn } from "./services.ts";
import type { SniCallback } from "./socket_options.ts";

/** The secure context that a program names; none to go on with the usual one. */
export const contextFor = (
  callback: SniCallback,
  servername: string,
): Effect.Effect<SecureContext | undefined, unknown> =>
  Effect.flatMap(
    answered((told) => callback(servername, told)),
    (context) =>
      context === undefined || context === null
        ? Effect.succeed(undefined)
        : context instanceof SecureContext
        ? Effect.succeed(context)
        : new InvalidOption({
          option: "SNICallback",
          expected: "what createSecureContext of this module has made",
          got: "another object",
        }),
  );

/** Sessions that the listeners of a server's events keep. Without listeners, tickets alone resume. */
export const storeOf = (
  server: NodeJS.EventEmitter | undefined,
  fault: () => Error | undefined,
): SessionStoreService => {
  const has = (event: string): boolean => server !== undefined && server.listenerCount(event) > 0;
  return {
    get enabled() {
      return has("newSession") && has("resumeSession");
    },
    get: (key) =>
      answered((told) => {
        if (!has("resumeSession")) return told(null, null);
        server!.emit("resumeSession", Buffer.from(key, "hex"), told);
      }).pipe(
        Effect.mapError(storeError("get")),
        Effect.map((kept): Option.Option<Session> =>
          Option.fromNullable(kept instanceof Uint8Array ? sessionIn(kept) : undefined)
        ),
      ),
    put: (key, session) =>
      answered((told) => {
        if (fault() || !has("newSession")) return told(null, null);
        server!.emit("newSession", Buffer.from(key, "hex"), bytesOf(session), told);
      }).pipe(Effect.mapError(storeError("put"))),
    remove: () => Effect.void, // Node has no event for that
  };
};

/** A credential with the OCSP response that listeners of `OCSPRequest` give; as it is without any. */
export const stapled = (
  server: NodeJS.EventEmitter | undefined,
  one: Credential,
): Effect.Effect<Credential, unknown> => {
  const [leaf, issuer = null] = one.chain;
  if (!server || server.listenerCount("OCSPRequest") === 0) return Effect.succeed(one);
  return Effect.map(
    answered((told) => {
      server.emit("OCSPRequest", Buffer.from(leaf!), issuer && Buffer.from(issuer), told);
    }),
    (response) => response instanceof Uint8Array ? { ...one, ocspResponse: response } : one,
  );
};

/** The answer of listeners that call back. */
const answered = (
  ask: (told: (error?: unknown, answer?: unknown) => void) => void,
): Effect.Effect<unknown, unknown> =>
  Effect.async((resume) => {
    try {
      ask((error, answer) => resume(error ? Effect.fail(error) : Effect.succeed(answer)));
    } catch (thrown) {
      resume(Effect.fail(thrown));
    }
  });

/** Why a store has no answer. */
const storeError = (operation: SessionStoreError["operation"]) => (cause: unknown) =>
  new SessionStoreError({ operation, cause });
