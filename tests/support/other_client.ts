/** A client that says something else than ours would, and hashes what it says. @module */
import { Effect } from "../deps.ts";
import { clientProgram } from "../../src/client.ts";
import { establish } from "../../src/connection.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { modern } from "../../src/policy.ts";
import { Handshakes, type HandshakeStream } from "../../src/record/handshakes.ts";
import * as Server from "../../src/server.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import { type build, type Setup, taped } from "./handshake.ts";

type Built = Effect.Effect.Success<ReturnType<typeof build>>;

/** As `meet`, with a client whose stream of messages is changed. */
export const meetOther = (built: Built, setup: Setup, change: (stream: HandshakeStream) => HandshakeStream) =>
  Effect.gen(function* () {
    const { client, server, tape } = yield* taped(setup.tamper);
    const policy = setup.client?.policy ?? modern;
    const settings = { policy, alpn: [], fallback: false, serverName: "localhost", sessionKey: "localhost" };
    const [c, s] = yield* Effect.all([
      Effect.either(establish(client, {
        ...clientProgram(settings),
        observe: undefined,
        open: (again) => {
          const changed = <A, E, R>(of: Effect.Effect<A, E, R | Handshakes>) =>
            Effect.updateService(of, Handshakes, change);
          return Effect.map(changed(clientProgram(settings).open(again)), changed);
        },
        forget: () => Effect.void,
      })).pipe(Effect.provide(built.client)),
      Effect.either(Server.over(server, setup.server)).pipe(Effect.provide(built.server)),
    ], { concurrency: 2 });
    return { client: c, server: s, tape };
  });

/** Says another hello, given as the bytes of the message with its header. */
export const sayingHello =
  (change: (hello: ClientHello) => Bytes) => (stream: HandshakeStream): HandshakeStream => ({
    ...stream,
    send: (raw, message) => stream.send(message instanceof ClientHello ? change(message) : raw, message),
  });

/** As `meet`, with a client that never heard of extended_master_secret. */
export const withoutExtendedMasterSecret = (built: Built, setup: Setup) =>
  meetOther(
    built,
    setup,
    sayingHello((hello) =>
      encodeMessage(make(ClientHello, {
        ...hello,
        extensions: hello.extensions?.filter(({ _tag }) => _tag !== "extended_master_secret"),
      }))
    ),
  );
