/** PostgreSQL, which begins TLS by an SSLRequest. @module */
import { Effect } from "../../deps.ts";
import { place, prepare, serve, type ServerOptions } from "./place.ts";

const bin = "/usr/lib/postgresql/*/bin";

/** For `withPeer`. */
export const PROGRAM = `${bin}/postgres`;

/** The options of PostgreSQL. */
export interface PostgresOptions extends ServerOptions {
  /** How a client of TLS proves who it is: not at all, by the password, or by a certificate of its own; `trust` unless given. */
  readonly auth?: "trust" | "scram-sha-256" | "cert" | undefined;
}

/**
 * PostgreSQL with an empty database `postgres`, whose user is `postgres` with the password `secret`. Without TLS it lets nobody in.
 * Where clients show a certificate, its subject is mapped to that user.
 */
export const postgres = ({ auth = "trust", ...options }: PostgresOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, port, user } = at;
    const data = `${folder}/data`;
    const password = yield* at.write("password", "secret\n");
    const sh = (command: string) => ["-c", command] as const;
    yield* prepare(
      at,
      "sh",
      ...sh(
        `exec ${bin}/initdb --no-sync -D ${data} -U postgres -A scram-sha-256 --pwfile=${password} --no-locale`,
      ),
    );
    const hba = yield* at.write(
      "hba.conf",
      `hostssl all all 127.0.0.1/32 ${auth}${auth === "cert" ? " map=any" : ""}\n`,
    );
    const ident = yield* at.write("ident.conf", "any /^ postgres\n");
    const settings = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: folder,
      fsync: "off",
      hba_file: hba,
      ident_file: ident,
      ssl: "on",
      ssl_cert_file: at.certificate,
      ssl_key_file: at.privateKey,
      ssl_ca_file: at.root,
    };
    const given = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`).join(" ");
    const running = yield* serve(at, "sh", sh(`exec ${PROGRAM} -D ${data} ${given}`), {
      as: user,
      ready: /ready to accept connections/,
    });
    // Otherwise it waits for its clients when it ends.
    yield* Effect.addFinalizer(() => running.peer.kill("SIGINT"));
    return running;
  });
