/** Cookies of a user's own service, which can neither delay a handshake for long nor end it. @module */
import { Effect, Option } from "../../deps.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { type RetryCookiesService, RetryState } from "../../ports/retry_cookies.ts";
import { type Bytes, EMPTY, isBytes } from "../../wire/bytes.ts";
import { answered } from "./answered.ts";

/** The most bytes of a cookie. */
const MOST = 2 ** 16 - 1;

/**
 * A service with a deadline in milliseconds. If the given one takes longer, throws, or gives what is no cookie, its cookie is
 * empty, and the handshake goes on without one.
 */
export const boundedCookies = (
  cookies: RetryCookiesService,
  milliseconds: number,
): RetryCookiesService => {
  const asked = <A>(ask: () => Effect.Effect<A, never, Crypto>) =>
    answered("retry cookies", milliseconds, ask);
  const isCookie = (given: unknown): given is Bytes =>
    isBytes(given) && given.length > 0 && given.length <= MOST;
  return {
    seal: (state) =>
      Effect.map(
        asked(() => cookies.seal(state)),
        (given) => Option.getOrElse(Option.filter(given, isCookie), () => EMPTY),
      ),
    open: (cookie) =>
      Effect.map(
        asked(() => cookies.open(cookie)),
        (given) =>
          Option.isSome(given) && Option.isOption(given.value)
            ? Option.filter(given.value, (state) => state instanceof RetryState)
            : Option.none(),
      ),
  };
};
