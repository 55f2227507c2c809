/** OpenSSL's s_client and s_server in one version, and what they tell of the handshakes. @module */
import { Effect, type Scope } from "../deps.ts";
import { certificates, freePort, type Peer, start, temporary } from "./peers.ts";
import { versions } from "./old.ts";

/** The oldest and the newest of its versions that we speak. */
export const oldestAndNewest = [versions[1], versions[3]] as const;

/** Without the lowest level there is no TLS 1.0. */
const ANY = "ALL:@SECLEVEL=0";

/** The root that signed every certificate. */
export const root = `${certificates}/root.pem`;

/** A certificate and its key. */
export const keys = (
  kind: string,
): ReadonlyArray<string> => ["-cert", `${certificates}/${kind}.pem`, "-key", `${certificates}/${kind}.key`];

/** What OpenSSL has met: its handshakes as the names of their messages, their suites and Finished, and the alerts. */
export interface Trace {
  readonly handshakes: ReadonlyArray<ReadonlyArray<string>>;
  /** Every message by its name, in order. */
  readonly messages: ReadonlyArray<string>;
  readonly suites: ReadonlyArray<string>;
  /** In hexadecimal, two of each handshake. */
  readonly finished: ReadonlyArray<string>;
  readonly alerts: ReadonlyArray<string>;
}

const parse = (text: string): Trace => {
  const handshakes: Array<Array<string>> = [];
  for (const [, name] of text.matchAll(/^ {4}(\w+), Length=\d+$/gm)) {
    if (name === "ClientHello") handshakes.push([]);
    if (name !== "HelloRequest") handshakes.at(-1)?.push(name!);
  }
  const all = (pattern: RegExp) => Array.from(text.matchAll(pattern), ([, ...found]) => found.join(" "));
  return {
    handshakes,
    messages: all(/^ {4}(\w+), Length=\d+$/gm),
    suites: all(/^ {6}cipher_suite \{.*\} (\S+)/gm),
    finished: all(/^ {6}verify_data \(len=\d+\): (\w+)/gm).map((bytes) => bytes.toLowerCase()),
    alerts: all(/^ {4}Level=(\w+)\(\d\), description=(.*)\(\d+\)/gm),
  };
};

/** OpenSSL at work. */
export interface OpenSsl extends Peer {
  /** Ends it, and tells what it has met. */
  readonly trace: Effect.Effect<Trace>;
}

/** OpenSSL that prints each line at once, as on a terminal. */
const openssl = (...args: ReadonlyArray<string>): Effect.Effect<OpenSsl, never, Scope.Scope> =>
  Effect.gen(function* () {
    const file = `${yield* temporary}/trace`;
    const peer = yield* start("stdbuf", ["-oL", "openssl", ...args, "-trace", "-msgfile", file]);
    const trace = Effect.gen(function* () {
      yield* peer.endInput;
      yield* peer.ended;
      return parse(yield* Effect.promise(() => Deno.readTextFile(file)));
    });
    return { ...peer, trace };
  });

/** s_client on a port; it sends what is typed. */
export const sClient = (port: number, version: string, ...more: ReadonlyArray<string>) =>
  openssl(
    ...["s_client", "-connect", `127.0.0.1:${port}`, version, "-cipher", ANY, "-CAfile", root, ...more],
  );

/** s_server on a port; it sends what is typed, unless flags say otherwise. */
export const sServerAt = (port: number, version: string, ...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* openssl(
      ...["s_server", "-accept", `127.0.0.1:${port}`, version, "-cipher", ANY, "-CAfile", root],
      ...keys("rsa"),
      ...more,
    );
    yield* peer.until(/ACCEPT/);
    return { peer, port };
  });

/** s_server on a port of its own. */
export const sServer = (version: string, ...more: ReadonlyArray<string>) =>
  Effect.flatMap(freePort, (port) => sServerAt(port, version, ...more));
