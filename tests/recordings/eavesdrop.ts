/**
 * Reads what two other ends said to each other, with our own codecs, key schedule and record layer, from master
 * secrets that are known: no byte of it was made by the code that reads it. What is decoded is encoded again, to the
 * same bytes.
 *
 * @module
 */
import { rulesUntil12 } from "../../src/record/phase.ts";
import { assert, Either } from "../deps.ts";
import { type Snapshot, Transcript } from "../../src/crypto/transcript.ts";
import { fragmentsOf } from "../../src/flights/agreed/agreed.ts";
import { encodeMessage, nameOfComing } from "../../src/grammar/message_kind.ts";
import { one, type Place } from "../../src/grammar/places.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import {
  Certificate,
  CertificateStatus,
  type ClientHello,
  findExtension,
  NewSessionTicket,
  ServerHello,
  ServerHelloDone,
} from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, HandshakeType, versionText } from "../../src/names/protocol.ts";
import type { OfBoth, Side } from "../../src/names/side.ts";
import type { Arrival, HandshakeMessage } from "../../src/record/arrival.ts";
import type { HandshakeStream, Message } from "../../src/record/handshake_stream.ts";
import { compressed } from "../../src/record/protection/compression.ts";
import type { Protection } from "../../src/record/protection/protection.ts";
import { phases } from "../../src/record/phase.ts";
import { Records } from "../../src/record/records.ts";
import { exchanges, type KeyExchange, type Terms } from "../../src/tables/exchanges/mod.ts";
import { serverAuthentications } from "../../src/tables/exchanges/server_authentication.ts";
import { limits } from "../../src/tables/limits.ts";
import { type Suite, suites } from "../../src/tables/suites.ts";
import { type Derivation, type Dialect, dialects } from "../../src/tables/versions/mod.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { textOf } from "../support/text.ts";
import { is13, type Known13, listen13, type Listener } from "./eavesdrop13.ts";
import { clientHello, decoded, type Heard, nothingHeard, sameBytes, SEALED } from "./heard.ts";
import type { Segment } from "./pcap.ts";

/** What was said before the keys change. */
export interface Said {
  readonly hello: ClientHello;
  /** The messages after ServerHello; one that resumes has no key exchange among them. */
  readonly messages: ReadonlyArray<Message>;
  readonly derivation: Derivation;
}

/** The master secret of a handshake; `undefined` where nobody can know it. */
export type MasterOf = (said: Said) => Bytes | undefined;

/** What is known of connections that are listened to. */
export interface Known extends Known13 {
  readonly masterOf: MasterOf;
}

/** What follows from two hellos. */
interface Agreed {
  readonly dialect: Dialect;
  readonly exchange: KeyExchange;
  readonly terms: Terms;
  readonly derivation: Derivation;
  readonly keys: (master: Bytes) => OfBoth<Protection>;
}

const crypto = makeDeterministic("eavesdropper");

/** Listens to a connection from its beginning to its end. Fails where it is not as it should be. */
export const eavesdrop = (segments: ReadonlyArray<Segment>, known: Known): Heard => {
  const heard = nothingHeard();
  const options = { splitRecords: false, sslv2Hello: true };
  const records: Record<Side, Records> = {
    client: new Records(limits, options),
    server: new Records(limits, options),
  };
  let transcript = new Transcript();
  let first: HandshakeMessage | undefined;
  let hello: ClientHello | undefined;
  let listener13: Listener | undefined;
  let at: Agreed | undefined;
  let messages: Array<Message> = [];
  let master: Bytes | undefined;
  let keys: OfBoth<Protection> | undefined;

  const message = (side: Side, arrival: HandshakeMessage): void => {
    heard.messages.push(`${side} ${nameOfComing(arrival)}`);
    const { type, body, raw } = arrival;
    if (first && type === HandshakeType.server_hello && is13(body)) {
      listener13 ??= listen13(first, records, heard, known);
    }
    if (listener13) return listener13(side, arrival);
    if (type === HandshakeType.hello_request) return void assert.equal(body.length, 0);
    const before = transcript.snapshot();
    if (type === HandshakeType.client_hello) {
      transcript = new Transcript();
      first = arrival;
      [hello, at, messages, master, keys] = [clientHello(body), undefined, [], undefined, undefined];
    } else if (type === HandshakeType.server_hello) {
      const server = decoded(codec(ServerHello).decode(body));
      sameBytes(codec(ServerHello).unsafeEncode(server), body);
      const text = [
        versionText(server.serverVersion),
        CipherSuite.nameOf(server.cipherSuite),
        CompressionMethod.nameOf(server.compressionMethod),
      ].join(" ");
      heard.handshakes.push(text);
      const found = agree(hello!, server);
      if (typeof found === "string") return void (heard.leftOut = `${text}: ${found}`);
      at = found;
      const code = findExtension(server.extensions, "max_fragment_length")?.maxFragmentLength;
      for (const end of Object.values(records)) {
        end.agree(rulesUntil12(at.dialect.version), fragmentsOf(code));
      }
    } else if (type === HandshakeType.finished) {
      assert.equal(
        toHex(body),
        toHex(at!.derivation.verifyData(master!, side, before)),
        `${side}'s Finished`,
      );
      heard.finished++;
    } else {
      const taken = placeOf(type, at!).take(arrival, listening(before, messages));
      if (Either.isLeft(taken)) throw taken.left;
    }
    transcript.add(raw);
  };

  const arrived = (side: Side, arrival: Arrival): void => {
    switch (arrival._tag) {
      case "Handshake":
        return message(side, arrival);
      case "ChangeCipherSpec":
        heard.messages.push(`${side} ChangeCipherSpec`);
        master ??= known.masterOf({ hello: hello!, messages, derivation: at!.derivation });
        if (!master) return void (heard.leftOut = SEALED);
        return records[side].changeRead((keys ??= at!.keys(master))[side], phases.changed);
      case "ApplicationData":
        heard.data[side] += textOf(arrival.data);
        return;
      case "Alert":
        heard.messages.push(`${side} Alert ${arrival.level} ${arrival.description}`);
    }
  };

  for (const { from, bytes } of segments) {
    records[from].feed(bytes);
    while (heard.leftOut === undefined) {
      const arrival = records[from].next();
      if (!arrival) break;
      arrived(from, arrival);
    }
  }
  return heard;
};

/** What follows from two hellos, or why it is not ours. */
const agree = (hello: ClientHello, server: ServerHello): Agreed | string => {
  const dialect = dialects.get(server.serverVersion);
  const suite: Suite | undefined = suites.get(server.cipherSuite);
  if (!dialect) return "the version is not ours";
  if (!suite) return "the cipher suite is not ours";
  const random = { client: hello.random, server: server.random };
  const derivation = dialect.derive(suite, random, crypto);
  const encryptThenMac = suite.cipher._tag === "cbc" &&
    findExtension(server.extensions, "encrypt_then_mac") !== undefined;
  return {
    dialect,
    exchange: exchanges[suite.exchange],
    terms: {
      dialect,
      vouching: serverAuthentications[suite.authentication].vouching,
      random,
      clientVersion: hello.clientVersion,
      groups: [],
      schemes: [],
      minimumDhPrimeBits: 0,
    },
    derivation,
    keys: (master) => {
      const { client, server: other } = derivation.keys(master, encryptThenMac);
      const method = server.compressionMethod;
      return { client: compressed(client, method), server: compressed(other, method) };
    },
  };
};

/** How a message is read, as the negotiation has it. */
const placeOf = (type: HandshakeType, { dialect, exchange, terms }: Agreed): Place<unknown> => {
  const places: Partial<Record<number, Place<unknown>>> = {
    [HandshakeType.certificate]: one(Certificate),
    [HandshakeType.certificate_status]: one(CertificateStatus),
    [HandshakeType.server_key_exchange]: exchange.clientShare(terms),
    [HandshakeType.certificate_request]: dialect.certificateRequest.place,
    [HandshakeType.server_hello_done]: one(ServerHelloDone),
    [HandshakeType.client_key_exchange]: exchange.clientKeyExchange(dialect),
    [HandshakeType.certificate_verify]: dialect.signing.certificateVerify.place,
    [HandshakeType.new_session_ticket]: one(NewSessionTicket),
  };
  const place = places[type];
  if (!place) throw new TypeError(`${HandshakeType.nameOf(type)} has no place`);
  return place;
};

/** A stream on which nothing is said; what is heard can be said again in the same bytes, and is kept. */
const listening = (before: Snapshot, messages: Array<Message>): HandshakeStream => {
  const heard: HandshakeStream["heard"] = (raw, message) => {
    sameBytes(encodeMessage(message), raw);
    messages.push(message);
  };
  return { transcript: () => before, take: () => {}, heard } as unknown as HandshakeStream;
};
