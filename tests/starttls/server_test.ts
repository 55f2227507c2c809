/**
 * The server before TLS: in every protocol it answers what it must, comes to TLS with a client that asks for it, and to a typed
 * error with any other, with the stream closed. Our client meets it in every protocol. What is said is in `dialogues.ts`.
 *
 * @module
 */
import { assert, Cause, Deferred, Effect, Fiber, Layer, TestClock } from "../deps.ts";
import { ByteStream, type Client, Server, Transport } from "../../mod.ts";
import * as Errors from "../../src/public/errors.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, untilWaiting } from "../support/effect.ts";
import { ends } from "../support/handshake.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { dialogues, lengthOf, oneByOne, type Playing, playing, type Turn, until } from "./dialogues.ts";

const protocols = Object.keys(dialogues) as ReadonlyArray<StartTls.Protocol>;

/** Our server with a client that says this, and the stream. */
const withClient = (
  protocol: StartTls.Protocol,
  turns: ReadonlyArray<Turn>,
  how: Omit<Playing, "as"> = {},
) => {
  const stream = playing(turns, { as: "C", ...how });
  return { stream, run: StartTls.server(protocol, stream) };
};

/** Fails with this, and the stream is closed. */
const failing = <const Tag extends StartTls.StartTlsError["_tag"]>(
  { stream, run }: ReturnType<typeof withClient>,
  tag: Tag,
) =>
  Effect.tap(failsWith(run, tag), (error) => {
    assert.ok(stream.isClosed(), "the stream is closed");
    assert.notEqual(Errors.explain(error).what, "");
  });

/** Both ends over a pair of streams in memory. */
const bothEnds = (protocol: StartTls.Protocol) =>
  Effect.gen(function* () {
    const [client, server] = yield* ByteStream.makePair();
    const { domain } = dialogues[protocol];
    return yield* Effect.all({
      client: StartTls.client(protocol, client, { domain }),
      server: StartTls.server(protocol, server, { ownName: domain }),
    }, { concurrency: 2 });
  });

for (const protocol of protocols) {
  live(
    `${protocol}: our client and our server come to TLS, and both have the greeting`,
    Effect.gen(function* () {
      const { client, server } = yield* bothEnds(protocol);
      assert.deepEqual(client.greeting, server.greeting);
      yield* client.stream.write(bytesOf("to the server"));
      assert.equal(textOf(yield* server.stream.read), "to the server");
      yield* server.stream.write(bytesOf("to the client"));
      assert.equal(textOf(yield* client.stream.read), "to the client");
      yield* client.stream.close;
      assert.equal(yield* server.stream.read, undefined);
      yield* server.stream.close;
    }),
  );

  effect(
    `${protocol}: a client that is silent is a StartTlsTimeout`,
    Effect.gen(function* () {
      const said = dialogues[protocol].good.slice(0, protocol === "mysql" ? 1 : 0);
      const { stream, run } = withClient(protocol, said, { then: "silence" });
      const fiber = yield* Effect.fork(run);
      yield* untilWaiting(fiber);
      yield* TestClock.adjust("20 seconds");
      yield* failsWith(Fiber.join(fiber), "StartTlsTimeout");
      assert.ok(stream.isClosed());
    }),
  );

  sync(
    `${protocol}: what no client says ends in a typed error, and hardly a word of it is echoed`,
    Effect.gen(function* () {
      const nonsense = [
        "GET / HTTP/1.1\r\nHost: example\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0".repeat(600),
        "\r\n".repeat(100),
        "\0".repeat(70_000),
        "x".repeat(70_000),
        "\xff".repeat(70_000),
        "<<<<<<<<>>>>>>>>",
        "\x30\x84\xff\xff\xff\xff",
        "\n".repeat(70_000),
        "<a>".repeat(30_000),
      ];
      for (const text of nonsense) {
        let said = "";
        const stream = playing([["C", text]], { as: "C" });
        const listening = {
          ...stream,
          write: (bytes: Bytes) => Effect.sync(() => void (said += textOf(bytes))),
        };
        const error = yield* Effect.flip(StartTls.server(protocol, listening));
        assert.match(error._tag, /^StartTls(Ended|TooLong|Unexpected|Injection)$/);
        assert.ok(stream.isClosed());
        assert.doesNotMatch(said, /HTTP/); // the first word may be a tag of IMAP
      }
    }),
  );
}

for (const protocol of protocols.filter((name) => dialogues[name].shortest.length > 0)) {
  const { before, shortest, leaving } = dialogues[protocol];
  const lastWish = shortest.findLastIndex(([who]) => who === "C");
  for (const [what, turns] of [["with few words", shortest], ["after other commands", before]] as const) {
    sync(
      `${protocol}: a client comes to TLS ${what}, however they are cut`,
      Effect.gen(function* () {
        for (const cut of [(said: Bytes) => [said], oneByOne]) {
          const { stream, run } = withClient(protocol, [...turns, ["C", "\x16\x03\x01"]], { cut });
          const ready = yield* run;
          assert.equal(stream.wrong(), "");
          assert.deepEqual(yield* ready.stream.read, cut(ascii("\x16\x03\x01"))[0]);
        }
      }),
    );
  }

  sync(
    `${protocol}: a client that ends the stream at any byte before its request is a StartTlsEnded`,
    Effect.gen(function* () {
      for (let bytes = 0; bytes < lengthOf(shortest, "C"); bytes++) {
        yield* failing(withClient(protocol, until(shortest, "C", bytes)), "StartTlsEnded");
      }
      if (leaving.length > 0) yield* failing(withClient(protocol, leaving), "StartTlsEnded");
    }),
  );

  sync(
    `${protocol}: what a client sends behind its request is an injection, before it hears a go-ahead`,
    Effect.gen(function* () {
      for (const more of ["\0", "\r\n", "EHLO injected\r\n", "\x16\x03\x01\0\x01\0"]) {
        const turns = shortest.map(([who, said], i): Turn => [who, i === lastWish ? said + more : said]);
        const played = withClient(protocol, turns);
        const { bytes } = yield* failing(played, "StartTlsInjection");
        assert.equal(bytes, more.length);
        const goAhead = shortest.slice(lastWish).find(([who]) => who === "S")![1];
        assert.equal(played.stream.wrong(), goAhead, "the go-ahead is not said");
      }
    }),
  );
}

/** Commands that no server answers with TLS, one like the other. */
const commands = {
  smtp: "NOOP\r\n",
  lmtp: "NOOP\r\n",
  imap: "a NOOP\r\n",
  pop3: "CAPA\r\n",
  sieve: "NOOP\r\n",
  ftp: "NOOP\r\n",
  nntp: "CAPABILITIES\r\n",
  irc: "NICK a\r\n",
  ldap: "\x30\x0c\x02\x01\x07\x60\x07\x02\x01\x03\x04\0\x80\0",
} as const;

for (const [protocol, command] of Object.entries(commands)) {
  sync(
    `${protocol}: a client that says other things again and again is sent away`,
    Effect.gen(function* () {
      let answers = 0;
      let closed = false;
      const stream: ByteStream.ByteStream = {
        read: Effect.succeed(ascii(command)),
        write: () => Effect.sync(() => void answers++),
        close: Effect.sync(() => void (closed = true)),
      };
      const { got } = yield* failsWith(
        StartTls.server(protocol as StartTls.Protocol, stream),
        "StartTlsUnexpected",
      );
      assert.match(got, /^32 other /);
      assert.ok(answers <= 33 && closed);
    }),
  );
}

live(
  "a connection begins in the clear and goes on over TLS, and the other end's words from before are not its data",
  Effect.gen(function* () {
    const { client, server } = ends();
    yield* Effect.gen(function* () {
      const { address } = yield* Server.listen({
        hostname: "server.example",
        port: 0,
        before: (stream) => Effect.map(StartTls.server("smtp", stream), (ready) => ready.stream),
      }, (connection) =>
        Effect.flatMap(
          connection.read,
          (data) => connection.write(bytesOf(`over TLS you said ${textOf(data!)}`)),
        )).pipe(Effect.provide(server));
      const { connection, greeting } = yield* StartTls.connect("smtp", {
        ...address,
        serverName: "localhost",
      })
        .pipe(Effect.provide(client));
      assert.equal(textOf(greeting), "220 localhost ESMTP\r\n");
      yield* connection.write(bytesOf("EHLO"));
      assert.equal(textOf(yield* connection.read), "over TLS you said EHLO");
      yield* connection.close;
    }).pipe(Effect.provide(Transport.layerMemory));
  }),
);

live(
  "a server whose client does not come to TLS fails that connection alone, tells it, and leaves no stream open",
  Effect.gen(function* () {
    const { client, server } = ends();
    const failure = yield* Deferred.make<unknown>();
    yield* Effect.gen(function* () {
      const { address } = yield* Server.listen({
        hostname: "server.example",
        port: 0,
        before: (stream) => Effect.map(StartTls.server("pop3", stream), (ready) => ready.stream),
        onFailure: (cause) => Deferred.succeed(failure, Cause.squash(cause)),
      }, (connection) => connection.close).pipe(Effect.provide(server));
      const stream = yield* Effect.flatMap(Transport.Transport, ({ open }) => open(address));
      yield* stream.write(bytesOf("STLS\r\nCAPA\r\n"));
      assert.match(textOf(yield* stream.read) ?? "", /^\+OK/);
      assert.equal(yield* stream.read, undefined);
      assert.ok((yield* Deferred.await(failure)) instanceof Errors.StartTlsInjection);
      const { connection } = yield* StartTls.connect("pop3", { ...address, serverName: "localhost" })
        .pipe(Effect.provide(client));
      yield* connection.close;
    }).pipe(Effect.provide(Transport.layerMemory));
  }),
);

sync(
  "connect opens no stream if an option has the wrong type, of STARTTLS or of TLS",
  Effect.gen(function* () {
    const good = { hostname: "server.example", port: 25 };
    const wrong: ReadonlyArray<readonly [string, unknown, unknown, unknown]> = [
      ["protocol", "smtps", good, {}],
      ["timeout", "smtp", good, { timeout: "soon" }],
      ["options", "xmpp", good, null],
      ["port", "smtp", { ...good, port: -1 }, {}],
      ["options", "smtp", undefined, {}],
    ];
    for (const [option, protocol, options, before] of wrong) {
      const run = StartTls.connect(
        protocol as StartTls.Protocol,
        options as Client.ConnectOptions,
        before as StartTls.StartTlsOptions,
      );
      const error = yield* failsWith(run, "InvalidOption");
      assert.equal(error.option, option);
    }
    const nowhere = yield* failsWith(StartTls.connect("smtp", good), "TransportError");
    assert.match(nowhere.message, /^open server\.example:25: nothing listens there$/);
  }).pipe(Effect.provide(Layer.merge(ends().client, Transport.layerMemory))),
);

live(
  "connect asks XMPP's server for the name of the certificate, unless it is told another domain",
  Effect.gen(function* () {
    const { client, server } = ends();
    const asked: Array<string> = [];
    const { address } = yield* Server.listen({
      hostname: "server.example",
      port: 0,
      before: (stream) =>
        Effect.map(
          StartTls.server("xmpp", {
            ...stream,
            read: Effect.tap(stream.read, (bytes) => Effect.sync(() => void asked.push(textOf(bytes) ?? ""))),
          }),
          (ready) => ready.stream,
        ),
    }, (connection) => connection.close).pipe(Effect.provide(server));
    const options = { ...address, serverName: "localhost" };
    for (const before of [undefined, { domain: undefined }, { domain: "im.example" }]) {
      const { connection } = yield* StartTls.connect("xmpp", options, before as StartTls.StartTlsOptions)
        .pipe(Effect.provide(client));
      yield* connection.close;
    }
    const domains = asked.join("").matchAll(/ to='([^']*)'/g);
    assert.deepEqual(Array.from(domains, ([, domain]) => domain), ["localhost", "localhost", "im.example"]);
  }).pipe(Effect.provide(Transport.layerMemory)),
);

effect(
  "a connection that waits before TLS takes a place among the handshakes, and the deadline gives it free",
  Effect.gen(function* () {
    const { server } = ends();
    const failed: Array<number> = [];
    yield* Effect.gen(function* () {
      const { address } = yield* Server.listen({
        hostname: "server.example",
        port: 0,
        maxConnections: 1,
        maxHandshakes: 1,
        before: (stream) =>
          Effect.map(StartTls.server("smtp", stream, { timeout: "5 seconds" }), (ready) => ready.stream),
        onFailure: (_, number) => Effect.sync(() => void failed.push(number)),
      }, (connection) => connection.close).pipe(Effect.provide(server));
      const stream = yield* Effect.flatMap(Transport.Transport, ({ open }) => open(address));
      yield* stream.read; // the greeting
      assert.deepEqual(failed, []);
      yield* TestClock.adjust("5 seconds");
      assert.equal(yield* stream.read, undefined);
      assert.deepEqual(failed, [1]);
    }).pipe(Effect.provide(Transport.layerMemory));
  }),
);

effect(
  "what is said before TLS may take as long as a handshake, and throw, hang or die at a connection's own cost alone",
  Effect.gen(function* () {
    const { server } = ends();
    const hanging = yield* Deferred.make<never>();
    const befores: ReadonlyArray<readonly [RegExp, () => Effect.Effect<ByteStream.ByteStream, unknown>]> = [
      [/HandshakeTimeout/, () => Effect.never],
      [/HandshakeTimeout/, () => Effect.uninterruptible(Deferred.await(hanging))],
      [/by the test/, () => Effect.die(new Error("by the test"))],
      [/by the test/, () => Effect.fail(new Error("by the test"))],
      [/by the test/, () => {
        throw new Error("by the test");
      }],
    ];
    yield* Effect.gen(function* () {
      for (const [why, before] of befores) {
        const failure = yield* Deferred.make<Cause.Cause<unknown>>();
        const { address } = yield* Server.listen({
          hostname: "server.example",
          port: 0,
          maxConnections: 1,
          maxHandshakes: 1,
          before,
          onFailure: (cause) => Deferred.succeed(failure, cause),
        }, (connection) => connection.close).pipe(Effect.provide(server));
        const stream = yield* Effect.flatMap(Transport.Transport, ({ open }) => open(address));
        const reading = yield* Effect.fork(stream.read);
        yield* untilWaiting(reading);
        yield* TestClock.adjust("30 seconds");
        assert.match(Cause.pretty(yield* Deferred.await(failure)), why);
        assert.equal(yield* Fiber.join(reading), undefined);
      }
      yield* Deferred.interrupt(hanging);
    }).pipe(Effect.provide(Transport.layerMemory));
  }),
);
