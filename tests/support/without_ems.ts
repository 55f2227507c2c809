/** A client that never heard of extended_master_secret. @module */
import { Effect } from "../deps.ts";
import { establish } from "../../src/connection.ts";
import { clientHandshake } from "../../src/flights/client.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { modern } from "../../src/policy.ts";
import { Handshakes, type HandshakeStream } from "../../src/record/handshakes.ts";
import * as Server from "../../src/server.ts";
import { make } from "../../src/wire/codec.ts";
import { type build, type Setup, taped } from "./handshake.ts";

/** Says each hello without the extension, on the wire and in the transcript alike. */
const forgetful = (stream: HandshakeStream): HandshakeStream => ({
  ...stream,
  send: (raw, message) => {
    if (!(message instanceof ClientHello)) return stream.send(raw, message);
    const extensions = message.extensions?.filter(({ _tag }) => _tag !== "extended_master_secret");
    const hello = make(ClientHello, { ...message, extensions });
    stream.send(encodeMessage(hello), hello);
  },
});

/** As `meet`, with such a client. */
export const withoutExtendedMasterSecret = (
  built: Effect.Effect.Success<ReturnType<typeof build>>,
  setup: Setup,
) =>
  Effect.gen(function* () {
    const { client, server, tape } = yield* taped(setup.tamper);
    const policy = setup.client?.policy ?? modern;
    const settings = { policy, alpn: [], fallback: false, serverName: "localhost", sessionKey: "localhost" };
    const [c, s] = yield* Effect.all([
      Effect.either(establish(client, {
        role: "client",
        policy,
        observe: undefined,
        handshake: Effect.updateService(clientHandshake(settings), Handshakes, forgetful),
        forget: () => Effect.void,
      })).pipe(Effect.provide(built.client)),
      Effect.either(Server.over(server, setup.server)).pipe(Effect.provide(built.server)),
    ], { concurrency: 2 });
    return { client: c, server: s, tape };
  });
