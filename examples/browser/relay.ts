/** The web server of the page, and its relay, which passes bytes on and knows nothing of TLS. `deno task browser --help`. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import { ByteStream } from "../../mod.ts";
import { help, list, numberOf, parse, targetOf, UsageError } from "../lib/flags.ts";
import { run } from "../lib/program.ts";

const flags = {
  port: { takes: "N", help: "the port of the page, on this machine only (8080)" },
  to: { takes: "HOST:PORT,…", help: "the servers that the relay connects to, and no others" },
  ca: { takes: "FILE", help: "the roots (PEM) that the page offers to trust" },
  help: { help: "print this text" },
} as const;

/** Passes on what comes, until it ends. */
const pass = (from: ByteStream.ByteStream, to: ByteStream.ByteStream): Effect.Effect<void, unknown> =>
  Effect.flatMap(from.read, (bytes) => bytes ? Effect.zipRight(to.write(bytes), pass(from, to)) : to.close);

const relay = async (socket: WebSocket, hostname: string, port: number): Promise<void> => {
  const browser = ByteStream.fromWebSocket(socket);
  const server = ByteStream.fromConn(await Deno.connect({ hostname, port }));
  const both = Effect.raceFirst(pass(browser, server), pass(server, browser));
  await Effect.runPromiseExit(Effect.ensuring(both, Effect.zipRight(browser.close, server.close)));
};

const page = (name: string, type: string) => async () =>
  new Response((await Deno.open(new URL(name, import.meta.url))).readable, {
    headers: { "content-type": type },
  });

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() =>
      console.log(help("deno task browser --to HOST:PORT,… [flags]", "TLS in a web page.", flags))
    );
  }
  const { to = "", ca } = given.flags;
  const servers = list(to).map((one) => targetOf(one, 443));
  if (servers.length === 0) throw new UsageError("--to: give at least one HOST:PORT to connect to");
  const files: Readonly<Record<string, () => Promise<Response>>> = {
    "/": page("page.html", "text/html; charset=utf-8"),
    "/servers.json": () => Promise.resolve(Response.json(servers)),
    "/page.js": page("page.js", "text/javascript; charset=utf-8"),
    "/roots.pem": async () =>
      ca ? new Response(await Deno.readTextFile(ca)) : new Response(null, { status: 404 }),
  };
  const handle = (request: Request): Response | Promise<Response> => {
    const { pathname, host, hostname: own } = new URL(request.url);
    // A page of elsewhere must not use the relay, not even by a name that it has made to mean this machine.
    const isOwn = ["localhost", "127.0.0.1"].includes(own) &&
      request.headers.get("origin") === `http://${host}`;
    const server = servers.find(({ hostname, port }) => pathname === `/relay/${hostname}:${port}`);
    if (server && isOwn) {
      const { socket, response } = Deno.upgradeWebSocket(request);
      const { hostname, port } = server;
      relay(socket, hostname, port).catch(({ message }) => {
        console.error(`${hostname} port ${port}: ${message}`);
        socket.close();
      });
      return response;
    }
    return Object.hasOwn(files, pathname) ? files[pathname]!() : new Response(null, { status: 404 });
  };
  const options = { hostname: "127.0.0.1", port: numberOf(given, "port", 8080) };
  const onListen = ({ port }: Deno.NetAddr) => console.log(`listening http://localhost:${port}/`);
  return Effect.scoped(Effect.zipRight(
    Effect.acquireRelease(
      Effect.sync(() => Deno.serve({ ...options, onListen }, handle)),
      (server) => Effect.promise(() => server.shutdown()),
    ),
    Effect.never,
  ));
};

if (import.meta.main) await run(() => main(Deno.args));
