/**
 * The handshakes of RFC 8448, byte for byte: their messages are read and written back, and all of their secrets, keys,
 * binders and Finished are derived.
 *
 * @module
 */
import { assert, Either } from "../deps.ts";
import { expandLabel, extract } from "../../src/crypto/hkdf.ts";
import { keySchedule, ticketPsk, type Traffic } from "../../src/crypto/key_schedule.ts";
import { Transcript } from "../../src/crypto/transcript.ts";
import { kindOf } from "../../src/grammar/message_kind.ts";
import * as M from "../../src/messages/mod.ts";
import type { CryptoService } from "../../src/ports/crypto.ts";
import { concat, toHex } from "../../src/wire/bytes.ts";
import type { AnySchema } from "../messages/all.ts";
import { dataFolder } from "../support/data.ts";
import { hex } from "../support/keys.ts";
import { layers } from "../support/layers.ts";
import file from "./rfc8448.json" with { type: "json" };

/** One handshake, as far as the RFC shows it; all bytes are hexadecimal. */
interface Trace {
  readonly section: string;
  readonly psk?: string;
  readonly binder?: string;
  readonly ticketPsk?: string;
  readonly shared: string;
  /** In order, with their headers. */
  readonly messages: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Key and IV of a traffic secret, by its name. */
  readonly keys: Readonly<Record<string, ReadonlyArray<string>>>;
}
const traces: ReadonlyArray<Trace> = file.traces;

const classes: Readonly<Record<string, AnySchema>> = {
  ClientHello: M.ClientHello,
  HelloRetryRequest: M.HelloRetryRequest,
  ServerHello: M.ServerHello13,
  EncryptedExtensions: M.EncryptedExtensions,
  Certificate: M.Certificate13,
  CertificateVerify: M.CertificateVerify,
  EndOfEarlyData: M.EndOfEarlyData,
  Finished: M.Finished,
  NewSessionTicket: M.NewSessionTicket13,
};

/** Everything that the schedule derives for a trace, in the names of the RFC. */
const derive = ({ hash: of }: CryptoService, { psk, shared, messages }: Trace) => {
  const hash = of("sha256");
  const said = new Transcript();
  const secrets: Record<string, string> = {};
  const traffics: Record<string, Traffic> = {};
  const finished: Record<string, string> = {};
  const early = keySchedule(hash, psk === undefined ? undefined : hex(psk));
  const handshake = early.handshake(hex(shared));
  const master = handshake.master();
  const keep = (names: Readonly<Record<string, Traffic>>) => {
    for (const [name, traffic] of Object.entries(names)) secrets[name] = toHex(traffic.secret);
    Object.assign(traffics, names);
  };
  for (const [name, text] of Object.entries(messages)) {
    const end = /^(\w+) Finished$/.exec(name)?.[1];
    if (end !== undefined) {
      const traffic = traffics[`${end}_handshake_traffic_secret`]!;
      finished[name] = `14000020${toHex(traffic.finished(said.snapshot().digest(hash)))}`;
    }
    if (name === "HelloRetryRequest") said.retry(hash);
    said.add(hex(text));
    const now = said.snapshot();
    if (name === "ClientHello") {
      keep({ client_early_traffic_secret: early.traffic(now) });
      secrets.early_exporter_master_secret = toHex(early.exporter(now));
    } else if (name === "ServerHello") {
      const { client, server } = handshake.traffic(now);
      keep({ client_handshake_traffic_secret: client, server_handshake_traffic_secret: server });
    } else if (end === "server") {
      const { client, server } = master.traffic(now);
      keep({ client_application_traffic_secret_0: client, server_application_traffic_secret_0: server });
      secrets.exporter_master_secret = toHex(master.exporter(now));
    } else if (end === "client") {
      secrets.resumption_master_secret = toHex(master.resumption(now));
    }
  }
  return { secrets, traffics, finished };
};

for (const trace of traces) {
  for (const [name, text] of Object.entries(trace.messages)) {
    Deno.test(`RFC 8448 ${trace.section}: ${name} is read with nothing unknown, and written back`, () => {
      const { decode, encode, name: tag } = kindOf(classes[name.replace(/^\w+ /, "")]!);
      const message = Either.getOrThrow(decode(hex(text).subarray(4)));
      assert.equal(message._tag, tag);
      assert.equal(toHex(encode(message)), text);
      for (const { _tag } of message.extensions ?? []) assert.notEqual(_tag, "unknown");
    });
  }

  for (const { name, crypto } of layers) {
    Deno.test(`${name} and RFC 8448 ${trace.section}: every secret, key, IV and Finished is derived`, () => {
      const { secrets, traffics, finished } = derive(crypto, trace);
      for (const [secret, value] of Object.entries(trace.secrets)) {
        assert.equal(secrets[secret], value, secret);
      }
      for (const [secret, keys] of Object.entries(trace.keys)) {
        const { key, iv } = traffics[secret]!.keys(16);
        assert.deepEqual([toHex(key), toHex(iv)], keys, secret);
      }
      for (const [message, value] of Object.entries(finished)) assert.equal(value, trace.messages[message]);
    });
  }
}

const [simple, resumed] = traces as readonly [Trace, Trace];

for (const { name, crypto } of layers) {
  Deno.test(`${name} and RFC 8448: the ticket of §3 gives the PSK of §4, whose binder holds`, () => {
    const hash = crypto.hash("sha256");
    const ticket = Either.getOrThrow(
      kindOf(M.NewSessionTicket13).decode(hex(simple.messages.NewSessionTicket!).subarray(4)),
    );
    const psk = ticketPsk(hash, hex(simple.secrets.resumption_master_secret!), ticket.ticketNonce);
    assert.equal(toHex(psk), simple.ticketPsk);
    assert.equal(toHex(psk), resumed.psk);

    const raw = hex(resumed.messages.ClientHello!);
    const hello = Either.getOrThrow(kindOf(M.ClientHello).decode(raw.subarray(4)));
    const offered = M.findExtension(hello.extensions, "pre_shared_key")!;
    assert.deepEqual(offered.identities[0]!.identity, ticket.ticket);
    // The binders end the message, behind the length of their list.
    const binders = concat(...offered.binders.map((binder) => concat(Uint8Array.of(binder.length), binder)));
    const digest = new Transcript().snapshot().digest(hash, raw.subarray(0, raw.length - binders.length - 2));
    const binder = keySchedule(hash, psk).binder("res", digest);
    assert.equal(toHex(binder), resumed.binder);
    assert.deepEqual(binder, offered.binders[0]);
  });
}

const folder = dataFolder("rfc8448");
if (folder) {
  const data: Record<string, string> = JSON.parse(Deno.readTextFileSync(new URL("simple-1rtt.json", folder)));
  const bytes = (name: string) => hex(data[name] ?? assert.fail(name));

  for (const { name, crypto } of layers) {
    Deno.test(`${name} and simple-1rtt.json: the key schedule, stage by stage`, () => {
      const hash = crypto.hash("sha256");
      const zeros = new Uint8Array(32);
      const derived = (secret: string) => expandLabel(hash, bytes(secret))("derived", hash.digest([]));
      assert.deepEqual(extract(hash, zeros, zeros), bytes("early_secret"));
      assert.deepEqual(derived("early_secret"), bytes("derived_for_handshake"));
      const handshake = extract(hash, bytes("derived_for_handshake"), bytes("ecdhe_shared_secret"));
      assert.deepEqual(handshake, bytes("handshake_secret"));
      assert.deepEqual(derived("handshake_secret"), bytes("derived_for_master"));
      assert.deepEqual(extract(hash, bytes("derived_for_master"), zeros), bytes("master_secret"));
    });
  }

  Deno.test("simple-1rtt.json is the handshake of RFC 8448 §3", () => {
    const { shared, messages, secrets, keys } = simple;
    const known = [shared, ...[messages, secrets].flatMap(Object.values), ...Object.values(keys).flat()];
    const same = Object.values(data).filter((value) => known.includes(value));
    assert.equal(same.length, 12);
  });
}
