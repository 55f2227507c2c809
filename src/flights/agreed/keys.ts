/** The keys of a handshake. @module */
import { Effect } from "../../deps.ts";
import type { OfBoth } from "../../names/side.ts";
import { compressed } from "../../record/protection/compression.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Agreed } from "./agreed.ts";
import { logged } from "./key_log.ts";

/** The keys of a handshake: the master secret, and the protection of both directions. */
export interface Keys {
  readonly master: Bytes;
  readonly keys: OfBoth<Protection>;
}

/** Derives the keys from a master secret, and tells the key log, if there is one. */
export const keysOf = Effect.fnUntraced(function* (at: Agreed, master: Bytes): Effect.fn.Return<Keys> {
  yield* logged("CLIENT_RANDOM", at.hello.random, master);
  const { client, server } = at.derivation.keys(master, at.encryptThenMac);
  const method = at.server.compressionMethod;
  return { master, keys: { client: compressed(client, method), server: compressed(server, method) } };
});
