/** Ends that say something else than ours would, and hash what they say. @module */
import { Effect, type Schema } from "../deps.ts";
import { establish } from "../../src/connection/establish.ts";
import { clientProgram } from "../../src/connection/handshakes/client_program.ts";
import type { Program } from "../../src/connection/handshakes/program.ts";
import { serverProgram } from "../../src/connection/handshakes/server_program.ts";
import { encodeMessage, kindOf } from "../../src/grammar/message_kind.ts";
import { ClientHello, ServerHello } from "../../src/messages/mod.ts";
import { Handshakes, type HandshakeStream } from "../../src/record/handshake_stream.ts";
import { modern12 } from "./policies.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { type Constructor, make } from "../../src/wire/codec.ts";
import { bothHandshakeBy, type Built, type Setup } from "./handshake.ts";

/** What is done to a stream of messages. */
export type Change = (stream: HandshakeStream) => HandshakeStream;

/** A side whose every stream of messages is changed, in all its handshakes. */
const changed = <R>(
  program: Pick<Program<R>, "role" | "policy" | "open" | "asked" | "rest" | "met" | "updateKeys">,
  change: Change,
): Program<R> => {
  const { asked } = program;
  const through = <A, E, R2>(of: Effect.Effect<A, E, R2 | Handshakes>) =>
    Effect.updateService(of, Handshakes, change);
  return {
    ...program,
    observe: undefined,
    open: (again) => Effect.map(through(program.open(again)), through),
    ...(asked ? { asked: (previous) => through(asked(previous)) } : {}),
    forget: () => Effect.void,
    rest: (left) => {
      const rest = program.rest(left);
      return rest && through(rest);
    },
    met: (left) => through(program.met(left)),
    updateKeys: (left, request) => through(program.updateKeys(left, request)),
  };
};

/** As `meet`, with ends whose streams of messages are changed. */
export const changedHandshake = (
  built: Built,
  setup: Setup,
  { client = (stream) => stream, server = (stream) => stream }: { client?: Change; server?: Change },
) => {
  const settings = {
    policy: setup.client?.policy ?? modern12,
    alpn: setup.client?.alpn ?? [],
    fallback: false,
    serverName: "localhost",
    sessionKey: "localhost",
    earlyData: setup.client?.earlyData,
  };
  const theirs = {
    policy: setup.server?.policy ?? modern12,
    alpn: setup.server?.alpn ?? [],
    clientAuth: setup.server?.clientAuth ?? "none",
    earlyData: setup.server?.earlyData,
  };
  return bothHandshakeBy(built, setup, {
    client: (stream) => establish(stream, changed(clientProgram(settings), client)),
    server: (stream) => establish(stream, changed(serverProgram(theirs), server)),
  });
};

/** As `meet`, with a client whose stream of messages is changed. */
export const changedClientHandshake = (built: Built, setup: Setup, change: Change) =>
  changedHandshake(built, setup, { client: change });

/**
 * Says messages of a class otherwise: as other members, or as the bytes of the message with its header. The count is that of
 * the connection.
 */
export const changing = <A extends { readonly _tag: string }, I, P>(
  Class: Schema.Schema<A, I> & Constructor<A, P>,
  change: (message: A, count: number) => P | Bytes,
): Change => {
  let count = 0;
  return (stream) => ({
    ...stream,
    send: (raw, message, apart) => {
      if (!(message instanceof Class)) return stream.send(raw, message, apart);
      const changed = change(message, count++);
      stream.send(
        changed instanceof Uint8Array ? changed : kindOf(Class).encode(make(Class, changed)),
        message,
        apart,
      );
    },
  });
};

/** Says another ClientHello. */
export const changingHello = (change: (hello: ClientHello, count: number) => Bytes): Change =>
  changing(ClientHello, change);

/** Says another ServerHello, up to TLS 1.2. */
export const changingServerHello = (change: (hello: ServerHello, count: number) => Bytes): Change =>
  changing(ServerHello, change);

/** As `meet`, with a client that never heard of extended_master_secret. */
export const withoutExtendedMasterSecret = (built: Built, setup: Setup) =>
  changedClientHandshake(
    built,
    setup,
    changingHello((hello) =>
      encodeMessage(make(ClientHello, {
        ...hello,
        extensions: hello.extensions?.filter(({ _tag }) => _tag !== "extended_master_secret"),
      }))
    ),
  );

/** Extensions without those of a name. */
export const without = <E extends { readonly _tag: string }>(
  list: ReadonlyArray<E> | undefined,
  tag: E["_tag"],
): ReadonlyArray<E> => (list ?? []).filter(({ _tag }) => _tag !== tag);
