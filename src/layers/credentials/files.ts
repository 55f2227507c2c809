/** Credentials from files, which may be replaced while in use. @module */
import { type Duration, Effect, Either, Layer, Schema, Stream } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import {
  type CredentialError,
  CredentialFileError,
  CredentialMismatch,
} from "../../faults/errors/credentials.ts";
import { PemError } from "../../faults/errors/pem.ts";
import { decodeOption, duration, given } from "../../options.ts";
import type { Credentials } from "../../ports/credentials.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { credentialFromPem, layerReloading } from "./credentials.ts";
import type { Passphrase } from "./options.ts";

/** The files of a credential: PEM, DER, PKCS#7 or PKCS#12. One file may hold both chain and key. */
export interface PemFiles<E = never> {
  /** The path of the certificate chain, without the root. */
  readonly certificate: string;
  /** The path of the private key. */
  readonly privateKey: string;
  /** The passphrase of an encrypted key or PKCS#12 file. */
  readonly passphrase?: Passphrase<E> | undefined;
  /** Whether to also open what is encrypted with 3DES by RFC 7292 §C, as older programs do; `false` unless given. */
  readonly legacy?: boolean | undefined;
}

/** When to look at the files again. */
export interface FilesOptions {
  /** How often to check the files for changes; every 10 seconds unless given. */
  readonly every?: Duration.DurationInput | undefined;
  /** Each element reloads the files at once, changed or not: on a signal, for example. */
  readonly reload?: Stream.Stream<unknown> | undefined;
}

const filesOptions: Schema.Schema<FilesOptions> = Schema.Struct({
  every: Schema.optional(duration(1)),
  reload: Schema.optional(
    Schema.declare((u: unknown): u is Stream.Stream<unknown> => isStream(u), { description: "a Stream" }),
  ),
});
const isStream = (u: unknown): boolean => typeof u === "object" && u !== null && Stream.StreamTypeId in u;
const decode = decodeOption(filesOptions);

/**
 * Credentials from files. Changed files are reloaded, as `layerReloading` does. Chain and key may be replaced one
 * after the other: the old ones stay in use until the new ones belong together. Needs `--allow-read`.
 */
export const layerFiles = <E = never>(
  files: readonly [PemFiles<E>, ...ReadonlyArray<PemFiles<E>>],
  options?: FilesOptions,
): Layer.Layer<Credentials, CredentialFileError | InvalidOption | E> =>
  Layer.unwrapEffect(Effect.map(Effect.suspend(() => decode(given(options))), (decoded) => {
    const { every = "10 seconds", reload = Stream.empty } = decoded;
    /** The last content that was tried, usable or not, so that the same files cause no second warning. */
    let tried = "";
    const texts = Effect.either(Effect.forEach(files, pairIn));
    const load = Effect.gen(function* () {
      const read = yield* texts;
      tried = fingerprint(read);
      return yield* Effect.forEach(
        yield* read,
        (pair, i) => Effect.mapError(credentialFromPem(pair), (e) => isOurs(e) ? failed(files[i]!)(e) : e),
      );
    });
    // The first tick comes at once, right after the first load.
    const changed = Stream.drop(Stream.tick(every), 1).pipe(
      Stream.mapEffect(() => texts),
      Stream.filter((read) => fingerprint(read) !== tried),
    );
    return layerReloading(load, Stream.merge(changed, reload));
  }));

const pairIn = <E>(files: PemFiles<E>) => {
  const read = (path: string) =>
    Effect.tryPromise({
      try: () => Deno.readFile(path),
      catch: (e) => failed(files)(e instanceof Error ? e : new Error(String(e))),
    });
  return Effect.map(
    Effect.all([read(files.certificate), read(files.privateKey)]),
    ([certificate, privateKey]) => ({ ...files, certificate, privateKey }),
  );
};

const failed = ({ certificate, privateKey }: PemFiles<unknown>) => (cause: Error | CredentialError) =>
  new CredentialFileError({ certificate, privateKey, cause });

const isOurs = (e: unknown): e is CredentialError => e instanceof PemError || e instanceof CredentialMismatch;

const fingerprint = (
  read: Either.Either<
    ReadonlyArray<{ readonly certificate: Bytes; readonly privateKey: Bytes }>,
    CredentialFileError
  >,
): string =>
  Either.match(read, {
    onLeft: ({ message }) => message,
    onRight: (pairs) =>
      pairs.flatMap(({ certificate, privateKey }) => [certificate, privateKey]).map((one) =>
        toHex(sha256(one))
      )
        .join(),
  });
