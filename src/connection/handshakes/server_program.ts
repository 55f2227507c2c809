/** A server's handshakes, as a connection runs them. @module */
import { Effect } from "../../deps.ts";
import type { Established13 } from "../../flights/agreed/established.ts";
import type { ServerSettings } from "../../flights/base/server_settings.ts";
import type { SideServices } from "../../flights/base/services.ts";
import { serverHandshake } from "../../flights/server.ts";
import { askCertificate, metByServer, updateKeys } from "../../flights/tls13/after.ts";
import { helloRequest } from "../../flights/until12/server_hello.ts";
import type { Program } from "./program.ts";

/** The handshakes of one connection of a server. */
export const serverProgram = (
  settings: ServerSettings,
): Pick<Program<SideServices>, "role" | "policy" | "open" | "asked" | "rest" | "met" | "updateKeys"> => {
  // `clientAuth` holds until we change it. Otherwise a client could shed its certificate by renegotiating.
  let current = settings;
  return {
    role: "server",
    policy: settings.policy,
    open: (wanted) => {
      if (!wanted) return Effect.succeed(serverHandshake(settings));
      const {
        previous,
        changes: { policy = settings.policy, clientAuth = current.clientAuth, resume = false },
      } = wanted;
      const changed = { ...settings, policy, clientAuth };
      if (previous.era === "tls13") {
        return Effect.map(
          askCertificate(previous, changed),
          (answer) => Effect.map(answer, (change) => change(wanted.current() as Established13)),
        );
      }
      const rest = Effect.tap(
        serverHandshake(changed, { previous, resume }),
        () => Effect.sync(() => void (current = { ...settings, clientAuth })),
      );
      return Effect.as(helloRequest, rest);
    },
    asked: (previous) => serverHandshake(current, { previous, resume: true }),
    rest: ({ rest }) => rest,
    met: metByServer,
    updateKeys: (left, request) => updateKeys(left.keys, "server", request),
  };
};
