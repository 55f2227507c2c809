/** Real peers as subprocesses on loopback. A peer that is missing is skipped by name, or a failure where it must be there. @module */
import { type Duration, Effect, type Scope } from "../deps.ts";
import { bytesOf } from "../support/text.ts";

/** Where peers must be there (`deno task interop` in CI), a missing one fails. */
const required = Deno.env.get("EFFECT_TLS_PEERS") === "required";

const has = (program: string): boolean => {
  try {
    return new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
};
const known = new Map<string, boolean>();

/** A test that needs a program. */
export const withPeer = (
  program: string,
  name: string,
  test: Effect.Effect<unknown, unknown, Scope.Scope>,
  patience: Duration.DurationInput = "60 seconds",
): void => {
  if (!known.has(program)) known.set(program, has(program));
  const missing = !known.get(program);
  Deno.test({
    name: missing ? `${name} (skipped: ${program} is not installed)` : name,
    ignore: missing && !required,
    fn: async () => {
      if (missing) throw new Error(`${program} is not installed, and EFFECT_TLS_PEERS says it must be`);
      await Effect.runPromise(Effect.asVoid(Effect.scoped(Effect.timeout(test, patience))));
    },
  });
};

/** A running program: what it has said so far, a way to say something, its end. */
export interface Peer {
  /** Standard output and error, as they came. */
  readonly output: () => string;
  /** Standard error alone. */
  readonly complaints: () => string;
  /** Waits until the output matches. */
  readonly until: (pattern: RegExp) => Effect.Effect<RegExpMatchArray>;
  readonly say: (text: string) => Effect.Effect<void>;
  /** Ends its standard input. */
  readonly endInput: Effect.Effect<void>;
  /** Waits for it to end; its exit code. */
  readonly ended: Effect.Effect<number>;
  readonly kill: (signal: Deno.Signal) => Effect.Effect<void>;
}

/** Starts a program, and ends it with the scope. */
export const start = (
  program: string,
  args: ReadonlyArray<string>,
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "uid" | "gid"> = {},
): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = new Deno.Command(program, {
        args: [...args],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
        ...options,
      }).spawn();
      let output = "";
      let complaints = "";
      let ended = false;
      const waiting = new Set<() => void>();
      const change = () => waiting.forEach((look) => look());
      const read = async (stream: ReadableStream<Uint8Array>) => {
        for await (const text of stream.pipeThrough(new TextDecoderStream())) {
          output += text;
          if (stream === child.stderr) complaints += text;
          change();
        }
      };
      const done = Promise.all([read(child.stdout), read(child.stderr), child.status]).then(
        ([, , { code }]) => {
          ended = true;
          change();
          return code;
        },
      );
      const kill = (signal: Deno.Signal) => {
        try {
          if (!ended) child.kill(signal);
        } catch { /* it has ended, and only those that it started hold its pipes */ }
      };
      const writer = child.stdin.getWriter();
      let inputEnded = false;
      const endInput = async () => {
        if (inputEnded) return;
        inputEnded = true;
        await writer.close().catch(() => {}); // it may have ended before
      };
      const peer: Peer = {
        output: () => output,
        complaints: () => complaints,
        until: (pattern) =>
          Effect.async<RegExpMatchArray>((resume) => {
            const look = () => {
              const match = output.match(pattern);
              if (match) resume(Effect.succeed(match));
              else if (ended) resume(Effect.dieMessage(`${program} ended without ${pattern}:\n${output}`));
              else return;
              waiting.delete(look);
            };
            waiting.add(look);
            look();
            return Effect.sync(() => void waiting.delete(look));
          }).pipe(
            Effect.timeoutFail({
              duration: "20 seconds",
              onTimeout: () => new Error(`${program} did not say ${pattern}:\n${output}`),
            }),
            Effect.orDie,
          ),
        say: (text) => Effect.promise(() => writer.write(bytesOf(text)).catch(() => {})),
        endInput: Effect.promise(endInput),
        ended: Effect.promise(() => done),
        kill: (signal) => Effect.sync(() => kill(signal)),
      };
      const end = async () => {
        await endInput();
        // A master asked to end takes its workers along; one that is killed leaves them, and their pipes.
        kill("SIGTERM");
        const timer = setTimeout(() => kill("SIGKILL"), 2000);
        await done;
        clearTimeout(timer);
      };
      return { peer, end };
    }),
    ({ end }) => Effect.promise(end),
  ).pipe(Effect.map(({ peer }) => peer));

/** A port that was free a moment ago, for peers that can't choose one. */
export const freePort = Effect.sync(() => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
});

/** Waits until something accepts on a port. */
export const untilListening = (port: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (let i = 0; i < 200; i++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return;
      } catch {
        await new Promise((go) => setTimeout(go, 50));
      }
    }
    throw new Error(`nothing listens on ${port}`);
  });

export { temporary } from "../support/effect.ts";

/** The repository's folder. */
export const repository = new URL("../../", import.meta.url).pathname;
/** Where the certificates are. */
export const certificates = `${repository}tests/golden/certificates`;
