/** The server's role in a protocol of lines: it answers commands until one begins TLS. @module */
import { Effect } from "../../deps.ts";
import { StartTlsEnded } from "../../public/errors.ts";
import type { ServerDialogue } from "../dialogue.ts";

/** A command, as far as its answer depends on it. */
export interface Command {
  /** This server's name. */
  readonly name: string;
  /** The tag of the command, in a protocol that has tags; else empty. */
  readonly tag: string;
  /** What stands behind the command. */
  readonly rest: string;
}

/** An answer: its lines, without the end of the last. */
export type Answer = string | ((command: Command) => string);

/** The server's role in a protocol of lines, as data. */
export interface LineServer {
  /** What the server says first; `undefined` if the client speaks first. */
  readonly greeting: Answer | undefined;
  /** A command's tag, if there are any, and what follows it. */
  readonly split?: RegExp;
  /** The whole command that begins TLS, and the go-ahead. */
  readonly begin: readonly [command: string, goAhead: Answer];
  /** The command with which a client leaves, and the last answer. */
  readonly leave: readonly [command: string, farewell: Answer];
  /** Answers to other commands, by their first word; an empty one is not sent. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** The answer to every command besides: TLS must begin first. */
  readonly otherwise: Answer;
}

/** The most commands before TLS. */
const MOST = 32;

/** Speaks the server's role. */
export const lineServer = (row: LineServer): ServerDialogue => (talk, { ownName: name }) =>
  Effect.gen(function* () {
    const { greeting, split = /^()(.*)$/, begin, leave, answers, otherwise } = row;
    const bytes = (answer: Answer, asked: Command) => {
      const text = typeof answer === "string" ? answer : answer(asked);
      return new TextEncoder().encode(text === "" ? "" : `${text}\r\n`);
    };
    const first = greeting === undefined ? undefined : bytes(greeting, { name, tag: "", rest: "" });
    if (first) yield* talk.say(first);
    for (let i = 0; i < MOST; i++) {
      const line = yield* talk.line(begin[0]);
      const [, tag = "*", command = ""] = split.exec(line) ?? [];
      const [, verb = "", more = ""] = /^(\S*)(.*)$/.exec(command) ?? [];
      const [word, rest] = [verb.toUpperCase(), more.trim()];
      const asked = { name, tag, rest };
      if (`${word} ${rest.toUpperCase()}`.trimEnd() === begin[0]) {
        return { greeting: first, goAhead: bytes(begin[1], asked) };
      }
      if (word === leave[0]) {
        yield* talk.say(bytes(leave[1], asked));
        return yield* new StartTlsEnded({ protocol: talk.protocol, rfc: talk.rfc, expected: begin[0] });
      }
      const answer = bytes(Object.hasOwn(answers, word) ? answers[word]! : otherwise, asked);
      if (answer.length > 0) yield* talk.say(answer);
    }
    return yield* talk.unexpected(begin[0], `${MOST} other commands`);
  });
