/**
 * Where a real server of some protocol lives during a test: a folder and a port of its own, its certificate, and a user without
 * rights. Every server beside this file is started by a function, ends with the scope, and is called like this:
 *
 * ```ts
 * const { port } = yield* postgres();
 * const { port } = yield* vsftpd({ requireReuse: true });
 * ```
 *
 * It shows a certificate for localhost, 127.0.0.1 and ::1 that `certificates/root.pem` signed; `kind` in its options is the kind
 * of its key, `rsa` unless given. `PROGRAM` in its file is what `withPeer` looks for.
 *
 * @module
 */
import { Effect, type Scope } from "../../deps.ts";
import type { Kind } from "../../golden/certificates.ts";
import { certificates, freePort, type Peer, start, temporary, untilListening } from "../peers.ts";

/** What every server may be told. */
export interface ServerOptions {
  /** The kind of the server's key; `rsa` unless given. */
  readonly kind?: Kind | undefined;
}

/** A server that runs. */
export interface Running {
  readonly peer: Peer;
  readonly port: number;
}

/** A user and its group; whoever runs the test if there are none. */
type User = { readonly uid: number; readonly gid: number } | { readonly uid?: never };

/** Where a server lives. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Files of the server's certificate and key, and of the root that signed it; they belong to `user`. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly root: string;
  /** As whom a server is started that refuses to run as root, which is also whom the folder belongs to. */
  readonly user: User;
  /** Writes a file into the folder, and gives its path. */
  readonly write: (name: string, text: string) => Effect.Effect<string>;
}

/** The user `nobody` and its group of Debian. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Makes a place, gone with the scope. */
export const place = ({ kind = "rsa" }: ServerOptions = {}): Effect.Effect<Place, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const user: User = Deno.uid() === 0 ? nobody : {};
    const own = (path: string) =>
      user.uid === undefined ? Promise.resolve() : Deno.chown(path, user.uid, user.gid);
    const write = (name: string, text: string, mode = 0o644) =>
      Effect.promise(async () => {
        const path = `${folder}/${name}`;
        await Deno.writeTextFile(path, text, { mode });
        await own(path);
        return path;
      });
    const copy = (file: string, name: string, mode?: number) =>
      Effect.flatMap(
        Effect.promise(() => Deno.readTextFile(`${certificates}/${file}`)),
        (text) => write(name, text, mode),
      );
    yield* Effect.promise(() => own(folder));
    return {
      folder,
      port: yield* freePort,
      certificate: yield* copy(`${kind}.pem`, "certificate.pem"),
      privateKey: yield* copy(`${kind}.key`, "key.pem", 0o600),
      root: yield* copy("root.pem", "root.pem"),
      user,
      write,
    };
  });

/** Runs a program to its end in a place, which must be a good one; what it says must be in English. */
export const prepare = ({ folder, user }: Place, program: string, ...args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function* () {
    const peer = yield* start(program, args, { cwd: folder, env: { LC_ALL: "C" }, ...user });
    yield* peer.endInput;
    if (yield* peer.ended) yield* Effect.dieMessage(`${program} ${args.join(" ")}: ${peer.output()}`);
  }));

/**
 * Starts a program in a place, and waits until it listens and has said that it is `ready`. `as` says as whom it runs; as whoever
 * runs the test unless given.
 */
export const serve = (
  { folder, port }: Place,
  program: string,
  args: ReadonlyArray<string>,
  { as = {}, ready = /^/ }: { readonly as?: User; readonly ready?: RegExp } = {},
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function* () {
    const peer = yield* start(program, args, { cwd: folder, env: { LC_ALL: "C" }, ...as });
    yield* Effect.raceFirst(
      Effect.zipRight(peer.until(ready), untilListening(port)),
      Effect.flatMap(
        peer.ended,
        (code) => Effect.dieMessage(`${program} ended with ${code}: ${peer.output()}`),
      ),
    );
    return { peer, port };
  });
