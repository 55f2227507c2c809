/** Mosquitto, a broker of MQTT, on a port where TLS begins with the first byte. @module */
import { Effect } from "../../deps.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "mosquitto";

/** The options of Mosquitto. */
export interface MosquittoOptions extends ServerOptions {
  /** Whether clients must show a certificate, whose common name is then their user's; `false` unless given. */
  readonly clientCertificates?: boolean | undefined;
}

/** Mosquitto, which lets everybody publish and subscribe. */
export const mosquitto = ({ clientCertificates = false, ...options }: MosquittoOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const file = yield* at.write(
      "mosquitto.conf",
      `listener ${at.port} 127.0.0.1
cafile ${at.root}
certfile ${at.certificate}
keyfile ${at.privateKey}
require_certificate ${clientCertificates}
use_identity_as_username ${clientCertificates}
allow_anonymous true
persistence false
`,
    );
    return yield* serve(at, PROGRAM, ["-c", file], { as: at.user });
  });
