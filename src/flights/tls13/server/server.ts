/**
 * The server's handshake of TLS 1.3 (RFC 8446 §2), from the ClientHello on:
 *
 *     1  <--  ClientHello
 *     2  -->  HelloRetryRequest                                          asked, if there is no share to use
 *     3  <--  ClientHello
 *     4  -->  ServerHello, EncryptedExtensions                           serverHello
 *             (CertificateRequest) Certificate, CertificateVerify        unless a PSK is used
 *             Finished                                                   serverFlight
 *     5  <--  (EndOfEarlyData) (Certificate, CertificateVerify) Finished clientFlight
 *        -->  NewSessionTicket                                           newSessionTickets
 *
 * @module
 */
import { Effect } from "../../../deps.ts";
import type { Received } from "../../../grammar/places.ts";
import type { ClientHello } from "../../../messages/mod.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import type { Established13 } from "../../agreed/established.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Steps } from "../../base/services.ts";
import { accepted } from "./accepted.ts";

import { clientFlight, foreseen, giveTickets, knownBefore, leftBy } from "./client_flight.ts";
import { choiceFor, serverFlight } from "./server_flight.ts";

/**
 * The handshake of a server, from a ClientHello that chose TLS 1.3. If early data is accepted, it gives the connection before
 * the client's flight, and the rest with it: an answer to early data can leave with our own flight.
 */
export const serverHandshake13 = Effect.fnUntraced(
  function* (settings: ServerSettings, received: Received<ClientHello>): Steps<Established13> {
    const from = yield* accepted(settings, received);
    const sent = yield* serverFlight(settings, from, yield* choiceFor(from));
    const rest = clientFlight(settings, sent);
    if (!sent.early) return yield* rest;
    const transcript = (yield* Handshakes).transcript();
    const left = yield* leftBy(sent, foreseen(sent, transcript), knownBefore(from));
    yield* giveTickets(settings, sent, left);
    return { ...left, rest };
  },
);
