/**
 * The whole library in one command: a server and a client over TCP on loopback. In TLS 1.3 it shows a full handshake in one
 * round trip, one that is resumed with early data, and a client certificate that is asked for later. In TLS 1.2 it shows
 * what that alone has: four flights, resumption by session ID and by ticket, and renegotiation from either end. Run
 * `deno task demo`.
 *
 * @module
 */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import {
  CertificateVerifier,
  Client,
  type Connection,
  Credentials,
  Crypto,
  type Errors,
  Names,
  Policy,
  Server,
  SessionStore,
  SessionTickets,
  Transport,
} from "../mod.ts";
import { common, help, noArguments, parse } from "./lib/flags.ts";
import { lines, say } from "./lib/lines.ts";
import { run } from "./lib/program.ts";
import { renegotiations } from "./lib/renegotiations.ts";
import { colours, human, json, peerOf } from "./lib/report.ts";

const flags = { json: common.json, help: common.help };

/** Both ends allow what is off by default: renegotiation, and in TLS 1.3 a request for a certificate after the handshake. */
const policy: Policy.Policy = { ...Policy.modern, renegotiation: "allow" };
const policy12: Policy.Policy = { ...policy, versions: [Names.ProtocolVersion.TLS_1_2] };

/** Echoes each line. To `who am I` it answers after it has asked for the client's certificate, or in TLS 1.3 without one. */
const serve = (connection: Connection) =>
  Effect.gen(function* () {
    const next = lines(connection);
    for (let line = yield* next; line !== undefined; line = yield* next) {
      if (line.trim() === "who am I") {
        yield* connection.requestClientCertificate();
        const { length } = yield* connection.peerCertificates;
        yield* say(connection, `one with ${length} certificate${length === 1 ? "" : "s"}\n`);
      } else yield* say(connection, line);
    }
  });

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task demo [--json]", "A server and a client.", flags)));
  }
  noArguments(given);
  const print = (line: string) => console.log(line);
  const asJson = given.flags["json"] !== undefined;
  const report = asJson
    ? json(print)
    : human({ print, complain: console.error, labelled: false, coloured: colours(Deno.stdout) });
  const headline = (text: string) => asJson ? undefined : print(text);

  const demo = Effect.gen(function* () {
    // Certificates made in memory. Each end trusts only the other's.
    const host = yield* Credentials.makeSelfSigned({ names: ["localhost"] });
    const user = yield* Credentials.makeSelfSigned({ names: ["a user"], purposes: ["clientAuth"] });
    const listen = (
      sessions:
        | Layer.Layer<never, Errors.InvalidOption>
        | Layer.Layer<SessionStore.SessionStore, Errors.InvalidOption>,
      earlyData = 0,
    ) =>
      Effect.provide(
        Server.listen({ hostname: "127.0.0.1", port: 0, alpn: ["echo"], policy, earlyData }, serve),
        Layer.mergeAll(
          SessionStore.layerNone,
          sessions,
          CertificateVerifier.layerRoots(user.certificatePem),
          Credentials.layer([host.credential]),
        ),
      );
    const byId = yield* listen(SessionStore.layerMemory(), 1024);
    const byTicket = yield* listen(SessionTickets.layerRotating());

    let count = 0;
    /** Opens one connection under a policy and uses it. */
    const connecting = (policy: Policy.Policy) =>
    (
      title: string,
      { address }: Server.Listening,
      use: (
        connection: Connection,
        ask: (line: string) => Effect.Effect<void, unknown>,
        answer: Effect.Effect<void, unknown>,
      ) => Effect.Effect<void, unknown>,
      earlyData?: Uint8Array,
    ) =>
      Effect.scoped(Effect.gen(function* () {
        const number = ++count;
        headline(`${number > 1 ? "\n" : ""}— ${title} —`);
        const start = performance.now();
        const connection = yield* Client.connect({
          ...address,
          serverName: "localhost",
          alpn: ["echo"],
          policy,
          earlyData,
          observe: report.observe(number),
        });
        const elapsed = performance.now() - start;
        report.established(number, yield* connection.negotiated, yield* peerOf(connection), elapsed);
        const told = renegotiations(connection, report, number);
        const next = lines(connection);
        const answer = Effect.gen(function* () {
          const line = yield* next;
          yield* told;
          report.data(number, line ?? "");
        });
        const ask = (line: string) => Effect.zipRight(say(connection, `${line}\n`), answer);
        yield* use(connection, ask, answer);
        yield* connection.close;
        report.closed(number);
      }));
    const [in13, in12] = [connecting(policy), connecting(policy12)];
    const early = new TextEncoder().encode("hello\n");
    const hello = (_: Connection, ask: (line: string) => Effect.Effect<void, unknown>) => ask("hello");

    yield* Effect.provide(
      Effect.gen(function* () {
        yield* in13("TLS 1.3: a full handshake in one round trip", byId, hello);
        yield* in13(
          "the session resumed, with early data: the question leaves with the first flight",
          byId,
          (_, _ask, answer) => answer,
          early,
        );
        yield* in13(
          "new keys, and then the client's certificate, asked for without a new handshake",
          byId,
          (connection, ask) => Effect.zipRight(connection.updateKeys({ request: true }), ask("who am I")),
        );
        yield* in12("TLS 1.2: a full handshake in four flights, two round trips", byId, hello);
        yield* in12("the session resumed by its ID: one round trip", byId, hello);
        yield* in12(
          "the client renegotiates: new keys on the same connection",
          byId,
          (connection, ask) =>
            Effect.zipRight(Effect.zipRight(ask("hello"), connection.renegotiate), ask("hello again")),
        );
        yield* in12(
          "the server renegotiates, to ask for the client's certificate",
          byId,
          (_, ask) => ask("who am I"),
        );
        yield* in12(
          "a full handshake with a server that keeps nothing: it gives a ticket",
          byTicket,
          hello,
        );
        yield* in12("the session resumed by its ticket", byTicket, hello);
      }),
      Layer.mergeAll(
        SessionStore.layerMemory(),
        CertificateVerifier.layerRoots(host.certificatePem),
        Credentials.layer([user.credential]),
      ),
    );
  });
  return Effect.provide(Effect.scoped(demo), Layer.mergeAll(Transport.layerTcp, Crypto.layerNative));
};

if (import.meta.main) await run(() => main(Deno.args));
