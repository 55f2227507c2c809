/**
 * Credentials that are loaded again: by signal or by time, and what stays when the new ones are no good.
 *
 * @module
 */
import { assert, Effect, Logger, Queue, Stream, TestClock } from "../../deps.ts";
import { CredentialFileError } from "../../../src/faults/errors/credentials.ts";
import { layerFiles, type PemFiles } from "../../../src/layers/credentials/files.ts";
import { type Credential, Credentials } from "../../../src/ports/credentials.ts";
import * as Layers from "../../../src/public/credentials.ts";
import { type Issued, makeCa } from "../../support/ca.ts";
import { effect, live, temporary } from "../../support/effect.ts";

const ca = makeCa();
const pemOf = ({ chainPem, privateKeyPem }: Issued) => ({ certificate: chainPem, privateKey: privateKeyPem });

/** The leaf that a server would show now. */
const shown = Effect.flatMap(
  Credentials,
  ({ candidates }) =>
    Effect.map(candidates({ role: "server", serverName: undefined }), ([first]) => first?.chain[0]),
);

/** Runs with what is logged kept. */
const logging = <A, E, R>(test: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) => {
  const lines: Array<string> = [];
  const logger = Logger.make(({ message }) => void lines.push(String(message)));
  return Effect.provide(test(lines), Logger.replace(Logger.defaultLogger, logger));
};

live(
  "credentials that are loaded again are those of the next handshake; a loading that fails changes nothing and is told",
  logging((lines) =>
    Effect.gen(function* () {
      const [one, two] = [ca.issue(), ca.issue()];
      const signals = yield* Queue.unbounded<string>();
      let next: Effect.Effect<ReadonlyArray<Credential>, Layers.CredentialError>;
      const heard = yield* Queue.unbounded<string>();
      const loading = (pem: Layers.PemPair) => Effect.map(Layers.credentialFromPem(pem), (c) => [c]);
      next = loading(pemOf(one));
      const load = Effect.ensuring(Effect.suspend(() => next), Queue.offer(heard, "loaded"));
      const again = Effect.gen(function* () {
        yield* Queue.takeAll(heard);
        yield* Queue.offer(signals, "again");
        yield* Queue.take(heard);
        yield* Effect.yieldNow();
      });
      yield* Effect.gen(function* () {
        assert.equal(yield* Effect.map(shown, hexOf), hexOf(one.der));
        next = loading(pemOf(two));
        yield* again;
        assert.equal(yield* Effect.map(shown, hexOf), hexOf(two.der));
        next = loading({ ...pemOf(one), privateKey: two.privateKeyPem });
        yield* again;
        next = Effect.dieMessage("a bug of the loader");
        yield* again;
        assert.equal(yield* Effect.map(shown, hexOf), hexOf(two.der));
        next = loading(pemOf(one));
        yield* again;
        assert.equal(yield* Effect.map(shown, hexOf), hexOf(one.der));
      }).pipe(Effect.provide(Layers.reloading(load, Stream.fromQueue(signals))));
      assert.deepEqual(lines, [
        "credentials: CN=localhost, O=Test: the private key is not this certificate's; the old ones stay",
        "credentials: a bug of the loader; the old ones stay",
      ]);
    })
  ),
);

live(
  "the first loading must succeed",
  Effect.gen(function* () {
    const load = Effect.map(Layers.credentialFromPem({ certificate: "", privateKey: "" }), (c) => [c]);
    const error = yield* Effect.flip(Effect.provide(shown, Layers.reloading(load, Stream.never)));
    assert.equal(error._tag, "PemError");
  }),
);

const hexOf = (der: Uint8Array | undefined): string => der?.toHex() ?? "none";

/** A folder with a pair of files, and how to replace them. */
const files = Effect.map(temporary, (folder) => {
  const paths = { certificate: `${folder}/cert.pem`, privateKey: `${folder}/key.pem` };
  const write = (what: keyof typeof paths, issued: Issued) =>
    Effect.promise(() => Deno.writeTextFile(paths[what], pemOf(issued)[what]));
  return { paths, write };
});

/** Waits until files were read again: real reading does not go by the clock of a test. */
const until = <R>(what: Effect.Effect<boolean, never, R>): Effect.Effect<void, never, R> =>
  what.pipe(
    Effect.tap(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))),
    Effect.repeat({ until: (so) => so }),
    Effect.asVoid,
  );
const shows = (issued: Issued) => Effect.map(shown, (der) => hexOf(der) === hexOf(issued.der));

effect(
  "files that are replaced one after the other are taken when they go together, within the time given",
  logging((lines) =>
    Effect.gen(function* () {
      const { paths, write } = yield* files;
      const [one, two] = [ca.issue(), ca.issue()];
      yield* write("certificate", one);
      yield* write("privateKey", one);
      yield* Effect.gen(function* () {
        assert.ok(yield* shows(one));
        yield* write("certificate", two);
        yield* TestClock.adjust("1 minute");
        yield* until(Effect.sync(() => lines.length > 0));
        assert.ok(yield* shows(one));
        // The same half again is tried no more.
        yield* TestClock.adjust("3 minutes");
        yield* write("privateKey", two);
        yield* TestClock.adjust("1 minute");
        yield* until(shows(two));
      }).pipe(Effect.provide(layerFiles([paths], { every: "1 minute" })));
      const where = `${paths.certificate} and ${paths.privateKey}`;
      assert.deepEqual(lines, [
        `credentials: ${where}: CN=localhost, O=Test: the private key is not this certificate's; the old ones stay`,
      ]);
    })
  ),
);

live(
  "a signal loads files at once, however long it is until they are looked at",
  Effect.gen(function* () {
    const { paths, write } = yield* files;
    const [one, two] = [ca.issue(), ca.issue()];
    yield* write("certificate", one);
    yield* write("privateKey", one);
    const signals = yield* Queue.unbounded<void>();
    yield* Effect.gen(function* () {
      assert.ok(yield* shows(one));
      yield* write("certificate", two);
      yield* write("privateKey", two);
      assert.ok(yield* shows(one));
      yield* Queue.offer(signals, undefined);
      yield* until(shows(two));
    }).pipe(Effect.provide(layerFiles([paths], { every: "1 day", reload: Stream.fromQueue(signals) })));
  }),
);

live(
  "a file that is not there, or holds no key that opens, is told by its name",
  Effect.gen(function* () {
    const { paths, write } = yield* files;
    const failing = (pem: PemFiles) => Effect.flip(Effect.provide(shown, layerFiles([pem])));
    const missing = yield* failing(paths);
    assert.ok(missing instanceof CredentialFileError);
    assert.match(missing.message, /cert\.pem and .*key\.pem: .*No such file/);
    const issued = ca.issue();
    yield* write("certificate", issued);
    const { privateKey } = issued.key;
    const sealed = privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-128-cbc",
      passphrase: "x",
    });
    yield* Effect.promise(() => Deno.writeTextFile(paths.privateKey, sealed.toString()));
    assert.match(
      (yield* failing({ ...paths, passphrase: "y" })).message,
      /key\.pem: PEM, line 1: .*passphrase/,
    );
    yield* Effect.provide(
      Effect.map(shows(issued), (so) => assert.ok(so)),
      layerFiles([{ ...paths, passphrase: Effect.succeed("x") }]),
    );
  }),
);
