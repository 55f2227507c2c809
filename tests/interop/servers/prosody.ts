/** Prosody, which begins TLS in XMPP. @module */
import { Effect } from "../../deps.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "prosody";

/** Prosody, which serves the domain `localhost` and has no users. */
export const prosody = (options?: ServerOptions) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, port } = at;
    const file = yield* at.write(
      "prosody.cfg.lua",
      `data_path = "${folder}"
pidfile = "${folder}/pid"
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = { }
modules_enabled = { "saslauth", "tls" }
modules_disabled = { "s2s" }
c2s_require_encryption = true
storage = "memory"
log = { info = "*console" }
ssl = { certificate = "${at.certificate}", key = "${at.privateKey}" }
VirtualHost "localhost"
`,
    );
    return yield* serve(at, PROGRAM, ["-F", "--config", file], { as: at.user });
  });
