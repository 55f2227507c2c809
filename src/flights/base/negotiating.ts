/** The form of a negotiation. @module */
import type { Either, YieldWrap } from "../../deps.ts";

/** A part of a negotiation as a generator, which `Either.gen` runs: it gives an `A`, or ends with an `E`. */
export type Negotiating<A, E> = Generator<YieldWrap<Either.Either<unknown, E>>, A, never>;
