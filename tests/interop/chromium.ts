/** Chromium, told what to do by its DevTools protocol. @module */
import { assert, Effect } from "../deps.ts";
import { start, temporary } from "./peers.ts";

/** A tab. */
export interface Tab {
  /** The value of an expression in the page, once its promise is kept. */
  readonly evaluate: (expression: string) => Effect.Effect<unknown>;
  /** Calls a method of the protocol. */
  readonly call: (method: string, params?: object) => Effect.Effect<Record<string, unknown>>;
}

/** Opens a page in a browser of its own, which ends with the scope. */
export const open = (url: string) =>
  Effect.gen(function* () {
    const browser = yield* start("chromium", [
      ...["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${yield* temporary}`],
      ...["--remote-debugging-port=0", "about:blank"],
    ]);
    const [, address] = yield* browser.until(/DevTools listening on ws:\/\/([^/]+)/);
    const tabs = yield* Effect.promise(async () => await (await fetch(`http://${address}/json`)).json());
    const socket = yield* Effect.acquireRelease(
      Effect.promise(() => {
        const socket = new WebSocket(
          tabs.find(({ type }: { readonly type: string }) => type === "page").webSocketDebuggerUrl,
        );
        return new Promise<WebSocket>((resolve) => socket.onopen = () => resolve(socket));
      }),
      (socket) =>
        Effect.promise(() =>
          new Promise<void>((resolve) => {
            socket.onclose = () => resolve();
            socket.close();
          })
        ),
    );
    let last = 0;
    const loaded = Promise.withResolvers<void>();
    const waiting = new Map<number, (answer: Record<string, unknown>) => void>();
    socket.onmessage = ({ data }) => {
      const { id, method, result, error } = JSON.parse(data);
      waiting.get(id)?.(result ?? { error });
      if (method === "Page.loadEventFired") loaded.resolve();
    };
    const call: Tab["call"] = (method, params = {}) =>
      Effect.promise(() =>
        new Promise((resolve) => {
          waiting.set(++last, resolve);
          socket.send(JSON.stringify({ id: last, method, params }));
        })
      );
    const evaluate: Tab["evaluate"] = (expression) =>
      Effect.map(
        call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }),
        ({ result, exceptionDetails }) => {
          assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
          return (result as { readonly value?: unknown }).value;
        },
      );
    yield* call("Page.enable");
    yield* call("Page.navigate", { url });
    yield* Effect.promise(() => loaded.promise);
    return { call, evaluate } satisfies Tab;
  });
