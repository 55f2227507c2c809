/** The edge between code that throws and code that fails. @module */
import { Either } from "../deps.ts";
import { isRecordError, type RecordError } from "../faults/faults.ts";

/** Runs a function that throws RecordError. Anything else that it throws is a defect of ours, and is thrown on. */
export const catching = <A>(f: () => A): Either.Either<A, RecordError> => {
  try {
    return Either.right(f());
  } catch (e) {
    if (isRecordError(e)) return Either.left(e);
    throw e;
  }
};
