/** Squid, a proxy for HTTP. @module */
import { Effect } from "../../deps.ts";
import { place, serve } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "squid";

/** The programs of Squid that check a name and its password are in a folder of the distribution's. */
const helper = "/usr/lib/squid/basic_ncsa_auth";

/** Squid, which lets the user `us` with the password `secret` connect to any port of this machine. */
export const squid = () =>
  Effect.gen(function* () {
    const at = yield* place();
    const { folder, port } = at;
    // By the password's hash, as `openssl passwd -1` makes it.
    const users = yield* at.write("users", "us:$1$effecttl$ZqBhgkTGN6FReuDUvN9ew1\n");
    const file = yield* at.write(
      "squid.conf",
      `http_port 127.0.0.1:${port}
auth_param basic program ${helper} ${users}
auth_param basic realm effect-tls
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
cache_log ${folder}/cache.log
access_log none
coredump_dir ${folder}
pid_filename ${folder}/pid
shutdown_lifetime 0 seconds
`,
    );
    return yield* serve(at, PROGRAM, ["-N", "-f", file], { as: at.user });
  });
