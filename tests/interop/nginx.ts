/** nginx, on a port and in a folder of its own. @module */
import { Effect } from "../deps.ts";
import { freePort, start, temporary, untilListening } from "./peers.ts";

/** nginx of one version with the certificate of `NAME.pem` and `NAME.key`, sessions by ID, and what else its server is told. */
const serving = (protocol: string) => (name: string, ...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const port = yield* freePort;
    yield* Effect.promise(() =>
      Deno.writeTextFile(
        `${folder}/nginx.conf`,
        `daemon off; pid ${folder}/pid; error_log stderr info; worker_processes 1;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${name}.pem; ssl_certificate_key ${name}.key;
    ssl_protocols ${protocol}; ssl_session_cache shared:SSL:1m; ssl_session_tickets off;
    ${more.join(" ")}
    location / { return 200 "nginx, $ssl_protocol, $ssl_cipher, reused $ssl_session_reused"; }
  }
}
`,
      )
    );
    const peer = yield* start("nginx", ["-p", folder, "-c", `${folder}/nginx.conf`]);
    yield* untilListening(port);
    return { peer, port };
  });

/** nginx of TLS 1.2. */
export const nginx = serving("TLSv1.2");
/** nginx of TLS 1.3. */
export const nginx13 = serving("TLSv1.3");
