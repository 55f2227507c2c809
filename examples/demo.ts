/**
 * The whole library in one command: a server and a client over TCP on loopback. It shows a full handshake with its
 * four flights, resumption in one round trip by session ID and by ticket, and renegotiation from either end; the
 * server renegotiates to ask for the client's certificate. Run `deno task demo`.
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
import { human, json } from "./lib/report.ts";

const flags = { json: common.json, help: common.help };

/** Both ends allow renegotiation, which is off by default. */
const policy: Policy.Policy = { ...Policy.modern, renegotiation: "allow" };

/** Echoes each line. To `who am I` it answers after it has asked for the client's certificate, in a new handshake. */
const serve = (connection: Connection) =>
  Effect.gen(function* () {
    const next = lines(connection);
    for (let line = yield* next; line !== undefined; line = yield* next) {
      if (line.trim() === "who am I") {
        yield* connection.renegotiateWith({ clientAuth: "require" });
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
  const report = asJson ? json(print) : human(print, console.error, false);
  const headline = (text: string) => asJson ? undefined : print(text);

  const demo = Effect.gen(function* () {
    // Certificates made in memory. Each end trusts only the other's.
    const host = yield* Credentials.makeSelfSigned({ names: ["localhost"] });
    const user = yield* Credentials.makeSelfSigned({ names: ["a user"], purposes: ["clientAuth"] });
    const listen = (
      sessions:
        | Layer.Layer<never, Errors.InvalidOption>
        | Layer.Layer<SessionStore.SessionStore, Errors.InvalidOption>,
    ) =>
      Effect.provide(
        Server.listen({ hostname: "127.0.0.1", port: 0, alpn: ["echo"], policy }, serve),
        Layer.mergeAll(
          SessionStore.layerNone,
          sessions,
          CertificateVerifier.layerRoots(user.certificatePem),
          Credentials.layer([host.credential]),
        ),
      );
    const byId = yield* listen(SessionStore.layerMemory());
    const byTicket = yield* listen(SessionTickets.layerRotating());

    let count = 0;
    /** Opens one connection and uses it. */
    const connect = (
      title: string,
      { address }: Server.Listening,
      use: (
        connection: Connection,
        ask: (line: string) => Effect.Effect<void, unknown>,
      ) => Effect.Effect<void, unknown>,
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
          observe: report.observe(number),
        });
        const elapsed = performance.now() - start;
        report.established(number, yield* connection.negotiated, yield* connection.peerCertificates, elapsed);
        const told = renegotiations(connection, report, number);
        const next = lines(connection);
        const ask = (line: string) =>
          Effect.gen(function* () {
            yield* say(connection, `${line}\n`);
            const answer = yield* next;
            yield* told;
            report.data(number, answer ?? "");
          });
        yield* use(connection, ask);
        yield* connection.close;
        report.closed(number);
      }));
    const hello = (_: Connection, ask: (line: string) => Effect.Effect<void, unknown>) => ask("hello");

    yield* Effect.provide(
      Effect.gen(function* () {
        yield* connect("a full handshake: four flights, two round trips", byId, hello);
        yield* connect("the session resumed by its ID: one round trip", byId, hello);
        yield* connect(
          "the client renegotiates: new keys on the same connection",
          byId,
          (connection, ask) =>
            Effect.zipRight(Effect.zipRight(ask("hello"), connection.renegotiate), ask("hello again")),
        );
        yield* connect(
          "the server renegotiates, to ask for the client's certificate",
          byId,
          (_, ask) => ask("who am I"),
        );
        yield* connect(
          "a full handshake with a server that keeps nothing: it gives a ticket",
          byTicket,
          hello,
        );
        yield* connect("the session resumed by its ticket", byTicket, hello);
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
