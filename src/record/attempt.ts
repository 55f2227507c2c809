/** @module */
import { Either } from "../deps.ts";
import { isRecordError, type RecordError } from "../faults/faults.ts";

/** The one edge between what throws below and what fails above; anything untyped is a defect of ours. */
export const attempt = <A>(f: () => A): Either.Either<A, RecordError> => {
  try {
    return Either.right(f());
  } catch (e) {
    if (isRecordError(e)) return Either.left(e);
    throw e;
  }
};
