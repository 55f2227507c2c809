/**
 * Reads what two other ends said to each other in TLS 1.3, from traffic secrets that are known: those of a key log, or
 * derived from the secret of the key exchange.
 *
 * @module
 */
import { assert, Effect, type Schema } from "../deps.ts";
import { ticketPsk, type Traffic } from "../../src/crypto/key_schedule.ts";
import { type Snapshot, Transcript } from "../../src/crypto/transcript.ts";
import { binderOf, type Psk } from "../../src/flights/hellos/psk.ts";
import { kindOf } from "../../src/grammar/message_kind.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import {
  Certificate13,
  CertificateRequest13,
  CertificateVerify,
  type ClientHello,
  EncryptedExtensions,
  findExtension,
  Finished,
  HelloRetryRequest,
  isHelloRetryRequest,
  KeyUpdate,
  NewSessionTicket13,
  ServerHello,
  ServerHello13,
} from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, HandshakeType, versionText } from "../../src/names/protocol.ts";
import type { OfBoth, Side } from "../../src/names/side.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import type { Hash, PublicKey } from "../../src/ports/crypto.ts";
import type { HandshakeMessage } from "../../src/record/arrival.ts";
import { type Phase, phases } from "../../src/record/phase.ts";
import type { Records } from "../../src/record/records.ts";
import { type Suite13, suites13 } from "../../src/tables/suites13.ts";
import { protection13, tls13 } from "../../src/tables/versions/mod.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { textOf } from "../support/text.ts";
import { clientHello, decoded, type Heard, sameBytes, SEALED } from "./heard.ts";

/** What the secrets of a handshake follow from. */
export interface Hellos13 {
  readonly hello: ClientHello;
  readonly server: ServerHello13;
  readonly hash: Hash;
  /** Whether the server chose a ticket's key. */
  readonly resumes: boolean;
  /** That key; `undefined` also where nobody knows it. */
  readonly psk: Psk | undefined;
}

/** The secrets of a handshake, each of the transcript that the key schedule takes for it. */
export interface Secrets13 {
  readonly handshake: (said: Snapshot) => OfBoth<Traffic>;
  readonly application: (said: Snapshot) => OfBoth<Traffic>;
  /** `undefined` where only the traffic secrets are known: nothing leads from them to a ticket's key. */
  readonly resumption: ((said: Snapshot) => Bytes) | undefined;
}

/** The secrets of a handshake; `undefined` where nobody can know them. */
export type SecretsOf = (hellos: Hellos13) => Secrets13 | undefined;

/** What is known of connections in TLS 1.3. */
export interface Known13 {
  readonly secretsOf: SecretsOf;
  /** Keys of tickets. A handshake under another ticket's key is read only by `secretsOf` that needs none. */
  readonly psks: ReadonlyArray<Psk>;
}

/** Takes one message after the other. */
export type Listener = (side: Side, arrival: HandshakeMessage) => void;

const crypto = makeDeterministic("eavesdropper");

/** Whether what answers a ClientHello is of TLS 1.3. */
export const is13 = (body: Bytes): boolean =>
  isHelloRetryRequest(body) ||
  findExtension(decoded(codec(ServerHello).decode(body)).extensions, "supported_versions") !== undefined;

/** Listens to a connection after its first ClientHello. Fails where it is not as it should be. */
export const listen13 = (
  first: HandshakeMessage,
  records: OfBoth<Records>,
  heard: Heard,
  { psks, secretsOf }: Known13,
): Listener => {
  const transcript = new Transcript();
  let hello = clientHello(first.body);
  let said = { raw: first.raw, before: transcript.snapshot() };
  transcript.add(first.raw);

  let suite: Suite13 | undefined;
  let secrets: Secrets13 | undefined;
  let application: OfBoth<Traffic> | undefined;
  let request: CertificateRequest13 | undefined;
  const traffic: Partial<Record<Side, Traffic>> = {};
  const keys: Partial<Record<Side, PublicKey>> = {};
  const tickets: Array<NewSessionTicket13> = [];
  const hash = (): Hash => crypto.hash(suite!.hash);

  /** The next records of an end are under this key. */
  const under = (side: Side, next: Traffic, phase: Phase): void => {
    traffic[side] = next;
    records[side].changeRead(protection13(suite!, crypto, next), phase);
  };

  const binders = (): void => {
    const offered = findExtension(hello.extensions, "pre_shared_key");
    offered?.identities.forEach(({ identity }, i) => {
      const psk = keyOf(psks, identity);
      if (!psk || psk.hash !== suite!.hash) return void heard.binders.unknown++;
      const { before, raw } = said;
      sameBytes(offered.binders[i]!, binderOf(psk, crypto, before, raw, offered.binders), `binder ${i}`);
      heard.binders.held++;
    });
  };

  /** Takes the suite that an answer names; the same one each time. */
  const answered = ({ cipherSuite }: HelloRetryRequest | ServerHello13): void => {
    const chosen = suites13.get(cipherSuite);
    assert.ok(chosen && (suite ?? chosen) === chosen, "a suite of TLS 1.3, and the same");
    suite = chosen;
    for (const end of Object.values(records)) end.agree(tls13.records);
    binders();
  };

  const serverHello = (arrival: HandshakeMessage): void => {
    const server = reread(ServerHello13, arrival);
    heard.handshakes.push([
      versionText(tls13.version),
      CipherSuite.nameOf(server.cipherSuite),
      CompressionMethod.nameOf(server.compressionMethod),
    ].join(" "));
    answered(server);
    transcript.add(arrival.raw);
    assert.equal(
      findExtension(hello.extensions, "early_data"),
      undefined,
      "early data, which is not followed",
    );
    const place = findExtension(server.extensions, "pre_shared_key")?.selectedIdentity;
    const resumes = place !== undefined;
    const psk = resumes
      ? keyOf(psks, findExtension(hello.extensions, "pre_shared_key")!.identities[place]!.identity)
      : undefined;
    secrets = secretsOf({ hello, server, hash: hash(), resumes, psk });
    if (!secrets) return void (heard.leftOut = SEALED);
    const { client, server: other } = secrets.handshake(transcript.snapshot());
    under("client", client, phases.handshake13);
    under("server", other, phases.handshake13);
  };

  const certificateVerify = (side: Side, arrival: HandshakeMessage, before: Snapshot): void => {
    const { algorithm, signature } = reread(CertificateVerify, arrival);
    const name = `${side} ${SignatureScheme.nameOf(algorithm)}`;
    const asked = side === "server"
      ? findExtension(hello.extensions, "signature_algorithms")
      : findExtension(request!.extensions, "signature_algorithms");
    decoded(tls13.signing.fits(algorithm, keys[side]!, asked!.supportedSignatureAlgorithms));
    const content = tls13.signing.content(side, before, hash());
    assert.ok(Effect.runSync(crypto.verify(keys[side]!, algorithm, content, signature)), name);
    heard.proofs.push(name);
  };

  const finished = (side: Side, arrival: HandshakeMessage, before: Snapshot): void => {
    const { verifyData } = reread(Finished, arrival);
    sameBytes(verifyData, traffic[side]!.finished(before.digest(hash())), `${side}'s Finished`);
    heard.finished++;
    transcript.add(arrival.raw);
    if (side === "server") application = secrets!.application(transcript.snapshot());
    under(side, application![side], phases.application13);
    // A server may give tickets before the client has finished.
    if (side === "client") tickets.splice(0).forEach(keep);
  };

  /** Keeps the key of a ticket, of the transcript through the client's Finished: nothing is added to it after that. */
  const keep = ({ ticket: identity, ticketNonce }: NewSessionTicket13): void => {
    const resumption = secrets!.resumption?.(transcript.snapshot());
    if (!resumption) return;
    const secret = ticketPsk(hash(), resumption, ticketNonce);
    heard.psks.push({ identity, secret, hash: suite!.hash, origin: "res", session: undefined });
  };

  return (side, arrival) => {
    const before = transcript.snapshot();
    switch (arrival.type) {
      case HandshakeType.client_hello:
        hello = clientHello(arrival.body);
        said = { raw: arrival.raw, before };
        break;
      case HandshakeType.server_hello:
        if (!isHelloRetryRequest(arrival.body)) return serverHello(arrival);
        answered(reread(HelloRetryRequest, arrival));
        transcript.retry(hash());
        break;
      case HandshakeType.encrypted_extensions: {
        const { extensions } = reread(EncryptedExtensions, arrival);
        const chosen = findExtension(extensions, "application_layer_protocol_negotiation");
        heard.protocol = textOf(chosen?.protocolNameList[0]);
        break;
      }
      case HandshakeType.certificate_request:
        request = reread(CertificateRequest13, arrival);
        break;
      case HandshakeType.certificate: {
        const [leaf] = reread(Certificate13, arrival).certificateList;
        if (leaf) keys[side] = keyIn(leaf.certData);
        break;
      }
      case HandshakeType.certificate_verify:
        certificateVerify(side, arrival, before);
        break;
      case HandshakeType.finished:
        return finished(side, arrival, before);
      case HandshakeType.new_session_ticket: {
        const ticket = reread(NewSessionTicket13, arrival);
        return heard.finished === 2 ? keep(ticket) : void tickets.push(ticket);
      }
      case HandshakeType.key_update:
        reread(KeyUpdate, arrival);
        return under(side, traffic[side]!.next(), phases.application13);
      default:
        throw new TypeError(`${HandshakeType.nameOf(arrival.type)} has no place`);
    }
    transcript.add(arrival.raw);
  };
};

/** A message that can be encoded again, to the same bytes. */
const reread = <A, I>(of: Schema.Schema<A, I>, { body, raw }: HandshakeMessage): A => {
  const { decode, encode } = kindOf(of);
  const message = decoded(decode(body));
  sameBytes(encode(message), raw);
  return message;
};

const keyOf = (psks: ReadonlyArray<Psk>, identity: Bytes): Psk | undefined =>
  psks.find((psk) => toHex(psk.identity) === toHex(identity));

const keyIn = (der: Bytes): PublicKey => {
  const { publicKey } = decoded(parseCertificate(der));
  if (publicKey._tag === "unsupported") throw new TypeError(publicKey.detail);
  return publicKey;
};
