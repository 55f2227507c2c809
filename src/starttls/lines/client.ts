/** The client's role in a protocol of lines: greeting, capabilities, command, go-ahead. @module */
import { Effect } from "../../deps.ts";
import { StartTlsNotOffered, StartTlsRefused } from "../../public/errors.ts";
import type { ClientDialogue, Names } from "../dialogue.ts";
import type { Said, Talk } from "../talk.ts";
import type { Answers } from "./answers.ts";

/** The client's role in a protocol of lines, as data. */
export interface LineClient {
  /** How the server's answers look. */
  readonly answers: Answers;
  /** The codes that a good greeting may have; `undefined` if the client speaks first. */
  readonly greeting: ReadonlyArray<string> | undefined;
  /** The command that asks for capabilities, and the code of the answer; nothing is asked unless given. */
  readonly ask?: { readonly command: (names: Names) => string; readonly good: string };
  /** The line, of that answer or else of the greeting, which offers TLS; TLS is tried unless given. */
  readonly offer?: RegExp;
  /** The command that begins TLS. */
  readonly command: string;
  /** The code of the go-ahead. */
  readonly goAhead: string;
  /** The codes with which a server says that it knows no such command, or that TLS has no place here; none unless given. */
  readonly unknown?: RegExp;
}

/** An answer of the server. */
interface Answer {
  readonly code: string;
  readonly lines: ReadonlyArray<string>;
}

/** Speaks the client's role. */
export const lineClient = (row: LineClient): ClientDialogue => (talk, names) =>
  Effect.gen(function* () {
    const { greeting, ask, offer, command, goAhead } = row;
    const first = greeting === undefined
      ? undefined
      : yield* expectingCode(row, talk, greeting, yield* answerTo(row, talk, undefined));
    const offered = ask === undefined ? first : yield* asking(row, talk, ask.command(names), ask.good);
    if (offer && !offered?.lines.some((line) => offer.test(line))) {
      return yield* notOffered(talk, offered?.lines ?? []);
    }
    yield* asking(row, talk, command, goAhead);
    return first && new TextEncoder().encode(first.lines.map((line) => `${line}\r\n`).join(""));
  });

/** Says a command, whose answer must have this code. */
const asking = (row: LineClient, talk: Talk, command: string, good: string): Said<Answer> =>
  Effect.zipRight(talk.say(`${command}\r\n`), answerTo(row, talk, command)).pipe(
    Effect.flatMap((answer) => expectingCode(row, talk, [good], answer)),
  );

const expectingCode = (
  row: LineClient,
  talk: Talk,
  good: ReadonlyArray<string>,
  answer: Answer,
): Said<Answer> => {
  const { code, lines } = answer;
  if (good.includes(code)) return Effect.succeed(answer);
  if (row.unknown?.test(code)) return notOffered(talk, lines);
  const { protocol, rfc } = talk;
  return new StartTlsRefused({ protocol, rfc, code, text: lines.join(" ") });
};

const notOffered = ({ protocol, rfc }: Talk, lines: ReadonlyArray<string>) =>
  new StartTlsNotOffered({ protocol, rfc, offered: lines.join(" ") });

/** Reads an answer, which may have several lines. */
const answerTo = ({ answers }: LineClient, talk: Talk, command: string | undefined): Said<Answer> =>
  Effect.gen(function* () {
    const expected = command === undefined ? "a greeting" : `the answer to ${command}`;
    const lines: Array<string> = [];
    for (;;) {
      lines.push(yield* talk.line(expected));
      const code = answers(lines, command);
      if (code === null) return yield* talk.unexpected(expected, lines.at(-1)!);
      if (code !== undefined) return { code, lines };
    }
  });
