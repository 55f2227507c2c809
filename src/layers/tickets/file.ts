/** Reads and writes a file with ticket keys. @module */
import { Effect, Either, ParseResult, Schema } from "../../deps.ts";
import { TicketKeysError } from "../../faults/errors/tickets.ts";
import { TicketKey } from "../../ports/tickets.ts";
import type { TicketKeyRing } from "../../tickets/ring.ts";

/** Reads the keys from a file, in its order; none when the file does not exist. Fails with TicketKeysError. */
export const readKeys = (path: string): Effect.Effect<TicketKeyRing, TicketKeysError> =>
  Effect.tryPromise({ try: () => readIfThere(path), catch: failure("read", path) }).pipe(
    Effect.flatMap((text) => text === undefined ? Either.right([]) : keysIn(path, text)),
  );

/** Replaces the file in one step, readable by its owner only. Fails with TicketKeysError. */
export const writeKeys = (path: string, keys: TicketKeyRing): Effect.Effect<void, TicketKeysError> =>
  Effect.tryPromise({
    try: () => replace(path, `${print({ version: 1, keys })}\n`),
    catch: failure("write", path),
  });

/** The content of the file: JSON, with bytes in hexadecimal. */
const TicketKeys = Schema.parseJson(
  Schema.Struct({ version: Schema.Literal(1), keys: Schema.Array(TicketKey) }),
  { space: 2 },
);
const parse = Schema.decodeUnknownEither(TicketKeys);
const print = Schema.encodeSync(TicketKeys);

const failure = (operation: TicketKeysError["operation"], path: string) => (cause: unknown) =>
  new TicketKeysError({ operation, path, reason: cause instanceof Error ? cause.message : String(cause) });

const readIfThere = (path: string): Promise<string | undefined> =>
  Deno.readTextFile(path).catch((cause) => {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  });

/** The parser's message would quote the content, which is keys. So only the path of the fault is reported. */
const keysIn = (path: string, text: string): Either.Either<TicketKeyRing, TicketKeysError> =>
  Either.mapBoth(parse(text), {
    onLeft: (error) => {
      const [first] = ParseResult.ArrayFormatter.formatErrorSync(error);
      const where = first?.path.length ? ` at ${first.path.map(String).join(".")}` : "";
      return new TicketKeysError({ operation: "read", path, reason: `malformed${where}` });
    },
    onRight: ({ keys }) => keys,
  });

/**
 * Replaces a file in one step: concurrent readers, or those after a crash, find either the old text or the new one.
 */
const replace = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
    {
      using file = await Deno.open(temporary, { write: true });
      await file.sync(); // else a power cut may leave the new name with no text
    }
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {});
    throw cause;
  }
};
