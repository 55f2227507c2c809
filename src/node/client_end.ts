/** The client's end of a TLSSocket. @module */
import * as Client from "../client.ts";
import { Context, Effect, Option } from "../deps.ts";
import { CertificateVerifier, type CertificateVerifierService } from "../public/certificate_verifier.ts";
import { Credentials } from "../public/credentials.ts";
import { CertificateError } from "../public/errors.ts";
import { SessionStore, type SessionStoreService } from "../public/session_store.ts";
import type { End, Hooks } from "./ends.ts";
import { type Judge, makeJudge } from "./judge.ts";
import { cryptography, keyLogTo, pskFrom, type PskOffer } from "./services.ts";

/** A client that asks for a name, unless that is empty, and expects it in the certificate. */
export const clientEnd = (hooks: Hooks, servername: string | undefined): End => {
  const { secureContext, rejectUnauthorized, ALPNProtocols, host, checkServerIdentity, pskCallback } =
    hooks.options;
  let judge: Judge | undefined;
  let shown: Uint8Array | undefined;
  const name = servername || host;
  const open: End["open"] = (stream) =>
    Effect.gen(function* () {
      const roots = rejectUnauthorized ? secureContext.trust : Effect.catchAll(
        secureContext.trust,
        ({ message }) => Effect.succeed(nobody(message)),
      );
      judge = makeJudge(yield* roots, {
        rejects: rejectUnauthorized,
        name: checkServerIdentity ? undefined : name,
        stapled: hooks.stapled,
      });
      const { service, first } = yield* secureContext.credentials;
      shown = first?.chain[0];
      const services = Context.mergeAll(
        yield* cryptography,
        Context.make(Credentials, service),
        Context.make(CertificateVerifier, judge),
        Context.make(SessionStore, storeOf(hooks, () => judge?.fault)),
        keyLogTo(hooks.keylog),
        pskCallback ? pskFrom({ choose: pskCallback as (hint: string | null) => PskOffer }) : Context.empty(),
      );
      return yield* Effect.provide(
        Client.over(stream, {
          policy: secureContext.policy,
          alpn: ALPNProtocols,
          serverName: servername === "" ? undefined : name,
          sessionKey: KEY,
          observe: hooks.observe,
        }),
        services,
      );
    }).pipe(Effect.onError(() => stream.close));
  return { open, prepare: Effect.void, fault: () => judge?.fault, shown: () => shown };
};

/** A verifier that trusts nobody, for want of roots: who refuses nobody need have none. */
const nobody = (detail: string): CertificateVerifierService => ({
  partition: "no roots",
  verify: () =>
    new CertificateError({ reason: "unknown_ca", index: 0, subject: "", detail, rfc: "RFC 5280 §6.1" }),
});

/** The key of the one session that a connection has. */
const KEY = "session";

/**
 * A store of one session, the program's own: where it comes from and goes to is for the program to say. A session with a peer
 * that is not trusted is not kept, so that a resumed session always is with one that is.
 */
const storeOf = (hooks: Hooks, fault: () => Error | undefined): SessionStoreService => {
  let isTaken = false;
  const get = (key: string) =>
    Effect.sync(() =>
      isTaken || !key.startsWith(KEY) || / \(before\)$/.test(key)
        ? Option.none()
        : Option.fromNullable(hooks.session())
    );
  return {
    enabled: true,
    get,
    take: (key) => Effect.tap(get(key), () => Effect.sync(() => isTaken = true)),
    put: (_, session) =>
      Effect.sync(() => {
        // One without a certificate could not tell later why its peer was trusted.
        if (fault() || session.peerCertificates.length === 0) return;
        isTaken = false;
        hooks.keep(session);
      }),
    remove: () => Effect.sync(() => isTaken = true),
  };
};
