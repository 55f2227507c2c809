/** How much a record carries, how application data is split, and how much one key may protect. @module */
import { rulesUntil12 } from "../../src/record/phase.ts";
import { assert } from "../deps.ts";
import { isRecordError } from "../../src/faults/faults.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { CipherSuite as C } from "../../src/names/cipher_suite.ts";
import { ContentType, HandshakeType, ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { Arrival } from "../../src/record/arrival.ts";
import type { RecordOptions } from "../../src/record/limits.ts";
import { keyLengths, protect, type RecordForm } from "../../src/record/protection/cipher.ts";
import { hmacForm, ssl30Form } from "../../src/record/protection/mac.ts";
import { MAX_PLAINTEXT, plaintext, type Protection } from "../../src/record/protection/protection.ts";
import { CHANGE_CIPHER_SPEC } from "../../src/record/arrival.ts";
import { phases } from "../../src/record/phase.ts";
import { Records } from "../../src/record/records.ts";
import { suites } from "../../src/tables/suites.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const { application_data, handshake } = ContentType;

const limits = {
  handshakeMessage: 65536,
  certificateMessage: 65536,
  emptyRecords: 32,
  shortBlockData: 2 ** 20,
  recordsPerKey: 2 ** 24,
  skippedEarlyData: 2 ** 15,
};
const splitting: RecordOptions = { splitRecords: true, sslv2Hello: false };
const whole: RecordOptions = { splitRecords: false, sslv2Hello: false };

const forms: Readonly<Record<number, RecordForm>> = {
  [SSL_3_0]: { version: SSL_3_0, mac: ssl30Form, iv: "chained", padding: "ssl30" },
  [TLS_1_0]: { version: TLS_1_0, mac: hmacForm, iv: "chained", padding: "tls" },
  [TLS_1_1]: { version: TLS_1_1, mac: hmacForm, iv: "explicit", padding: "tls" },
  [TLS_1_2]: { version: TLS_1_2, mac: hmacForm, iv: "explicit", padding: "tls" },
};

const crypto = makeDeterministic("limits");

/** Seals and opens one direction of a suite under fresh keys. */
const direction = (suite: C, version: ProtocolVersion) => {
  const { cipher } = suites.get(suite)!;
  const form = forms[version]!;
  const { mac, key, iv } = keyLengths(cipher, form, crypto);
  const keys = { mac: crypto.random(mac), key: crypto.random(key), iv: crypto.random(iv) };
  const make = () => protect(cipher, form, crypto, keys, false);
  return { seal: make(), open: make() };
};

const all = (records: Records): ReadonlyArray<Arrival> => {
  const out: Array<Arrival> = [];
  for (let a = records.next(); a; a = records.next()) out.push(a);
  return out;
};
const dataOf = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<Bytes> =>
  arrivals.flatMap((a) => a._tag === "ApplicationData" ? [a.data] : []);
/** The fault that something ends in, with its alert. */
const fault = (run: () => unknown) => {
  try {
    run();
  } catch (e) {
    assert.ok(isRecordError(e), String(e));
    return { e, text: `${e._tag} ${alertOf(e)}` };
  }
  return { e: undefined, text: "none" };
};
const exceeded = (run: () => unknown, allowed: number, got: number): void => {
  const { e, text } = fault(run);
  assert.equal(text, "LimitExceeded internal_error");
  assert.ok(e?._tag === "LimitExceeded");
  assert.deepEqual([e.limit, e.allowed, e.got], ["shortBlockData", allowed, got]);
};

/** Says ChangeCipherSpec and what stands for Finished. */
const rekey = (
  sender: Records,
  receiver: Records,
  { seal, open }: { seal: Protection; open: Protection },
): void => {
  sender.write(ContentType.change_cipher_spec, CHANGE_CIPHER_SPEC);
  sender.changeWrite(seal);
  receiver.feed(sender.takeOutbox());
  assert.equal(all(receiver).at(-1)?._tag, "ChangeCipherSpec");
  receiver.changeRead(open, phases.changed);
  sender.write(handshake, Uint8Array.of(HandshakeType.finished, 0, 0, 0));
  receiver.feed(sender.takeOutbox());
  assert.deepEqual(all(receiver).map((a) => a._tag), ["Handshake"]);
};

/** Two ends that have agreed, and one direction's keys in use between them. */
const ends = (
  keys: { seal: Protection; open: Protection },
  { version = TLS_1_2, maxFragment = MAX_PLAINTEXT, options = splitting, of = limits } = {},
) => {
  const [sender, receiver] = [new Records(of, options), new Records(of, options)];
  for (const end of [sender, receiver]) {
    end.agree(rulesUntil12(version), { read: maxFragment, write: maxFragment });
  }
  rekey(sender, receiver, keys);
  return { sender, receiver };
};

/** How many bytes each record of application data carries. */
const carried = (suite: C, version: ProtocolVersion, length: number, rest = {}): ReadonlyArray<number> => {
  const { sender, receiver } = ends(direction(suite, version), { version, ...rest });
  const data = crypto.random(length);
  sender.write(application_data, data);
  receiver.feed(sender.takeOutbox());
  const parts = dataOf(all(receiver));
  assert.equal(toHex(concat(...parts)), toHex(data));
  return parts.map((part) => part.length);
};

// ---- the longest fragment (RFC 6066 §4) ----

const GCM = C.TLS_RSA_WITH_AES_128_GCM_SHA256;
const CBC = C.TLS_RSA_WITH_AES_128_CBC_SHA;
const RC4 = C.TLS_RSA_WITH_RC4_128_SHA;
const TRIPLE_DES = C.TLS_RSA_WITH_3DES_EDE_CBC_SHA;

/** The lengths of a stream of records in the clear. */
const lengths = (stream: Bytes): ReadonlyArray<number> => {
  const out: Array<number> = [];
  for (let at = 0; at < stream.length; at += 5 + out.at(-1)!) {
    out.push(stream[at + 3]! << 8 | stream[at + 4]!);
  }
  return out;
};

for (const maxFragment of [512, 1024, 2048, 4096]) {
  Deno.test(`a fragment of at most ${maxFragment} bytes: what is sent is cut to it, in the clear and sealed`, () => {
    const records = new Records(limits);
    records.agree(rulesUntil12(TLS_1_2), { read: maxFragment, write: maxFragment });
    records.write(handshake, new Uint8Array(2 * maxFragment + 1));
    assert.deepEqual(lengths(records.takeOutbox()), [maxFragment, maxFragment, 1]);
    assert.deepEqual(carried(GCM, TLS_1_2, 2 * maxFragment + 1, { maxFragment }), [
      maxFragment,
      maxFragment,
      1,
    ]);
    assert.deepEqual(carried(CBC, TLS_1_2, maxFragment, { maxFragment }), [maxFragment]);
  });

  Deno.test(`a fragment of at most ${maxFragment} bytes: one more byte from the peer is refused`, () => {
    for (const suite of [GCM, CBC]) {
      const [sender, receiver] = [new Records(limits), new Records(limits)];
      sender.agree(rulesUntil12(TLS_1_2));
      receiver.agree(rulesUntil12(TLS_1_2), { read: maxFragment, write: maxFragment });
      rekey(sender, receiver, direction(suite, TLS_1_2));
      sender.write(application_data, new Uint8Array(maxFragment));
      sender.write(application_data, new Uint8Array(maxFragment + 1));
      receiver.feed(sender.takeOutbox());
      assert.equal(dataOf([receiver.next()!])[0]?.length, maxFragment);
      const { e, text } = fault(() => receiver.next());
      assert.equal(text, "RecordOverflow record_overflow");
      assert.ok(e?._tag === "RecordOverflow");
      assert.deepEqual([e.length, e.limit], [maxFragment + 1, maxFragment]);
    }
  });
}

Deno.test("in a renegotiation the peer's records may be as long as they were, until its keys change", () => {
  const { sender, receiver } = ends(direction(GCM, TLS_1_2), { maxFragment: 1024 });
  receiver.agree(rulesUntil12(TLS_1_2), { read: 512, write: 512 });
  receiver.write(application_data, new Uint8Array(1024));
  assert.deepEqual(lengths(receiver.takeOutbox()).length, 2, "ours are cut at once");
  const data = new Uint8Array(1024);
  sender.write(application_data, data);
  receiver.feed(sender.takeOutbox());
  assert.equal(dataOf([receiver.next()!])[0]?.length, 1024);
  rekey(sender, receiver, direction(GCM, TLS_1_2));
  sender.write(application_data, data);
  receiver.feed(sender.takeOutbox());
  assert.equal(fault(() => receiver.next()).text, "RecordOverflow record_overflow");
});

Deno.test("before a version is agreed on, and where no length was, a fragment has 2^14 bytes", () => {
  const records = new Records(limits);
  records.write(handshake, new Uint8Array(MAX_PLAINTEXT + 1));
  assert.deepEqual(lengths(records.takeOutbox()), [MAX_PLAINTEXT, 1]);
  assert.deepEqual(carried(GCM, TLS_1_2, MAX_PLAINTEXT + 1), [MAX_PLAINTEXT, 1]);
});

Deno.test("our first records say the version that they are told to, until one is agreed on", () => {
  for (const version of [SSL_3_0, TLS_1_0, TLS_1_2]) {
    const records = new Records(limits);
    records.sayUntilAgreed(version);
    records.write(handshake, Uint8Array.of(1));
    records.agree(rulesUntil12(TLS_1_1));
    records.write(handshake, Uint8Array.of(1));
    const out = records.takeOutbox();
    assert.equal(out[1]! << 8 | out[2]!, version);
    assert.equal(out[7]! << 8 | out[8]!, TLS_1_1);
  }
});

// ---- BEAST ----

for (const version of [SSL_3_0, TLS_1_0]) {
  for (const suite of [CBC, TRIPLE_DES]) {
    const cell = `${versionText(version)}, ${C.nameOf(suite)}`;

    Deno.test(`BEAST: in ${cell} each record of application data is split into one byte and the rest`, () => {
      assert.deepEqual(carried(suite, version, 1000), [1, 999]);
      assert.deepEqual(carried(suite, version, 2), [1, 1]);
      assert.deepEqual(carried(suite, version, 1), [1]);
      assert.deepEqual(carried(suite, version, MAX_PLAINTEXT), [1, MAX_PLAINTEXT - 1]);
      assert.deepEqual(carried(suite, version, MAX_PLAINTEXT + 5), [1, MAX_PLAINTEXT - 1, 1, 4]);
      assert.deepEqual(carried(suite, version, MAX_PLAINTEXT + 1), [1, MAX_PLAINTEXT - 1, 1]);
      assert.deepEqual(carried(suite, version, 1025, { maxFragment: 512 }), [1, 511, 1, 511, 1]);
    });

    Deno.test(`BEAST: in ${cell} nothing is split by who does not want it`, () => {
      assert.deepEqual(carried(suite, version, 1000, { options: whole }), [1000]);
      assert.deepEqual(carried(suite, version, MAX_PLAINTEXT + 5, { options: whole }), [MAX_PLAINTEXT, 5]);
    });
  }

  Deno.test(`BEAST: in ${versionText(version)} no message, no alert and nothing under RC4 is split`, () => {
    const { sender } = ends(direction(CBC, version), { version });
    for (const type of [handshake, ContentType.alert]) {
      sender.write(type, new Uint8Array(12));
      assert.equal(lengths(sender.takeOutbox()).length, 1);
    }
    assert.deepEqual(carried(RC4, version, 1000), [1000]);
  });
}

Deno.test("BEAST: nothing is split where every record has an IV of its own", () => {
  assert.deepEqual(carried(CBC, TLS_1_1, 1000), [1000]);
  assert.deepEqual(carried(CBC, TLS_1_2, 1000), [1000]);
  assert.deepEqual(carried(GCM, TLS_1_2, 1000), [1000]);
});

Deno.test("BEAST: nothing is sent for no bytes, split or not", () => {
  const { sender } = ends(direction(CBC, TLS_1_0), { version: TLS_1_0 });
  sender.write(application_data, EMPTY);
  assert.equal(sender.outboxLength, 0);
});

// ---- Sweet32 ----

/** Adds nothing, so that a limit can be met to the byte. */
const short: Protection = { ...plaintext, limit: MAX_PLAINTEXT + 2048, shortBlocks: true };
const bare = { seal: short, open: short };
const FINISHED = 4;
const of = { ...limits, shortBlockData: 1000 };

Deno.test("Sweet32: a key with short blocks seals up to the limit and not a byte more, but an alert still goes out", () => {
  const { sender } = ends(bare, { of });
  sender.write(application_data, new Uint8Array(600));
  exceeded(() => sender.write(application_data, new Uint8Array(401 - FINISHED)), 1000, 1001);
  sender.write(application_data, new Uint8Array(400 - FINISHED));
  sender.takeOutbox();
  exceeded(() => sender.write(application_data, Uint8Array.of(1)), 1000, 1001);
  assert.equal(sender.outboxLength, 0);
  sender.write(ContentType.alert, Uint8Array.of(1, 0));
  assert.deepEqual(lengths(sender.takeOutbox()), [2]);
});

Deno.test("Sweet32: a key with short blocks opens up to the limit and not a byte more, but an alert may still come", () => {
  let opened = 0;
  const open: Protection = {
    ...short,
    open: (type, sealed) => {
      opened++;
      return short.open(type, sealed);
    },
  };
  const { receiver } = ends({ seal: short, open }, { of });
  const record = (type: ContentType, ...fragment: ReadonlyArray<number>) =>
    Uint8Array.of(type, 3, 3, 0, fragment.length, ...fragment);
  const most = new Uint8Array(1000 - FINISHED);
  receiver.feed(concat(Uint8Array.of(application_data, 3, 3, most.length >> 8, most.length), most));
  assert.equal(dataOf(all(receiver))[0]?.length, most.length);
  // The peer says goodbye, or would have other keys: both must be heard.
  receiver.feed(record(ContentType.alert, 1, 0));
  assert.equal(receiver.next()?._tag, "Alert");
  receiver.feed(record(application_data, 1, 2));
  const before = opened;
  exceeded(() => receiver.next(), 1000, 1004);
  assert.equal(opened, before, "refused before it is opened");
});

Deno.test("Sweet32: the limit begins anew with each key, in both directions", () => {
  const { sender, receiver } = ends(bare, { of });
  for (let key = 0; key < 3; key++) {
    // The ChangeCipherSpec that ends a key is a byte under it.
    sender.write(application_data, new Uint8Array(1000 - FINISHED - 1));
    receiver.feed(sender.takeOutbox());
    assert.equal(dataOf(all(receiver))[0]?.length, 1000 - FINISHED - 1);
    rekey(sender, receiver, bare);
  }
});

Deno.test("Sweet32: the directions are counted apart, and bytes in the clear not at all", () => {
  const clear = new Records(of);
  clear.write(handshake, new Uint8Array(5000));
  clear.changeWrite(short);
  clear.write(application_data, new Uint8Array(1000));
  const { sender, receiver } = ends(bare, { of });
  sender.write(application_data, new Uint8Array(1000 - FINISHED));
  receiver.feed(sender.takeOutbox());
  all(receiver);
  // What `receiver` opened does not count against what it seals, nor the other way about.
  rekey(receiver, sender, bare);
  receiver.write(application_data, new Uint8Array(1000 - FINISHED));
  sender.feed(receiver.takeOutbox());
  assert.equal(dataOf(all(sender))[0]?.length, 1000 - FINISHED);
});

Deno.test("Sweet32: 3DES is limited in every version, with all that MAC and padding add; AES and RC4 are not", () => {
  for (const version of [SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2]) {
    const { sender } = ends(direction(TRIPLE_DES, version), { version, of, options: whole });
    // 40 bytes are 64 with MAC and padding, 72 with an IV of their own; the 4 bytes of Finished are 32 or 40.
    const [each, finished] = version >= TLS_1_1 ? [72, 40] : [64, 32];
    let sent = 0;
    const { e } = fault(() => {
      for (;; sent++) sender.write(application_data, new Uint8Array(40));
    });
    assert.ok(e?._tag === "LimitExceeded");
    assert.equal(sent, 1 + Math.floor((1000 - finished - 40) / each));
    for (const other of [CBC, RC4]) {
      assert.equal(carried(other, version, 5000, { of, options: whole }).length, 1);
    }
  }
});
