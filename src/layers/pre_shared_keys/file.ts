/** External PSKs from a file, which may be replaced while in use. @module */
import { type Duration, Effect, Either, Layer, Schema, Stream } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { PreSharedKeysError } from "../../faults/errors/pre_shared_keys.ts";
import { decodeOption, duration, flag, given } from "../../options.ts";
import { type ExternalPsk, PreSharedKeys } from "../../ports/pre_shared_keys.ts";
import { importedOption, isExternalPsk, pskHashOption } from "../../psks/option.ts";
import { type Bytes, utf8 } from "../../wire/bytes.ts";
import { repeated, serviceOf } from "./service.ts";

/** How the keys of a file are used, and when to look at it again. */
export interface FileOptions extends Pick<ExternalPsk, "hash" | "imported"> {
  /**
   * What a line means that begins with `#`. Unless this is true, it is a comment, as in Mosquitto's `psk_file`. If it is,
   * the identity after it is hexadecimal, as in GnuTLS's `passwd.psk`, and there are no comments.
   */
  readonly hexIdentities?: boolean | undefined;
  /** How often to check the file for changes; every 10 seconds unless given. */
  readonly every?: Duration.DurationInput | undefined;
  /** Each element reloads the file at once, changed or not: on a signal, for example. */
  readonly reload?: Stream.Stream<unknown> | undefined;
}

const fileOptions: Schema.Schema<FileOptions> = Schema.Struct({
  hash: Schema.optional(pskHashOption),
  imported: Schema.optional(importedOption),
  hexIdentities: Schema.optional(flag),
  every: Schema.optional(duration(1)),
  reload: Schema.optional(
    Schema.declare(
      (u: unknown): u is Stream.Stream<unknown> =>
        typeof u === "object" && u !== null && Stream.StreamTypeId in u,
      { description: "a Stream" },
    ),
  ),
});
const decode = decodeOption(fileOptions);

/**
 * External PSKs from a file with a line `identity:key` for each, the key in hexadecimal: Mosquitto's `psk_file` and
 * GnuTLS's `passwd.psk` are such files. The file is as secret as its keys. A client offers them all, in their order, to
 * every server. Needs `--allow-read`.
 *
 * A changed file is reloaded. New handshakes use the new keys; open connections go on. If a later file cannot be read or is
 * malformed, a warning is logged and the old keys stay in use. Fails with PreSharedKeysError or InvalidOption.
 */
export const layerFile = (
  path: string,
  options?: FileOptions,
): Layer.Layer<never, PreSharedKeysError | InvalidOption> =>
  Layer.scoped(
    PreSharedKeys,
    Effect.gen(function* () {
      const { every = "10 seconds", reload = Stream.empty, ...form } = yield* decode(given(options));
      const read = Effect.either(readFrom(path));
      /** The last content that was tried, usable or not, so that the same file causes no second warning. */
      let tried = yield* read;
      let service = serviceOf(yield* keysOf(path, tried, form));
      const again = (now: typeof tried) => {
        tried = now;
        return Either.match(keysOf(path, now, form), {
          onLeft: ({ message }) => Effect.logWarning(`${message}; the old ones stay`),
          onRight: (keys) => Effect.sync(() => void (service = serviceOf(keys))),
        });
      };
      // The first tick comes at once, right after the first load.
      const changed = Stream.drop(Stream.tick(every), 1).pipe(
        Stream.mapEffect(() => read),
        Stream.filter((now) => fingerprint(now) !== fingerprint(tried)),
      );
      const asked = Stream.mapEffect(reload, () => read);
      yield* Effect.forkScoped(Stream.runForEach(Stream.merge(changed, asked), again));
      return {
        choose: (request) => Effect.suspend(() => service.choose(request)),
        lookup: (identity) => Effect.suspend(() => service.lookup(identity)),
      };
    }),
  ) as Layer.Layer<never, PreSharedKeysError | InvalidOption>;

type Read = Either.Either<string, PreSharedKeysError>;

const readFrom = (path: string): Effect.Effect<string, PreSharedKeysError> =>
  Effect.tryPromise({
    try: () => Deno.readTextFile(path),
    catch: (cause) =>
      new PreSharedKeysError({ path, reason: cause instanceof Error ? cause.message : String(cause) }),
  });

const fingerprint = (read: Read): string =>
  Either.match(read, { onLeft: ({ message }) => `! ${message}`, onRight: (text) => `= ${text}` });

/** How the lines of a file are read. */
type Form = Pick<FileOptions, "hash" | "imported" | "hexIdentities">;

const keysOf = (path: string, read: Read, form: Form) =>
  Either.flatMap(read, (text): Either.Either<ReadonlyArray<ExternalPsk>, PreSharedKeysError> => {
    const lines = text.split(/\r?\n/).map((line, i) => ({ line: line.trimEnd(), number: i + 1 }))
      .filter(({ line }) => line !== "" && (form.hexIdentities || !line.startsWith("#")));
    const keys = lines.map(({ line }) => keyIn(line, form));
    const fault = (at: number, reason: string) =>
      Either.left(new PreSharedKeysError({ path, reason: `line ${lines[at]!.number}: ${reason}` }));
    const bad = keys.findIndex((key) => !isExternalPsk(key));
    if (bad >= 0) return fault(bad, "expected an identity, a colon, and a key in hexadecimal");
    const all = keys as ReadonlyArray<ExternalPsk>;
    const second = repeated(all);
    return second === undefined ? Either.right(all) : fault(second, "an identity that was there before");
  });

/** The key of a line; `undefined`, or with an identity that is empty or too long, if the line is malformed. */
const keyIn = (line: string, { hash, imported, hexIdentities }: Form): ExternalPsk | undefined => {
  const colon = line.indexOf(":");
  if (colon < 0) return undefined;
  const name = line.slice(0, colon);
  const identity = hexIdentities && name.startsWith("#") ? fromHex(name.slice(1)) : utf8(name);
  const key = fromHex(line.slice(colon + 1));
  return identity && key && { identity, key, hash, imported };
};

const fromHex = (text: string): Bytes | undefined =>
  /^(?:[\da-f]{2})+$/i.test(text)
    ? Uint8Array.from(text.match(/../g)!, (digits) => Number.parseInt(digits, 16))
    : undefined;
