/** Reads the lists of logs that browsers use. @module */
import { Either, ParseResult, Schema } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import type { CtLog } from "../../ports/trust.ts";
import { shortened } from "../../wire/printable.ts";

const state = Schema.Struct({ timestamp: Schema.String });
const log = Schema.Struct({
  description: Schema.optional(Schema.String),
  key: Schema.String,
  state: Schema.optional(Schema.Struct({
    pending: Schema.optional(state),
    qualified: Schema.optional(state),
    usable: Schema.optional(state),
    readonly: Schema.optional(state),
    retired: Schema.optional(state),
    rejected: Schema.optional(state),
  })),
});
const list = Schema.parseJson(Schema.Struct({
  operators: Schema.Array(Schema.Struct({
    name: Schema.String,
    logs: Schema.Array(log),
    tiled_logs: Schema.optional(Schema.Array(log)),
  })),
}));
const decode = ParseResult.decodeUnknownEither(list);

/**
 * The logs of a list as Google and Apple publish it (JSON, version 3): those that are or were usable, each until it was retired.
 * Fails with InvalidOption for another text.
 */
export const logsFromJson = (json: string): Either.Either<ReadonlyArray<CtLog>, InvalidOption> =>
  Either.mapBoth(decode(json), {
    onLeft: (issue) =>
      new InvalidOption({
        option: "json",
        expected: "a list of logs in version 3",
        got: "something else",
        fault: told(issue),
      }),
    onRight: ({ operators }) =>
      operators.flatMap(({ name, logs, tiled_logs = [] }) =>
        [...logs, ...tiled_logs].flatMap(({ description, key, state = {} }): ReadonlyArray<CtLog> => {
          if (state.pending ?? state.rejected) return [];
          const retired = state.retired && Date.parse(state.retired.timestamp);
          return [{
            key,
            operator: name,
            ...(description === undefined ? {} : { description }),
            ...(retired === undefined ? {} : { until: retired }),
          }];
        })
      ),
  });

/** Where a list is wrong, and how, in a few words. */
const told = (issue: ParseResult.ParseIssue): string => {
  const [first] = ParseResult.ArrayFormatter.formatIssueSync(issue);
  const where = first?.path.join(".") || "the text";
  return `${where}: ${shortened(first?.message ?? "")}`;
};
