/** The layers that the flags describe. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Layer from "npm:effect@^3.22.4/Layer";
import * as Stream from "npm:effect@^3.22.4/Stream";
import {
  CertificateCompression,
  Credentials,
  Crypto,
  KeyLog,
  PreSharedKeys,
  SessionStore,
  SessionTickets,
  Transport,
} from "../../mod.ts";
import { layerOpenSsl } from "../../src/openssl/mod.ts";
import { type Given, numberOf, oneOf, UsageError } from "./flags.ts";

/** A file cannot be read, or its content is wrong. */
export class FileError extends Error {
  override readonly name = "FileError";
}

/** The bytes of a file. Fails with FileError. */
export const readBytes = (path: string): Effect.Effect<Uint8Array, FileError> =>
  Effect.tryPromise({
    try: () => Deno.readFile(path),
    catch: (e) => new FileError(e instanceof Error ? e.message : String(e)),
  });

/** The text of a file. Fails with FileError. */
export const read = (path: string): Effect.Effect<string, FileError> =>
  Effect.map(readBytes(path), (bytes) => new TextDecoder().decode(bytes));

/** Prefixes a layer's errors with the name of the file that they are about. */
export const inFile = <A, E extends Error, R>(path: string, layer: Layer.Layer<A, E, R>) =>
  Layer.mapError(layer, (e) => new FileError(`${path}: ${e.message}`));

/**
 * The credentials of `--cert` and `--key`, reloaded when the files change or `reload` emits; `otherwise` without
 * these flags. Throws UsageError.
 */
export const credentials = <E, R>(
  given: Given,
  otherwise: Layer.Layer<Credentials.Credentials, E, R>,
  reload: Stream.Stream<unknown> = Stream.empty,
) => {
  const { cert = [], key = [] } = given.repeated;
  if (cert.length !== key.length) {
    throw new UsageError("give --cert and --key equally often: each --cert needs its --key");
  }
  const passphrase = passphraseOf(given);
  const legacy = given.flags["policy"] === "legacy";
  const [first, ...more] = cert.map((certificate, i) => ({
    certificate,
    privateKey: key[i]!,
    passphrase,
    legacy,
  }));
  if (!first) return otherwise;
  return Layer.mapError(
    Credentials.layerFiles([first, ...more], { reload }),
    (e) => e instanceof FileError ? e : new FileError(e.message),
  );
};

/**
 * The passphrase of `--key-pass`. It is read when there is a key to decrypt, so a reload finds a new one. Throws
 * UsageError.
 */
const passphraseOf = ({ flags }: Given): Effect.Effect<string, FileError> | undefined => {
  const source = flags["key-pass"];
  if (source === undefined) return undefined;
  const [, from, where] = /^(env|file):(.+)$/.exec(source) ?? [];
  if (from === undefined || where === undefined) {
    throw new UsageError("--key-pass: give env:NAME or file:FILE");
  }
  if (from === "file") return Effect.map(read(where), (text) => text.split(/\r?\n/)[0]!);
  return Effect.suspend(() => {
    const value = Deno.env.get(where);
    return value === undefined
      ? Effect.fail(new FileError(`${where} is not in the environment`))
      : Effect.succeed(value);
  });
};

/** Emits on each SIGHUP, with which servers are told to reload their files. */
export const hangups: Stream.Stream<void> = Stream.asyncPush<void>((emit) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const tell = () => void emit.single(undefined);
      Deno.addSignalListener("SIGHUP", tell);
      return tell;
    }),
    (tell) => Effect.sync(() => Deno.removeSignalListener("SIGHUP", tell)),
  )
);

/** A server's ticket keys: in a file that survives the process, or in memory. */
const tickets = ({ flags }: Given) => {
  const file = flags["ticket-keys"];
  if (flags["no-tickets"] !== undefined && file !== undefined) {
    throw new UsageError("--ticket-keys and --no-tickets cannot be combined");
  }
  // A server without a session store resumes nothing, unless a file with ticket keys is given.
  if (flags["no-tickets"] !== undefined || (flags["session-store"] === "none" && file === undefined)) {
    return Layer.empty;
  }
  return file === undefined
    ? SessionTickets.layerRotating()
    : Layer.provide(SessionTickets.layerFile(file), Crypto.layerNoble);
};

/** The external PSKs of `--psk` and `--psk-file`. Throws UsageError. */
const preSharedKeys = ({ flags, repeated }: Given) => {
  const { psk = [] } = repeated;
  const file = flags["psk-file"];
  if (file !== undefined && psk.length > 0) {
    throw new UsageError("--psk and --psk-file cannot be combined");
  }
  if (file !== undefined) return inFile(file, PreSharedKeys.layerFile(file));
  const [first, ...more] = psk.map((text) => {
    const [, identity, hex] = /^([^:]+):((?:[\da-f]{2})+)$/i.exec(text) ?? [];
    // The key is not repeated in the message.
    if (identity === undefined || hex === undefined) throw new UsageError("--psk: give IDENTITY:HEX");
    return { identity: new TextEncoder().encode(identity), key: Uint8Array.fromHex(hex) };
  });
  return first ? PreSharedKeys.layerFixed([first, ...more]) : Layer.empty;
};

/** The providers of cryptography. `native` falls back to noble where the platform has none. */
const providers = { native: Crypto.layerNative, noble: Crypto.layerNoble, openssl: layerOpenSsl() };

/** The layers that client and server share: TCP, cryptography, sessions, a key log. Throws UsageError. */
export const base = (given: Given) => {
  const { flags } = given;
  const store = oneOf(
    "session-store",
    { none: "none", memory: "memory" },
    flags["session-store"] ?? "memory",
  );
  const provider = oneOf("crypto", providers, flags["crypto"] ?? "native");
  const timeToLive = `${numberOf(given, "session-ttl", 86_400)} seconds` as const;
  const log = flags["key-log"];
  return Layer.mergeAll(
    Transport.layerTcp,
    provider,
    CertificateCompression.layerNative,
    tickets(given),
    preSharedKeys(given),
    store === "none" ? SessionStore.layerNone : SessionStore.layerMemory({ timeToLive }),
    log === undefined ? Layer.empty : KeyLog.layerFile(log),
  );
};
