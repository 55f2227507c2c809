/** How a server asks for another ClientHello, with a cookie or without, and what it makes of it (RFC 8446 §4.1.4). @module */
import { Clock, Effect } from "../../../deps.ts";
import { equal } from "../../../crypto/equal.ts";
import { DecryptError, IllegalParameter } from "../../../faults/errors/connection.ts";
import { encodeMessage } from "../../../grammar/message_kind.ts";
import { receive, type Received } from "../../../grammar/places.ts";
import { Compatibility, send } from "../../../grammar/send.ts";
import { type ClientHello, HELLO_RETRY_REQUEST_RANDOM, HelloRetryRequest } from "../../../messages/mod.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../../names/protocol.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { type RetryCookiesService, RetryState } from "../../../ports/retry_cookies.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import { type Suite13, suites13 } from "../../../tables/suites13.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import { type Bytes, sameBytes } from "../../../wire/bytes.ts";
import { make } from "../../../wire/codec.ts";
import { passedOver } from "./passed_over.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Step, Steps } from "../../base/services.ts";
import { binderOf } from "../../hellos/psk.ts";
import { clientHelloPlace } from "../../hellos/read_client_hello.ts";
import { type Heard13, type Taken, takePsk } from "./resumption.ts";
import { type Asked, hasWhatWasAsked, repeatedPart, repeats, repeatsHash } from "./second_hello.ts";
import { chooseExchange, type Exchange13, type Wish13, wish13Of } from "./negotiation.ts";

/** A ClientHello that is accepted, and what the server makes of it. */
export interface Accepted extends Heard13 {
  readonly suite: Suite13;
  readonly psk: Taken | undefined;
  readonly exchange: Exclude<Exchange13, { readonly _tag: "retry" }>;
  readonly retried: boolean;
}

/** A ClientHello as it came, and what it wants. */
export const heardOf = (wish: Wish13, { before, raw }: Received<ClientHello>): Heard13 => ({
  wish,
  before,
  raw,
});

/** The members that a ServerHello and a HelloRetryRequest have in common. */
export const answering = ({ sessionId }: ClientHello, { id }: Suite13) => ({
  serverVersion: ProtocolVersion.TLS_1_2,
  sessionId,
  cipherSuite: id,
  compressionMethod: CompressionMethod.null,
});

/** The message. It can be made again of the second ClientHello and its cookie. */
const helloRetryRequest = (hello: ClientHello, { cookie, group, suite }: Asked): HelloRetryRequest =>
  make(HelloRetryRequest, {
    ...answering(hello, suite),
    random: HELLO_RETRY_REQUEST_RANDOM,
    extensions: [
      { _tag: "supported_versions", selectedVersion: tls13.version },
      ...(group === undefined ? [] : [{ _tag: "key_share", selectedGroup: group } as const]),
      ...(cookie ? [{ _tag: "cookie", cookie } as const] : []),
    ],
  });

/** The shape of the second ClientHello. */
export const secondHelloShape = { hello: clientHelloPlace };

/** Sends a HelloRetryRequest, and receives the ClientHello that has what it asks for. */
const asking = Effect.fnUntraced(
  function* (settings: ServerSettings, { earlyData, hello }: Wish13, asked: Asked): Steps<Heard13> {
    const handshakes = yield* Handshakes;
    handshakes.retry((yield* Crypto).hash(asked.suite.hash));
    if (earlyData) handshakes.earlyData("passed over", passedOver(settings));
    yield* send(helloRetryRequest(hello, asked), new Compatibility());
    const { hello: received } = yield* receive(secondHelloShape);
    handshakes.earlyData("passed over", 0);
    const wish = yield* wish13Of(settings, received.message);
    yield* repeats(hello, received.message);
    yield* hasWhatWasAsked(wish, asked);
    // The first hello offered early data, or not; the second may not (RFC 8446 §4.2.10).
    return heardOf({ ...wish, earlyData }, received);
  },
);

/** What is made of a second ClientHello, with the key that it offers. */
const acceptedSecond = Effect.fnUntraced(
  function* (heard: Heard13, { suite }: Asked, psk: Taken | undefined): Steps<Accepted> {
    const exchange = yield* chooseExchange(heard.wish, psk !== undefined);
    if (exchange._tag === "retry") {
      return yield* new IllegalParameter({
        subject: "ClientHello",
        field: "extensions.key_share",
        reason: "has no more the share that the HelloRetryRequest left",
        rfc: "RFC 8446 §4.1.2",
      });
    }
    return { ...heard, suite, psk, exchange, retried: true };
  },
);

/** The key that a second ClientHello offers for the suite that was named. */
const takenFor = (settings: ServerSettings, heard: Heard13, { suite }: Asked): Step<Taken | undefined> =>
  takePsk(settings, { ...heard, wish: { ...heard.wish, suites: [suite] } });

/** Asks for another ClientHello. A ticket that was taken out of the store for the `first` stays taken. */
export const again = Effect.fnUntraced(function* (
  settings: ServerSettings,
  wish: Wish13,
  asked: Asked,
  first: Taken | undefined,
): Steps<Accepted> {
  const heard = yield* asking(settings, wish, asked);
  const psk = yield* first ? stillBound(heard, first) : takenFor(settings, heard, asked);
  return yield* acceptedSecond(heard, asked, psk);
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

// ---- with a cookie ----

/**
 * What is asked of every client where there are cookies; `undefined` if none could be made. Nothing is looked up for the first
 * ClientHello; its suite is of the hash of the first key that it offers, which the length of the binder tells.
 */
export const askedOf = Effect.fnUntraced(
  function* ({ raw, wish }: Heard13, cookies: RetryCookiesService): Steps<Asked | undefined> {
    const crypto = yield* Crypto;
    const binder = wish.psks?.binders[0]?.length;
    const suite = wish.suites.find(({ hash }) => crypto.hash(hash).length === binder) ?? wish.suites[0]!;
    const exchange = yield* chooseExchange(wish, wish.psks !== undefined && wish.modes.length > 0);
    const group = exchange._tag === "retry" ? exchange.group : undefined;
    const cookie = yield* cookies.seal(
      make(RetryState, {
        cipherSuite: suite.id,
        group: group ?? NO_GROUP,
        clientHello: crypto.hash(suite.hash).digest([raw]),
        repeated: crypto.hash("sha256").digest([repeatedPart(wish.hello)]),
        earlyData: wish.earlyData ? 1 : 0,
        madeAt: Math.floor((yield* Clock.currentTimeMillis) / 1000),
      }),
    );
    return cookie.length === 0 ? undefined : { suite, group, cookie };
  },
);

/** What stands in a cookie where the shares are to stay. */
const NO_GROUP = NamedGroup.of(0);

/** What is made of a ClientHello that answers a HelloRetryRequest of another connection: all that is known is in its cookie. */
export const elsewhere = Effect.fnUntraced(function* (
  settings: ServerSettings,
  heard: Heard13,
  cookie: Bytes,
  state: RetryState,
): Steps<Accepted> {
  const crypto = yield* Crypto;
  const handshakes = yield* Handshakes;
  const { wish: { hello } } = heard;
  const suite = suites13.get(state.cipherSuite);
  // Our own cookie names a suite that its server had; a policy may have changed meanwhile.
  if (!suite) return yield* cookieOfAnother;
  const asked: Asked = { suite, group: state.group === NO_GROUP ? undefined : state.group, cookie };
  yield* hasWhatWasAsked(heard.wish, asked);
  const repeated = crypto.hash("sha256").digest([repeatedPart(hello)]);
  yield* repeatsHash(state.repeated, repeated);
  handshakes.followRetry(state.clientHello, encodeMessage(helloRetryRequest(hello, asked)));
  const continued: Heard13 = {
    ...heard,
    wish: { ...heard.wish, earlyData: state.earlyData === 1 },
    before: handshakes.transcript().before,
  };
  return yield* acceptedSecond(continued, asked, yield* takenFor(settings, continued, asked));
});

const cookieOfAnother = new IllegalParameter({
  subject: "ClientHello",
  field: "extensions.cookie",
  reason: "is for a suite that this server does not have",
  rfc: "RFC 8446 §4.2.2",
});
