/**
 * Reading and writing records: what is refused and how, fragments, and what may not stand between them (RFC 5246
 * §6.2).
 *
 * @module
 */
import { rulesUntil12 } from "../../src/record/phase.ts";
import { assert } from "../deps.ts";
import { BadRecordMac } from "../../src/faults/errors/connection.ts";
import { isRecordError } from "../../src/faults/faults.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { ContentType, HandshakeType, ProtocolVersion } from "../../src/names/protocol.ts";
import type { Arrival } from "../../src/record/arrival.ts";
import type { Due } from "../../src/record/due.ts";
import { MAX_PLAINTEXT, plaintext, type Protection } from "../../src/record/protection/protection.ts";
import { CHANGE_CIPHER_SPEC } from "../../src/record/arrival.ts";
import { phases } from "../../src/record/phase.ts";
import { Records } from "../../src/record/records.ts";
import { ascii, concat } from "../../src/wire/bytes.ts";

const limits = {
  handshakeMessage: 65536,
  certificateMessage: 262144,
  emptyRecords: 32,
  shortBlockData: 2 ** 20,
  recordsPerKey: 2 ** 24,
  skippedEarlyData: 2 ** 15,
};
const record = (type: number, body: Uint8Array, version = 0x0303) =>
  concat(Uint8Array.of(type, version >> 8, version, body.length >> 8, body.length), body);
const message = (type: number, length: number) =>
  concat(Uint8Array.of(type, length >> 16, length >> 8, length), new Uint8Array(length).fill(7));
const fed = (...chunks: ReadonlyArray<Uint8Array>) => {
  const records = new Records(limits);
  for (const chunk of chunks) records.feed(chunk);
  return records;
};
const all = (records: Records): ReadonlyArray<Arrival> => {
  const out: Array<Arrival> = [];
  for (let a = records.next(); a; a = records.next()) out.push(a);
  return out;
};
/** The fault that reading ends in, with its alert. */
const fault = (records: Records): string => {
  try {
    const got = all(records);
    return `none: ${got.map((a) => a._tag)}`;
  } catch (e) {
    assert.ok(isRecordError(e), String(e));
    return `${e._tag} ${alertOf(e)}`;
  }
};
/** As if keys had changed and a Finished had come; the cipher adds nothing. */
const established = (): Records => {
  const records = new Records(limits);
  records.agree(rulesUntil12(ProtocolVersion.TLS_1_2));
  records.changeRead({ ...plaintext, limit: MAX_PLAINTEXT + 2048 }, phases.changed);
  records.feed(record(22, message(20, 12)));
  all(records);
  return records;
};

const faults: ReadonlyArray<readonly [string, () => Records, string]> = [
  ["plain HTTP", () => fed(ascii("GET / HTTP/1.1\r\n\r\n")), "NotTls unexpected_message"],
  ["an HTTP answer", () => fed(ascii("HTTP/1.1 400 Bad Request")), "NotTls unexpected_message"],
  ["an SMTP greeting", () => fed(ascii("220 mail.example ESMTP")), "NotTls unexpected_message"],
  [
    "an SSLv2 hello",
    () => fed(Uint8Array.of(0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 16)),
    "NotTls protocol_version",
  ],
  ["garbage", () => fed(Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 0, 1)), "NotTls unexpected_message"],
  ["another major version", () => fed(record(22, message(1, 4), 0x0403)), "NotTls unexpected_message"],
  [
    "a version that was not agreed on",
    () => {
      const r = established();
      r.feed(record(23, ascii("x"), 0x0302));
      return r;
    },
    "RecordVersion protocol_version",
  ],
  [
    "a plaintext record above 2^14",
    () => fed(record(22, new Uint8Array(MAX_PLAINTEXT + 1))),
    "RecordOverflow record_overflow",
  ],
  [
    "a sealed record above its limit",
    () => {
      const r = established();
      r.feed(Uint8Array.of(23, 3, 3, (MAX_PLAINTEXT + 2049) >> 8, (MAX_PLAINTEXT + 2049) & 255));
      return r;
    },
    "RecordOverflow record_overflow",
  ],
  [
    "a record that opens to more than 2^14",
    () => {
      const r = established();
      r.feed(record(23, new Uint8Array(MAX_PLAINTEXT + 1)));
      return r;
    },
    "RecordOverflow record_overflow",
  ],
  [
    "a handshake message that is too long, at its header",
    () => fed(record(22, Uint8Array.of(2, 1, 0, 1))),
    "LimitExceeded illegal_parameter",
  ],
  [
    "a certificate that is too long, at its header",
    () => fed(record(22, Uint8Array.of(11, 4, 0, 1))),
    "LimitExceeded illegal_parameter",
  ],
  [
    "a ChangeCipherSpec of two bytes",
    () => fed(record(20, Uint8Array.of(1, 1))),
    "IllegalParameter illegal_parameter",
  ],
  [
    "a ChangeCipherSpec that is not 1",
    () => fed(record(20, Uint8Array.of(2))),
    "IllegalParameter illegal_parameter",
  ],
  ["an alert of one byte", () => fed(record(21, Uint8Array.of(1))), "DecodeError decode_error"],
  ["two alerts in a record", () => fed(record(21, Uint8Array.of(1, 0, 1, 0))), "DecodeError decode_error"],
  [
    "an alert of unknown level",
    () => fed(record(21, Uint8Array.of(3, 0))),
    "IllegalParameter illegal_parameter",
  ],
  [
    "an unknown content type",
    () => {
      const r = established();
      r.feed(record(99, ascii("x")));
      return r;
    },
    "UnexpectedMessage unexpected_message",
  ],
  [
    "application data in the clear",
    () => fed(record(23, ascii("x"))),
    "UnexpectedMessage unexpected_message",
  ],
  ...[20, 23].map((type) =>
    [
      `content type ${type} inside a first handshake message`,
      () => fed(record(22, message(2, 40).subarray(0, 20)), record(type, Uint8Array.of(1))),
      "UnexpectedMessage unexpected_message",
    ] as const
  ),
  [
    "application data between ChangeCipherSpec and Finished",
    () => {
      const r = new Records(limits);
      r.changeRead(plaintext, phases.changed);
      r.feed(record(23, ascii("x")));
      return r;
    },
    "UnexpectedMessage unexpected_message",
  ],
  [
    "the 33rd empty record in a row",
    () => fed(...Array.from({ length: 33 }, () => record(22, new Uint8Array(0)))),
    "LimitExceeded unexpected_message",
  ],
];

for (const [what, make, expected] of faults) {
  Deno.test(`${what} is refused: ${expected}`, () => assert.equal(fault(make()), expected));
}

Deno.test("32 empty records in a row are passed over, and the count begins anew", () => {
  const empty = Array.from({ length: 32 }, () => record(22, new Uint8Array(0)));
  const hello = record(22, message(1, 3));
  assert.equal(all(fed(...empty, hello, ...empty, hello)).length, 2);
});

Deno.test("between two fragments of a message an alert is told as that alert, and under keys data as data (RFC 5246 §6.2.1)", () => {
  const hello = message(1, 40);
  const [one, other] = [record(22, hello.subarray(0, 20)), record(22, hello.subarray(20))];
  const told = (records: Records, ...chunks: ReadonlyArray<Uint8Array>) => {
    for (const chunk of chunks) records.feed(chunk);
    return all(records).map((a) => a._tag);
  };
  assert.deepEqual(told(new Records(limits), one, record(21, Uint8Array.of(1, 90)), other), [
    "Alert",
    "Handshake",
  ]);
  assert.deepEqual(
    told(established(), one, record(23, ascii("x")), record(21, Uint8Array.of(2, 40)), other),
    [
      "ApplicationData",
      "Alert",
      "Handshake",
    ],
  );
});

Deno.test("between two fragments of a message keys never change, and between ChangeCipherSpec and Finished there is no data", () => {
  const one = record(22, message(1, 40).subarray(0, 20));
  const under = established();
  for (const chunk of [one, record(20, Uint8Array.of(1))]) under.feed(chunk);
  assert.equal(fault(under), "UnexpectedMessage unexpected_message");
  const changing = new Records(limits);
  changing.changeRead(plaintext, phases.changed);
  for (const chunk of [record(22, message(20, 12).subarray(0, 8)), record(23, ascii("x"))]) {
    changing.feed(chunk);
  }
  assert.equal(fault(changing), "UnexpectedMessage unexpected_message");
});

Deno.test("behind a Finished its record has no handshake bytes, be they a HelloRequest, a ClientHello or half of one", () => {
  const finishedWith = (...more: ReadonlyArray<Uint8Array>): Records => {
    const records = new Records(limits);
    records.changeRead(plaintext, phases.changed);
    for (const chunk of more) records.feed(chunk);
    return records;
  };
  const finished = message(20, 12);
  const [request, hello] = [message(0, 0), message(1, 40)];
  for (const more of [request, hello, request.subarray(0, 1), hello.subarray(0, 20)]) {
    assert.equal(
      fault(finishedWith(record(22, concat(finished, more)))),
      "UnexpectedMessage unexpected_message",
    );
    // Also where it is the rest of a Finished that it follows.
    assert.equal(
      fault(finishedWith(
        record(22, finished.subarray(0, 6)),
        record(22, concat(finished.subarray(6), more)),
      )),
      "UnexpectedMessage unexpected_message",
    );
  }
  assert.equal(
    fault(finishedWith(record(22, finished), record(22, concat(request, hello)))),
    "none: Handshake,Handshake,Handshake",
  );
});

Deno.test("who gave up before reading our hello is heard in a record of another version, and nothing else is", () => {
  const agreed = () => {
    const records = new Records(limits);
    records.agree(rulesUntil12(ProtocolVersion.TLS_1_2));
    return records;
  };
  const heard = (records: Records, bytes: Uint8Array) => {
    records.feed(bytes);
    return fault(records);
  };
  const alert = Uint8Array.of(2, 40);
  for (const version of [0x0300, 0x0301, 0x0302, 0x0303]) {
    assert.equal(heard(agreed(), record(21, alert, version)), "none: Alert");
  }
  const refused = "RecordVersion protocol_version";
  assert.equal(heard(agreed(), record(22, message(16, 4), 0x0301)), refused);
  const sealed = established();
  assert.equal(heard(sealed, record(21, alert, 0x0301)), refused);
});

Deno.test("a message that is not due, or is longer than its form, is refused at its header", () => {
  const due: Due = {
    expected: () => ["ClientHello"],
    most: (type) => type === HandshakeType.client_hello ? 40 : undefined,
  };
  const met = (header: Uint8Array): string => {
    const records = fed(record(22, header));
    try {
      return records.next(due)?._tag ?? "more is wanted";
    } catch (e) {
      assert.ok(isRecordError(e), String(e));
      return `${e._tag}: ${e.message}`;
    }
  };
  assert.equal(met(message(1, 40).subarray(0, 4)), "more is wanted");
  assert.equal(met(message(1, 40)), "Handshake");
  assert.match(met(message(1, 41).subarray(0, 4)), /^DecodeError: ClientHello, byte 0: 41 bytes/);
  assert.equal(
    met(message(11, 200_000).subarray(0, 4)),
    "UnexpectedMessage: expected ClientHello, got Certificate",
  );
  assert.equal(met(message(11, 200_000).subarray(0, 3)), "more is wanted");
});

Deno.test("handshake bytes left over at a change of keys are refused", () => {
  const records = fed(record(22, message(2, 40).subarray(0, 20)));
  all(records);
  assert.throws(() => records.changeRead(plaintext, phases.changed), { _tag: "UnexpectedMessage" });
});

Deno.test("whatever the cuts, the same messages arrive", () => {
  const sent = [message(1, 0), message(11, 20_000), message(2, 5), message(14, 0)];
  const stream = concat(...sent);
  const fragments = (sizes: ReadonlyArray<number>) => {
    const out: Array<Uint8Array> = [];
    for (let at = 0, i = 0; at < stream.length; i++) {
      const n = sizes[i % sizes.length]!;
      out.push(record(22, stream.subarray(at, at + n), 0x0301 + i % 3));
      at += n;
    }
    return concat(...out);
  };
  for (const sizes of [[1], [3, 1, 7], [16384], [5, 16000]]) {
    for (const cut of [1, 4, 1000, 100_000]) {
      const records = new Records(limits);
      const got: Array<Arrival> = [];
      const bytes = fragments(sizes);
      for (let at = 0; at < bytes.length; at += cut) {
        records.feed(bytes.slice(at, at + cut));
        got.push(...all(records));
      }
      assert.deepEqual(got.map((a) => a._tag === "Handshake" ? a.raw : a), sent, `${sizes} by ${cut}`);
    }
  }
});

Deno.test("what is sent is cut at 2^14 bytes, says 1.0 until a version is agreed on, and nothing is sent for nothing", () => {
  const records = new Records(limits);
  records.write(ContentType.handshake, message(HandshakeType.client_hello, MAX_PLAINTEXT));
  const first = records.takeOutbox();
  assert.deepEqual([...first.subarray(0, 5)], [22, 3, 1, 0x40, 0]);
  assert.deepEqual([...first.subarray(5 + MAX_PLAINTEXT, 10 + MAX_PLAINTEXT)], [22, 3, 1, 0, 4]);
  assert.equal(first.length, 2 * 5 + MAX_PLAINTEXT + 4);
  records.agree(rulesUntil12(ProtocolVersion.TLS_1_2));
  records.write(ContentType.application_data, new Uint8Array(0));
  assert.equal(records.takeOutbox().length, 0);
  records.write(ContentType.change_cipher_spec, CHANGE_CIPHER_SPEC);
  assert.deepEqual([...records.takeOutbox()], [20, 3, 3, 0, 1, 1]);
});

Deno.test("a record is opened under the keys that are in force when it is asked for", () => {
  const failing: Protection = {
    ...plaintext,
    open: () => {
      throw new BadRecordMac();
    },
  };
  const records = fed(record(22, message(14, 0)), record(20, Uint8Array.of(1)), record(22, message(20, 12)));
  assert.equal(records.next()?._tag, "Handshake");
  assert.equal(records.next()?._tag, "ChangeCipherSpec");
  records.changeRead(failing, phases.changed);
  assert.equal(fault(records), "BadRecordMac bad_record_mac");
});
