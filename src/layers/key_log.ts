/** Key logs. Whoever reads one can read the connections. @module */
import { Effect, Layer } from "../deps.ts";
import { KeyLog, type KeyLogger } from "../ports/key_log.ts";

/** Hands each line to a function. */
export const layerTo = (log: KeyLogger): Layer.Layer<never> =>
  Layer.succeed(KeyLog, log) as Layer.Layer<never>;

/** Appends each line to a file, as SSLKEYLOGFILE does. Needs `--allow-write`. */
export const layerFile = (path: string): Layer.Layer<never> =>
  layerTo((line) =>
    Effect.tryPromise({
      try: () => Deno.writeTextFile(path, `${line}\n`, { append: true, mode: 0o600 }),
      catch: (cause) => cause instanceof Error ? cause.message : String(cause),
    }).pipe(
      // A key log is a tool for looking on: it may not break what it looks at.
      Effect.catchAll((why) => Effect.logWarning(`key log ${path}: ${why}`)),
    )
  );
