/** CRLs from files, which may be replaced while in use. @module */
import { type Duration, Effect, Either, Layer, Schema, Stream } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import { CrlFileError } from "../../faults/errors/revocation.ts";
import { decodeOption, duration, given } from "../../options.ts";
import type { RevocationSource } from "../../ports/revocation.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { readCrls } from "../../x509/crl/pool.ts";
import { layerReloading } from "./layers.ts";

/** When to look at the files again. */
export interface CrlFilesOptions {
  /** How often to check the files for changes; every minute unless given. */
  readonly every?: Duration.DurationInput | undefined;
  /** Each element reloads the files at once: on a signal, for example. */
  readonly reload?: Stream.Stream<unknown> | undefined;
}

const isStream = (u: unknown): u is Stream.Stream<unknown> =>
  typeof u === "object" && u !== null && Stream.StreamTypeId in u;
const filesOptions: Schema.Schema<CrlFilesOptions> = Schema.Struct({
  every: Schema.optional(duration(1)),
  reload: Schema.optional(Schema.declare(isStream, { description: "a Stream" })),
});
const decode = decodeOption(filesOptions);

/**
 * CRLs from files, each PEM or DER. Files that changed are loaded again; if one of them cannot be read then, a warning is
 * logged and the old ones stay in use, until they are no longer in force. Needs `--allow-read`. Fails with CrlFileError or
 * InvalidOption.
 */
export const layerFiles = (
  files: string | ReadonlyArray<string>,
  options?: CrlFilesOptions,
): Layer.Layer<RevocationSource, CrlFileError | InvalidOption> =>
  Layer.unwrapEffect(Effect.map(Effect.suspend(() => decode(given(options))), (decoded) => {
    const { every = "1 minute", reload = Stream.empty } = decoded;
    const paths = [files].flat();
    /** What was tried last, usable or not, so that the same files cause no second warning. */
    let tried: Content | undefined;
    const read = Effect.either(Effect.forEach(paths, contentOf));
    const load = Effect.gen(function* () {
      tried = yield* read;
      const contents = yield* tried;
      for (const [i, content] of contents.entries()) {
        yield* Either.mapLeft(readCrls(content, "crls"), failed(paths[i]!));
      }
      return contents;
    });
    // The first tick comes at once, right after the first load.
    const changed = Stream.drop(Stream.tick(every), 1).pipe(
      Stream.mapEffect(() => read),
      Stream.filter((now) => !tried || !sameContent(now, tried)),
    );
    return Layer.mapError(
      layerReloading(load, Stream.merge(changed, reload)),
      // Every file was read before.
      (e): CrlFileError => e instanceof CrlFileError ? e : failed(paths.join(", "))(e),
    );
  }));

type Content = Either.Either<ReadonlyArray<Bytes>, CrlFileError>;

const failed = (file: string) => (cause: Error | PemError | InvalidOption) =>
  new CrlFileError({ file, cause });

const contentOf = (path: string): Effect.Effect<Bytes, CrlFileError> =>
  Effect.tryPromise({
    try: () => Deno.readFile(path),
    catch: (e) => failed(path)(e instanceof Error ? e : new Error(String(e))),
  });

const sameContent = (a: Content, b: Content): boolean =>
  Either.isLeft(a) || Either.isLeft(b)
    ? Either.isLeft(a) && Either.isLeft(b) && a.left.message === b.left.message
    : a.right.every((bytes, i) => sameBytes(bytes, b.right[i]!));
