/** Prints docs/ends.md, which says how a connection ends, from the tables that decide it. `deno task ends`. @module */
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
  return step.says ? `${step.to}, sends ${step.says}` : step.to;
};

/** The whole page. */
export const page = (): string =>
  `# How a connection ends

Printed by \`deno task ends\` from \`src/connection/state.ts\`: the code of a connection uses these very tables. A test plays
every event in every state over every transport, and checks what a reader, a writer and the peer see.

A connection has two halves, reading and writing. Each half is in one state, and an event moves both. An empty cell means
that the half does not change.

Data that arrived before the reading half ended can still be read. If the stream does not take a write, the reading half
goes on: what the peer had sent is still read, and if that includes a fatal alert, the alert becomes the reason for both
halves.

## Events

${table(["event", "what happened"], events.map((event) => [event, endEvents[event]]))}

## The reading half

${
    table(
      ["event", ...readings],
      events.map((event) => [event, ...readings.map((from) => readingSteps[event][from] ?? "")]),
    )
  }

${table(["state", "a reader gets"], readings.map((state) => [state, readerSees[state]]))}

## The writing half

${
    table(
      ["event", ...writings],
      events.map((event) => [event, ...writings.map((from) => writingStep(event, from))]),
    )
  }

${table(["state", "a writer gets"], writings.map((state) => [state, writerSees[state]]))}

\`alert\` is the alert of the fault. user_canceled is a warning; a close_notify follows it. Nothing follows a close_notify or
a fatal alert (RFC 5246 §7.2). "why" is the error that ended the half: the same one each time.
`;

if (import.meta.main) {
  await printer(
    { name: "ends", about: "Prints docs/ends.md: how a connection ends, from the tables that decide it." },
    () => Deno.writeTextFile(new URL("../docs/ends.md", import.meta.url), page()),
  );
}
