/** Redis, on a port where TLS begins with the first byte. @module */
import { Effect } from "../../deps.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "redis-server";

/** The options of Redis. */
export interface RedisOptions extends ServerOptions {
  /** Whether clients must show a certificate; `false` unless given. */
  readonly clientCertificates?: boolean | undefined;
}

/** Redis without a password, which keeps nothing. */
export const redis = ({ clientCertificates = false, ...options }: RedisOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    return yield* serve(at, PROGRAM, [
      ...[
        "--bind",
        "127.0.0.1",
        "--port",
        "0",
        "--tls-port",
        String(at.port),
        "--save",
        "",
        "--dir",
        at.folder,
      ],
      ...["--tls-cert-file", at.certificate, "--tls-key-file", at.privateKey, "--tls-ca-cert-file", at.root],
      ...["--tls-auth-clients", clientCertificates ? "yes" : "no"],
    ]);
  });
