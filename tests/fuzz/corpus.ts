/** What others' fuzzers found worth keeping, as inputs and as what mutations begin with; where it is there. @module */
import { assert, Effect, Either } from "../deps.ts";
import { clientHelloPlace } from "../../src/flights/hellos/read_client_hello.ts";
import { catching } from "../../src/record/catching.ts";
import { Records } from "../../src/record/records.ts";
import { limits } from "../../src/tables/limits.ts";
import { legacy12, modern12 } from "../support/policies.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { findFolder } from "../support/data.ts";
import { replay } from "../support/replay.ts";
import { decodes, nobody } from "./decoders.ts";
import { forms } from "./messages.ts";
import { fragmented, mutated, type Specimen } from "./mutate.ts";
import { recordAnatomy, recordsIn } from "./replays.ts";
import type { Target } from "./target.ts";
import { told } from "./told.ts";

/** Where it lies among the data of others. */
export const CORPUS = "fuzz/rustls/fuzz/corpus";

const filesIn = (folder: URL, kind: string): ReadonlyArray<Bytes> => {
  const at = new URL(`${kind}/`, folder);
  return [...Deno.readDirSync(at)].map(({ name }) => name).toSorted().map((name) =>
    Deno.readFileSync(new URL(name, at))
  );
};

const specimenOf = (bytes: Bytes): Specimen => ({
  bytes,
  anatomy: recordAnatomy(recordsIn(bytes).map(({ raw }) => raw)),
});

const checks = forms.map(({ type, schema }) => ({ type, check: decodes(schema) }));

/** Records, and each message in them in every form that it could have. */
const messages = (files: ReadonlyArray<Bytes>): Target => {
  const specimens = files.map(specimenOf);
  return {
    name: "corpus/message",
    weight: 100,
    draw: (random) => [mutated(random.pick(specimens), random, () => random.pick(specimens))],
    run: ([bytes]) => {
      const records = new Records(limits, { splitRecords: true, sslv2Hello: true });
      records.feed(bytes!.slice());
      for (let count = 0;; count++) {
        const next = catching(() => records.next());
        if (Either.isLeft(next)) return "refused";
        const arrival = next.right;
        if (!arrival) return count > 0 ? "accepted" : "refused";
        if (arrival._tag !== "Handshake") continue;
        for (const { type, check } of checks) if (type === arrival.type) check(arrival.body);
        if (clientHelloPlace.accepts!(arrival)) clientHelloPlace.take(arrival, nobody);
      }
    },
  };
};

const policies = [modern12, legacy12];

/** What a whole peer said, to an end of ours; the first byte of some files says how rustls was to be called. */
const conversations = (folder: URL): Target => {
  const kinds = [["client", 0], ["server", 1], ["unbuffered", 1]] as const;
  const specimens = kinds.flatMap(([kind, skip]) =>
    filesIn(folder, kind).map((file) => specimenOf(file.slice(skip)))
  );
  return {
    name: "corpus/conversation",
    weight: 5,
    draw: (random) => [
      Uint8Array.of(random.below(2), random.below(2)),
      ...fragmented(mutated(random.pick(specimens), random, () => random.pick(specimens)), random),
    ],
    run: ([head, ...input]) => {
      const policy = policies[head![1]!]!;
      const options = { policy };
      const exit = Effect.runSyncExit(
        replay(head![0] ? "client" : "server", input, { toy: true, client: options, server: options }),
      );
      assert.ok(exit._tag === "Success", String(exit));
      const { error } = exit.value;
      return error ? told(Effect.runSyncExit(Effect.fail(error))) : "accepted";
    },
  };
};

/** Each file as it is, with the target whose it is; none where there are none. */
export const corpus = (): {
  readonly targets: ReadonlyArray<Target>;
  readonly inputs: ReadonlyArray<readonly [Target, ReadonlyArray<Bytes>]>;
} => {
  const folder = findFolder(CORPUS);
  if (!folder) return { targets: [], inputs: [] };
  const files = filesIn(folder, "message");
  const [one, other] = [messages(files), conversations(folder)];
  const whole = ["client", "server", "unbuffered"].flatMap((kind) => filesIn(folder, kind));
  return {
    targets: [one, other],
    inputs: [
      ...files.map((bytes) => [one, [bytes]] as const),
      ...whole.flatMap((bytes) =>
        [0, 1, 2, 3].map((how) =>
          [other, [Uint8Array.of(how & 1, how >> 1), bytes[0] === 22 ? bytes : bytes.slice(1)]] as const
        )
      ),
    ],
  };
};
