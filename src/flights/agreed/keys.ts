/** The keys of a handshake. @module */
import { Effect } from "../../deps.ts";
import type { OfBoth } from "../../names/side.ts";
import { KeyLog } from "../../ports/key_log.ts";
import { compressed } from "../../record/protection/compression.ts";
import type { Protection } from "../../record/protection/protection.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import type { Agreed } from "./agreed.ts";

/** The keys of a handshake: the master secret, and the protection of both directions. */
export interface Keys {
  readonly master: Bytes;
  readonly keys: OfBoth<Protection>;
}

/** Derives the keys from a master secret, and tells the key log, if there is one. */
export const keysOf = Effect.fnUntraced(function* (at: Agreed, master: Bytes): Effect.fn.Return<Keys> {
  const log = yield* KeyLog;
  if (log) {
    const line = `CLIENT_RANDOM ${toHex(at.hello.random)} ${toHex(master)}`;
    // A key log that dies does not end the handshake.
    yield* Effect.catchAllDefect(
      Effect.suspend(() => log(line)),
      (defect) => Effect.logWarning(`key log: ${wordsOf(defect)}`),
    );
  }
  const { client, server } = at.derivation.keys(master, at.encryptThenMac);
  const method = at.server.compressionMethod;
  return { master, keys: { client: compressed(client, method), server: compressed(server, method) } };
});
