/** What comes from files, stores and command lines: tickets, sessions, keys, flags. @module */
import { assert, Context, Effect, Either, FastCheck as fc, Layer, Option } from "../deps.ts";
import { alpnOf, common, numberOf, parse, policyOf, targetOf, UsageError } from "../../examples/lib/flags.ts";
import { readKeys } from "../../src/layers/tickets/file.ts";
import { layerKeys } from "../../src/layers/tickets/rotating.ts";
import { KeyValueStore } from "../../src/platform/deps.ts";
import { layerKeyValueStore } from "../../src/platform/mod.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import { Session, SessionStore } from "../../src/ports/sessions.ts";
import { SessionTickets } from "../../src/ports/tickets.ts";
import { Ticket } from "../../src/tickets/ticket.ts";
import { ascii, type Bytes, sameBytes } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import { atFixedTime } from "../support/effect.ts";
import { makeToy } from "../support/toy_crypto.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { anatomyOf, mutated, UNKNOWN } from "./mutate.ts";
import type { Random } from "./random.ts";
import { perEpoch, specimensOf, type Target } from "./target.ts";

const sessions = specimensOf(Session);
const NOW = 1_700_000_000;
const lasting = perEpoch((epoch) =>
  sessions(epoch).map(({ bytes }) => {
    const session = Either.getOrThrow(codec(Session).decode(bytes));
    return make(Session, { ...session, createdAt: NOW - 60, ticket: new Uint8Array(0) });
  })
);

const [KEY_NAME, KEY] = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)];
const service = Effect.runSync(
  Effect.provide(SessionTickets, layerKeys({ keys: [{ name: KEY_NAME, key: KEY, createdAt: NOW }] })),
)!;
const real = makeToy("fuzz tickets");
const opened = (ticket: Bytes, crypto = real) =>
  Effect.runSync(atFixedTime(Effect.provideService(service.open(ticket), Crypto, crypto)));

/** A ticket that was changed is none. */
const ticket: Target = {
  name: "tickets/sealed",
  weight: 40,
  draw: (random, epoch) => {
    const seal = (session: Session) =>
      Effect.runSync(
        atFixedTime(Effect.provideService(service.seal(session), Crypto, {
          ...real,
          random: (n) => random.bytes(n),
        })),
      );
    const good = { bytes: seal(random.pick(lasting(epoch))), anatomy: UNKNOWN };
    return [good.bytes, mutated(good, random, () => good)];
  },
  run: ([good, shown]) => {
    const found = opened(shown!);
    if (Option.isNone(found)) return "refused";
    assert.ok(sameBytes(good!, shown!), "only what was sealed opens");
    return "accepted";
  },
};

/** Encrypts nothing, so that what is inside a ticket can be changed. */
const transparent = {
  ...real,
  aead: () => ({ seal: (_: Bytes, _1: Bytes, p: Bytes) => p, open: (_: Bytes, _1: Bytes, s: Bytes) => s }),
};
const alive = perEpoch((epoch) =>
  lasting(epoch).map((session) => {
    const bytes = codec(Session).unsafeEncode(session);
    return { bytes, anatomy: anatomyOf(Session, bytes) };
  })
);
const inside: Target = {
  name: "tickets/inside",
  weight: 100,
  draw: (random, epoch) => {
    const pool = alive(epoch);
    return [mutated(random.pick(pool), random, () => random.pick(pool))];
  },
  run: ([plain]) => {
    const encoded = codec(Ticket).encode(
      make(Ticket, { keyName: KEY_NAME, nonce: new Uint8Array(12), sealed: plain! }),
    );
    if (Either.isLeft(encoded)) return "refused";
    return Option.isSome(opened(encoded.right, transparent as typeof real)) ? "accepted" : "refused";
  },
};

const kept = new Map<string, string>();
const store = Context.get(
  Effect.runSync(Effect.scoped(Layer.build(Layer.provide(
    layerKeyValueStore({ prefix: "" }),
    Layer.succeed(
      KeyValueStore.KeyValueStore,
      KeyValueStore.makeStringOnly({
        get: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
        set: (key, value) => Effect.sync(() => void kept.set(key, value)),
        remove: (key) => Effect.sync(() => void kept.delete(key)),
        clear: Effect.void,
        size: Effect.succeed(0),
      }),
    ),
  )))),
  SessionStore,
);
const jsons = perEpoch((epoch) =>
  lasting(epoch).map((session) => ascii(JSON.stringify(codec(Session).json.encode(session))))
);

/** Changes JSON as text, or a value in it. */
const mutatedJson = (bytes: Bytes, random: Random, epoch: number): Bytes => {
  if (random.once(2)) {
    return mutated({ bytes, anatomy: UNKNOWN }, random, () => ({ bytes, anatomy: UNKNOWN }));
  }
  const [odd] = fc.sample(fc.jsonValue(), { seed: epoch ^ random.below(2 ** 30), numRuns: 1 });
  const fields = Object.entries(JSON.parse(textOf(bytes)) as Record<string, unknown>);
  const at = random.below(fields.length);
  return bytesOf(
    JSON.stringify(Object.fromEntries(fields.map(([key, value], i) => [key, i === at ? odd : value]))),
  );
};

/** A stored session that cannot be read is none. */
const stored: Target = {
  name: "stored/session",
  weight: 10,
  draw: (random, epoch) => [mutatedJson(random.pick(jsons(epoch)), random, epoch)],
  run: ([bytes]) => {
    kept.set("it", textOf(bytes!));
    const found = Effect.runSync(atFixedTime(store.get("it")));
    if (Option.isNone(found)) return "refused";
    assert.ok(Either.isRight(codec(Session).encode(found.value)), "it can be written");
    return "accepted";
  },
};

const keyFile = ascii(
  JSON.stringify({ version: 1, keys: [{ name: "01".repeat(16), key: "02".repeat(32), createdAt: NOW }] }),
);
/** A file of ticket keys is read, or refused without a word of what it holds. */
const keys: Target = {
  name: "stored/ticket-keys",
  weight: 2,
  draw: (random, epoch) => [mutatedJson(keyFile, random, epoch)],
  run: async ([bytes]) => {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeFile(path, bytes!);
      const read = await Effect.runPromise(Effect.either(readKeys(path)));
      if (Either.isRight(read)) return "accepted";
      assert.equal(read.left._tag, "TicketKeysError");
      assert.doesNotMatch(read.left.message, /(0202|0101){3}/);
      return "refused";
    } finally {
      await Deno.remove(path);
    }
  },
};

const words = [
  "--policy",
  "legacy",
  "--versions=tls1.2,ssl3.0",
  "--groups",
  "x25519",
  "--alpn",
  "h2,,x",
  "--json",
  "--no-tickets",
  "--port=99999",
  "--",
  "-",
  "--policy=__proto__",
  "--versions",
  "constructor",
  "localhost:443",
  "[::1]:1",
  "--compression=deflate",
].map(ascii);
/** A command line is understood, or a UsageError. */
const flags: Target = {
  name: "flags",
  weight: 20,
  draw: (random) => {
    const specimen = () => ({ bytes: random.pick(words), anatomy: UNKNOWN });
    return Array.from(
      { length: random.below(6) },
      () => random.once(2) ? specimen().bytes : mutated(specimen(), random, specimen),
    );
  },
  run: (args) => {
    try {
      const given = parse(
        { ...common, port: { takes: "N", help: "" } },
        args.map((one) => textOf(one)),
      );
      policyOf(given);
      alpnOf(given);
      numberOf(given, "port", 1);
      given.rest.forEach((text) => targetOf(text, 443));
      return "accepted";
    } catch (e) {
      if (e instanceof UsageError) return "refused";
      throw e;
    }
  },
};

/** All of them. */
export const outside: ReadonlyArray<Target> = [ticket, inside, stored, keys, flags];
