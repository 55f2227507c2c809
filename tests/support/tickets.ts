/** Handshakes between an end that takes tickets and one that gives them, and what was said in them. @module */
import { assert, Context, Effect, Either, Option } from "../deps.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { placesOf } from "../../src/flights/sessions/client_sessions.ts";
import { layerKeys } from "../../src/layers/tickets/rotating.ts";
import { ClientHello, findExtension, NewSessionTicket, ServerHello } from "../../src/messages/mod.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import type { ConnectionEvent } from "../../src/ports/observer.ts";
import { partitionHash } from "../../src/ports/partition.ts";
import { Session, SessionStore } from "../../src/ports/sessions.ts";
import { SessionTickets, type SessionTicketsService } from "../../src/ports/tickets.ts";
import { make } from "../../src/wire/codec.ts";
import { bothHandshake, build, type Built, pingPong, type Setup } from "./handshake.ts";

/** Two ends of which the server gives tickets, under keys that rotate. */
export const builtWithTickets = build({ toy: true, tickets: true });

/** The same with other tickets of the server's, or with none. */
export const withServerTickets = (built: Built, tickets: SessionTicketsService | undefined): Built => ({
  ...built,
  server: Context.add(built.server, SessionTickets, tickets) as Built["server"],
});

/** A server's tickets under one key; others open as well. */
export const ticketsUnderKeys = (n: number, ...older: ReadonlyArray<number>): SessionTicketsService => {
  const keyOf = (n: number) => ({
    name: new Uint8Array(16).fill(n),
    key: new Uint8Array(32).fill(n),
    createdAt: 0,
  });
  const layer = layerKeys({ keys: [keyOf(n), ...older.map(keyOf)] });
  return Effect.runSync(Effect.provide(SessionTickets, layer))!;
};

/** The same tickets, of which each that is shown is replaced. */
export const alwaysRenewing = (tickets: SessionTicketsService): SessionTicketsService => ({
  ...tickets,
  open: (ticket) => Effect.map(tickets.open(ticket), Option.map((opened) => ({ ...opened, renew: true }))),
});

/** Where the client's store has its session with the server. */
export const placeOfSession = ({ client }: Built): string => {
  const own = Context.get(client, Credentials);
  const credentials = partitionHash(Context.get(client, Crypto), own);
  return placesOf({ sessionKey: "localhost" }, own.partition, credentials)[0]!;
};

/** What the client knows of the server. */
export const findStoredSession = (built: Built): Effect.Effect<Option.Option<Session>> =>
  Effect.orDie(Context.get(built.client, SessionStore).get(placeOfSession(built)));

/** The session that the client must have. */
export const storedSession = (built: Built): Effect.Effect<Session> =>
  Effect.map(findStoredSession(built), Option.getOrThrow);

/** Changes what the client knows behind its back. */
export const editStoredSession = (built: Built, change: (session: Session) => Partial<Session>) =>
  Effect.gen(function* () {
    const known = yield* storedSession(built);
    const { put } = Context.get(built.client, SessionStore);
    yield* Effect.orDie(put(placeOfSession(built), make(Session, { ...known, ...change(known) })));
  });

/** What a good handshake was like, with data both ways after it. */
export const handshakeStory = (built: Built, setup: Setup = {}) =>
  Effect.gen(function* () {
    const events: Array<ConnectionEvent> = [];
    const observe = (e: ConnectionEvent) => void events.push(e);
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    const [client, server] = [yield* ends.client, yield* ends.server];
    assert.equal(yield* pingPong(client, server), "ping pong");
    const messages = events.flatMap((e) => e._tag === "message" ? [e.message] : []);
    const hello = messages.find((m) => m instanceof ClientHello)!;
    const answer = messages.find((m) => m instanceof ServerHello)!;
    const [ours, theirs] = [yield* client.negotiated, yield* server.negotiated];
    assert.equal(ours.resumed, theirs.resumed);
    assert.equal(ours.sessionTicket, theirs.sessionTicket);
    return {
      client,
      server,
      hello,
      answer,
      /** What the hello's session_ticket holds; `undefined` without one. */
      shown: findExtension(hello.extensions, "session_ticket")?.ticket,
      acknowledged: findExtension(answer.extensions, "session_ticket") !== undefined,
      given: messages.find((m) => m instanceof NewSessionTicket),
      /** What the server said, by name. */
      said: events.flatMap((e) =>
        e._tag === "alert" || e.direction === "sent"
          ? []
          : [e._tag === "message" ? e.message._tag : "ChangeCipherSpec"]
      ),
      resumed: ours.resumed,
      sessionTicket: ours.sessionTicket,
      ours,
      theirs,
    };
  });

/** A full handshake in which a ticket is given. */
export const firstHandshake = (built: Built, setup: Setup = {}) =>
  Effect.map(handshakeStory(built, setup), (story) => {
    assert.deepEqual([story.resumed, story.sessionTicket], [false, true]);
    assert.ok(story.given !== undefined && story.given.ticket.length > 0);
    return { ...story, ticket: story.given.ticket };
  });

/** A ticket is shown in vain, and nobody complains: the handshake is full, under a new ticket that is good. */
export const expectTicketRefused = (built: Built, setup: Setup = {}) =>
  Effect.gen(function* () {
    const story = yield* firstHandshake(built, setup);
    assert.ok(story.shown !== undefined && story.shown.length > 0, "a ticket was shown");
    assert.equal(story.answer.sessionId.length, 0);
    const again = yield* handshakeStory(built, setup);
    assert.deepEqual(again.shown, story.ticket);
    assert.equal(again.resumed, true);
    return story;
  });

/** What an end has to say against its peer, or hears from it when it is content itself. */
export const failureMessage = (end: Either.Either<Connection, TlsError>) =>
  Effect.map(
    Either.isLeft(end) ? Effect.succeed(end.left) : Effect.flip(end.right.read),
    ({ message }) => message,
  );
