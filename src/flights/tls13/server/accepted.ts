/**
 * The server's handshake of TLS 1.3 up to its ServerHello: which key it takes, which group, and whether it wants another
 * ClientHello first (RFC 8446 §4.1).
 *
 * @module
 */
import { Effect, Option } from "../../../deps.ts";
import type { Received } from "../../../grammar/places.ts";
import { type ClientHello, findExtension } from "../../../messages/mod.ts";
import { RetryCookies } from "../../../ports/retry_cookies.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import { longest } from "../../../record/records.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Steps } from "../../base/services.ts";
import { takePsk } from "./resumption.ts";
import { type Accepted, again, askedOf, elsewhere, heardOf } from "./retry.ts";
import { chooseExchange, wish13Of } from "./negotiation.ts";

/** Decides about the first ClientHello of a connection, and if need be asks for another. */
export const accepted = Effect.fnUntraced(
  function* (settings: ServerSettings, received: Received<ClientHello>): Steps<Accepted> {
    const wish = yield* wish13Of(settings, received.message);
    (yield* Handshakes).agree(tls13, longest);
    const heard = heardOf(wish, received);
    const cookies = yield* RetryCookies;
    if (cookies) {
      const cookie = findExtension(wish.extensions, "cookie")?.cookie;
      const state = cookie ? yield* cookies.open(cookie) : Option.none();
      if (cookie && Option.isSome(state)) return yield* elsewhere(settings, heard, cookie, state.value);
      const asked = yield* askedOf(heard, cookies);
      if (asked) return yield* again(settings, wish, asked, undefined);
    }
    const psk = yield* takePsk(settings, heard);
    const exchange = yield* chooseExchange(wish, psk !== undefined);
    const suite = psk?.suite ?? wish.suites[0]!;
    if (exchange._tag !== "retry") return { ...heard, suite, psk, exchange, retried: false };
    return yield* again(settings, wish, { suite, group: exchange.group, cookie: undefined }, psk);
  },
);
