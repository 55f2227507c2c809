/**
 * The client before TLS: every protocol comes to TLS with a server that offers it, and with any other to a typed error, with the
 * stream closed and nothing sent in the clear. What is said is in `dialogues.ts`.
 *
 * @module
 */
import { assert, Deferred, Effect, Fiber, TestClock } from "../deps.ts";
import * as Errors from "../../src/public/errors.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, untilWaiting } from "../support/effect.ts";
import {
  dialogues,
  lengthOf,
  oneByOne,
  type Played,
  type Playing,
  playing,
  type Turn,
  until,
} from "./dialogues.ts";

type Row = readonly [StartTls.Protocol, (typeof dialogues)[StartTls.Protocol]];
const rows = Object.entries(dialogues) as ReadonlyArray<Row>;

/** Our client with a server that says this, and the stream. */
const withServer = (
  protocol: StartTls.Protocol,
  turns: ReadonlyArray<Turn>,
  how: Omit<Playing, "as"> = {},
) => {
  const stream = playing(turns, { as: "S", ...how });
  const { domain } = dialogues[protocol];
  return { stream, run: StartTls.client(protocol, stream, { domain }) };
};

/** Fails with this, and the stream is closed. */
const failing = <const Tag extends StartTls.StartTlsError["_tag"]>(
  { stream, run }: { readonly stream: Played; readonly run: Effect.Effect<unknown, StartTls.StartTlsError> },
  tag: Tag,
) =>
  Effect.tap(failsWith(run, tag), (error) => {
    assert.ok(stream.isClosed(), "the stream is closed");
    assert.notEqual(Errors.explain(error).what, "");
  });

for (const [protocol, { good, alsoGood, notOffered, refused, unexpected }] of rows) {
  for (const [what, turns] of Object.entries({ "": good, ...alsoGood })) {
    sync(
      `${protocol}: a client comes to TLS${what && ` by ${what}`}, however the answers are cut`,
      Effect.gen(function* () {
        const cuts: ReadonlyArray<(said: Bytes) => ReadonlyArray<Bytes>> = [
          oneByOne,
          ...Array.from(
            { length: Math.max(...turns.map(([, said]) => said.length)) },
            (_, at) => (said: Bytes) =>
              [said.slice(0, at), said.slice(at)].filter(({ length }) => length > 0),
          ),
        ];
        for (const cut of cuts) {
          const { stream, run } = withServer(protocol, [...turns, ["C", "\x16\x03\x01"], [
            "S",
            "\x16\x03\x03",
          ]], {
            cut,
          });
          const ready = yield* run;
          const greets = turns[0]?.[0] === "S" ? turns[0][1] : undefined;
          // The lines of a greeting are given with their ends as they should be.
          assert.equal(
            ready.greeting && String.fromCharCode(...ready.greeting),
            greets?.replace(/\r?\n/g, protocol === "mysql" ? "$&" : "\r\n"),
          );
          yield* ready.stream.write(ascii("\x16\x03\x01"));
          assert.equal(stream.wrong(), "");
          assert.deepEqual(yield* ready.stream.read, cut(ascii("\x16\x03\x03"))[0]);
          yield* ready.stream.close;
          assert.ok(stream.isClosed());
        }
      }),
    );
  }

  sync(
    `${protocol}: a server that ends the stream at any byte before the go-ahead is a StartTlsEnded`,
    Effect.gen(function* () {
      const last = protocol === "mysql" ? good.slice(0, 1) : good;
      for (let bytes = 0; bytes < lengthOf(last, "S"); bytes++) {
        const { protocol: named } = yield* failing(
          withServer(protocol, until(last, "S", bytes)),
          "StartTlsEnded",
        );
        assert.equal(named, protocol);
      }
    }),
  );

  effect(
    `${protocol}: a server that is silent at any turn is a StartTlsTimeout, when the time is over and not before`,
    Effect.gen(function* () {
      for (let turns = 0; turns < good.length; turns++) {
        const said = good.slice(0, turns);
        if (protocol === "mysql" && turns > 0) continue;
        const { stream, run } = withServer(protocol, said, { then: "silence" });
        const fiber = yield* Effect.fork(Effect.either(run));
        yield* TestClock.adjust("29 seconds");
        yield* untilWaiting(fiber);
        assert.equal(stream.isClosed(), false);
        yield* TestClock.adjust("1 seconds");
        const { milliseconds } = yield* failing(
          { stream, run: Effect.flatten(Fiber.join(fiber)) },
          "StartTlsTimeout",
        );
        assert.equal(milliseconds, 30_000);
      }
    }),
  );

  sync(
    `${protocol}: bytes in the clear behind the go-ahead are an injection, and nobody reads them`,
    Effect.gen(function* () {
      // In MySQL the server says nothing behind its greeting.
      const at = good.findLastIndex(([who]) => who === "S");
      for (const more of ["\0", "\r\n", "220 injected\r\n", "\x16\x03\x03\0\x01\0"]) {
        const turns = good.map(([who, said], i): Turn => [who, i === at ? said + more : said]);
        const { bytes, message } = yield* failing(withServer(protocol, turns), "StartTlsInjection");
        assert.equal(bytes, more.length);
        assert.doesNotMatch(message, /injected/);
      }
    }),
  );

  for (const [what, turns] of Object.entries(notOffered)) {
    sync(
      `${protocol}: ${what}: StartTlsNotOffered`,
      Effect.map(
        failing(withServer(protocol, turns), "StartTlsNotOffered"),
        ({ message }) =>
          assert.match(message, new RegExp(`^${protocol}: the server does not offer TLS; it said: .`)),
      ),
    );
  }
  for (const [what, [code, turns]] of Object.entries(refused)) {
    sync(
      `${protocol}: a refusal, ${what}: StartTlsRefused with ${code}`,
      Effect.map(
        failing(withServer(protocol, turns), "StartTlsRefused"),
        (error) => assert.equal(error.code, code),
      ),
    );
  }
  for (const [what, turns] of Object.entries(unexpected)) {
    sync(
      `${protocol}: ${what}, where no server says it: StartTlsUnexpected`,
      failing(withServer(protocol, turns), "StartTlsUnexpected"),
    );
  }

  sync(
    `${protocol}: a server that never comes to an end is refused after 64 KiB`,
    Effect.gen(function* () {
      for (const flood of floods[protocol]) {
        let read = 0;
        let closed = false;
        const stream: ByteStream = {
          read: Effect.sync(() => {
            const [first, more] = flood;
            const said = ascii(read === 0 ? first : more);
            read += said.length;
            return said;
          }),
          write: () => Effect.void,
          close: Effect.sync(() => void (closed = true)),
        };
        const error = yield* Effect.flip(StartTls.client(protocol, stream, { domain: "im.example" }));
        assert.match(error._tag, /^StartTls(TooLong|Unexpected)$/);
        assert.ok(closed && read < 70_000, `${read}`);
      }
    }),
  );
}

/** What a server begins with, and then says over and over. */
const floods: Readonly<Record<StartTls.Protocol, ReadonlyArray<readonly [string, string]>>> = (() => {
  const lines = (code: string) => [[`${code}-`, "x"], [`${code}-x\r\n`, `${code}-x\r\n`]] as const;
  return {
    smtp: lines("220"),
    lmtp: lines("220"),
    ftp: [...lines("220"), ["220-\r\n", "\n"]],
    imap: [["* OK ", "x"], ["* OK x\r\n", "* OK x\r\n"]],
    pop3: [["+OK", "x"], ["+OK\r\n", "+OK x\r\n"]],
    sieve: [['"', "x"], ['"X"\r\n', '"X"\r\n']],
    nntp: [["200 ", "x"], ["200 x\r\n", "101 x\r\n"]],
    irc: [[":", "x"], ["NOTICE x\r\n", "NOTICE x\r\n"]],
    ldap: [["\x30\x83\xff\xff\xff", "x"], ["\x30\x83\x00\xff\xff", "x"]],
    postgres: [["x", "x"]],
    mysql: [["\xff\x7f\0\0", "x"]],
    xmpp: [["<", "x"], [" ", " "], ["<?xml?><stream>", "<x>"], ["<stream><features>", "<features/>x<a b='>"]],
  };
})();

sync(
  "an option of the wrong type is an InvalidOption, nothing is said, and the stream is closed",
  Effect.gen(function* () {
    const wrong: ReadonlyArray<readonly [string, unknown, unknown]> = [
      ["protocol", "smtps", {}],
      ["protocol", "toString", {}],
      ["protocol", undefined, {}],
      ["ownName", "smtp", { ownName: "a\r\nQUIT" }],
      ["ownName", "smtp", { ownName: "" }],
      ["domain", "xmpp", { domain: "a'/>" }],
      ["domain", "xmpp", {}],
      ["timeout", "smtp", { timeout: -1 }],
      ["options", "smtp", null],
      ["serverName", "smtp", { serverName: "x" }],
    ];
    for (const [option, protocol, options] of wrong) {
      const stream = playing([], { as: "S" });
      const run = StartTls.client(protocol as StartTls.Protocol, stream, options as StartTls.StartTlsOptions);
      assert.equal((yield* failing({ stream, run }, "InvalidOption")).option, option);
      assert.equal(stream.wrong(), "");
    }
  }),
);

sync(
  "a client gives its own name, and the domain that it wants",
  Effect.gen(function* () {
    const turns = dialogues.smtp.good.map((
      [who, said],
    ): Turn => [who, said.replace(/(?<=EHLO )\w+/, "me.example")]);
    yield* StartTls.client("smtp", playing(turns, { as: "S" }), { ownName: "me.example" });
  }),
);

sync(
  "what a server says cannot move a terminal's cursor, or fill it",
  Effect.gen(function* () {
    const { run } = withServer("smtp", [["S", `554 \x1b[2J${"x".repeat(8000)}\r\n`]]);
    const { message } = yield* failsWith(run, "StartTlsRefused");
    assert.ok(message.length < 300 && message.includes("\\u001b"), message);
  }),
);

live(
  "a client that is interrupted closes the stream",
  Effect.gen(function* () {
    const { stream, run } = withServer("smtp", dialogues.smtp.good.slice(0, 2), { then: "silence" });
    const fiber = yield* Effect.fork(run);
    yield* untilWaiting(fiber);
    assert.equal(stream.isClosed(), false);
    yield* Fiber.interrupt(fiber);
    assert.ok(stream.isClosed());
  }),
);

effect(
  "a stream that cannot be interrupted, or closed, holds up no deadline",
  Effect.gen(function* () {
    const never = yield* Deferred.make<undefined>();
    const stuck: ByteStream = {
      read: Effect.uninterruptible(Deferred.await(never)),
      write: () => Effect.void,
      close: Effect.uninterruptible(Deferred.await(never)),
    };
    const fiber = yield* Effect.fork(StartTls.client("smtp", stuck));
    yield* untilWaiting(fiber);
    yield* TestClock.adjust("30 seconds");
    yield* TestClock.adjust("250 millis");
    yield* failsWith(Fiber.join(fiber), "StartTlsTimeout");
    Deferred.unsafeDone(never, Effect.succeed(undefined));
  }),
);

sync(
  "a stream that fails, throws or dies is a TransportError",
  Effect.gen(function* () {
    const thrown = (): never => {
      throw new Error("by the test");
    };
    const broken: ReadonlyArray<Partial<ByteStream>> = [
      { read: Effect.die("by the test") },
      { read: Effect.suspend(thrown) },
      { write: thrown },
      { write: () => Effect.die("by the test") },
      { read: Effect.suspend(thrown), close: Effect.suspend(thrown) },
    ];
    for (const part of broken) {
      const { stream } = withServer("smtp", [["S", "220 hello\r\n"]]);
      yield* failsWith(StartTls.client("smtp", { ...stream, ...part }), "TransportError");
    }
  }),
);
