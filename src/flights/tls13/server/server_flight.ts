/** Flight 4 of TLS 1.3, which a server sends: ServerHello to Finished (RFC 8446 §2). @module */
import { Effect } from "../../../deps.ts";
import type { Snapshot } from "../../../crypto/transcript.ts";
import { IllegalParameter } from "../../../faults/errors/connection.ts";
import { heardUnder } from "../../../grammar/places.ts";
import { Compatibility, send, under } from "../../../grammar/send.ts";
import { EncryptedExtensions, findExtension, ServerHello13 } from "../../../messages/mod.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { Credentials } from "../../../ports/credentials.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import { phases } from "../../../record/phase.ts";
import type { Policy } from "../../../tables/policy.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import { utf8 } from "../../../wire/bytes.ts";
import { make } from "../../../wire/codec.ts";
import { ourLimit } from "../../base/fragments.ts";
import { passedOver } from "./passed_over.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Steps } from "../../base/services.ts";
import { agree13, type Agreed13, type Finished13, finished13 } from "../agreed.ts";
import { certificateRequest, type Chosen13, finish, show, wantedBy } from "../authentication.ts";
import { NO_CONTEXT } from "../peer13.ts";
import { acceptedEarlyData, type EarlyKeys, earlyKeys } from "../early.ts";
import { type Accepted, answering } from "./retry.ts";
import { chooseCredential } from "./negotiation.ts";

/** Our half of the key exchange, and the secret that both ends then have. */
const answerShare = Effect.fnUntraced(function* ({ exchange }: Accepted) {
  if (exchange._tag === "psk") return undefined;
  const { group, theirs } = exchange;
  return yield* Effect.mapError(
    (yield* Crypto).answerShare(group, theirs),
    ({ reason }) =>
      new IllegalParameter({
        subject: "ClientHello",
        field: "extensions.key_share",
        reason: `${reason} (${NamedGroup.nameOf(group)})`,
        rfc: "RFC 8446 §4.2.8",
      }),
  );
});

/** Sends ServerHello; both ends have handshake keys from here on. */
const serverHello = Effect.fnUntraced(function* (from: Accepted): Steps<Agreed13> {
  const { exchange, psk, retried, suite, wish } = from;
  const crypto = yield* Crypto;
  const answer = yield* answerShare(from);
  const group = exchange._tag === "share" ? exchange.group : undefined;
  const server = make(ServerHello13, {
    ...answering(wish.hello, suite),
    random: crypto.random(32),
    extensions: [
      { _tag: "supported_versions", selectedVersion: tls13.version },
      ...(answer && group !== undefined
        ? [{ _tag: "key_share", serverShare: { group, keyExchange: answer.publicKey } } as const]
        : []),
      ...(psk ? [{ _tag: "pre_shared_key", selectedIdentity: psk.index } as const] : []),
    ],
  });
  const transcript = yield* send(server);
  const settled = {
    hello: wish.hello,
    server,
    suite,
    serverName: wish.serverName,
    group,
    psk: psk?.psk,
    retried,
  };
  const at = yield* agree13(settled, answer?.secret, transcript, crypto);
  if (!retried) yield* send(new Compatibility());
  yield* send(under(at.keys.server));
  return at;
});

/** What EncryptedExtensions answer, each only if the client asked for it (RFC 8446 §4.3.1). */
const answers = (
  { psk, wish: { alpn, extensions, fragments, serverName } }: Accepted,
  policy: Policy,
  earlyData: boolean,
): EncryptedExtensions["extensions"] => [
  ...(earlyData ? [{ _tag: "early_data" } as const] : []),
  ...(!psk && serverName !== undefined && findExtension(extensions, "server_name")
    ? [{ _tag: "server_name" } as const]
    : []),
  ...(fragments ? [{ _tag: "record_size_limit", recordSizeLimit: ourLimit(policy, "tls13") } as const] : []),
  ...(alpn === undefined ? [] : [
    { _tag: "application_layer_protocol_negotiation", protocolNameList: [utf8(alpn)] } as const,
  ]),
];

/** Our flight is sent; the client's is awaited. */
export interface Sent13 extends Accepted {
  readonly at: Agreed13;
  readonly keyed: Finished13;
  readonly shown: Chosen13 | undefined;
  /** Whether the client is asked for a certificate. */
  readonly asks: boolean;
  /** The keys of early data that is accepted. */
  readonly early: EarlyKeys | undefined;
}

/** Sends the rest of flight 4: our data may follow it. */
export const serverFlight = Effect.fnUntraced(
  function* (settings: ServerSettings, from: Accepted, choice: Chosen13 | undefined): Steps<Sent13> {
    const { policy, clientAuth } = settings;
    const handshakes = yield* Handshakes;
    const most = yield* acceptedEarlyData(settings, from);
    const early = most === undefined ? undefined : yield* keysOfEarlyData(from, handshakes.transcript());
    const at = yield* serverHello(from);
    const { wish } = from;
    // The limit is for records under later keys: early data was sent without knowing it (RFC 8449 §4).
    if (early) yield* heardUnder(early.protection, phases.early13);
    if (wish.fragments) handshakes.agree(tls13, wish.fragments);
    yield* send(make(EncryptedExtensions, { extensions: answers(from, policy, early !== undefined) }));
    if (!early) yield* heardUnder(at.keys.client, phases.handshake13);
    if (most !== undefined) handshakes.earlyData("accepted", most);
    else if (wish.earlyData && !from.retried) {
      handshakes.earlyData("passed over", passedOver(settings));
    }
    const asks = choice !== undefined && clientAuth !== "none";
    if (asks) yield* send(yield* certificateRequest(policy, NO_CONTEXT));
    if (choice) yield* show(at, "server", NO_CONTEXT, choice, wantedBy(wish.extensions), policy);
    yield* finish(at, at.traffic.server);
    const keyed = yield* finished13(at, handshakes.transcript(), yield* Crypto);
    yield* send(under(keyed.keys.protection("server")));
    return { ...from, at, keyed, shown: choice, asks, early };
  },
);

const keysOfEarlyData = Effect.fnUntraced(
  function* ({ psk, suite, wish }: Accepted, transcript: Snapshot): Steps<EarlyKeys> {
    // Early data is accepted only with a key.
    if (!psk) return yield* Effect.dieMessage("early data without a key");
    return yield* earlyKeys(suite, psk.psk, wish.hello, transcript, yield* Crypto);
  },
);

/** The credential to show, unless a pre-shared key stands for it. It is chosen before anything is sent. */
export const choiceFor = Effect.fnUntraced(function* ({ psk, wish }: Accepted): Steps<Chosen13 | undefined> {
  if (psk) return undefined;
  const candidates = yield* (yield* Credentials).candidates({
    role: "server",
    serverName: wish.serverName,
    schemes: wish.certificateSchemes,
    authorities: wish.authorities,
  });
  return yield* chooseCredential(wish, candidates);
});
