/** Services of one connection, made of what Node's programs give: functions, buffers, listeners. @module */
import { Context, Effect, Either, Layer, Option } from "../deps.ts";
import { living, now } from "../promises/run.ts";
import { decode, encode } from "../public/codec.ts";
import * as Crypto from "../public/crypto.ts";
import { KeyLog } from "../public/key_log.ts";
import { type ExternalPsk, PreSharedKeys } from "../public/pre_shared_keys.ts";
import { Session } from "../public/session_store.ts";
import { Buffer } from "./deps.ts";

/** The cryptography, made once for this process. */
export const cryptography: Effect.Effect<Context.Context<Crypto.Crypto>> = now(
  Effect.cached(Effect.map(living(Layer.build(Crypto.layerNative)), ({ value }) => value)),
);

/** A key log that gives each line as Node does: with its line end. */
export const keyLogTo = (told: (line: Buffer) => void): Context.Context<never> =>
  reference(KeyLog, (line) => Effect.sync(() => told(Buffer.from(`${line}\n`))));

/** External PSKs of two functions, either of which may be absent. */
export const pskFrom = (
  { choose = () => undefined, lookup = () => undefined }: {
    readonly choose?: (hint: string | null) => PskOffer | null | undefined;
    readonly lookup?: (identity: string) => Uint8Array | null | undefined;
  },
): Context.Context<never> =>
  reference(PreSharedKeys, {
    choose: ({ hint }) =>
      Effect.sync((): ReadonlyArray<ExternalPsk> => {
        const offer = choose(hint === undefined ? null : Buffer.from(hint).toString());
        return offer ? [{ identity: Buffer.from(offer.identity), key: offer.psk }] : [];
      }),
    lookup: (identity) =>
      Effect.sync(() =>
        Option.map(
          Option.fromNullable(lookup(Buffer.from(identity).toString())),
          (key): ExternalPsk => ({ identity, key }),
        )
      ),
  });

/** A pre-shared key and its name, as a client's `pskCallback` gives them. */
export interface PskOffer {
  /** The key. */
  readonly psk: Uint8Array;
  /** Its name, which is sent unencrypted. */
  readonly identity: string;
}

/** A context with a service that nobody requires. */
export const reference = <I, S>(tag: Context.Tag<I, S>, service: S): Context.Context<never> =>
  Context.make(tag, service) as Context.Context<never>;

/** A session as bytes. They hold its secret. */
export const bytesOf = (session: Session): Buffer => Buffer.from(Either.getOrThrow(encode(Session, session)));

/** The session in some bytes; `undefined` if they are none of this version of the library. */
export const sessionIn = (bytes: Uint8Array): Session | undefined =>
  Option.getOrUndefined(Either.getRight(decode(Session, bytes)));
