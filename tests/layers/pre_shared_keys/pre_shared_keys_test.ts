/** External PSKs from a list and from a file, and what is refused. @module */
import { assert, Effect, Either, Layer, Logger, Option, Queue, Stream, TestClock } from "../../deps.ts";
import { explain } from "../../../src/faults/explain.ts";
import {
  type ExternalPsk,
  layerFile,
  layerFixed,
  layerNone,
  PreSharedKeys,
  type PreSharedKeysService,
} from "../../../src/public/pre_shared_keys.ts";
import { ascii, type Bytes, EMPTY, toHex, utf8 } from "../../../src/wire/bytes.ts";
import { effect, live, sync, temporary } from "../../support/effect.ts";
import { hex } from "../../support/keys.ts";

const key = hex("00112233445566778899aabbccddeeff");
const one: ExternalPsk = { identity: ascii("one"), key };
const two: ExternalPsk = { identity: ascii("two"), key, hash: "sha384", imported: { context: ascii("c") } };

const there = Effect.map(PreSharedKeys, (service) => service ?? assert.fail("there is no service"));
const offered = Effect.flatMap(
  there,
  ({ choose }) => choose({ serverName: "localhost", hint: undefined }),
);
const found = (identity: Bytes) => Effect.flatMap(there, ({ lookup }) => lookup(identity));
const shown = Effect.map(offered, (keys) => keys.map((psk) => `${toHex(psk.identity)} ${toHex(psk.key)}`));

// -- given --

sync(
  "without a layer there are no external PSKs, and layerNone takes those away that a program has",
  Effect.gen(function* () {
    assert.equal(yield* PreSharedKeys, undefined);
    const inner = Effect.provide(PreSharedKeys, layerNone);
    assert.equal(yield* Effect.provide(inner, layerFixed([one])), undefined);
  }),
);

sync(
  "given keys are offered in their order, and each is found by its whole identity",
  Effect.gen(function* () {
    const keys = yield* offered;
    assert.deepEqual(keys.map(({ identity }) => toHex(identity)), [one, two].map((k) => toHex(k.identity)));
    assert.equal(Option.getOrThrow(yield* found(ascii("two"))), keys[1]);
    assert.deepEqual(keys[1]?.imported, two.imported);
    for (const other of [EMPTY, ascii("On"), ascii("ONE"), ascii("one\0")]) {
      assert.ok(Option.isNone(yield* found(other)));
    }
  }).pipe(Effect.provide(layerFixed([one, two]))),
);

sync(
  "the layer keeps keys of its own: the caller may overwrite what it gave",
  Effect.gen(function* () {
    const mine = { identity: ascii("mine"), key: key.slice(), imported: { context: ascii("c") } };
    const service: PreSharedKeysService = yield* Effect.provide(there, layerFixed([mine]));
    for (const bytes of [mine.identity, mine.key, mine.imported.context]) bytes.fill(0);
    const kept = Option.getOrThrow(yield* service.lookup(ascii("mine")));
    assert.deepEqual(kept.key, key);
    assert.deepEqual(kept.imported?.context, ascii("c"));
  }),
);

// deno-lint-ignore no-explicit-any -- JavaScript, which knows no types
const wrong: ReadonlyArray<readonly [string, any]> = [
  ["keys", []],
  ["keys", undefined],
  ["keys", [one, { ...two, identity: one.identity }]],
  ["keys.0.identity", [{ ...one, identity: EMPTY }]],
  ["keys.0.identity", [{ ...one, identity: new Uint8Array(65_536) }]],
  ["keys.0.identity", [{ ...one, identity: "one" }]],
  ["keys.1.key", [one, { ...two, key: EMPTY }]],
  ["keys.0.key", [{ ...one, key: new Uint8Array(65_536) }]],
  ["keys.0.key", [{ identity: one.identity }]],
  ["keys.0.hash", [{ ...one, hash: "sha512" }]],
  ["keys.0.imported.context", [{ ...one, imported: {} }]],
  ["keys.0.imported", [{ ...one, imported: true }]],
  ["keys.0", [{ ...two, identity: new Uint8Array(65_527) }]],
  ["keys.0.name", [{ ...one, name: "one" }]],
];
for (const [option, keys] of wrong) {
  sync(
    `given keys are refused at ${option}: ${Deno.inspect(keys, { breakLength: Infinity }).slice(0, 60)}`,
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(offered, layerFixed(keys)));
      assert.equal(error._tag, "InvalidOption");
      assert.equal(error.option, option);
      assert.ok(!error.message.includes("1122"), "no key is told");
    }),
  );
}

// -- a file --

/** A file of its own with this text, and how to give it another. */
const fileWith = (text: string) =>
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.psk`;
    const write = (text: string) => Effect.promise(() => Deno.writeTextFile(path, text));
    yield* write(text);
    return { path, write };
  });

live(
  "a file has the forms of Mosquitto and of psktool: identities, colons, keys; comments, empty lines, any line end",
  Effect.gen(function* () {
    const { path } = yield* fileWith(
      "# of the devices\r\ndevice-1:67f8d87a\r\n\r\nüber weg:00FF  \n#cafe:99\nlast:01\n",
    );
    assert.deepEqual(yield* Effect.provide(shown, layerFile(path)), [
      `${toHex(ascii("device-1"))} 67f8d87a`,
      `${toHex(utf8("über weg"))} 00ff`,
      `${toHex(ascii("last"))} 01`,
    ]);
    const none = yield* fileWith("# none yet\n");
    assert.deepEqual(yield* Effect.provide(shown, layerFile(none.path)), []);
  }),
);

live(
  "identities in hexadecimal are GnuTLS's, and then no line is a comment",
  Effect.gen(function* () {
    const { path } = yield* fileWith("plain:01\n#00ff:02\n");
    const options = { hexIdentities: true, hash: "sha384", imported: { context: ascii("c") } } as const;
    yield* Effect.gen(function* () {
      assert.deepEqual(yield* shown, [`${toHex(ascii("plain"))} 01`, "00ff 02"]);
      const { key, hash, imported } = Option.getOrThrow(yield* found(hex("00ff")));
      assert.deepEqual({ key, hash, imported }, {
        key: Uint8Array.of(2),
        hash: "sha384",
        imported: { context: ascii("c") },
      });
    }).pipe(Effect.provide(layerFile(path, options)));
    const comment = yield* fileWith("# of the devices\n");
    const error = yield* Effect.flip(Effect.provide(shown, layerFile(comment.path, options)));
    assert.match(error.message, /line 1: expected an identity, a colon, and a key in hexadecimal$/);
  }),
);

const malformed: ReadonlyArray<readonly [string, number, RegExp]> = [
  ["no colon", 1, /colon/],
  [":0102", 1, /identity/],
  ["a:", 1, /key/],
  ["a:0", 1, /key/],
  ["a:0g", 1, /key/],
  ["a:01 02", 1, /key/],
  ["a:01:02", 1, /key/],
  ["# one\n\na:01\nb:secret", 4, /hexadecimal/],
  [`${"x".repeat(65_536)}:01`, 1, /identity/],
  ["a:01\nb:02\na:03", 3, /there before/],
];
for (const [text, line, reason] of malformed) {
  live(
    `a file is refused at line ${line} of ${JSON.stringify(text).slice(0, 40)}, and nothing of it is told`,
    Effect.gen(function* () {
      const { path } = yield* fileWith(text);
      const error = yield* Effect.flip(Effect.provide(shown, layerFile(path)));
      assert.equal(error._tag, "PreSharedKeysError");
      assert.ok(error.message.startsWith(`pre-shared keys, ${path}: line ${line}: `), error.message);
      assert.match(error.message, reason);
      assert.ok(!error.message.includes("secret"));
      assert.equal(explain(error).what, error.message);
    }),
  );
}

live(
  "a file that is not there, and options of the wrong type, are refused when the layer is built",
  Effect.gen(function* () {
    const path = `${yield* temporary}/none`;
    const missing = yield* Effect.flip(Effect.provide(shown, layerFile(path)));
    assert.equal(missing._tag, "PreSharedKeysError");
    assert.match(missing.message, /none/);
    const wrong = { hash: "md5", every: 0, hexIdentities: "yes", reload: [], imported: {}, format: "gnutls" };
    for (const [option, value] of Object.entries(wrong)) {
      const error = yield* Effect.flip(Effect.provide(shown, layerFile(path, { [option]: value })));
      assert.ok(error._tag === "InvalidOption" && error.option.startsWith(option), error.message);
    }
  }),
);

/** Waits until a file was read again: real reading does not go by the clock of a test. */
const until = <R>(what: Effect.Effect<boolean, never, R>): Effect.Effect<void, never, R> =>
  what.pipe(
    Effect.tap(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))),
    Effect.repeat({ until: (so) => so }),
    Effect.asVoid,
  );
const names = Effect.map(
  offered,
  (keys) => keys.map(({ identity }) => new TextDecoder().decode(identity)).join(),
);
const offers = (expected: string) => Effect.map(names, (got) => got === expected);

/** Runs with what is logged. */
const logging = <A, E, R>(body: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = [];
    const logger = Logger.make(({ message }) => void lines.push([message].flat().join(" ")));
    return Effect.provide(body(lines), Logger.replace(Logger.defaultLogger, logger));
  });

effect(
  "a file that changes is read again; while it is malformed or away, the old keys stay and one warning tells it",
  logging((lines) =>
    Effect.gen(function* () {
      const { path, write } = yield* fileWith("a:01");
      yield* Effect.gen(function* () {
        assert.equal(yield* names, "a");
        yield* write("a:01\nb:02");
        yield* TestClock.adjust("1 minute");
        yield* until(offers("a,b"));
        assert.ok(Option.isSome(yield* found(ascii("b"))));
        yield* write("a:01\nb");
        yield* TestClock.adjust("1 minute");
        yield* until(Effect.sync(() => lines.length > 0));
        yield* TestClock.adjust("3 minutes");
        assert.equal(yield* names, "a,b");
        yield* write("");
        yield* TestClock.adjust("1 minute");
        yield* until(offers(""));
        assert.ok(Option.isNone(yield* found(ascii("a"))));
        yield* Effect.promise(() => Deno.remove(path));
        yield* TestClock.adjust("1 minute");
        yield* until(Effect.sync(() => lines.length > 1));
      }).pipe(Effect.provide(layerFile(path, { every: "1 minute" })));
      assert.deepEqual(lines.map((line) => line.replace(/No such file.*?; /, "gone; ")), [
        `pre-shared keys, ${path}: line 2: expected an identity, a colon, and a key in hexadecimal; the old ones stay`,
        `pre-shared keys, ${path}: gone; the old ones stay`,
      ]);
    })
  ),
);

live(
  "a signal has the file read at once",
  Effect.gen(function* () {
    const { path, write } = yield* fileWith("a:01");
    const signals = yield* Queue.unbounded<string>();
    yield* Effect.gen(function* () {
      yield* write("b:01");
      yield* Queue.offer(signals, "again");
      yield* until(offers("b"));
    }).pipe(Effect.provide(layerFile(path, { every: "1 day", reload: Stream.fromQueue(signals) })));
  }),
);

sync(
  "a layer of one's own is a service",
  Effect.gen(function* () {
    const mine: PreSharedKeysService = {
      choose: ({ serverName }) => Effect.succeed(serverName === "localhost" ? [one] : []),
      lookup: () => Effect.succeedNone,
    };
    const all = Effect.provide(Effect.either(offered), Layer.succeed(PreSharedKeys, mine));
    assert.deepEqual(Either.getOrThrow(yield* all), [one]);
  }),
);
