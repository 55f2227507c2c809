/** The cookies of HelloRetryRequests: with keys made here, and with given keys. @module */
import { Effect, Layer, Option, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { decodeOption } from "../../options.ts";
import { Crypto } from "../../ports/crypto.ts";
import { RetryCookies, type RetryCookiesService } from "../../ports/retry_cookies.ts";
import type { TicketKey } from "../../ports/tickets.ts";
import { CLOCK_SKEW } from "../../tickets/ring.ts";
import { readTicket, retryBox } from "../../tickets/seal.ts";
import { givenKeys, type KeySource, rotatingKeys, seconds, ticketKeys } from "./key_source.ts";

/** How long a cookie is good, in seconds: a client answers at once. */
const LIFETIME = 30;

/** How long a key seals, in seconds. */
const ROTATE_EVERY = 3600;

const serviceOf = (keys: KeySource): RetryCookiesService => ({
  seal: Effect.fnUntraced(function* (state) {
    const cookie = retryBox.seal(yield* Crypto, yield* keys.forSealing(yield* seconds), state);
    // It is some 200 bytes, whatever it holds.
    return cookie ?? (yield* Effect.dieMessage("a cookie that is too long"));
  }),
  open: Effect.fnUntraced(function* (bytes) {
    const ticket = readTicket(bytes);
    if (!ticket) return Option.none();
    const now = yield* seconds;
    const found = yield* keys.forOpening(ticket.keyName, now);
    const state = found && retryBox.open(yield* Crypto, found.key, ticket);
    const lives = state && now <= state.madeAt + LIFETIME && state.madeAt <= now + CLOCK_SKEW;
    return lives ? Option.some(state) : Option.none();
  }),
});

/** Has the type of a layer without output, as every Reference's layer: a server does not require it. */
const layer = <E>(keys: Effect.Effect<KeySource, E>): Layer.Layer<never, E> =>
  Layer.effect(RetryCookies, Effect.map(keys, serviceOf)) as Layer.Layer<never, E>;

/** Cookies with keys made in this process, which change every hour. A cookie is good for 30 seconds. */
export const layerRotating: Layer.Layer<never> = layer(
  Effect.sync(() => rotatingKeys({ lifetime: LIFETIME, rotateEvery: ROTATE_EVERY })),
);

const decodeKeys = decodeOption(Schema.Struct({ keys: ticketKeys }));

/**
 * Cookies with given keys, for servers that answer for each other: the first key seals, all of them open. Such keys can be
 * made by `SessionTickets.makeKey`; `createdAt` is ignored. A cookie is good for 30 seconds. Fails with InvalidOption when
 * there is no key, a key has the wrong length, or two have one name.
 */
export const layerKeys = (options: {
  readonly keys: readonly [TicketKey, ...ReadonlyArray<TicketKey>];
}): Layer.Layer<never, InvalidOption> =>
  layer(Effect.flatMap(Effect.suspend(() => decodeKeys(options)), ({ keys }) => givenKeys(keys)));
