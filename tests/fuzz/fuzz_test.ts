/** A short run of every fuzz target, by a seed that never changes; and the fuzzer itself. @module */
import { assert, Effect, Exit } from "../deps.ts";
import { HandshakeTimeout } from "../../src/faults/errors/connection.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { codec } from "../../src/wire/codec.ts";
import { repository } from "../interop/peers.ts";
import { dataFolder } from "../support/data.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { textOf } from "../support/text.ts";
import { CORPUS, corpus } from "./corpus.ts";
import { mutated } from "./mutate.ts";
import { Random } from "./random.ts";
import { emptyTally, type Finding, fuzz, tryOne } from "./run.ts";
import { faulty } from "./self_check.ts";
import { play } from "./stage.ts";
import { inputOf, specimensOf } from "./target.ts";
import { targets } from "./targets.ts";
import { told } from "./told.ts";

const SEED = 1;

for (const target of targets) {
  const count = Math.max(12, Math.min(100, target.weight));
  Deno.test(`${target.name}: ${count} inputs are borne`, async () => {
    const tally = emptyTally(target);
    for (let index = 0; index < count; index++) {
      assert.equal(await tryOne(target, SEED, index, tally), undefined);
    }
    assert.equal(tally.accepted + tally.refused, count);
  });

  Deno.test(`${target.name}: an input follows from the seed and its index alone`, async () => {
    const fourth = await inputOf(target, SEED, 4);
    await inputOf(target, SEED + 1, 4);
    assert.deepEqual(await inputOf(target, SEED, 4), fourth);
  });
}

if (dataFolder(CORPUS)) {
  Deno.test("every input of rustls's corpus is borne, as it is", async () => {
    const { inputs } = corpus();
    assert.ok(inputs.length > 500);
    const verdicts = { accepted: 0, refused: 0 };
    for (const [{ run }, input] of inputs) verdicts[await run(input)]++;
    assert.ok(verdicts.accepted > 50 && verdicts.refused > 50, JSON.stringify(verdicts));
  });
}

// ---- the fuzzer itself ----

Deno.test("mutations change most inputs, and leave many so that they can be read", () => {
  const pool = specimensOf(ClientHello)(SEED);
  const random = new Random(SEED);
  const spoilt = Array.from(
    { length: 500 },
    () => mutated(random.pick(pool), random, () => random.pick(pool)),
  );
  const read = spoilt.filter((bytes) => codec(ClientHello).decode(bytes)._tag === "Right").length;
  const same = spoilt.filter((bytes) => pool.some((one) => one.bytes === bytes)).length;
  assert.ok(read > 100 && read < 400 && same < 60, `${read} are read, ${same} are as they were`);
});

Deno.test("what is thrown is a finding, with its index and its input; of a target that fails on and on, five", async () => {
  const [fault] = faulty;
  const findings: Array<Finding> = [];
  const [tally] = await fuzz(
    [fault!],
    { seed: SEED, runs: 1000, seconds: Infinity },
    (f) => findings.push(f),
  );
  assert.equal(findings.length, 5);
  assert.ok(tally!.inputs < 100);
  for (const { target, index, input, problem } of findings) {
    assert.equal(target, "self-check/fault");
    assert.match(problem, /cannot bear/);
    const [again] = await inputOf(fault!, SEED, index);
    assert.equal(input.join(), again!.toHex());
  }
});

Deno.test("a longer run begins with all of a shorter one", async () => {
  const some = targets.filter(({ name }) => name.startsWith("codec/C"));
  const tallies = (runs: number) => fuzz(some, { seed: SEED, runs, seconds: Infinity }, () => assert.fail());
  const sum = (all: Awaited<ReturnType<typeof tallies>>) => all.reduce((n, { inputs }) => n + inputs, 0);
  const [short, long] = [await tallies(100), await tallies(700)];
  assert.deepEqual([sum(short), sum(long)], [100, 700]);
  for (const [i, { inputs }] of short.entries()) assert.ok(long[i]!.inputs >= inputs);
});

Deno.test("an end that is no error of the union, or a defect, is thrown; one that is can be told", () => {
  assert.equal(told(Exit.succeed(1)), "accepted");
  assert.equal(told(Exit.fail(new HandshakeTimeout({ milliseconds: 1 }))), "refused");
  assert.throws(() => told(Exit.fail({ _tag: "Other" } as never)), /no error of the union/);
  assert.throws(() => told(Exit.die(new Error("a defect"))), /a defect/);
});

Deno.test("on the stage time passes when all wait, and who waits for ever is told from who never rests", async () => {
  const slept = await play(Effect.sleep("1 hour"));
  assert.ok(slept !== "waiting" && Exit.isSuccess(slept));
  assert.equal(await play(Effect.never), "waiting");
  await assert.rejects(play(Effect.forever(Effect.yieldNow())), /for ever/);
});

/** The program, as people start it. */
const fuzzer = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "fuzz", ...args],
    cwd: repository,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, complaints] = [stdout, stderr].map((bytes) => textOf(bytes));
  return { code, stdout: out!, stderr: complaints! };
};
const linesOf = (stdout: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  stdout.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test(
  "fuzz: the same seed and count give the same verdicts, and a clean run ends with 0",
  exhaustiveOnly,
  async () => {
    const once = async () => {
      const { code, stdout } = await fuzzer("--target", "records/", "--runs", "300", "--seed", "7", "--json");
      assert.equal(code, 0);
      return linesOf(stdout).map(({ event, target, inputs, accepted, refused }) => ({
        event,
        target,
        inputs,
        accepted,
        refused,
      }));
    };
    const [one, other] = await Promise.all([once(), once()]);
    assert.deepEqual(one.map(({ event }) => event), one.map(() => "tally"));
    assert.equal(one.reduce((n, { inputs }) => n + Number(inputs), 0), 300);
    assert.deepEqual(other, one);
  },
);

Deno.test(
  "fuzz: a finding is told with the command that repeats it, which does, and ends with 1",
  exhaustiveOnly,
  async () => {
    const { code, stdout, stderr } = await fuzzer("--target", "self-check/fault", "--runs", "30");
    assert.equal(code, 1);
    assert.match(stderr, /^5 findings$/m);
    const again = /^again: deno task fuzz (--target self-check\/fault --seed 1 --only \d+)$/m.exec(
      stdout,
    )![1]!;
    const input = /^input: ([0-9a-f]{8})$/m.exec(stdout)![1]!;
    const repeated = await fuzzer(...again.split(" "), "--json");
    assert.equal(repeated.code, 1);
    const [finding] = linesOf(repeated.stdout);
    assert.deepEqual([finding!["event"], finding!["input"]], ["finding", [input]]);
  },
);

Deno.test("fuzz: an input that takes for ever is a finding, too", exhaustiveOnly, async () => {
  const { code, stdout } = await fuzzer("--target", "self-check/hang", "--patience", "1", "--json");
  assert.equal(code, 1);
  const [finding] = linesOf(stdout);
  assert.deepEqual([finding!["index"], finding!["problem"]], [0, "it takes longer than 1 s"]);
});

Deno.test(
  "fuzz: --help lists every flag, and wrong flags are one line on stderr and exit code 2",
  exhaustiveOnly,
  async () => {
    const { code, stdout } = await fuzzer("--help");
    assert.equal(code, 0);
    const listed = Array.from(stdout.matchAll(/^ {2}--([a-z]+)/gm), ([, name]) => name);
    assert.deepEqual(listed, ["seconds", "runs", "seed", "target", "only", "patience", "json", "help"]);
    await Promise.all(
      [["--runs", "x"], ["--wrong"], ["fast"], ["--target", "nothing/"]].map(async (wrong) => {
        const told = await fuzzer(...wrong);
        assert.deepEqual([told.code, told.stdout], [2, ""], wrong.join(" "));
        assert.match(told.stderr, /\(see --help\)\n$/);
      }),
    );
  },
);
