/** XMPP from client to server: a stream of XML begins, is negotiated, and begins anew over TLS. @module */
import { Effect } from "../deps.ts";
import { InvalidOption, StartTlsEnded, StartTlsNotOffered, StartTlsRefused } from "../public/errors.ts";
import type { Dialogues } from "./dialogue.ts";
import type { Said, Talk } from "./talk.ts";

const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const STREAMS = "http://etherx.jabber.org/streams";

const header = (attributes: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' version='1.0' ${attributes}>`;

/** XMPP (RFC 6120 §5.4). */
export const xmpp: Dialogues = {
  rfc: "RFC 6120 §5.4",
  port: 5222,
  client: (talk, { domain }) =>
    Effect.gen(function* () {
      const { protocol, rfc } = talk;
      if (domain === undefined) {
        const expected = "the domain of the service, which xmpp needs";
        return yield* new InvalidOption({ option: "domain", expected, got: "nothing" });
      }
      const answer = (name: string) =>
        Effect.flatMap(element(talk, name), (found) =>
          found.name === "error" || found.name === "failure"
            ? new StartTlsRefused({ protocol, rfc, code: found.name, text: found.text })
            : found.name === name
            ? Effect.succeed(found.text)
            : otherwise(talk, name, found));
      yield* talk.say(header(`to='${domain}'`));
      yield* streamOf(talk);
      const offered = yield* answer("features");
      if (!/<(\w+:)?starttls[\s/>]/.test(offered) || !offered.includes(TLS)) {
        return yield* new StartTlsNotOffered({ protocol, rfc, offered });
      }
      yield* talk.say(`<starttls xmlns='${TLS}'/>`);
      yield* answer("proceed");
      return undefined;
    }),
  server: (talk, { ownName, domain = ownName }) =>
    Effect.gen(function* () {
      yield* streamOf(talk);
      const id = crypto.randomUUID();
      yield* talk.say(
        `${
          header(`from='${domain}' id='${id}'`)
        }<stream:features><starttls xmlns='${TLS}'><required/></starttls>` +
          "</stream:features>",
      );
      const wish = yield* element(talk, "starttls");
      if (wish.name !== "starttls" || !wish.text.includes(TLS)) {
        return yield* otherwise(talk, "starttls", wish);
      }
      return { greeting: undefined, goAhead: `<proceed xmlns='${TLS}'/>` };
    }),
};

/** A tag, whatever prefix its name has. */
interface Tag {
  readonly name: string;
  readonly kind: "start" | "end" | "empty";
  readonly text: string;
}

/** Something else: an error of the stream, its end, or what has no place here. */
const otherwise = (talk: Talk, expected: string, { name, kind, text }: Tag): Said<never> =>
  name === "stream" && kind === "end"
    ? new StartTlsEnded({ protocol: talk.protocol, rfc: talk.rfc, expected })
    : talk.unexpected(expected, text);

/** Reads the beginning of the peer's stream, behind its XML declaration. */
const streamOf = (talk: Talk): Said<void> =>
  Effect.gen(function* () {
    const expected = "the beginning of a stream";
    let tag = yield* nextTag(talk, expected);
    if (tag.text.startsWith("<?xml")) tag = yield* nextTag(talk, expected);
    if (tag.name !== "stream" || tag.kind !== "start") yield* otherwise(talk, expected, tag);
  });

/** Reads an element to its end; its text is that of all its tags. */
const element = (talk: Talk, expected: string): Said<Tag> =>
  Effect.gen(function* () {
    const first = yield* nextTag(talk, expected);
    let text = first.text;
    for (let depth = first.kind === "start" ? 1 : 0; depth > 0;) {
      const tag = yield* nextTag(talk, expected);
      depth += { start: 1, end: -1, empty: 0 }[tag.kind];
      text += tag.text;
    }
    return { ...first, text };
  });

/**
 * Reads up to the end of the next tag, and no byte more. A stream of XMPP has no comments, instructions or entities
 * (RFC 6120 §11.1), so only quotation marks can hide that end.
 */
const nextTag = (talk: Talk, expected: string): Said<Tag> =>
  Effect.gen(function* () {
    let text = "";
    let quote: string | undefined;
    for (let ended = false; !ended;) {
      const character = String.fromCharCode((yield* talk.bytes(1, expected))[0]!);
      // Between tags only white space has a place, which may keep a connection alive, and the words of an error.
      if (text === "" && character !== "<") continue;
      text += character;
      ended = quote === undefined && character === ">";
      if (quote === undefined && /["']/.test(character)) quote = character;
      else if (quote === character) quote = undefined;
    }
    const [, slash, name] = /^<(\/?)(?:[^\s:/>]+:)?([^\s/>]*)/.exec(text) ?? [];
    const kind = slash === "/" ? "end" : text.endsWith("/>") ? "empty" : "start";
    return { name: name ?? "", kind, text };
  });
