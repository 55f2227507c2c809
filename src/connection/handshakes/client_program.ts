/** A client's handshakes, as a connection runs them. @module */
import { Effect } from "../../deps.ts";
import type { ClientSettings } from "../../flights/base/client_settings.ts";
import type { SideServices } from "../../flights/base/services.ts";
import { afterClientHello, clientHello } from "../../flights/until12/client.ts";
import type { Program } from "./program.ts";

/** The handshakes of a client. */
export const clientProgram = (
  settings: ClientSettings,
): Pick<Program<SideServices>, "role" | "policy" | "open" | "asked"> => ({
  role: "client",
  policy: settings.policy,
  open: (wanted) => {
    const { policy = settings.policy, resume = false } = wanted?.changes ?? {};
    const hello = clientHello({ ...settings, policy }, wanted && { previous: wanted.previous, resume });
    return Effect.map(hello, afterClientHello);
  },
});
