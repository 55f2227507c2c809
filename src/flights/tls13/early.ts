/** Early data: what a client sends with its first flight, under a key of the PSK alone (RFC 8446 §2.3, §4.2.10). @module */
import { Effect } from "../../deps.ts";
import { keySchedule } from "../../crypto/key_schedule.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import type { ClientHello } from "../../messages/mod.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import { protection13 } from "../../tables/versions/mod.ts";
import { logged } from "../agreed/key_log.ts";
import type { Psk } from "../hellos/psk.ts";

/** The protection of early data; the transcript is the ClientHello. */
export const earlyKeys = Effect.fnUntraced(function* (
  suite: Suite13,
  psk: Psk,
  { random }: ClientHello,
  transcript: Snapshot,
  crypto: CryptoService,
): Effect.fn.Return<Protection> {
  const early = keySchedule(crypto.hash(psk.hash), psk.secret);
  const traffic = early.traffic(transcript);
  yield* logged("CLIENT_EARLY_TRAFFIC_SECRET", random, traffic.secret);
  yield* logged("EARLY_EXPORTER_SECRET", random, early.exporter(transcript));
  return protection13(suite, crypto, traffic);
});
