/**
 * The server's handshake of TLS 1.3 up to its ServerHello: which key it takes, which group, and whether it wants another
 * ClientHello first (RFC 8446 §4.1).
 *
 * @module
 */
import { Effect } from "../../deps.ts";
import { equal } from "../../crypto/equal.ts";
import { DecryptError, IllegalParameter } from "../../faults/errors/connection.ts";
import { receive, type Received } from "../../grammar/places.ts";
import { Compatibility, send } from "../../grammar/send.ts";
import { type ClientHello, HELLO_RETRY_REQUEST_RANDOM, HelloRetryRequest } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../names/protocol.ts";
import { Crypto } from "../../ports/crypto.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import { longest } from "../../record/records.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Steps } from "../base/services.ts";
import { binderOf } from "../hellos/psk.ts";
import { clientHelloPlace } from "../hellos/read_client_hello.ts";
import { type Heard13, type Taken, takePsk } from "./resumption.ts";
import {
  chooseExchange,
  type Exchange13,
  sameButForRetry,
  type Wish13,
  wish13Of,
} from "./server_negotiation.ts";

// ---- flights 1 <- to 3 <- ----

/** A ClientHello that is accepted, and what the server makes of it. */
export interface Accepted extends Heard13 {
  readonly suite: Suite13;
  readonly psk: Taken | undefined;
  readonly exchange: Exclude<Exchange13, { readonly _tag: "retry" }>;
  readonly retried: boolean;
}

const heardOf = (wish: Wish13, { before, raw }: Received<ClientHello>): Heard13 => ({ wish, before, raw });

/** The shape of the second ClientHello. */
export const secondHelloShape = { hello: clientHelloPlace };

/** Decides about the first ClientHello, and if need be asks for another. */
export const accepted = Effect.fnUntraced(
  function* (settings: ServerSettings, received: Received<ClientHello>): Steps<Accepted> {
    const wish = yield* wish13Of(settings, received.message);
    (yield* Handshakes).agree(tls13, longest);
    const heard = heardOf(wish, received);
    const psk = yield* takePsk(settings, heard);
    const exchange = yield* chooseExchange(wish, psk !== undefined);
    const suite = psk?.suite ?? wish.suites[0]!;
    if (exchange._tag !== "retry") return { ...heard, suite, psk, exchange, retried: false };
    return yield* asked(settings, wish, { suite, group: exchange.group }, psk);
  },
);

/** Asks for a share of a group that both ends have (RFC 8446 §4.1.4). A ticket that was taken out of the store stays taken. */
const asked = Effect.fnUntraced(function* (
  settings: ServerSettings,
  { earlyData, hello }: Wish13,
  { suite, group }: { readonly suite: Suite13; readonly group: NamedGroup },
  first: Taken | undefined,
): Steps<Accepted> {
  const handshakes = yield* Handshakes;
  handshakes.retry((yield* Crypto).hash(suite.hash));
  if (earlyData) handshakes.earlyData("passed over", settings.policy.limits.skippedEarlyData);
  yield* send(
    make(HelloRetryRequest, {
      ...answering(hello, suite),
      random: HELLO_RETRY_REQUEST_RANDOM,
      extensions: [
        { _tag: "supported_versions", selectedVersion: tls13.version },
        { _tag: "key_share", selectedGroup: group },
      ],
    }),
    new Compatibility(),
  );
  const { hello: received } = yield* receive(secondHelloShape);
  handshakes.earlyData("passed over", 0);
  const wish = yield* wish13Of(settings, received.message);
  yield* sameButForRetry(hello, wish, { suite, group });
  const heard = heardOf(wish, received);
  const psk = first
    ? yield* stillBound(heard, first)
    : yield* takePsk(settings, { ...heard, wish: { ...wish, suites: [suite] } });
  const exchange = yield* chooseExchange(wish, psk !== undefined);
  // The second hello has the one share that was asked for.
  if (exchange._tag === "retry") return yield* Effect.dieMessage("a second HelloRetryRequest");
  // The first hello offered early data, or not; the second may not (RFC 8446 §4.2.10).
  return { ...heard, wish: { ...wish, earlyData }, suite, psk, exchange, retried: true };
});

/** The key that was chosen for the first ClientHello, which the second must offer and prove again. */
const stillBound = Effect.fnUntraced(function* (
  { before, raw, wish: { psks } }: Heard13,
  taken: Taken,
): Steps<Taken> {
  const index = psks?.identities.findIndex(({ identity }) => sameBytes(identity, taken.psk.identity)) ?? -1;
  if (!psks || index < 0) {
    return yield* new IllegalParameter({
      subject: "ClientHello",
      field: "extensions.pre_shared_key",
      reason: "lost the key that the HelloRetryRequest's suite is for",
      rfc: "RFC 8446 §4.1.2",
    });
  }
  const binder = binderOf(taken.psk, yield* Crypto, before, raw, psks.binders);
  return equal(binder, psks.binders[index]!)
    ? { ...taken, index }
    : yield* new DecryptError({ what: "binder" });
});

/** The members that a ServerHello and a HelloRetryRequest have in common. */
export const answering = ({ sessionId }: ClientHello, { id }: Suite13) => ({
  serverVersion: ProtocolVersion.TLS_1_2,
  sessionId,
  cipherSuite: id,
  compressionMethod: CompressionMethod.null,
});
