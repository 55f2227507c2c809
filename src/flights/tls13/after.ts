/**
 * What comes after a handshake of TLS 1.3 (RFC 8446 §4.6): one message at a time, and none of them is a handshake. Data is
 * sent and received meanwhile.
 *
 * @module
 */
import { Effect } from "../../deps.ts";
import { IllegalParameter, RenegotiationRefused } from "../../faults/errors/connection.ts";
import { encodeMessage } from "../../grammar/message_kind.ts";
import { either, heardUnder, one, type Place, receive } from "../../grammar/places.ts";
import { send, under } from "../../grammar/send.ts";
import { CertificateRequest13, KeyUpdate, NewSessionTicket13 } from "../../messages/mod.ts";
import { KeyUpdateRequest } from "../../names/protocol.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { otherSide, type Side } from "../../names/side.ts";
import { Crypto } from "../../ports/crypto.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import { phases } from "../../record/phase.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Established13 } from "../agreed/established.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Step, Steps } from "../base/services.ts";
import { copies, keptVerdict, trustedUntil } from "../sessions/made.ts";
import { leafHash } from "../sessions/session_rules.ts";
import { answerRequest, certificateRequest, finishedOf, finishShape } from "./authentication.ts";
import { chainOf, clientProof, hasContext, REQUESTED, solicitedEntries, unlessRequired } from "./peer13.ts";
import { compressors } from "../hellos/compression.ts";
import { certificateShape, decompressed } from "./compression.ts";
import { keepTicket } from "./tickets.ts";

/** What a message changes of what the handshake left: it is applied to what is there when the message has been handled. */
export type Change = (left: Established13) => Established13;

const nothing: Change = (left) => left;

/** What may come is a place whose value is what to do about it. */
const afterShape = (met: Place<Step<Change>>) => ({ met });

// ---- keys (RFC 8446 §4.6.3) ----

const keyUpdatePlace = (left: Established13, role: Side): Place<Step<Change>> =>
  one(KeyUpdate).map((message) => updated(left, role, message));

/** The peer's next records come under its next keys; ours change as well, before our next data, if it asks for that. */
const updated = Effect.fnUntraced(
  function* ({ keys }: Established13, role: Side, { requestUpdate }: KeyUpdate): Steps<Change> {
    if (!Object.values<number>(KeyUpdateRequest.members).includes(requestUpdate)) {
      return yield* new IllegalParameter({
        subject: "KeyUpdate",
        field: "requestUpdate",
        reason: `${requestUpdate} is neither 0 nor 1`,
        rfc: "RFC 8446 §4.6.3",
      });
    }
    yield* heardUnder(keys.next(otherSide(role)), phases.application13);
    // One answer, when we next have something to say, is enough for all requests until then (RFC 8446 §4.6.3).
    if (requestUpdate === KeyUpdateRequest.update_requested) keys.owed = true;
    return nothing;
  },
);

/** Sends KeyUpdate: our next records come under our next keys, and the peer's as well if `request` asks for that. */
export const updateKeys = (
  keys: Established13["keys"],
  role: Side,
  request: boolean,
): Step<void> =>
  Effect.suspend(() => {
    const update = (asks: boolean) => {
      const requestUpdate = KeyUpdateRequest[asks ? "update_requested" : "update_not_requested"];
      return [make(KeyUpdate, { requestUpdate }), under(keys.next(role))];
    };
    // GnuTLS takes no request where it awaits an answer: that goes first.
    const answers = request && keys.owed ? update(false) : [];
    keys.owed = false;
    return Effect.asVoid(send(...answers, ...update(request)));
  });

// ---- a certificate that is asked for later (RFC 8446 §4.6.2) ----

/** Answers a CertificateRequest. */
const answered = Effect.fnUntraced(function* (
  left: Established13,
  { policy }: ClientSettings,
  request: CertificateRequest13,
): Steps<Change> {
  if (request.certificateRequestContext.length === 0) {
    return yield* new IllegalParameter({
      subject: "CertificateRequest",
      field: "certificateRequestContext",
      reason: "is empty after the handshake",
      rfc: "RFC 8446 §4.3.2",
    });
  }
  // The signature may take time, in which other fibers write and change keys; the messages follow one another (RFC 8446 §4.6.2).
  const stream = yield* Handshakes;
  const release = stream.hold();
  const shown = yield* answerRequest(left, request, policy);
  // In one step, so that the keys of the Finished are those that it is sent under.
  yield* Effect.sync(() => {
    const message = finishedOf(stream, left, left.keys.traffic("client"));
    stream.send(encodeMessage(message), message);
    release();
  });
  // Later tickets are of the identity that was shown, and are not used without it.
  const ownCertificate = leafHash(shown?.credential.chain[0], yield* Crypto);
  return (now) => shown ? { ...now, terms: { ...now.terms, ownCertificate, ownScheme: shown.scheme } } : now;
});

/** The length of the context of our requests in bytes. */
const CONTEXT = 16;

/**
 * Asks the client for a certificate, and gives the rest: its answer. Its keys may be updated before it answers, and its
 * Finished is of those that it then has.
 */
export const askCertificate = Effect.fnUntraced(
  function* (left: Established13, settings: ServerSettings): Steps<Step<Change>> {
    if (left.past === undefined) return yield* new RenegotiationRefused({ by: "offer" });
    const context = (yield* Crypto).random(CONTEXT);
    yield* send(yield* certificateRequest(settings.policy, context));
    return answer(left, settings, context);
  },
);

const answer = Effect.fnUntraced(
  function* (left: Established13, settings: ServerSettings, context: Bytes): Steps<Change> {
    const { policy } = settings;
    const sent = yield* receive(certificateShape((yield* compressors(policy)).length > 0));
    const certificate = yield* decompressed(sent.certificate, policy);
    yield* hasContext(certificate, context);
    yield* solicitedEntries(certificate, REQUESTED);
    const chain = chainOf(certificate);
    const { scheme, verdict } = chain.length === 0
      ? yield* unlessRequired(settings)
      : yield* clientProof(left, chain, settings.policy);
    yield* receive(finishShape(left, () => left.keys.traffic("client")));
    const peerCertificates = copies(chain);
    return (now) => ({
      ...now,
      peerCertificates,
      peerVerdict: keptVerdict(verdict, peerCertificates),
      terms: {
        ...now.terms,
        peerScheme: scheme ?? SignatureScheme.of(0),
        trustedUntil: trustedUntil(verdict),
      },
    });
  },
);

// ---- what may come ----

/** The shape of what may come to a server. */
export const serverAfterShape = (left: Established13) => afterShape(keyUpdatePlace(left, "server"));

/** Handles a message that comes to a server. */
export const metByServer = (left: Established13): Step<Change> =>
  Effect.flatMap(receive(serverAfterShape(left)), ({ met }) => met);

/** The shape of what may come to a client. */
export const clientAfterShape = (left: Established13, settings: ClientSettings) => {
  const always = either(
    one(NewSessionTicket13).map((ticket) => kept(left, settings, ticket)),
    keyUpdatePlace(left, "client"),
  );
  const request = one(CertificateRequest13).map((message) => answered(left, settings, message));
  return afterShape(left.past ? either(always, request) : always);
};

const kept = (left: Established13, settings: ClientSettings, ticket: NewSessionTicket13): Step<Change> =>
  Effect.map(
    keepTicket(left, settings, ticket),
    (isKept) => (now) => isKept ? { ...now, nextPlace: now.nextPlace + 1 } : now,
  );

/** Handles a message that comes to a client. */
export const metByClient = (left: Established13, settings: ClientSettings): Step<Change> =>
  Effect.flatMap(receive(clientAfterShape(left, settings)), ({ met }) => met);
