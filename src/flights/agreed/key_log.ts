/** Tells the key log, if there is one. @module */
import { Effect } from "../../deps.ts";
import { KeyLog } from "../../ports/key_log.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";

/** Writes a secret of a handshake, which the client's random names (RFC 9850). A key log that dies does not end the handshake. */
export const logged = (label: string, clientRandom: Bytes, secret: Bytes): Effect.Effect<void> =>
  Effect.flatMap(KeyLog, (log) =>
    log === undefined ? Effect.void : Effect.catchAllDefect(
      Effect.suspend(() => log(`${label} ${toHex(clientRandom)} ${toHex(secret)}`)),
      (defect) => Effect.logWarning(`key log: ${wordsOf(defect)}`),
    ));
