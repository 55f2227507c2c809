/** Key logs. Whoever reads one can decrypt the connections. @module */
import { Effect, Layer } from "../deps.ts";
import { KeyLog, type KeyLogger } from "../ports/key_log.ts";

/** Passes each line of the key log to a function. */
export const layerTo = (log: KeyLogger): Layer.Layer<never> =>
  Layer.succeed(KeyLog, log) as Layer.Layer<never>;

/** Appends each line of the key log to a file, as SSLKEYLOGFILE does. Needs `--allow-write`. */
export const layerFile = (path: string): Layer.Layer<never> =>
  layerTo((line) =>
    Effect.tryPromise({
      try: () => Deno.writeTextFile(path, `${line}\n`, { append: true, mode: 0o600 }),
      catch: (cause) => cause instanceof Error ? cause.message : String(cause),
    }).pipe(
      // A key log is a debugging tool, so its failure must not break the connection.
      Effect.catchAll((why) => Effect.logWarning(`key log ${path}: ${why}`)),
    )
  );
