/** What is fuzzed: something that draws an input by chance, and something that must bear it. @module */
import { Arbitrary, FastCheck as fc } from "../deps.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import type { AnySchema } from "../messages/all.ts";
import { anatomyOf, type Specimen } from "./mutate.ts";
import { Random, seedOf } from "./random.ts";

/** One input; what its parts are is the target's business. */
export type Input = ReadonlyArray<Bytes>;

/** Whether an input was a good one. Anything else that can become of it is thrown, and is a finding. */
export type Verdict = "accepted" | "refused";

/** Something that must bear any input. */
export interface Target {
  readonly name: string;
  /** How many of its inputs are tried in a round: the more the faster it is. */
  readonly weight: number;
  /** `epoch`: many inputs share what is costly to draw. */
  readonly draw: (random: Random, epoch: number) => Input | Promise<Input>;
  readonly run: (input: Input) => Verdict | Promise<Verdict>;
}

/** Inputs that share an epoch. */
const EPOCH = 2048;

/** The input of an index: the same for the same seed, whatever else is tried. */
export const inputOf = ({ name, draw }: Target, seed: number, index: number): Input | Promise<Input> =>
  draw(new Random(seedOf(seed, name, index)), seedOf(seed, name, "epoch", Math.floor(index / EPOCH)));

/** Something that is made for an epoch, and kept until the next. */
export const perEpoch = <A>(make: (epoch: number) => A): (epoch: number) => A => {
  let known: { readonly epoch: number; readonly made: A } | undefined;
  return (epoch) => {
    if (known?.epoch !== epoch) known = { epoch, made: make(epoch) };
    return known.made;
  };
};

/** Values in an epoch. */
const POOL = 48;

/** Values of a schema as bytes, drawn from its Arbitrary. */
export const specimensOf = (schema: AnySchema): (epoch: number) => ReadonlyArray<Specimen> => {
  const { unsafeEncode } = codec(schema);
  let arbitrary: fc.Arbitrary<unknown> | undefined;
  return perEpoch((epoch) =>
    fc.sample(arbitrary ??= Arbitrary.make(schema), { seed: epoch | 0, numRuns: POOL }).map((value) => {
      const bytes = unsafeEncode(value);
      return { bytes, anatomy: anatomyOf(schema, bytes) };
    })
  );
};
