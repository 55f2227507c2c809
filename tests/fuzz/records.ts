/** The record layer: however the bytes come, the same arrivals, or a fault that is typed; and no data that nobody sealed. @module */
import { rulesUntil12 } from "../../src/record/phase.ts";
import { assert, Either } from "../deps.ts";
import { isRecordError } from "../../src/faults/faults.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { CompressionMethod, ContentType } from "../../src/names/protocol.ts";
import type { Arrival } from "../../src/record/arrival.ts";
import { catching } from "../../src/record/catching.ts";
import { compressed } from "../../src/record/protection/compression.ts";
import { MAX_PLAINTEXT, plaintext } from "../../src/record/protection/protection.ts";
import { phases } from "../../src/record/phase.ts";
import { Records } from "../../src/record/records.ts";
import { sslv2Hello } from "../../src/record/sslv2_hello.ts";
import { limits } from "../../src/tables/limits.ts";
import { suites } from "../../src/tables/suites.ts";
import { dialects } from "../../src/tables/versions/mod.ts";
import { ascii, type Bytes, concat, sameBytes, toHex } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import { handshakeMessage, plainRecord } from "../support/replay.ts";
import { fragmented, mutated, type Specimen, UNKNOWN } from "./mutate.ts";
import type { Random } from "./random.ts";
import { specimensOf, type Target } from "./target.ts";

/** What comes out of a record layer, and the fault that it ends in. */
const drained = (records: Records, chunks: ReadonlyArray<Bytes>) => {
  const arrivals: Array<Arrival> = [];
  let fault: string | undefined;
  for (const chunk of chunks) {
    records.feed(chunk);
    while (!fault) {
      const next = catching(() => records.next());
      if (Either.isLeft(next)) fault = next.left._tag;
      else if (next.right) arrivals.push(next.right);
      else break;
    }
  }
  return { arrivals, fault };
};

const textOf = (arrival: Arrival): string => {
  switch (arrival._tag) {
    case "Handshake":
      return `${arrival.type} ${toHex(arrival.raw)}`;
    case "ApplicationData":
      return toHex(arrival.data);
    case "Alert":
      return `alert ${arrival.level} ${arrival.description}`;
    case "ChangeCipherSpec":
      return "change";
  }
};

const hellos = specimensOf(ClientHello);

/** A record of some kind, or what looks like one. */
const someRecord = (random: Random, epoch: number): Bytes => {
  const hello = random.pick(hellos(epoch)).bytes;
  const version = random.once(12) ? random.pick([0x0200, 0x0304, 0x0400, 0]) : 0x0300 + random.below(4);
  switch (random.below(9)) {
    case 0:
      return plainRecord(21, Uint8Array.of(1 + random.below(2), random.below(256)), version);
    case 1:
      return plainRecord(20, Uint8Array.of(1), version);
    case 2:
      return plainRecord(random.pick([20, 21, 22, 23]), new Uint8Array(0), version);
    case 3:
      return plainRecord(random.below(256), random.bytes(random.below(20)), version);
    case 4:
      return concat(
        ...fragmented(handshakeMessage(1, hello), random).slice(0, 40).map((f) =>
          plainRecord(22, f, version)
        ),
      );
    case 5:
      return plainRecord(22, new Uint8Array(random.pick([MAX_PLAINTEXT, MAX_PLAINTEXT + 1])), version);
    default:
      return plainRecord(22, handshakeMessage(random.below(26), hello), version);
  }
};

/** A ClientHello in the format of SSL 2.0, without the two bytes of its header. */
const someSslv2Hello = (random: Random): Bytes => {
  const [specs, id, challenge] = [3 * (1 + random.below(6)), random.below(17), 16 + random.below(17)];
  const head = Uint8Array.of(1, 3, random.below(4), 0, specs, 0, id, 0, challenge);
  const list = random.bytes(specs).map((byte, i) => i % 3 === 0 && !random.once(4) ? 0 : byte);
  return concat(head, list, random.bytes(id + challenge));
};

const plain: Target = {
  name: "records/plain",
  weight: 200,
  draw: (random, epoch) => {
    const old = random.once(6) ? someSslv2Hello(random) : undefined;
    const first = old ? [Uint8Array.of(0x80 | old.length >> 8, old.length), old] : [];
    const bytes = concat(
      ...first,
      ...Array.from({ length: 1 + random.below(4) }, () => someRecord(random, epoch)),
    );
    const changed = mutated({ bytes, anatomy: UNKNOWN }, random, () => ({ bytes, anatomy: UNKNOWN }));
    return [Uint8Array.of(random.below(2)), ...fragmented(changed, random)];
  },
  run: ([head, ...chunks]) => {
    const make = () => new Records(limits, { splitRecords: true, sslv2Hello: head![0] === 1 });
    const whole = concat(...chunks);
    const one = drained(make(), [whole.slice()]);
    const other = drained(make(), chunks);
    assert.equal(other.arrivals.map(textOf).join(), one.arrivals.map(textOf).join(), "pieces change nothing");
    assert.equal(other.fault, one.fault);
    return one.fault ? "refused" : "accepted";
  },
};

/** One direction's keys, of each version, cipher, order of MAC and compression. */
const sealings = [...dialects.values()].flatMap((dialect) => {
  const kinds = new Map(
    [...suites.values()].filter(({ since }) => since <= dialect.version).map((
      suite,
    ) => [JSON.stringify(suite.cipher), suite]),
  );
  return [...kinds.values()].flatMap((suite) =>
    [false, true].flatMap((encryptThenMac) =>
      [CompressionMethod.null, CompressionMethod.DEFLATE].map((method) => ({
        dialect,
        suite,
        encryptThenMac,
        method,
      }))
    )
  );
});
const provider = makeDeterministic("fuzz records");
const zeros = new Uint8Array(48);

const protectionOf = (at: number, random: (length: number) => Bytes) => {
  const { dialect, suite, encryptThenMac, method } = sealings[at % sealings.length]!;
  const both = { client: zeros.subarray(0, 32), server: zeros.subarray(0, 32) };
  const { keys } = dialect.derive(suite, both, { ...provider, random });
  return compressed(keys(zeros, encryptThenMac).client, method);
};

const FINISHED = handshakeMessage(20, new Uint8Array(12));

/** Changes whole records: one twice, one less, two in the other order. */
const shuffled = (records: Array<Bytes>, random: Random): ReadonlyArray<Bytes> => {
  const at = random.below(records.length);
  switch (random.below(4)) {
    case 0:
      return records.toSpliced(at, 0, records[at]!);
    case 1:
      return records.toSpliced(at, 1);
    case 2:
      return [...records.slice(at), ...records.slice(0, at)];
    default:
      return records;
  }
};

/** What is sealed, changed on its way: what arrives is what was sealed, up to some point. */
const sealed: Target = {
  name: "records/sealed",
  weight: 40,
  draw: (random) => {
    const at = random.below(sealings.length);
    const { dialect: { version } } = sealings[at]!;
    const writing = new Records(limits);
    writing.agree(rulesUntil12(version));
    writing.changeWrite(protectionOf(at, (n) => random.bytes(n)));
    writing.takeOutbox();
    writing.write(ContentType.handshake, FINISHED);
    const records = [writing.takeOutbox()];
    const said = random.bytes(random.below(200));
    for (let from = 0; from < said.length; from += 50) {
      writing.write(ContentType.application_data, said.subarray(from, from + 50));
      records.push(writing.takeOutbox());
    }
    const bytes = concat(...shuffled(records, random));
    const changed = mutated({ bytes, anatomy: UNKNOWN }, random, () => ({ bytes, anatomy: UNKNOWN }));
    return [Uint8Array.of(at >> 8, at), said, ...fragmented(changed, random)];
  },
  run: ([head, said, ...chunks]) => {
    const at = head![0]! << 8 | head![1]!;
    const reading = new Records(limits);
    reading.agree(rulesUntil12(sealings[at]!.dialect.version));
    reading.changeRead(protectionOf(at, (n) => new Uint8Array(n)), phases.changed);
    const { arrivals, fault } = drained(reading, chunks);
    const heard = concat(...arrivals.map((a) => a._tag === "ApplicationData" ? a.data : new Uint8Array(0)));
    assert.ok(sameBytes(said!.subarray(0, heard.length), heard), "only what was said is heard");
    return fault ? "refused" : "accepted";
  },
};

/** DEFLATE inflates to no more than a record holds, or is refused. */
const deflate: Target = {
  name: "records/deflate",
  weight: 10,
  draw: (random) => {
    const { seal } = compressed(plaintext, CompressionMethod.DEFLATE);
    const pieces = Array.from({ length: 1 + random.below(3) }, () => {
      const text = random.once(3)
        ? random.bytes(random.below(300))
        : ascii("said before ".repeat(random.below(random.once(4) ? 1500 : 20)));
      return concat(...seal(ContentType.application_data, text));
    });
    const specimen = (): Specimen => ({ bytes: random.pick(pieces), anatomy: UNKNOWN });
    return pieces.map((bytes) =>
      random.once(2) ? mutated({ bytes, anatomy: UNKNOWN }, random, specimen) : bytes
    );
  },
  run: (pieces) => {
    const { open } = compressed(plaintext, CompressionMethod.DEFLATE);
    for (const piece of pieces) {
      const opened = catching(() => open(ContentType.application_data, piece));
      if (Either.isLeft(opened)) return "refused";
      assert.ok(opened.right.fragment.length <= MAX_PLAINTEXT);
    }
    return "accepted";
  },
};

/** What an SSL 2.0 hello becomes is a ClientHello that can be read. */
const sslv2: Target = {
  name: "records/sslv2-hello",
  weight: 400,
  draw: (random) => {
    const specimen = (): Specimen => {
      const bytes = someSslv2Hello(random);
      const boxes = [3, 5, 7].map((at) => ({ at, width: 2, end: bytes.length }));
      return { bytes, anatomy: { boxes, parts: [{ start: 9, end: 12 }, { start: 3, end: 9 }] } };
    };
    return [mutated(specimen(), random, specimen)];
  },
  run: ([bytes]) => {
    try {
      const hello = codec(ClientHello).decode(sslv2Hello(bytes!));
      assert.ok(Either.isRight(hello));
      return "accepted";
    } catch (e) {
      if (isRecordError(e)) return "refused";
      throw e;
    }
  },
};

/** All of them. */
export const records: ReadonlyArray<Target> = [plain, sealed, deflate, sslv2];
