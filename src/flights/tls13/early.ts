/** Early data: what a client sends with its first flight, under a key of the PSK alone (RFC 8446 §2.3, §4.2.10). @module */
import { Clock, Effect } from "../../deps.ts";
import { exportKeys, keySchedule } from "../../crypto/key_schedule.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import type { ClientHello } from "../../messages/mod.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import { protection13 } from "../../tables/versions/mod.ts";
import { sameBytes, utf8 } from "../../wire/bytes.ts";
import type { Exporter } from "../agreed/established.ts";
import { logged } from "../agreed/key_log.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Psk } from "../hellos/psk.ts";
import type { Accepted } from "./server/retry.ts";

/** What is made of a PSK and a ClientHello alone. */
export interface EarlyKeys {
  /** The protection of early data. */
  readonly protection: Protection;
  readonly exporter: Exporter;
}

/** Derives the keys of early data; the transcript is the ClientHello. */
export const earlyKeys = Effect.fnUntraced(function* (
  suite: Suite13,
  psk: Psk,
  { random }: ClientHello,
  transcript: Snapshot,
  crypto: CryptoService,
): Effect.fn.Return<EarlyKeys> {
  const hash = crypto.hash(psk.hash);
  const early = keySchedule(hash, psk.secret);
  const traffic = early.traffic(transcript);
  const secret = early.exporter(transcript);
  yield* logged("CLIENT_EARLY_TRAFFIC_SECRET", random, traffic.secret);
  yield* logged("EARLY_EXPORTER_SECRET", random, secret);
  return {
    protection: protection13(suite, crypto, traffic),
    exporter: (label, context, length) => exportKeys(hash, secret, label, context, length),
  };
});

/** How far the client's age of a ticket and ours may differ, in milliseconds: a copy that comes later is refused (RFC 8446 §8.3). */
const FRESH = 10_000;

/**
 * How many bytes of early data a server accepts; `undefined` for none. Only those of a session that came out of the store and
 * can never be shown again, first in the client's list, for the same suite and protocol, and not long under way
 * (RFC 8446 §4.2.10, §8). Without another ClientHello: with one, early data is not offered again.
 */
export const acceptedEarlyData = (
  { earlyData = 0 }: ServerSettings,
  { psk: taken, retried, suite, wish }: Accepted,
): Effect.Effect<number | undefined> => {
  const session = taken?.psk.session;
  const age = wish.psks?.identities[0]?.obfuscatedTicketAge;
  if (
    !wish.earlyData || retried || !taken || taken.index !== 0 || !taken.once || !session || age === undefined
  ) {
    return Effect.succeed(undefined);
  }
  const fits = session.cipherSuite === suite.id && sameBytes(session.alpn, utf8(wish.alpn ?? ""));
  const most = session.maxEarlyData;
  return Effect.map(Clock.currentTimeMillis, (now) => {
    const theirs = (age - session.ticketAgeAdd) >>> 0;
    const ours = now - 1000 * session.createdAt - session.ticketIssuedAfter;
    // A client may send all that its ticket allows.
    return fits && most > 0 && most <= earlyData && Math.abs(theirs - ours) <= FRESH ? most : undefined;
  });
};
