/** The handshake of a client, of whatever version: it sends one ClientHello, and the answer decides which flights follow. @module */
import { Effect } from "../deps.ts";
import { IllegalParameter, Refused } from "../faults/errors/connection.ts";
import { receive } from "../grammar/places.ts";
import { send } from "../grammar/send.ts";
import { HelloRetryRequest, ServerHello, type ServerHello13 } from "../messages/mod.ts";
import { ProtocolVersion } from "../names/protocol.ts";
import { Crypto } from "../ports/crypto.ts";
import { Handshakes } from "../record/handshake_stream.ts";
import { spokenFirst } from "../tables/versions/mod.ts";
import type { Again, Established } from "./agreed/established.ts";
import type { ClientSettings } from "./base/client_settings.ts";
import type { Step, Steps } from "./base/services.ts";
import { offer, type SentHello } from "./client_hello.ts";
import { bound } from "./hellos/psk.ts";
import { anyServerHelloPlace, firstAnswerPlace, serverHelloPlace } from "./hellos/read_server_hello.ts";
import { afterServerHello as after13, retried, sendEarly } from "./tls13/client/client.ts";
import { afterServerHello as afterUntil12 } from "./until12/client.ts";

/** The shapes of what answers a ClientHello: without TLS 1.3, with it, and after a HelloRetryRequest. */
export const answerShapes = {
  until12: { answer: serverHelloPlace },
  first: { answer: firstAnswerPlace },
  second: { answer: anyServerHelloPlace },
};

// ---- flight 1 -> ----

/** Sends ClientHello. The answer is awaited by `afterClientHello`. */
export const clientHello = Effect.fnUntraced(
  function* (settings: ClientSettings, again?: Again): Steps<SentHello> {
    const offered = yield* offer(settings, again);
    const handshakes = yield* Handshakes;
    handshakes.sayUntilAgreed(spokenFirst(offered.best));
    const hello = yield* bound(offered.hello, offered.psks, handshakes.transcript(), yield* Crypto);
    const sent = { ...offered, hello };
    const transcript = yield* send(hello);
    if (!offered.early) return sent;
    const { exporter } = yield* sendEarly(sent, offered.early, transcript);
    return { ...sent, earlyExporter: exporter };
  },
);

// ---- flight 2 <- ----

/** The handshake of a client, from the server's answer to Finished. */
export const afterClientHello = (offer: SentHello): Step<Established> =>
  offer.best < ProtocolVersion.TLS_1_3
    ? Effect.flatMap(receive(answerShapes.until12), ({ answer }) => afterUntil12(offer, answer))
    : Effect.flatMap(
      receive(answerShapes.first),
      ({ answer }) =>
        answer instanceof HelloRetryRequest
          ? Effect.flatMap(retried(offer, answer), secondAnswer)
          : afterServerHello(offer, answer),
    );

const afterServerHello = (offer: SentHello, server: ServerHello | ServerHello13): Step<Established> => {
  if (!(server instanceof ServerHello)) return after13(offer, server);
  return offer.early === undefined ? afterUntil12(offer, server) : Effect.fail(
    new Refused({
      reason: "early_data_before_tls13",
      detail: "early data was sent, and the server chose an older version",
    }),
  );
};

/** After a HelloRetryRequest nothing but TLS 1.3 can follow (RFC 8446 §4.1.4). */
const secondAnswer = Effect.fnUntraced(function* (offer: SentHello): Steps<Established> {
  const { answer } = yield* receive(answerShapes.second);
  if (answer instanceof ServerHello) {
    return yield* new IllegalParameter({
      subject: "ServerHello",
      field: "extensions.supported_versions",
      reason: "is missing after a HelloRetryRequest",
      rfc: "RFC 8446 §4.1.4",
    });
  }
  return yield* after13(offer, answer);
});
