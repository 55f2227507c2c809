/**
 * The main job in one command: a server and a client over TCP on loopback, a full handshake with its four flights, and
 * its resumption in one round trip. `deno task demo`.
 *
 * @module
 */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import { CertificateVerifier, Client, Credentials, Crypto, Server, SessionStore, Transport } from "../mod.ts";
import { common, help, parse, UsageError } from "./lib/flags.ts";
import { lines, say } from "./lib/lines.ts";
import { run } from "./lib/program.ts";
import { human, json } from "./lib/report.ts";

const flags = { json: common.json, help: common.help };

const main = () => {
  const given = parse(flags, Deno.args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task demo [--json]", "A server and a client.", flags)));
  }
  if (given.rest.length > 0) throw new UsageError(`${given.rest.join(" ")} is no flag`);
  const print = (line: string) => console.log(line);
  const asJson = given.flags["json"] !== undefined;
  const report = asJson ? json(print) : human(print, console.error, false);
  const headline = (text: string) => asJson ? undefined : print(text);

  const demo = Effect.gen(function* () {
    // A certificate for localhost, made in memory; the client trusts it and nobody else.
    const made = yield* Credentials.makeSelfSigned({ names: ["localhost"] });
    const server = Layer.mergeAll(
      SessionStore.layerMemory(),
      CertificateVerifier.layerNone,
      Credentials.make([made.credential]),
    );
    const { address } = yield* Effect.provide(
      Server.listen(
        { hostname: "127.0.0.1", port: 0, alpn: ["echo"] },
        (connection) =>
          Effect.gen(function* () {
            const next = lines(connection);
            for (let line = yield* next; line !== undefined; line = yield* next) yield* say(connection, line);
          }),
      ),
      server,
    );

    const client = (number: number) =>
      Effect.scoped(Effect.gen(function* () {
        const start = performance.now();
        const connection = yield* Client.connect({
          ...address,
          serverName: "localhost",
          alpn: ["echo"],
          observe: report.observe(number),
        });
        report.established(number, yield* connection.negotiated, performance.now() - start);
        yield* say(connection, "hello\n");
        report.data(number, (yield* lines(connection)) ?? "");
        yield* connection.close;
        report.closed(number);
      }));
    yield* Effect.provide(
      Effect.gen(function* () {
        headline("— a full handshake: four flights, two round trips —");
        yield* client(1);
        headline("\n— the session resumed: one round trip —");
        yield* client(2);
      }),
      Layer.mergeAll(
        SessionStore.layerMemory(),
        CertificateVerifier.layerRoots(made.certificatePem),
        Credentials.none,
      ),
    );
  });
  return Effect.provide(Effect.scoped(demo), Layer.mergeAll(Transport.layerTcp, Crypto.layerNoble));
};

if (import.meta.main) await run(main);
