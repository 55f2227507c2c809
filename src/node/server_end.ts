/** The server's end of a TLSSocket. @module */
import { Context, Effect } from "../deps.ts";
import { shown } from "../options.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import { CertificateVerifier, type CertificateVerifierService } from "../public/certificate_verifier.ts";
import { type Credential, Credentials, type CredentialsService } from "../public/credentials.ts";
import { CertificateError, HandshakeTimeout, InvalidOption, type TransportError } from "../public/errors.ts";
import type { Limits } from "../public/policy.ts";
import { SessionStore } from "../public/session_store.ts";
import { SessionTickets, type SessionTicketsService } from "../public/session_tickets.ts";
import * as Server from "../server.ts";
import { randomBytes } from "./deps.ts";
import type { End, Hooks } from "./ends.ts";
import { asked } from "./hello.ts";
import { makeJudge } from "./judge.ts";
import { errorOf } from "./running.ts";
import { contextFor, stapled, storeOf } from "./server_answers.ts";
import { cryptography, keyLogTo, pskFrom, reference } from "./services.ts";
import type { AlpnCallback } from "./socket_options.ts";

/** A server that asks a client for its certificate, if the options say so. */
export const serverEnd = (
  hooks: Hooks,
  pskOf: ((identity: string) => Uint8Array | null | undefined) | undefined,
): End => {
  const { secureContext, requestCert, rejectUnauthorized, ALPNProtocols, ALPNCallback, SNICallback, server } =
    hooks.options;
  let chosen = secureContext;
  /** Why there is no certificate to show, where the program has said so. */
  let refusal: Error | undefined;
  const judge = makeJudge(nobodyAsked, {
    rejects: rejectUnauthorized,
    name: undefined,
    sessions: secureContext.sessionIdContext,
  });
  const prepare = Effect.suspend(() => Effect.map(chosen.trust, (verifier) => void (judge.inner = verifier)));
  let chosenFor: string | undefined;
  const choose = Effect.fnUntraced(function* (servername: string | undefined) {
    if (SNICallback === undefined || servername === undefined || servername === chosenFor) return;
    chosen = (yield* contextFor(SNICallback, servername)) ?? secureContext;
    chosenFor = servername;
    if (requestCert) yield* prepare;
  });
  let certificate: Uint8Array | undefined;
  const note = (one: Credential) => Effect.sync(() => certificate = one.chain[0]);
  const noted = (one: Credential): Credential => ({
    ...one,
    sign: (...what) => Effect.zipRight(note(one), one.sign(...what)),
    decrypt: (bytes) => Effect.zipRight(note(one), one.decrypt(bytes)),
  });
  const credentialsFrom = (own: CredentialsService): CredentialsService => ({
    partition: own.partition,
    candidates: (request) =>
      Effect.gen(function* () {
        yield* choose(request.role === "server" ? request.serverName : undefined);
        const { service, first } = yield* chosen.credentials;
        certificate = first?.chain[0];
        const candidates = yield* service.candidates(request);
        return (yield* Effect.forEach(candidates, (one) => stapled(server, one))).map(noted);
      }).pipe(Effect.catchAll((why) => {
        refusal = errorOf(why);
        return Effect.succeed([]);
      })),
  });
  const open: End["open"] = (given) =>
    Effect.gen(function* () {
      if (requestCert) yield* prepare;
      const { policy } = secureContext;
      const { alpn, stream } = ALPNCallback
        ? yield* chosenProtocol(given, policy.limits, ALPNCallback, (why) => refusal = why)
        : { alpn: ALPNProtocols, stream: given };
      const own = (yield* secureContext.credentials).service;
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
          policy,
          alpn,
          clientAuth: requestCert ? rejectUnauthorized ? "require" : "request" : "none",
          observe: hooks.observe,
        }),
        services,
      );
    }).pipe(
      Effect.mapError((error) => refusal ?? error),
      Effect.onError(() => given.close),
    );
  return { open, prepare, fault: () => judge.fault, shown: () => certificate };
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

/** A protocol that no client offers, so that the server refuses all that one does. */
const refused = (): ReadonlyArray<string> => [randomBytes(16).toString("hex")];

/** The protocol that a program chooses when it knows the client's, and the stream as it was. */
const chosenProtocol = (
  given: ByteStream,
  limits: Limits,
  choose: AlpnCallback,
  refuses: (why: Error) => void,
): Effect.Effect<{ alpn: ReadonlyArray<string>; stream: ByteStream }, TransportError | HandshakeTimeout> =>
  asked(given, limits).pipe(
    Effect.timeoutFail({
      duration: limits.handshakeTimeout,
      onTimeout: () => new HandshakeTimeout({ milliseconds: limits.handshakeTimeout }),
    }),
    Effect.map(({ asked, stream }) => {
      if (asked.protocols.length === 0) return { alpn: [], stream };
      try {
        const one: unknown = choose(asked);
        if (one === undefined) return { alpn: refused(), stream };
        if (asked.protocols.includes(one as string)) return { alpn: [one as string], stream };
        const [expected, got] = ["one of the protocols that the client offers", shown(one)];
        throw new InvalidOption({ option: "ALPNCallback", expected, got });
      } catch (thrown) {
        refuses(errorOf(thrown));
        return { alpn: refused(), stream };
      }
    }),
  );

/** Tickets, but none about a client that is not trusted, so that a resumed session always is with one that is. */
const ticketsOf = (
  { lifetime, seal, open }: SessionTicketsService,
  fault: () => Error | undefined,
): SessionTicketsService => ({
  lifetime,
  seal: (session) => fault() ? Effect.succeed(new Uint8Array()) : seal(session),
  open,
});
