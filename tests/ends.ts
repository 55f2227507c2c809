/** Prints docs/ends.md, how a connection ends, from the tables that it ends by. `deno task ends`. @module */
import type { Reading, Writing } from "../src/connection/connection.ts";
import {
  type EndEvent,
  endEvents,
  readerSees,
  readingSteps,
  writerSees,
  writingSteps,
} from "../src/connection/state.ts";
import { printer } from "./support/printer.ts";

const events = Object.keys(endEvents) as ReadonlyArray<EndEvent>;
const readings = Object.keys(readerSees) as ReadonlyArray<Reading>;
const writings = Object.keys(writerSees) as ReadonlyArray<Writing>;

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`;
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

const writingStep = (event: EndEvent, from: Writing): string => {
  const step = writingSteps[event][from];
  if (!step) return "";
  return step.says ? `${step.to}, says ${step.says}` : step.to;
};

/** The whole page. */
export const page = (): string =>
  `# How a connection ends

Printed by \`deno task ends\` from \`src/connection/state.ts\`, whose tables are what a connection goes by. A test plays
every event in every state over every transport and holds what a reader, a writer and the peer see to them.

A connection has two halves. Each is in one state, and an event moves both; an empty cell leaves the half as it is. What
arrived before the reading half ended can still be read. After a write that the stream did not take, the reading half
goes on: what the peer had said is read, and a fatal alert among it is then the reason for both halves.

## Events

${table(["event", "what happened"], events.map((event) => [event, endEvents[event]]))}

## The reading half

${
    table(
      ["event", ...readings],
      events.map((event) => [event, ...readings.map((from) => readingSteps[event][from] ?? "")]),
    )
  }

${table(["state", "who reads is given"], readings.map((state) => [state, readerSees[state]]))}

## The writing half

${
    table(
      ["event", ...writings],
      events.map((event) => [event, ...writings.map((from) => writingStep(event, from))]),
    )
  }

${table(["state", "who writes is given"], writings.map((state) => [state, writerSees[state]]))}

\`alert\` is the fault's own, user_canceled is a warning that a close_notify follows, and nothing at all follows a
close_notify or a fatal alert (RFC 5246 §7.2). "why" is the error that ended the half, every time the same.
`;

if (import.meta.main) {
  await printer(
    { name: "ends", about: "Prints docs/ends.md: how a connection ends, from the tables that it ends by." },
    () => Deno.writeTextFile(new URL("../docs/ends.md", import.meta.url), page()),
  );
}
