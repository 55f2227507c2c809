/** One connection of a shim: the handshake, what flags ask for after it, and its end. @module */
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { type Clock, Effect, Layer, Option } from "../../src/deps.ts";
import type { BindingUnavailable } from "../../src/faults/errors/bindings.ts";
import type { CredentialError } from "../../src/faults/errors/credentials.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { fromConn } from "../../src/layers/transport/byte_stream.ts";
import { ProtocolVersion } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import type { Crypto } from "../../src/ports/crypto.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import { SessionTickets, type SessionTicketsService } from "../../src/ports/tickets.ts";
import * as Server from "../../src/server.ts";
import { expect, Heard, unmet } from "./expectations.ts";
import { type Config, Unexpected, Unimplemented } from "./flags.ts";
import { compressionOf } from "./compression.ts";
import { alpnOf, clientAuthOf, credentialsOf, policyOf, verifierOf } from "./settings.ts";
import { bytesOf } from "../support/text.ts";

/** The shim connects, also when it is the server. */
const connect = async ({ port = 0, ipv6, "shim-id": id }: Config): Promise<Deno.TcpConn> => {
  const to = (hostname: string) => Deno.connect({ hostname, port });
  // Who gives no identity has the older habit: IPv6, or else IPv4.
  if (id === undefined) return await to("::1").catch(() => to("127.0.0.1"));
  const conn = await to(ipv6 ? "::1" : "127.0.0.1");
  const hello = new Uint8Array(8);
  new DataView(hello.buffer).setBigUint64(0, BigInt(id), true);
  await conn.write(hello);
  return conn;
};

const opened = (config: Config): Effect.Effect<ByteStream, TransportError> =>
  Effect.tryPromise({
    try: () => connect(config),
    catch: (cause) => new TransportError({ operation: "open", cause }),
  }).pipe(Effect.map(fromConn));

/** What keeps sessions from one connection to the next, and the cryptography. */
export type Shared = Crypto | SessionStore;

/** Why a connection did not go as it should. */
export type ShimError = TlsError | CredentialError | BindingUnavailable | Unexpected;

/**
 * Runs a connection to its end; `resumes`: it is not the first. What is said may depend on whether early data is refused.
 * `usesStore`: the server's sessions are in its store, not in tickets.
 */
export const run = (
  configOf: (retries: boolean) => Config,
  resumes: boolean,
  usesStore: boolean,
): Effect.Effect<void, ShimError, Shared> =>
  Effect.gen(function* () {
    const config = configOf(false);
    const heard = new Heard();
    const store = yield* SessionStore;
    const tickets = yield* SessionTickets;
    const layers = Layer.mergeAll(
      compressionOf(config),
      verifierOf(config),
      credentialsOf(config, heard.request),
      // The reference offers no session in a renegotiation.
      Layer.succeed(SessionStore, {
        ...store,
        get: (key) => heard.handshakes > 0 ? Effect.succeedNone : store.get(key),
      }),
      // Early data is accepted only with sessions out of the store.
      Layer.succeed(
        SessionTickets,
        usesStore ? undefined : config["renew-ticket"] ? renewed(tickets) : tickets,
      ),
    );
    const options = { policy: policyOf(config, resumes), alpn: alpnOf(config), observe: heard.observe };
    const stream = yield* opened(config);
    const handshake = config.server
      ? Server.over(stream, {
        ...options,
        clientAuth: clientAuthOf(config),
        earlyData: config["enable-early-data"] ? MAX_EARLY_DATA : 0,
      })
      : Client.over(stream, {
        ...options,
        serverName: config["host-name"],
        sessionKey: "the peer",
        fallback: config["fallback-scsv"],
        earlyData: config["enable-early-data"] && writesFirst(config) ? bytesOf("hello") : undefined,
      });
    const course = Effect.gen(function* () {
      const connection = yield* handshake;
      const { earlyData } = yield* connection.negotiated;
      const now = configOf(!config.server && earlyData === false);
      yield* unmet(now, resumes, connection, heard);
      yield* exchange(now, connection, heard);
    }).pipe(Effect.provide(layers));
    const delay = 1000 * (resumes ? config["resumption-delay"] ?? 0 : 0);
    yield* Effect.flatMap(Effect.clock, (clock) => Effect.withClock(course, standing(clock, delay)));
  }).pipe(Effect.scoped);

/** When the shim began, in milliseconds. */
const BEGIN = Date.now();

/** A clock that stands still, so many milliseconds after the shim began, as the reference's does. Its timers run. */
const standing = (clock: Clock.Clock, after: number): Clock.Clock =>
  Object.assign(Object.create(clock) as Clock.Clock, {
    currentTimeMillis: Effect.succeed(BEGIN + after),
    unsafeCurrentTimeMillis: () => BEGIN + after,
  });

/** Whether `hello` is to be said before anything is read. */
const writesFirst = (config: Config): boolean =>
  (config["shim-writes-first"] ?? config["read-with-unfinished-write"]) === true;

/** Tickets of which each is replaced when it is used. */
const renewed = (tickets: SessionTicketsService | undefined): SessionTicketsService | undefined =>
  tickets && {
    ...tickets,
    open: (ticket) => Effect.map(tickets.open(ticket), Option.map((opened) => ({ ...opened, renew: true }))),
  };

/** What the reference accepts, and announces. */
const MAX_EARLY_DATA = 14_336;

/** Bytes in each of the writes that are to try a record layer's splitting. */
const differentSizes = [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769];

const exporter = (config: Config, { exportKeyingMaterial, negotiated }: Connection) =>
  Effect.flatMap(negotiated, ({ version }) => {
    if (version === ProtocolVersion.SSL_3_0) throw new Unimplemented("an exporter for SSL 3.0");
    return exportKeyingMaterial(
      config["export-label"] ?? "",
      config["export-keying-material"] ?? 1,
      config["use-export-context"] ? bytesOf(config["export-context"] ?? "") : undefined,
    );
  });

/** After the handshake. */
const exchange = (config: Config, connection: Connection, heard: Heard): Effect.Effect<void, ShimError> =>
  Effect.gen(function* () {
    const { write } = connection;
    if (config["handshake-never-done"]) return yield* new Unexpected({ what: "the handshake is done" });
    if (config["export-keying-material"] !== undefined) yield* write(yield* exporter(config, connection));
    if (config["tls-unique"]) yield* write(yield* connection.channelBinding("tls-unique"));
    if (config["write-different-record-sizes"]) {
      for (const size of differentSizes) yield* write(new Uint8Array(size).fill(0x42));
    } else if (writesFirst(config) && (yield* connection.negotiated).earlyData === undefined) {
      yield* write(bytesOf("hello"));
    }
    if (config["key-update"]) yield* connection.updateKeys();
    if (!config["shim-shuts-down"] && !config["write-different-record-sizes"]) {
      yield* echo(config, connection);
    }
    if (config["expect-msg-callback"] !== undefined) {
      yield* expect("the messages", heard.trace, config["expect-msg-callback"]);
    }
    const early = heard.earlyTickets;
    if (!config.server && early !== undefined) {
      yield* expect("early data by the ticket", early, config["expect-ticket-supports-early-data"] ?? false);
    }
    yield* shutDown(config, connection);
    yield* expect("renegotiations", heard.handshakes - 1, config["expect-total-renegotiations"] ?? 0);
  });

/** Every byte comes back inverted, until the peer's end. */
const echo = (config: Config, connection: Connection): Effect.Effect<void, ShimError> =>
  Effect.gen(function* () {
    const size = config["read-size"] ?? 512;
    // A plain end of TCP is an end here.
    const read = Effect.catchTag(connection.read, "Truncated", () => Effect.succeed(undefined));
    for (let data = yield* read; data; data = yield* read) {
      if (config["use-exporter-between-reads"]) yield* exporter(config, connection);
      for (let at = 0; at < data.length; at += size) {
        yield* connection.write(data.subarray(at, at + size).map((byte) => byte ^ 0xff));
      }
    }
  });

const shutDown = (config: Config, connection: Connection): Effect.Effect<void, ShimError> =>
  Effect.gen(function* () {
    if (!config["check-close-notify"]) return yield* connection.close;
    yield* connection.closeWrite;
    if (yield* connection.read) {
      return yield* new Unexpected({ what: "application data where close_notify is due" });
    }
    yield* connection.close;
  });
