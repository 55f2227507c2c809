/** A client's handshakes, as a connection runs them. @module */
import { Effect } from "../../deps.ts";
import { RenegotiationRefused } from "../../faults/errors/connection.ts";
import type { ClientSettings } from "../../flights/base/client_settings.ts";
import type { SideServices } from "../../flights/base/services.ts";
import { afterClientHello, clientHello } from "../../flights/client.ts";
import { metByClient, updateKeys } from "../../flights/tls13/after.ts";
import type { Program } from "./program.ts";

/** The handshakes of a client. */
export const clientProgram = (
  settings: ClientSettings,
): Pick<Program<SideServices>, "role" | "policy" | "open" | "rest" | "met" | "updateKeys"> => ({
  role: "client",
  policy: settings.policy,
  open: (wanted) => {
    const { policy = settings.policy, resume = false } = wanted?.changes ?? {};
    const previous = wanted?.previous;
    if (previous?.era === "tls13") return Effect.fail(new RenegotiationRefused({ by: "version" }));
    const hello = clientHello({ ...settings, policy }, previous && { previous, resume });
    return Effect.map(hello, afterClientHello);
  },
  rest: () => undefined,
  met: (left) => metByClient(left, settings),
  updateKeys: (left, request) => updateKeys(left.keys, "client", request),
});
